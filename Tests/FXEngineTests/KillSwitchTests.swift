import FXDomain
import FXPorts
import Testing

@testable import FXSimulation

@Suite struct `An engaged kill switch` {
  private static func world(seed: UInt64) throws -> SimulatedWorld {
    var temper = WorldTemper.calm
    temper.bank.usualMilliseconds = 200...4_000
    temper.bankTimeoutMilliseconds = 10_000
    temper.endsAt = 0
    return try SimulatedWorld(seed: seed, temper: temper)
  }

  /// Lets the world go on in small steps until something holds; answers how long that took.
  private static func wait(
    in world: inout SimulatedWorld, _ holds: (SimulatedWorld) throws -> Bool
  ) throws -> Int64 {
    let step: Int64 = 10
    var waited: Int64 = 0
    while try !holds(world) {
      waited += step
      try #require(waited < 120_000)
      world.extend(byMilliseconds: step)
      _ = try world.run()
    }
    return waited
  }

  private static func engage(_ engaged: Bool, in world: inout SimulatedWorld) throws {
    _ = try world.books.setKillSwitch(
      engaged: engaged, reason: "drill", actor: .person("thandi"))
  }

  private static func isConfirmed(_ world: SimulatedWorld) throws -> Bool {
    try world.books.nodes().allSatisfy(\.confirmsKillSwitch)
  }

  private static func callsOut(_ world: SimulatedWorld) -> Int {
    world.nodes.reduce(0) { $0 + ($1.core?.bookingCallsOut ?? 0) }
  }

  @Test(arguments: UInt64(0)..<20)
  func `is confirmed once no booking call is out, and nothing leaves after that`(
    seed: UInt64
  ) throws {
    var world = try Self.world(seed: seed)
    _ = try Self.wait(in: &world) { Self.callsOut($0) > 0 }
    try Self.engage(true, in: &world)
    let waited = try Self.wait(in: &world) { world in
      let isConfirmed = try Self.isConfirmed(world)
      #expect(!isConfirmed || Self.callsOut(world) == 0)
      return isConfirmed
    }
    // Slow calls are out: it cannot have been confirmed by the first sign of life.
    #expect(waited > 20)
    let deals = world.bank.deals.count
    world.extend(byMilliseconds: 30_000)
    _ = try world.run()
    #expect(world.bank.deals.count == deals)
    #expect(try Self.isConfirmed(world))

    try Self.engage(false, in: &world)
    world.extend(byMilliseconds: 3_600_000)
    let isEnded = try world.run()
    #expect(isEnded)
    #expect(world.violation == nil)
  }
}

extension SimulatedWorld {
  /// Gives the world more time after its end.
  mutating func extend(byMilliseconds more: Int64) { end = max(end, now) + more }
}
