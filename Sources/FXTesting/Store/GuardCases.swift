import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  /// A trade that is quoting, in a batch of its own.
  func quoting(client: Int) async throws -> (trade: Trade, batch: Batch) {
    let batch = try await running([client])
    return (try #require(try await take(batch).first), batch)
  }

  func tryIntent(
    _ trade: Trade, under batch: Batch, bank: BankIdentity? = nil, isCanary: Bool = false
  ) async throws -> Result<Trade, StepRefusal> {
    try await perform(
      step(
        .recordIntent(try intent(trade, bank: bank, isCanary: isCanary)), trade, under: batch))
  }
}

extension StoreConformance {
  static let guardCases: [StoreCase] = [
    StoreCase("books nothing while the kill switch is engaged, and logs who did it") { world in
      let (trade, batch) = try await world.quoting(client: 0)
      let before = try await world.store.installation()
      let engaged = try await world.store.setKillSwitch(
        engaged: true, reason: "bank down", actor: world.person
      ).get()
      #expect(engaged.killSwitch?.reason == "bank down")
      #expect(engaged.changeCounter > before.changeCounter)
      #expect(try await world.store.installation() == engaged)
      #expect(try await world.tryIntent(trade, under: batch) == .failure(.killSwitchEngaged))
      let log = try await world.store.events(of: Journal.installation, after: 0, limit: 10)
      #expect(log.last?.entry.kind == .installationChanged)
      #expect(log.last?.entry.actor == world.person)
      let released = try await world.store.setKillSwitch(
        engaged: false, reason: "bank back", actor: world.person
      ).get()
      #expect(released.killSwitch == nil)
      _ = try await world.tryIntent(trade, under: batch).get()
    },
    StoreCase("books nothing new for a paused batch, and goes on with what is under way") {
      world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let sent = try await world.book(taken[0], under: batch)
      _ = try await world.command(.pause, batch).get()
      #expect(
        try await world.tryIntent(taken[1], under: batch) == .failure(.batchNotRunning(.paused)))
      try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
      #expect(try await world.command(.resume, batch).get().status == .running)
      _ = try await world.tryIntent(taken[1], under: batch).get()
    },
    StoreCase("blocks a client with a trade in doubt, in every batch, and no other client") {
      world in
      let (doubtful, batch) = try await world.quoting(client: 0)
      let (same, sameBatch) = try await world.quoting(client: 0)
      let (free, freeBatch) = try await world.quoting(client: 1)
      let sent = try await world.book(doubtful, under: batch)
      let unclear = try await world.perform(
        .recordUnclear(attempt: 1, Failure(.bankTimeout, "-")), sent, under: batch)
      #expect(try await world.tryIntent(same, under: sameBatch) == .failure(.clientBlocked))
      _ = try await world.tryIntent(free, under: freeBatch).get()
      try await world.perform(
        .recordFound(attempt: 1, FoundDeal(status: .pending)), unclear, under: batch)
      _ = try await world.tryIntent(same, under: sameBatch).get()
    },
    StoreCase("blocks a client with a trade in booking whose call no living holder has") { world in
      let (orphan, batch) = try await world.quoting(client: 0)
      let (same, sameBatch) = try await world.quoting(client: 0)
      _ = try await world.book(orphan, under: batch)
      // The call is alive: no block.
      let live = try await world.book(same, under: sameBatch)
      try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), live, under: sameBatch)

      let (next, nextBatch) = try await world.quoting(client: 0)
      try await world.store.release([world.hold(batch)], node: world.node)
      #expect(try await world.tryIntent(next, under: nextBatch) == .failure(.clientBlocked))
      // Taken over: leased again, but the call was another generation's.
      _ = try #require(try await world.claim(by: world.other, only: [batch.key]).first)
      #expect(try await world.tryIntent(next, under: nextBatch) == .failure(.clientBlocked))
    },
    StoreCase("blocks a client once the lease of its trade in booking has ended") { world in
      let (orphan, batch) = try await world.quoting(client: 0)
      _ = try await world.book(orphan, under: batch)
      world.clock.advance(byMilliseconds: world.leaseMilliseconds)
      let (later, laterBatch) = try await world.waiting(client: 0)
      #expect(
        try await world.perform(world.step(.take, later, under: laterBatch))
          == .failure(.clientBlocked))
    },
    StoreCase("lets the canary book alone until its turn is ended") { world in
      let (canary, batch) = try await world.quoting(client: 0)
      let (next, nextBatch) = try await world.quoting(client: 1)
      let sent = try await world.book(canary, under: batch, isCanary: true)
      #expect(try await world.store.installation().canary == canary.key)
      for isCanary in [false, true] {
        #expect(
          try await world.tryIntent(next, under: nextBatch, isCanary: isCanary)
            == .failure(.canaryUnderWay))
      }
      try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
      #expect(try await world.store.installation().canary == canary.key)
      #expect(try await world.tryIntent(next, under: nextBatch) == .failure(.canaryUnderWay))
      try await world.store.clearCanary(next.key)
      #expect(try await world.store.installation().canary == canary.key)
      try await world.store.clearCanary(canary.key)
      #expect(try await world.store.installation().canary == nil)
      _ = try await world.tryIntent(next, under: nextBatch).get()
    },
    StoreCase("refuses a canary while another booking is under way") { world in
      let (first, batch) = try await world.quoting(client: 0)
      let (canary, canaryBatch) = try await world.quoting(client: 1)
      let sent = try await world.book(first, under: batch)
      #expect(
        try await world.tryIntent(canary, under: canaryBatch, isCanary: true)
          == .failure(.canaryUnderWay))
      try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
      _ = try await world.tryIntent(canary, under: canaryBatch, isCanary: true).get()
    },
    StoreCase("ends the canary's turn with an end that books nothing") { world in
      let ends: [@Sendable (Trade) -> TradeCommand] = [
        { _ in .recordNotSent(attempt: 1, Failure(.bankUnavailable, "-")) },
        { _ in .recordRefused(attempt: 1, Failure(.bookingRefused, "-")) },
      ]
      for (index, end) in ends.enumerated() {
        let (canary, batch) = try await world.quoting(client: index)
        let sent = try await world.book(canary, under: batch, isCanary: true)
        try await world.perform(end(sent), sent, under: batch)
        #expect(try await world.store.installation().canary == nil)
      }
      // Its answer is lost: its turn lasts until the doubt is resolved.
      let (canary, batch) = try await world.quoting(client: 2)
      let sent = try await world.book(canary, under: batch, isCanary: true)
      let lost = try await world.perform(
        .recordUnclear(attempt: 1, Failure(.bankTimeout, "-")), sent, under: batch)
      #expect(try await world.store.installation().canary == canary.key)
      try await world.perform(
        .recordNotBooked(try await world.proof(of: lost)), lost, under: batch)
      #expect(try await world.store.installation().canary == nil)
    },
    StoreCase("ends the canary's turn with its settlement, when nothing else has ended it") {
      world in
      let ends: [@Sendable (Trade) -> TradeCommand] = [
        { _ in .recordSettled(attempt: 1, dealReference: nil) },
        { _ in .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "-")) },
      ]
      for (index, end) in ends.enumerated() {
        let (canary, batch) = try await world.quoting(client: index)
        let sent = try await world.book(canary, under: batch, isCanary: true)
        try await world.perform(
          .recordAccepted(attempt: 1, bankTransactionID: "T"), sent, under: batch)
        #expect(try await world.store.installation().canary == canary.key)
        try await world.perform(end(sent), sent, under: batch)
        #expect(try await world.store.installation().canary == nil)
      }
    },
    StoreCase("keeps one bank while deals are open, and takes another afterwards") { world in
      let other = BankIdentity("bank-b")
      let (first, batch) = try await world.quoting(client: 0)
      let (second, secondBatch) = try await world.quoting(client: 1)
      #expect(try await world.store.installation().bank == nil)
      let sent = try await world.book(first, under: batch)
      #expect(try await world.store.installation().bank == world.bank)
      let refused = Result<Trade, StepRefusal>.failure(.otherBank(world.bank))
      #expect(try await world.tryIntent(second, under: secondBatch, bank: other) == refused)
      let booked = try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
      #expect(try await world.tryIntent(second, under: secondBatch, bank: other) == refused)
      try await world.perform(
        .recordSettled(attempt: 1, dealReference: nil), booked, under: batch)
      _ = try await world.tryIntent(second, under: secondBatch, bank: other).get()
      #expect(try await world.store.installation().bank == other)
    },
  ]
}

extension StoreWorld {
  /// A pending trade of a client who is blocked, in a batch of its own.
  fileprivate func waiting(client: Int) async throws -> (trade: Trade, batch: Batch) {
    let batch = try await running([client])
    return (try #require(try await trades(batch).first), batch)
  }
}
