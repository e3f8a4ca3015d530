import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  private func act(
    _ person: String, _ command: BatchCommand, _ batch: Batch
  ) async throws -> Result<Batch, BatchRefusal> {
    try await store.perform(
      BatchStep(batch: batch.key, actor: .person(person), command: command))
  }

  fileprivate func approve(
    _ batch: Batch, by person: String
  ) async throws -> Result<Batch, BatchRefusal> {
    try await act(person, .approve(contentHash: try await present(batch).contentHash), batch)
  }

  fileprivate func reject(
    _ batch: Batch, by person: String
  ) async throws -> Result<Batch, BatchRefusal> {
    let hash = try await present(batch).contentHash
    return try await act(person, .reject(contentHash: hash, note: "too much"), batch)
  }

  fileprivate func waiting(for reasons: DecisionReason...) async throws -> [Identifier] {
    try await store.batches(BatchQuery(decisions: Set(reasons), order: .oldestFirst)).map(\.id)
  }

  fileprivate func fail(_ trades: [Trade], under batch: Batch) async throws {
    let steps = trades.map { step(.refuseQuote(Failure(.quoteRefused, "-")), $0, under: batch) }
    for result in try await store.perform(steps) { _ = try result.result.get() }
  }
}

extension StoreConformance {
  static let decisionCases: [StoreCase] = [
    StoreCase("pauses with the failure beyond its bound, and books nothing more of it") { world in
      let policy = BatchPolicy(onFailure: .pause, toleratedFailures: 1)
      let batch = try await world.running([0, 1, 2, 3, 0, 1], policy: policy)
      let taken = try await world.take(batch, limit: 4)
      try await world.fail([taken[0]], under: batch)
      #expect(try await world.present(batch).status == .running)
      // Two failures in one group: the first of them pauses.
      try await world.fail([taken[1], taken[2]], under: batch)
      let paused = try await world.present(batch)
      #expect(paused.status == .paused)
      #expect(paused.pauseCause == .policy)
      #expect(paused.counts.failed == 3)
      #expect(paused.needsDecision == [.pausedByPolicy])
      let pauses = try await world.store.events(of: batch.key, after: 0, limit: 100)
        .filter { $0.entry.to == "paused" }
      #expect(
        pauses.map(\.entry.note) == ["2 of 6 trades failed, more than the 1 that are tolerated"])
      #expect(try await world.take(batch).isEmpty)
      let intent = world.step(.recordIntent(try world.intent(taken[3])), taken[3], under: batch)
      #expect(try await world.perform(intent) == .failure(.batchNotRunning(.paused)))
      #expect(try await world.waiting(for: .pausedByPolicy) == [batch.id])
      #expect(try await world.waiting(for: .thresholdBreached).isEmpty)
      let resumed = try await world.command(.resume, batch).get()
      #expect(resumed.pauseCause == nil)
      #expect(resumed.needsDecision.isEmpty)
      #expect(resumed.decision?.kind == .resumed)
      try await world.fail([taken[3]], under: batch)
      #expect(try await world.present(batch).pauseCause == .policy)
    },
    StoreCase("pauses a batch that was to go on where a share of it has failed") { world in
      let policy = BatchPolicy(toleratedFailurePercent: 50)
      let batch = try await world.running([0, 1, 2, 3], policy: policy)
      let taken = try await world.take(batch)
      try await world.fail([taken[0], taken[1]], under: batch)
      #expect(try await world.present(batch).status == .running)
      try await world.fail([taken[2]], under: batch)
      #expect(try await world.present(batch).needsDecision == [.thresholdBreached])
      try await world.fail([taken[3]], under: batch)
      let ended = try await world.present(batch)
      #expect(ended.status == .failed)
      #expect(ended.pauseCause == nil)
      #expect(ended.needsDecision == [.failed])
    },
    StoreCase("cancels the rest of a batch whose policy says so") { world in
      let batch = try await world.running(
        [0, 1, 2, 3], policy: BatchPolicy(onFailure: .cancel))
      let taken = try await world.take(batch, limit: 2)
      try await world.fail([taken[0]], under: batch)
      #expect(try await world.present(batch).cancelRequestedAt == world.clock.now)
      let intent = world.step(.recordIntent(try world.intent(taken[1])), taken[1], under: batch)
      #expect(try await world.perform(intent) == .failure(.cancelRequested))
      _ = try await world.store.sweepCancelled(batch.key, limit: 9, actor: world.person)
      try await world.perform(.cancel, taken[1], under: batch)
      let ended = try await world.present(batch)
      #expect(ended.status == .failed)
      #expect(ended.counts.cancelled == 3)
      let asked = try await world.store.events(of: batch.key, after: 0, limit: 100)
        .filter { $0.entry.kind == .batchCancelRequested }
      #expect(asked.map(\.entry.note) == ["1 of 4 trades failed, and none is tolerated"])
      #expect(asked.first?.entry.actor == .node(world.node))
    },
    StoreCase("sends a batch back, until it is changed and approved") { world in
      let batch = try await world.create(
        [0, 1], policy: BatchPolicy(approval: .required), starts: false)
      #expect(try await world.waiting(for: .approval, .rejected) == [batch.id])
      #expect(try await world.reject(batch, by: "thandi") == .failure(.approvesOwn))
      let stale = BatchCommand.reject(contentHash: "0", note: "-")
      let other = BatchStep(batch: batch.key, actor: .person("sipho"), command: stale)
      #expect(try await world.store.perform(other) == .failure(.contentChanged))
      let rejected = try await world.reject(batch, by: "sipho").get()
      #expect(rejected.status == .staged)
      #expect(rejected.rejectedBy == "person:sipho")
      #expect(rejected.rejectedNote == "too much")
      #expect(rejected.needsDecision == [.rejected])
      #expect(try await world.present(batch) == rejected)
      #expect(try await world.waiting(for: .approval).isEmpty)
      #expect(try await world.waiting(for: .rejected, .failed) == [batch.id])
      let decided = BatchRefusal.alreadyDecided(.rejected, by: "person:sipho")
      #expect(try await world.approve(batch, by: "lerato") == .failure(decided))
      #expect(try await world.command(.start(), batch) == .failure(decided))
      let edited = try await world.command(.change(name: "Explained"), batch).get()
      #expect(edited.rejectedBy == nil)
      #expect(edited.needsDecision == [.approval])
      #expect(try await world.approve(batch, by: "lerato").get().approvedAt == world.clock.now)
      let approved = BatchRefusal.alreadyDecided(.approved, by: "person:lerato")
      #expect(try await world.approve(batch, by: "sipho") == .failure(approved))
      #expect(try await world.reject(batch, by: "sipho") == .failure(approved))
      #expect(try await world.command(.start(), batch).get().decision?.kind == .started)
    },
    StoreCase("starts nothing without the approval that the configuration asks for") { world in
      let batch = try await world.create([0], starts: false)
      let demand = ApprovalDemand(isRequired: true, validMilliseconds: 3_600_000)
      #expect(try await world.command(.start(demand), batch) == .failure(.approvalRequired))
      #expect(try await world.present(batch) == batch)
      let waiting = try await world.command(.demandApproval, batch).get()
      #expect(waiting.needsDecision == [.approval])
      _ = try await world.approve(batch, by: "sipho").get()
      let since = world.clock.now
      world.clock.advance(byMilliseconds: 3_600_001)
      #expect(
        try await world.command(.start(demand), batch)
          == .failure(.approvalExpired(since: since)))
      #expect(try await world.command(.demandApproval, batch).get().approvedBy == nil)
      _ = try await world.approve(batch, by: "sipho").get()
      world.clock.advance(byMilliseconds: 3_600_000)
      #expect(try await world.command(.start(demand), batch).get().status == .pending)
      #expect(try await world.command(.demandApproval, batch) == .failure(.wrongState(.pending)))
    },
    StoreCase("lets no retry lead around a rejection") { world in
      let batch = try await world.create([0, 1], starts: false)
      _ = try await world.reject(batch, by: "sipho").get()
      let cancelled = try await world.command(.requestCancel(note: "mistaken"), batch).get()
      #expect(cancelled.status == .cancelled)
      #expect(
        try await world.command(.retry(.all, note: nil), batch)
          == .failure(.alreadyDecided(.rejected, by: "person:sipho")))
    },
    StoreCase("counts deals that failed to settle, until somebody has decided") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let booked = try await world.perform(
        .recordAccepted(attempt: 1, bankTransactionID: nil),
        try await world.book(taken[0], under: batch), under: batch)
      let failed = try await world.perform(
        .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "-")), booked, under: batch)
      let running = try await world.present(batch)
      #expect(running.escalated.settlementFailed == 1)
      #expect(running.needsDecision == [.settlementFailed])
      #expect(try await world.waiting(for: .settlementFailed) == [batch.id])
      try await world.fail([taken[1]], under: batch)
      #expect(try await world.present(batch).needsDecision == [.failed, .settlementFailed])
      let accepted = try await world.command(.accept(note: "paid by hand"), batch).get()
      #expect(accepted.needsDecision.isEmpty)
      #expect(try await world.waiting(for: .settlementFailed).isEmpty)
      let retried = try await world.command(
        .retry(.trades([failed.key]), note: "anew"), batch
      ).get()
      #expect(retried.escalated.settlementFailed == 0)
      #expect(retried.needsDecision.isEmpty)
    },
    StoreCase("remembers what was decided last, and by whom") { world in
      let batch = try await world.create([0, 1])
      #expect(try await world.present(batch).decision?.kind == .started)
      for (command, kind) in [
        (BatchCommand.pause, Decision.Kind.paused), (.resume, .resumed),
        (.requestCancel(note: "enough"), .cancelled),
      ] {
        world.clock.advance(byMilliseconds: 10)
        let decided = try await world.command(command, batch).get()
        #expect(decided.decision == Decision(kind, by: world.person, at: world.clock.now))
        #expect(try await world.present(batch).decision == decided.decision)
      }
      let last = try #require(
        try await world.store.events(of: batch.key, after: 0, limit: 50).last)
      #expect(last.entry.note == "enough")
    },
  ]
}
