import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  /// Hundreds of random steps, legal and not, by two nodes and a person; the store is audited on the
  /// way and at the end. Answers the whole log, which follows from the seed alone.
  @discardableResult
  public static func walk(
    seed: UInt64, steps: Int = 300, on makeStore: (ManualClock) async throws -> any BatchStore
  ) async throws -> [JournalEvent] {
    let clock = ManualClock()
    let world = try await StoreWorld(store: makeStore(clock), clock: clock)
    var walk = RandomWalk(world: world, random: SeededRandom(seed: seed))
    for index in 0..<steps {
      try await walk.step()
      if index % 50 == 49 { try await world.audit() }
    }
    try await world.audit()
    return try await world.store.events(of: nil, after: 0, limit: 1_000_000)
  }
}

private struct RandomWalk {
  let world: StoreWorld
  var random: SeededRandom
  var batches: [Batch] = []

  init(world: StoreWorld, random: SeededRandom) {
    self.world = world
    self.random = random
  }

  mutating func step() async throws {
    world.clock.advance(byMilliseconds: Int64.random(in: 0...9_000, using: &random))
    switch Int.random(in: 0..<40, using: &random) {
    case 0:
      let clients = (0..<Int.random(in: 1...6, using: &random)).map { _ in
        Int.random(in: 0..<4, using: &random)
      }
      batches.append(
        try await world.create(
          clients, policy: policy(), starts: Bool.random(using: &random)))
    case 1...3:
      let node = Bool.random(using: &random) ? world.node : world.other
      for claimed in try await world.claim(by: node, booking: 2, watching: 2) { remember(claimed) }
    case 4: world.clock.advance(byMilliseconds: 200_000)
    case 5...8: try await command()
    case 9:
      _ = try await world.store.setKillSwitch(
        engaged: Int.random(in: 0..<4, using: &random) == 0, reason: "walk", actor: world.person)
    case 10: try await letGo()
    case 11:
      guard let batch = batches.randomElement(using: &random) else { return }
      _ = try await world.store.sweepCancelled(batch.key, limit: 2, actor: world.person)
    case 12:
      if let canary = try await world.store.installation().canary {
        try await world.store.clearCanary(canary)
      }
    case 13: try await world.store.seal()
    case 14...17:
      guard let batch = batches.randomElement(using: &random) else { return }
      _ = try await world.take(batch, limit: 2)
    default: try await tradeSteps()
    }
  }

  private mutating func policy() -> BatchPolicy {
    let ways: [BatchPolicy.OnFailure] = [.continue, .continue, .pause, .cancel]
    return BatchPolicy(
      onFailure: ways[Int.random(in: 0..<4, using: &random)],
      toleratedFailures: Bool.random(using: &random) ? Int.random(in: 0...3, using: &random) : nil,
      maxAttempts: 2)
  }

  private mutating func remember(_ batch: Batch) {
    if let index = batches.firstIndex(where: { $0.key == batch.key }) { batches[index] = batch }
  }

  private mutating func letGo() async throws {
    guard let batch = batches.randomElement(using: &random) else { return }
    let node = Bool.random(using: &random) ? world.node : world.other
    if Bool.random(using: &random) {
      try await world.store.release([world.hold(batch)], node: node)
    } else {
      _ = try await world.store.renew(
        [world.hold(batch)], node: node, leaseMilliseconds: world.leaseMilliseconds)
    }
  }

  private mutating func command() async throws {
    guard let batch = batches.randomElement(using: &random) else { return }
    let commands: [BatchCommand] = [
      .start(), .start(), .pause, .resume, .resume, .requestCancel(),
      .setPriority(Int.random(in: 1...10, using: &random), queuePosition: nil),
      .retry(.all, note: nil), .retry(.codes([.quoteRefused]), note: nil), .accept(note: "walk"),
    ]
    guard let command = commands.randomElement(using: &random) else { return }
    _ = try await world.command(command, batch)
  }

  /// A few steps at once, most of them such as the trades' states allow.
  private mutating func tradeSteps() async throws {
    guard let batch = batches.randomElement(using: &random) else { return }
    let trades = try await world.trades(batch)
    var steps: [TradeStep] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      guard let trade = trades.randomElement(using: &random),
        let command = try await command(for: trade)
      else { continue }
      steps.append(
        Int.random(in: 0..<5, using: &random) == 0
          ? world.step(openly: command, trade) : world.step(command, trade, under: batch))
    }
    let results = try await world.store.perform(steps)
    #expect(results.count == steps.count)
  }

  private mutating func command(for trade: Trade) async throws -> TradeCommand? {
    let failure = Failure(.quoteRefused, "walk")
    let attempt = trade.attempt
    let commands: [TradeCommand]
    switch trade.status {
    case .pending: commands = [.take, .take, .cancel]
    case .quoting:
      let intent = try world.intent(trade, isCanary: Int.random(in: 0..<9, using: &random) == 0)
      commands = [
        .recordIntent(intent), .recordIntent(intent), .recordIntent(intent),
        .deferQuote(failure, notBefore: nil), .deferQuote(nil, notBefore: nil),
        .refuseQuote(failure),
      ]
    case .booking:
      commands = [
        .recordAccepted(attempt: attempt, bankTransactionID: "tx"),
        .recordUnclear(attempt: attempt, failure), .recordNotSent(attempt: attempt, failure),
        .recordRefused(attempt: attempt, failure),
        .recordAccepted(attempt: 9, bankTransactionID: nil),
      ]
    case .booked:
      commands = [
        .recordSettled(attempt: attempt, dealReference: "FX"),
        .recordSettlementFailed(attempt: attempt, Failure(.settlementFailed, "walk")),
        .escalate(attempt: attempt),
        .resolve(.notBooked, note: "walk", marginMilliseconds: 0),
      ]
    case .inDoubt:
      let found = [DealStatus.pending, .completed, .failed].map {
        TradeCommand.recordFound(attempt: attempt, FoundDeal(status: $0))
      }
      let proof =
        attempt > 0 ? [TradeCommand.recordNotBooked(try await world.proof(of: trade))] : []
      commands =
        found + proof + [
          .escalate(attempt: attempt),
          .resolve(.booked(dealReference: "FX"), note: "walk", marginMilliseconds: 0),
          .resolve(.notBooked, note: "walk", marginMilliseconds: 0),
        ]
    case .failed, .cancelled:
      commands = [.recordBookingEvidence(attempt: max(1, attempt), note: "walk"), .take]
    case .completed: commands = [.take]
    }
    return commands.randomElement(using: &random)
  }
}
