import FXDomain
import FXEngine
import FXPorts
import FXSimulation
import Testing

/// Seeds of one run: more in a release build, or as the environment says.
@Suite struct `A simulated installation` {
  /// Every batch final, no violation; otherwise the seed is in the test's name.
  @Test(arguments: UInt64(0)..<150)
  func `comes to a right end with faults, crashes and commands`(seed: UInt64) throws {
    var world = try SimulatedWorld(seed: seed)
    let isEnded = try world.run()
    #expect(world.violation == nil, "seed \(seed)")
    let waitsForPersons = try world.onlyPersonsAreAwaited()
    #expect(isEnded || waitsForPersons, "seed \(seed)")
  }

  @Test(arguments: UInt64(0)..<30)
  func `ends with every trade completed when nothing goes wrong`(seed: UInt64) throws {
    var temper = WorldTemper()
    temper.bank = .calm
    temper.crashes = 0
    temper.freezes = 0
    temper.commands = 0
    var world = try SimulatedWorld(seed: seed, temper: temper)
    let isEnded = try world.run()
    #expect(isEnded, "seed \(seed)")
    #expect(world.violation == nil, "seed \(seed)")
    #expect(world.bank.deals.count == temper.batches * temper.tradesPerBatch)
  }

  @Test func `is the same for the same seed`() throws {
    var one = try SimulatedWorld(seed: 7)
    var two = try SimulatedWorld(seed: 7)
    _ = try one.run()
    _ = try two.run()
    #expect(one.steps == two.steps)
    #expect(one.bank.deals == two.bank.deals)
  }

  @Test(arguments: UInt64(0)..<60)
  func `waits for persons where the bank looks nothing up, and books nothing again`(
    seed: UInt64
  ) throws {
    var temper = WorldTemper()
    temper.bank.isBlind = true
    temper.endsAt = 900_000
    var world = try SimulatedWorld(seed: seed, temper: temper)
    var isEnded = try world.run()
    for _ in 0..<10 where !isEnded {
      #expect(world.violation == nil, "seed \(seed)")
      _ = try world.resolveDoubts()
      world.extend(byMilliseconds: 600_000)
      isEnded = try world.run()
    }
    #expect(world.violation == nil, "seed \(seed)")
    let waitsForPersons = try world.onlyPersonsAreAwaited()
    #expect(isEnded || waitsForPersons, "seed \(seed)")
  }

  @Test(arguments: UInt64(0)..<60)
  func `holds when the bank's status lags and its clock is off, within the margin`(
    seed: UInt64
  ) throws {
    var temper = WorldTemper()
    temper.bank.statusLagMilliseconds = 8_000
    temper.bank.clockSkewMilliseconds = 4_000
    temper.bank.lostAfterPerMille = 80
    var world = try SimulatedWorld(seed: seed, temper: temper)
    let isEnded = try world.run()
    #expect(world.violation == nil, "seed \(seed)")
    let waitsForPersons = try world.onlyPersonsAreAwaited()
    #expect(isEnded || waitsForPersons, "seed \(seed)")
  }

  @Test func `sees a double booking where the bank's status lags beyond the margin`() throws {
    var temper = WorldTemper()
    temper.bank.statusLagMilliseconds = 120_000
    temper.bank.lostAfterPerMille = 200
    temper.doubtMarginMilliseconds = 2_000
    temper.bank.quoteLifeMilliseconds = 5_000
    var found = false
    for seed in UInt64(0)..<40 where !found {
      var world = try SimulatedWorld(seed: seed, temper: temper)
      _ = try world.run()
      found = world.violation?.contains("times") ?? false
    }
    #expect(found)
  }
}
