import FXDomain
import FXEngine
import FXPorts
import FXSimulation
import Testing

/// A few hundred worlds; `fxsimulate` runs them by the ten thousand, in a release build.
@Suite struct `A simulated installation` {
  @Test(arguments: WorldPlan.allCases, UInt64(0)..<50)
  func `comes to a right end, whatever befalls it`(plan: WorldPlan, seed: UInt64) throws {
    var world = try SimulatedWorld(seed: seed, temper: plan.temper(seed: seed))
    try world.runWithPersons()
    #expect(world.violation == nil, "seed \(seed) of \(plan.rawValue)")
  }

  @Test(arguments: UInt64(0)..<30)
  func `ends with every trade completed when nothing goes wrong`(seed: UInt64) throws {
    let temper = WorldTemper.calm
    var world = try SimulatedWorld(seed: seed, temper: temper)
    let isEnded = try world.run()
    #expect(isEnded, "seed \(seed)")
    #expect(world.violation == nil, "seed \(seed)")
    #expect(world.bank.deals.count == temper.batches * temper.tradesPerBatch)
  }

  @Test func `meets limits at its starts and before its bookings`() throws {
    var (refused, beyond, failed) = (0, 0, 0)
    for seed in UInt64(0)..<40 {
      var world = try SimulatedWorld(seed: seed, temper: WorldPlan.limits.temper(seed: seed))
      try world.runWithPersons()
      refused += world.occurrences[.startRefused]
      beyond += world.occurrences[.bookingBeyondLimit]
      failed += try world.books.trades(TradeQuery(limit: 100)).count {
        $0.status == .failed && $0.failure?.code == .limitExceeded
      }
    }
    #expect(refused > 40)
    #expect(beyond > 5)
    #expect(failed > 0)
  }

  @Test func `is the same for the same seed`() throws {
    var one = try SimulatedWorld(seed: 7)
    var two = try SimulatedWorld(seed: 7)
    _ = try one.run()
    _ = try two.run()
    #expect(one.steps == two.steps)
    #expect(one.bank.deals == two.bank.deals)
    #expect(one.occurrences == two.occurrences)
  }

  /// The canary's deal was settled, found by the bank's own id, while the node that might have
  /// judged it was down: its turn never ended, and nothing was booked any more.
  @Test(arguments: [UInt64]([5, 25, 355]))
  func `goes on booking after a canary that ended without having shown anything`(
    seed: UInt64
  ) throws {
    var world = try SimulatedWorld(seed: seed, temper: WorldPlan.blind.temper(seed: seed))
    try world.runWithPersons()
    #expect(world.violation == nil)
  }

  /// A trade was in doubt about one attempt while the bank had a lost, later one, and a person closed
  /// it as booked: the world's reconciliation asked on for ever, with the kill switch engaged.
  @Test(arguments: [UInt64]([296, 1339]))
  func `ends after a roll-back though a doubt was closed before the bank was asked`(
    seed: UInt64
  ) throws {
    var world = try SimulatedWorld(seed: seed, temper: WorldPlan.rolledBack.temper(seed: seed))
    try world.runWithPersons()
    #expect(world.violation == nil)
    #expect(world.occurrences[.rolledBackDeal] > 0)
    #expect(try !world.books.installation().isReconciliationDue)
  }

  @Test func `sees a double booking where the bank's status lags beyond the margin`() throws {
    var temper = WorldTemper()
    temper.bank.statusLagMilliseconds = 120_000
    temper.bank.lostAfterPerMille = 200
    temper.doubtMarginMilliseconds = 2_000
    temper.bank.quoteLifeMilliseconds = 5_000
    #expect(try doubleBooking(temper, within: 40))
  }

  @Test func `sees a double booking where the bank works longer than the margin`() throws {
    var temper = WorldTemper()
    temper.bank.workMilliseconds = 60_000...120_000
    temper.doubtMarginMilliseconds = 2_000
    temper.bank.quoteLifeMilliseconds = 5_000
    #expect(try doubleBooking(temper, within: 40))
  }

  private func doubleBooking(_ temper: WorldTemper, within seeds: UInt64) throws -> Bool {
    for seed in 0..<seeds {
      var world = try SimulatedWorld(seed: seed, temper: temper)
      try world.runWithPersons()
      if world.doubleBookings > 0 { return true }
    }
    return false
  }

  /// Worlds within which each bug is caught; in most it is after a few.
  private static let seedsPerBug: UInt64 = 300

  @Test(arguments: PlantedBug.allCases)
  func `catches the planted bug`(_ bug: PlantedBug) throws {
    var violation: String?
    for seed in 0..<Self.seedsPerBug where violation == nil {
      var world = try SimulatedWorld(seed: seed, temper: bug.temper(seed: seed))
      try world.runWithPersons()
      violation = world.violation
    }
    let found = try #require(violation)
    switch bug {
    case .noPositiveControl, .earlyNotFoundBelieved, .callRepeated, .randomIDAfterLostCommit:
      #expect(found.contains("times") || found.contains("the bank has a deal"))
    case .noGenerationCheck: #expect(found.hasPrefix("a fenced node"))
    case .intentAfterCall: #expect(found.contains("of which the store knows nothing"))
    case .cancelAfterIntent:
      #expect(["cancelled", "tallies", "usage"].contains { found.contains($0) })
    case .countOutsideTransaction: #expect(found.contains("counts"))
    }
  }
}
