import FXDomain
import FXPorts
import Testing

private let silence = Failure(.bankTimeout, "no answer")

extension StoreWorld {
  /// A trade in doubt, and the batch that holds it.
  fileprivate func doubt(
    client: Int = 0, policy: BatchPolicy = BatchPolicy()
  ) async throws -> (trade: Trade, batch: Batch) {
    let batch = try await running([client], policy: policy)
    let taken = try #require(try await take(batch).first)
    let sent = try await book(taken, under: batch)
    let trade = try await perform(.recordUnclear(attempt: 1, silence), sent, under: batch)
    return (trade, batch)
  }
}

extension StoreConformance {
  static let doubtCases: [StoreCase] = [
    StoreCase("keeps the bank's id of an unclear answer, to ask by") { world in
      let batch = try await world.running([0])
      let taken = try #require(try await world.take(batch).first)
      let sent = try await world.book(taken, under: batch)
      var unclear = silence
      unclear.bankTransactionID = "bank-tx-9"
      let doubt = try await world.perform(
        .recordUnclear(attempt: 1, unclear), sent, under: batch)
      #expect(doubt.bankTransactionID == "bank-tx-9")
      let open = try await world.store.trades(
        of: batch.key, in: [.inDoubt], after: nil, limit: 9)
      #expect(open.map(\.trade.bankTransactionID) == ["bank-tx-9"])
      _ = try await world.perform(
        .recordFound(attempt: 1, FoundDeal(status: .pending)), doubt, under: batch)
      let attempts = try await world.store.attempts(of: doubt.key)
      #expect(attempts.map(\.bankTransactionID) == ["bank-tx-9"])
    },
    StoreCase("keeps a batch open while one of its trades is in doubt") { world in
      let (trade, batch) = try await world.doubt()
      #expect(trade.status == .inDoubt)
      #expect(trade.doubtSince == world.clock.now)
      #expect(trade.failure == silence)
      #expect(try await world.present(batch).counts.inDoubt == 1)
      #expect(try await world.store.attempts(of: trade.key).map(\.outcome) == [.open])
    },
    StoreCase("takes the bank's word on a doubt") { world in
      for (index, found) in [DealStatus.pending, .completed, .failed].enumerated() {
        let (trade, batch) = try await world.doubt(client: index)
        let answer = FoundDeal(status: found, dealReference: "FX-7", bankTransactionID: "tx")
        let told = try await world.perform(
          .recordFound(attempt: 1, answer), trade, under: batch)
        let expected: [DealStatus: TradeStatus] = [
          .pending: .booked, .completed: .completed, .failed: .failed,
        ]
        #expect(told.status == expected[found])
        #expect(told.dealReference == "FX-7")
        #expect(told.doubtSince == nil)
        let outcome: AttemptOutcome = found == .failed ? .settlementFailed : .booked
        #expect(try await world.store.attempts(of: trade.key).map(\.outcome) == [outcome])
      }
    },
    StoreCase("takes a doubt that is proven not booked back to pending, or ends it") { world in
      let (trade, batch) = try await world.doubt()
      let back = try await world.perform(
        .recordNotBooked(try await world.proof(of: trade)), trade, under: batch)
      #expect(back.status == .pending)
      #expect(try await world.store.attempts(of: trade.key).map(\.outcome) == [.notBooked])

      let (last, lastBatch) = try await world.doubt(
        client: 1, policy: BatchPolicy(maxAttempts: 1))
      let ended = try await world.perform(
        .recordNotBooked(try await world.proof(of: last)), last, under: lastBatch)
      #expect(ended.status == .failed)
      #expect(ended.failure?.code == .attemptsExhausted)
    },
    StoreCase("escalates a doubt once, as an event of its own") { world in
      let (trade, batch) = try await world.doubt()
      let step = world.step(.escalate(attempt: 1), trade, under: batch)
      let told = try await world.perform(step).get()
      #expect(told.escalatedAt == world.clock.now)
      #expect(try await world.present(batch).needsDecision == [.inDoubt])
      #expect(try await world.perform(step) == .failure(.illegal(status: .inDoubt)))
      let events = try await world.store.events(of: batch.key, after: 0, limit: 100)
      #expect(events.last?.entry.kind == .tradeEscalated)
      #expect(try await world.store.trade(trade.id) == told)
    },
    StoreCase("lets a person close a doubt, not before the quote's expiry plus the margin") {
      world in
      let (trade, batch) = try await world.doubt()
      let booked = TradeCommand.resolve(
        .booked(dealReference: "FX-1"), note: "seen on the statement", marginMilliseconds: 60_000)
      let expiry = try #require(trade.figures?.expiresAt)
      #expect(
        try await world.perform(world.step(openly: booked, trade))
          == .failure(.tooEarly(until: expiry.advanced(byMilliseconds: 60_000))))
      world.clock.advance(byMilliseconds: 100_000)
      let done = try await world.perform(world.step(openly: booked, trade)).get()
      #expect(done.status == .completed)
      #expect(done.dealReference == "FX-1")
      #expect(try await world.present(batch).status == .success)

      let (other, otherBatch) = try await world.doubt(client: 1)
      world.clock.advance(byMilliseconds: 100_000)
      let not = TradeCommand.resolve(.notBooked, note: "no deal", marginMilliseconds: 60_000)
      let failed = try await world.perform(world.step(openly: not, other)).get()
      #expect(failed.isResolvedByPerson)
      #expect(failed.isRetriedSinglyOnly)
      #expect(try await world.present(otherBatch).status == .failed)
      #expect(try await world.store.trade(other.id) == failed)
    },
    StoreCase("takes no reference for a trade that another one carries, and names that one") {
      world in
      let (first, firstBatch) = try await world.doubt()
      let deal = FoundDeal(status: .completed, dealReference: "FX-7")
      try await world.perform(.recordFound(attempt: 1, deal), first, under: firstBatch)
      let (trade, _) = try await world.doubt(client: 1)
      world.clock.advance(byMilliseconds: 100_000)
      func word(_ reference: String) -> TradeStep {
        world.step(
          openly: .resolve(
            .booked(dealReference: reference), note: "seen", marginMilliseconds: 60_000), trade)
      }
      for given in ["FX-7", "fx-7"] {
        #expect(try await world.perform(word(given)) == .failure(.referenceTaken(by: first.id)))
      }
      let receipt = Receipt(
        owner: world.identifier(), key: "once", digest: Array(repeating: 1, count: 32))
      #expect(
        try await world.store.perform(word("FX-7"), receipt: receipt)
          == .failure(.referenceTaken(by: first.id)))
      #expect(try await world.store.trade(trade.id) == trade)
      #expect(try await world.perform(word("FX-70")).get().dealReference == "FX-70")
    },
    StoreCase("lets a person close a booked deal only once it has been put before them") { world in
      let batch = try await world.running([0, 1, 2])
      var deals: [Trade] = []
      for trade in try await world.take(batch) {
        let sent = try await world.book(trade, under: batch)
        deals.append(
          try await world.perform(
            .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch))
      }
      let word = TradeCommand.resolve(
        .booked(dealReference: "FX-1"), note: "on the statement", marginMilliseconds: 60_000)
      #expect(
        try await world.perform(world.step(openly: word, deals[1]))
          == .failure(.illegal(status: .booked)))
      #expect(try await world.present(batch).needsDecision.isEmpty)
      try await world.perform(.escalate(attempt: 1), deals[1], under: batch)
      #expect(try await world.present(batch).needsDecision == [.unconfirmed])
      let closed = try await world.perform(world.step(openly: word, deals[1])).get()
      #expect(closed.status == .completed)
      #expect(try await world.present(batch).needsDecision.isEmpty)
    },
    StoreCase("takes a trade whose booking turns up into doubt, and reopens its batch") { world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      let failed = try await world.perform(
        .recordRefused(attempt: 1, Failure(.bookingRefused, "no")), sent, under: batch)
      #expect(try await world.present(batch).status == .failed)
      let found = try await world.perform(
        world.step(openly: .recordBookingEvidence(attempt: 1, note: "statement line"), failed)
      ).get()
      #expect(found.status == .inDoubt)
      // No answer of the bank ends it: it waits for a person from the start.
      #expect(found.escalatedAt == world.clock.now)
      #expect(try await world.present(batch).needsDecision == [.inDoubt])
      let log = try await world.store.events(of: batch.key, after: 0, limit: 100)
      #expect(
        log.suffix(3).map(\.entry.kind) == [
          .tradeTransition, .tradeEscalated, .batchTransition,
        ])
      let reopened = try await world.present(batch)
      #expect(reopened.status == .running)
      #expect(reopened.completedAt == nil)
      #expect(reopened.counts.inDoubt == 1)
    },
    StoreCase("keeps evidence by whomever, in the order of its coming") { world in
      let (trade, _) = try await world.doubt()
      let evidence = [EvidenceKind.statusAnswer, .bookingAnswer, .statementLine, .personsNote]
        .enumerated().map { index, kind in
          Evidence(
            trade: trade.key, attempt: 1, kind: kind,
            at: world.clock.now.advanced(byMilliseconds: Int64(-index)),
            actor: index == 0 ? world.person : .node(world.other), summary: "line \(index)",
            bankTransactionID: index == 1 ? "tx-\(index)" : nil)
        }
      try await world.store.append(Array(evidence.prefix(2)))
      try await world.store.append(Array(evidence.suffix(2)))
      #expect(try await world.store.evidence(of: trade.key) == evidence)
    },
    StoreCase("tells one trade's history apart from its batch's") { world in
      let (trade, _) = try await world.doubt()
      let all = try await world.store.events(of: trade.batch, after: 0, limit: 100)
      let own = all.filter { $0.entry.trade == trade.key }
      #expect(own.last?.entry.to == TradeStatus.inDoubt.rawValue)
      #expect(own.count < all.count)
      #expect(try await world.store.history(of: trade.key, limit: 100) == own)
      #expect(try await world.store.history(of: trade.key, limit: 2) == own.suffix(2))
    },
    StoreCase("finds a control deal of this bank that the bank itself has shown") { world in
      #expect(try await world.store.controlDeal(with: world.bank, bookedBefore: nil) == nil)
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      var deals: [Trade] = []
      for trade in taken {
        world.clock.advance(byMilliseconds: 1_000)
        let sent = try await world.book(trade, under: batch)
        deals.append(
          try await world.perform(
            .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch))
      }
      let newest = try await world.store.controlDeal(with: world.bank, bookedBefore: nil)
      #expect(newest?.trade == deals[1].key)
      #expect(newest?.dealTransactionID == deals[1].dealTransactionID)
      let older = try await world.store.controlDeal(
        with: world.bank, bookedBefore: world.clock.now)
      #expect(older?.trade == deals[0].key)
      #expect(older?.bookedAt == deals[0].bookedAt)
      #expect(
        try await world.store.controlDeal(with: world.bank, bookedBefore: deals[0].bookedAt) == nil)
      #expect(
        try await world.store.controlDeal(with: BankIdentity("other"), bookedBefore: nil) == nil)
    },
    StoreCase("takes no deal for a control on a person's word alone") { world in
      let (trade, _) = try await world.doubt()
      world.clock.advance(byMilliseconds: 100_000)
      let word = TradeCommand.resolve(
        .booked(dealReference: "FX-1"), note: "on the phone", marginMilliseconds: 60_000)
      _ = try await world.perform(world.step(openly: word, trade)).get()
      #expect(try await world.store.controlDeal(with: world.bank, bookedBefore: nil) == nil)
    },
  ]
}
