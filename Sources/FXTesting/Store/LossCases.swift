import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  /// A mark that names one event more than the log has.
  fileprivate func markAhead() async throws -> LogMark {
    var mark = try await store.logMark()
    mark.sequence += 1
    return mark
  }

  fileprivate func release() async throws -> Result<Installation, KillSwitchRefusal> {
    try await store.setKillSwitch(engaged: false, reason: "-", actor: person)
  }
}

extension StoreConformance {
  static let lossCases: [StoreCase] = [
    StoreCase("tells how far its log goes") { world in
      let empty = try await world.store.logMark()
      #expect(empty.sequence == 0)
      #expect(empty.digest == ChainHead.start.digest)
      #expect(empty.installation == (try await world.store.installation()).id)
      let batch = try await world.running([0])
      let mark = try await world.store.logMark()
      let newest = try #require(
        try await world.store.events(of: nil, after: 0, limit: 1_000).last)
      #expect(mark.sequence == newest.sequence)
      #expect(mark.digest == newest.digest)
      #expect(empty.isOlder(than: mark))
      #expect(!mark.isOlder(than: mark))
      _ = try await world.command(.pause, batch).get()
      // What was durable still is, however much has come since.
      for known in [empty, mark] { #expect(try await known.loss(in: world.store) == nil) }
    },
    StoreCase("shows a mark outside of it what it has lost") { world in
      _ = try await world.running([0])
      let ahead = try await world.markAhead()
      #expect(
        try await ahead.loss(in: world.store)
          == .event(sequence: ahead.sequence, idEpoch: 1, isThere: false))
      var other = try await world.store.logMark()
      other.digest[7] ^= 1
      #expect(
        try await other.loss(in: world.store)
          == .event(sequence: other.sequence, idEpoch: 1, isThere: true))
      var strange = try await world.store.logMark()
      strange.installation = world.identifier()
      #expect(
        try await strange.loss(in: world.store)
          == .otherInstallation(strange.installation, sequence: strange.sequence))
    },
    StoreCase("books nothing after a loss before the bank was asked, and says so by its type") {
      world in
      let (trade, batch) = try await world.quoting(client: 0)
      let before = try await world.store.logMark()
      let mark = try await world.markAhead()
      let loss = try #require(try await mark.loss(in: world.store))
      let held = try await world.store.recordLoss(loss)
      #expect(held.idEpoch == 2)
      let rollback = try #require(held.rollback)
      #expect(
        rollback
          == Rollback(
            detectedAt: world.clock.now, lostFrom: mark.sequence, firstEpoch: 1,
            reason: loss.sentence))
      #expect(held.killSwitch?.reason == loss.sentence)
      #expect(try await world.store.installation() == held)
      #expect(try await world.release() == .failure(.reconciliationDue(rollback)))
      // The epoch has passed what the mark knew: the loss is recorded once.
      #expect(try await mark.loss(in: world.store) == nil)
      #expect(try await world.store.recordLoss(loss) == held)
      let after = try await world.store.logMark()
      #expect(after.sequence == before.sequence + 1)
      #expect(mark.isOlder(than: after))

      // Whoever holds a generation of the lost time stays fenced.
      #expect(try await world.tryIntent(trade, under: batch) == .failure(.leaseLost))
      let again = try #require(try await world.claim().first)
      #expect(again.generation > batch.generation + 1_000)

      world.clock.advance(byMilliseconds: 5)
      let asked = try await world.store.recordReconciled(note: "all asked", actor: world.person)
      #expect(asked.rollback?.reconciledAt == world.clock.now)
      world.clock.advance(byMilliseconds: 5)
      #expect(
        try await world.store.recordReconciled(note: "again", actor: world.person) == asked)
      #expect(try await world.release().get().killSwitch == nil)
      let log = try await world.store.events(of: Journal.installation, after: 0, limit: 10)
      #expect(log.map(\.entry.kind) == Array(repeating: .installationChanged, count: 3))
    },
    StoreCase("keeps the widest span of lost time until the bank was asked about it") { world in
      _ = try await world.running([0])
      let first = try await world.markAhead()
      _ = try await world.store.recordLoss(
        try #require(try await first.loss(in: world.store)))
      let second = try await world.markAhead()
      let held = try await world.store.recordLoss(
        try #require(try await second.loss(in: world.store)))
      #expect(held.idEpoch == 3)
      #expect(held.rollback?.firstEpoch == 1)
      #expect(held.rollback?.lostFrom == first.sequence)
      _ = try await world.store.recordReconciled(note: "-", actor: world.person)
      let third = try await world.store.recordLoss(.unreadableMark("torn"))
      // The mark may have been an epoch ahead of what is left.
      #expect(third.idEpoch == 5)
      #expect(third.rollback?.firstEpoch == 3)
      #expect(third.rollback?.reconciledAt == nil)
    },
    StoreCase("takes a proof about an attempt for no proof about a later one that was lost") {
      world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      let booking = try await world.book(trade, under: batch)
      let unclear = Failure(.bookingUnclear, "time-out")
      let doubt = try await world.perform(
        .recordUnclear(attempt: 1, unclear), booking, under: batch)
      let proof = try await world.proof(of: doubt)
      func witness(_ attempt: Int) async throws {
        try await world.store.append([
          Evidence(
            trade: doubt.key, attempt: attempt, kind: .statusAnswer, at: world.clock.now,
            actor: world.person, summary: "found")
        ])
      }
      try await witness(2)
      let step = world.step(.recordNotBooked(proof), doubt, under: batch)
      #expect(try await world.perform(step) == .failure(.illegal(status: .inDoubt)))
    },
    StoreCase("takes a failed settlement for no end of a later attempt that was lost") { world in
      let batch = try await world.running([0, 1])
      let trades = try await world.take(batch)
      let lost = Evidence(
        trade: trades[0].key, attempt: 2, kind: .statusAnswer, at: world.clock.now,
        actor: world.person, summary: "found")
      let failed = Failure(.settlementFailed, "no funds")
      let booked = try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil),
        try await world.book(trades[0], under: batch), under: batch)
      try await world.store.append([lost])
      let settled = world.step(.recordSettlementFailed(attempt: 1, failed), booked, under: batch)
      #expect(try await world.perform(settled) == .failure(.illegal(status: .booked)))

      let unclear = try await world.perform(
        .recordUnclear(attempt: 1, failed), try await world.book(trades[1], under: batch),
        under: batch)
      var other = lost
      other.trade = unclear.key
      try await world.store.append([other])
      func found(_ status: DealStatus) -> TradeStep {
        world.step(.recordFound(attempt: 1, FoundDeal(status: status)), unclear, under: batch)
      }
      #expect(try await world.perform(found(.failed)) == .failure(.illegal(status: .inDoubt)))
      #expect(try await world.perform(found(.completed)).get().status == .completed)
    },
    StoreCase("has nothing to reconcile where nothing was lost") { world in
      let before = try await world.store.installation()
      #expect(try await world.store.recordReconciled(note: "-", actor: world.person) == before)
      #expect(try await world.release().get().killSwitch == nil)
    },
  ]
}
