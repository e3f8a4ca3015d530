import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  static let commandCases: [StoreCase] = [
    StoreCase("raises the change counter with every command, and with no refusal") { world in
      let batch = try await world.create([0], starts: false)
      var last = try await world.store.installation().changeCounter
      for command in [BatchCommand.start, .pause, .resume, .requestCancel] {
        _ = try await world.command(command, batch).get()
        let present = try await world.store.installation().changeCounter
        #expect(present > last)
        last = present
      }
      #expect(try await world.command(.start, batch) == .failure(.wrongState(.pending)))
      #expect(try await world.store.installation().changeCounter == last)
    },
    StoreCase("refuses a command on a version that has passed") { world in
      let batch = try await world.create([0])
      let changed = try await world.command(
        .change(name: "Renamed", maxConcurrentTrades: 9, policy: BatchPolicy(onFailure: .pause)),
        batch, version: batch.version
      ).get()
      #expect(changed.name == "Renamed")
      #expect(changed.maxConcurrentTrades == 9)
      #expect(changed.policy.onFailure == .pause)
      #expect(try await world.present(batch) == changed)
      #expect(
        try await world.command(.pause, batch, version: batch.version)
          == .failure(.staleVersion(present: changed.version)))
      let unknown = BatchStep(batch: BatchKey(4_000), actor: world.person, command: .pause)
      #expect(try await world.store.perform(unknown) == .failure(.unknownBatch))
    },
    StoreCase("refuses a change that no new batch could have, and all but a name at its end") {
      world in
      let batch = try await world.running([0])
      let wrong: [BatchCommand] = [
        .change(name: "", maxConcurrentTrades: nil, policy: nil),
        .change(name: "two\nlines", maxConcurrentTrades: nil, policy: nil),
        .change(name: nil, maxConcurrentTrades: 0, policy: nil),
        .change(name: nil, maxConcurrentTrades: 101, policy: nil),
        .change(name: nil, maxConcurrentTrades: nil, policy: BatchPolicy(maxAttempts: 0)),
        .change(name: nil, maxConcurrentTrades: nil, policy: BatchPolicy(maxQuoteTries: 101)),
        .change(name: nil, maxConcurrentTrades: nil, policy: BatchPolicy(toleratedFailures: -1)),
      ]
      for command in wrong {
        let answer = try await world.command(command, batch)
        guard case .failure(.outOfBounds(let problems)) = answer else {
          Issue.record("\(command): \(answer)")
          continue
        }
        #expect(problems.count == 1)
      }
      #expect(try await world.present(batch) == batch)
      let trade = try #require(try await world.take(batch).first)
      try await world.perform(.refuseQuote(Failure(.quoteRefused, "-")), trade, under: batch)
      let late: [BatchCommand] = [
        .change(name: "Renamed", maxConcurrentTrades: 9, policy: nil),
        .change(name: nil, maxConcurrentTrades: nil, policy: BatchPolicy()),
      ]
      for command in late {
        #expect(try await world.command(command, batch) == .failure(.wrongState(.failed)))
      }
      let renamed = try await world.command(
        .change(name: "Renamed", maxConcurrentTrades: nil, policy: nil), batch
      ).get()
      #expect(renamed.name == "Renamed")
    },
    StoreCase("starts no batch that waits for approval") { world in
      let policy = BatchPolicy(approval: .required)
      let batch = try await world.create([0], policy: policy, starts: false)
      #expect(try await world.command(.start, batch) == .failure(.approvalRequired))
      let approver = Actor.person("sipho")
      let seen = batch.contentHash
      func approve(_ actor: Actor) async throws -> Result<Batch, BatchRefusal> {
        try await world.store.perform(
          BatchStep(batch: batch.key, actor: actor, command: .approve(contentHash: seen)))
      }
      #expect(try await approve(world.person) == .failure(.approvesOwn))
      #expect(try await approve(approver).get().approvedBy == approver.description)
      #expect(try await world.command(.start, batch).get().status == .pending)
      let started = world.request(world.drafts([1]), policy: policy)
      #expect(try await world.store.create(started) == .failure(.approvalRequired))
    },
    StoreCase("cancels what is pending piece by piece, and lets the rest run to its end") { world in
      let batch = try await world.running([0, 1, 2, 3])
      let taken = try await world.take(batch, limit: 2)
      let sent = try await world.book(taken[0], under: batch)
      #expect(
        try await world.store.sweepCancelled(batch.key, limit: 9, actor: world.person) == 0)
      #expect(try await world.present(batch).counts.cancelled == 0)
      let flagged = try await world.command(.requestCancel, batch).get()
      #expect(flagged.status == .running)
      #expect(flagged.counts.pending == 2)
      #expect(try await world.command(.requestCancel, batch) == .failure(.cancelUnderWay))
      let intent = world.step(.recordIntent(try world.intent(taken[1])), taken[1], under: batch)
      #expect(try await world.perform(intent) == .failure(.cancelRequested))
      #expect(try await world.store.sweepCancelled(batch.key, limit: 1, actor: world.person) == 1)
      #expect(try await world.store.sweepCancelled(batch.key, limit: 9, actor: world.person) == 0)
      let dropped = try await world.perform(
        .deferQuote(nil, notBefore: nil), taken[1], under: batch)
      #expect(dropped.status == .cancelled)
      #expect(dropped.failure?.code == .cancelledByUser)
      let booked = try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
      try await world.perform(
        .recordSettled(attempt: 1, dealReference: nil), booked, under: batch)
      #expect(try await world.present(batch).status == .partialSuccess)
    },
    StoreCase("ends a batch whose trades are all cancelled") { world in
      let batch = try await world.create([0, 1], starts: false)
      _ = try await world.command(.requestCancel, batch).get()
      #expect(try await world.store.sweepCancelled(batch.key, limit: 9, actor: world.person) == 0)
      #expect(try await world.present(batch).status == .cancelled)
    },
    StoreCase("keeps who accepted an outcome, once") { world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      try await world.perform(.refuseQuote(Failure(.quoteRefused, "-")), trade, under: batch)
      let accepted = try await world.command(.accept(note: "agreed"), batch).get()
      #expect(accepted.acceptedBy == world.person.description)
      #expect(accepted.acceptedNote == "agreed")
      #expect(
        try await world.command(.accept(note: "again"), batch)
          == .failure(.alreadyAccepted(by: world.person.description)))
    },
  ]

  static let retryCases: [StoreCase] = [
    StoreCase("opens a new round for what failed, with attempts kept") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let sent = try await world.book(taken[0], under: batch)
      try await world.perform(
        .recordRefused(attempt: 1, Failure(.bookingRefused, "-")), sent, under: batch)
      try await world.perform(
        .refuseQuote(Failure(.quoteRefused, "-")), taken[1], under: batch)
      let retried = try await world.command(.retry(.all, note: nil), batch).get()
      #expect(retried.status == .pending)
      #expect(retried.round == 2)
      #expect(retried.counts.pending == 2)
      let trade = try #require(try await world.store.trade(sent.id))
      #expect(trade.attempt == 1)
      #expect(trade.roundAttempts == 0)
      let again = try #require(try await world.claim().first)
      let resent = try await world.book(trade, under: again)
      #expect(resent.attempt == 2)
    },
    StoreCase("retries by code, and by trade") { world in
      let batch = try await world.running([0, 1, 2])
      let taken = try await world.take(batch)
      for (trade, code) in zip(taken, [FailureCode.rateCheck, .quoteRefused, .quoteRefused]) {
        try await world.perform(.refuseQuote(Failure(code, "-")), trade, under: batch)
      }
      let byCode = try await world.command(.retry(.codes([.quoteRefused]), note: nil), batch).get()
      #expect(byCode.counts.pending == 2)
      #expect(byCode.counts.failed == 1)
      let byTrade = try await world.command(
        .retry(.trades([taken[0].key]), note: nil), batch
      ).get()
      #expect(byTrade.counts.pending == 3)
      #expect(byTrade.round == 2)
    },
    StoreCase("refuses a retry that takes up nothing, and changes nothing") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      #expect(try await world.command(.retry(.all, note: nil), batch) == .failure(.nothingToRetry))
      try await world.perform(.refuseQuote(Failure(.rateCheck, "-")), taken[0], under: batch)
      let before = try await world.present(batch)
      let counter = try await world.store.installation().changeCounter
      for selection in [
        RetrySelection.codes([.priceCollar]), .codes([]), .trades([]),
        .trades([taken[1].key]),
      ] {
        #expect(
          try await world.command(.retry(selection, note: "x"), batch)
            == .failure(.nothingToRetry))
      }
      #expect(try await world.present(batch) == before)
      #expect(try await world.store.installation().changeCounter == counter)
    },
    StoreCase("never retries in bulk what is retried singly") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let sent = try await world.book(taken[0], under: batch)
      let booked = try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
      let settlement = try await world.perform(
        .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "-")), booked, under: batch)
      try await world.perform(.refuseQuote(Failure(.rateCheck, "-")), taken[1], under: batch)

      let both = RetrySelection.trades([settlement.key, taken[1].key])
      #expect(
        try await world.command(.retry(both, note: "x"), batch) == .failure(.singlyOnly(count: 1)))
      let alone = RetrySelection.trades([settlement.key])
      #expect(
        try await world.command(.retry(alone, note: nil), batch)
          == .failure(.singlyOnly(count: 1)))
      #expect(
        try await world.command(.retry(.codes([.settlementFailed]), note: "x"), batch)
          == .failure(.nothingToRetry))
      let bulk = try await world.command(.retry(.all, note: nil), batch).get()
      #expect(bulk.counts.pending == 1)
      #expect(try await world.store.trade(settlement.id) == settlement)
      #expect(
        try await world.command(.retry(alone, note: "agreed", byApprover: false), batch)
          == .failure(.approverRetries(count: 1)))
      func seen(_ version: Int64) -> RetrySelection {
        .trade(settlement.key, expectedVersion: version)
      }
      #expect(
        try await world.command(.retry(seen(settlement.version - 1), note: "agreed"), batch)
          == .failure(.staleVersion(present: settlement.version)))
      let strange = RetrySelection.trades([settlement.key, TradeKey(1_000_000)])
      #expect(
        try await world.command(.retry(strange, note: "agreed"), batch)
          == .failure(.notToRetry(count: 1)))
      let single = try await world.command(
        .retry(seen(settlement.version), note: "agreed"), batch
      ).get()
      #expect(single.counts.pending == 2)
    },
    StoreCase("clears the cancel with a retry of a cancelled batch, not before its end") { world in
      let batch = try await world.running([0, 1])
      let taken = try #require(try await world.take(batch, limit: 1).first)
      _ = try await world.command(.requestCancel, batch).get()
      _ = try await world.store.sweepCancelled(batch.key, limit: 9, actor: world.person)
      #expect(try await world.command(.retry(.all, note: nil), batch) == .failure(.cancelUnderWay))
      try await world.perform(.cancel, taken, under: batch)
      #expect(try await world.present(batch).status == .cancelled)
      let retried = try await world.command(.retry(.all, note: nil), batch).get()
      #expect(!retried.isCancelRequested)
      #expect(retried.counts.pending == 2)
      let again = try #require(try await world.claim().first)
      #expect(try await world.take(again).count == 2)
    },
  ]
}
