import FXDomain
import FXPorts
import Testing

private let fault = Failure(
  .bankUnavailable, "no connection", bankReasonCode: "E1", bankTransactionID: "bank-tx-1")

extension StoreConformance {
  static let stepCases: [StoreCase] = [
    StoreCase("writes a trade's whole life: rows, counts, attempts and events") { world in
      let batch = try await world.running([0])
      let taken = try #require(try await world.take(batch).first)
      #expect(taken.status == .quoting)
      let intent = try world.intent(taken)
      let sent = try await world.perform(.recordIntent(intent), taken, under: batch)
      #expect(sent.status == .booking)
      #expect(sent.figures == intent.figures)
      #expect(sent.dealTransactionID == intent.dealTransactionID)
      #expect(sent.attempt == 1)
      let attempt = try #require(try await world.store.attempts(of: sent.key).first)
      #expect(
        attempt
          == Attempt(
            trade: sent.key, number: 1, intent: intent, generation: batch.generation,
            intentAt: world.clock.now))
      world.clock.advance(byMilliseconds: 20)
      let booked = try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: "tx-9"), sent, under: batch)
      #expect(booked.bookedAt == world.clock.now)
      #expect(try await world.present(batch).counts.booked == 1)
      #expect(try await world.store.attempts(of: sent.key).first?.outcome == .booked)
      let done = try await world.perform(
        .recordSettled(attempt: 1, dealReference: "FX-1"), booked, under: batch)
      #expect(done.status == .completed)
      #expect(try await world.store.trade(taken.id) == done)
      #expect(done.valueDate == intent.valueDate.date)
      let ended = try await world.present(batch)
      #expect(ended.status == .success)
      #expect(ended.lease == nil)
      let events = try await world.store.events(of: batch.key, after: 0, limit: 100)
      #expect(
        events.map(\.entry.kind) == [
          .batchCreated, .batchTransition, .batchClaimed, .batchTransition, .tradeTransition,
          .tradeTransition, .tradeTransition, .tradeTransition, .batchTransition,
        ])
      #expect(events[6].entry.bankTransactionID == "tx-9")
      #expect(events[6].entry.actor == .node(world.node))
    },
    StoreCase("tells in the intent's event the value date, and which cut-off moved it") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let day = CivilDate(dayNumber: 20_769)
      let dates = [ValueDate(date: day), ValueDate(date: day, missedCutOff: .zar)]
      for (trade, date) in zip(taken, dates) {
        let intent = try world.intent(trade, valueDate: date)
        let sent = try await world.perform(.recordIntent(intent), trade, under: batch)
        #expect(sent.valueDate == day)
        let event = try #require(
          try await world.store.events(of: batch.key, after: 0, limit: 100).last)
        #expect(event.entry.to == TradeStatus.booking.rawValue)
        let reason =
          date.missedCutOff == nil
          ? "" : ", a business day later: the cut-off of ZAR has passed"
        #expect(event.entry.note == "\(intent.dealTransactionID), value date \(day)\(reason)")
      }
    },
    StoreCase("ends the batch in the transaction of its last trade") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let first = try await world.store.perform([
        world.step(.refuseQuote(Failure(.quoteRefused, "no")), taken[0], under: batch)
      ])
      #expect(first[0].batch?.status == .running)
      let last = try await world.store.perform([
        world.step(.refuseQuote(Failure(.quoteRefused, "no")), taken[1], under: batch)
      ])
      #expect(last[0].batch?.status == .failed)
      #expect(last[0].batch == (try await world.present(batch)))
    },
    StoreCase("lets go of a trade before its intent, with a failure and without") { world in
      let batch = try await world.running([0])
      let taken = try #require(try await world.take(batch).first)
      let due = world.clock.now.advanced(byMilliseconds: 5_000)
      let put = try await world.perform(
        .deferQuote(fault, notBefore: due), taken, under: batch)
      #expect(put.status == .pending)
      #expect(put.failure == fault)
      #expect(put.quoteTries == 1)
      #expect(
        try await world.perform(world.step(.take, put, under: batch)) == .failure(.notDue(due)))
      world.clock.advance(byMilliseconds: 5_000)
      let again = try await world.perform(.take, put, under: batch)
      let released = try await world.perform(
        .deferQuote(nil, notBefore: nil), again, under: batch)
      #expect(released.quoteTries == 1)
      #expect(released.notBefore == nil)
    },
    StoreCase("takes an attempt that was not sent back to pending, with its number spent") {
      world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      let due = world.clock.now.advanced(byMilliseconds: 1_000)
      let back = try await world.perform(
        .recordNotSent(attempt: 1, fault, notBefore: due), sent, under: batch)
      #expect(back.status == .pending)
      #expect(back.attempt == 1)
      #expect(try await world.store.attempts(of: back.key).map(\.outcome) == [.notSent])
      #expect(
        try await world.perform(world.step(.take, back, under: batch)) == .failure(.notDue(due)))
      world.clock.advance(byMilliseconds: 1_000)
      let again = try await world.book(back, under: batch)
      #expect(again.attempt == 2)
      #expect(try await world.store.attempts(of: back.key).map(\.outcome) == [.notSent, .open])
    },
    StoreCase("takes a trade whose moment a wrong clock has set too far ahead") { world in
      let batch = try await world.running([0])
      let taken = try #require(try await world.take(batch).first)
      let far = world.clock.now.advanced(byMilliseconds: 3_600_000)
      try await world.perform(.deferQuote(nil, notBefore: far), taken, under: batch)
      #expect(try await world.take(batch).count == 1)
    },
    StoreCase("writes a definite refusal as a failure") { world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      let refusal = Failure(
        .bookingRefused, "the bank says no", bankReasonCode: "BUSINESS", bankTransactionID: "tx-3")
      let failed = try await world.perform(
        .recordRefused(attempt: 1, refusal), sent, under: batch)
      #expect(failed.failure == refusal)
      #expect(failed.completedAt == world.clock.now)
      let attempt = try #require(try await world.store.attempts(of: failed.key).first)
      #expect(attempt.outcome == .notBooked)
      #expect(attempt.bankTransactionID == "tx-3")
      #expect(attempt.endedAt == world.clock.now)
    },
    StoreCase("decides each step by itself: one is refused, the next is written") { world in
      let batch = try await world.running([0, 1, 2])
      let trades = try await world.trades(batch)
      let results = try await world.store.perform([
        world.step(.take, trades[0], under: batch),
        world.step(.recordSettled(attempt: 0, dealReference: nil), trades[1], under: batch),
        world.step(.take, trades[0], under: batch),
        world.step(.take, trades[2], under: batch),
      ])
      #expect(try results[0].result.get().status == .quoting)
      #expect(results[1].result == .failure(.illegal(status: .pending)))
      #expect(results[2].result == .failure(.illegal(status: .quoting)))
      #expect(try results[3].result.get().status == .quoting)
      #expect(results[3].batch?.counts.quoting == 2)
      #expect(try await world.present(batch).counts.quoting == 2)
    },
    StoreCase("refuses a trade that is not there, or of another batch") { world in
      let batch = try await world.running([0])
      let other = try await world.running([1])
      let trade = try #require(try await world.trades(other).first)
      for (key, batchKey) in [(TradeKey(999_999), batch.key), (trade.key, batch.key)] {
        let step = TradeStep(
          batch: batchKey, trade: key, authority: .open, actor: world.person, command: .cancel)
        #expect(try await world.perform(step) == .failure(.unknownTrade))
      }
    },
    StoreCase("refuses an outcome of an attempt that is not the last, and changes nothing") {
      world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      let before = try await world.present(batch)
      let stale = world.step(
        .recordAccepted(attempt: 7, bankTransactionID: nil), sent, under: batch)
      #expect(try await world.perform(stale) == .failure(.staleAttempt(present: 1)))
      #expect(try await world.present(batch) == before)
      #expect(try await world.store.trade(sent.id) == sent)
      let twice = world.step(.recordIntent(try world.intent(sent)), sent, under: batch)
      #expect(try await world.perform(twice) == .failure(.illegal(status: .booking)))
      #expect(try await world.store.attempts(of: sent.key).count == 1)
    },
    StoreCase("bounds the intents of a round") { world in
      let batch = try await world.running([0], policy: BatchPolicy(maxAttempts: 1))
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      let back = try await world.perform(.recordNotSent(attempt: 1, fault), sent, under: batch)
      let again = try await world.perform(.take, back, under: batch)
      let intent = world.step(.recordIntent(try world.intent(again)), again, under: batch)
      #expect(try await world.perform(intent) == .failure(.attemptsExhausted))
      let skipped = world.step(
        .recordIntent(try world.intent(again, number: 5)), again, under: batch)
      #expect(try await world.perform(skipped) == .failure(.staleAttempt(present: 1)))
    },
    StoreCase("marks a deal that the bank failed to settle, and lets it be tried again singly") {
      world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      let booked = try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
      let failed = try await world.perform(
        .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "returned")), booked,
        under: batch)
      #expect(failed.isRetriedSinglyOnly)
      _ = try await world.command(.retry(.trades([failed.key]), note: "agreed"), batch).get()
      let again = try #require(try await world.claim().first)
      let second = try #require(try await world.take(again).first)
      let resent = try await world.book(second, under: again)
      #expect(resent.attempt == 2)
      try await world.perform(
        .recordAccepted(attempt: 2, bankTransactionID: nil), resent, under: again)
      #expect(
        try await world.store.attempts(of: failed.key).map(\.outcome) == [
          .settlementFailed, .booked,
        ])
    },
  ]
}
