import FXPorts
import Testing

/// One thing that every store must do.
public struct StoreCase: Sendable, CustomTestStringConvertible {
  public let testDescription: String
  let check: @Sendable (StoreWorld) async throws -> Void

  init(_ sentence: String, _ check: @escaping @Sendable (StoreWorld) async throws -> Void) {
    self.testDescription = sentence
    self.check = check
  }

  /// Checks it on a new, empty store that goes by the clock.
  public func run(
    on makeStore: (ManualClock) async throws -> any BatchStore
  ) async throws {
    let clock = ManualClock()
    let world = try await StoreWorld(store: makeStore(clock), clock: clock)
    try await check(world)
    try await world.audit()
  }
}

/// What every implementation of `BatchStore` must pass.
public enum StoreConformance {
  public static let cases: [StoreCase] =
    queueCases + leaseCases + nodeCases + lossCases + stepCases + doubtCases + guardCases
    + takeCases
    + commandCases
    + retryCases + referenceCases + createCases + listCases + summaryCases + searchCases
    + stagedCases + decisionCases + deskCases + clientTermsCases
    + logCases
    + concurrencyCases
    + accessCases
    + noticeCases + outboxCases
    + usageCases
    + paperCases + dayCases

  /// Seeds of the random walks, beside the cases.
  public static let seeds = UInt64(0)..<24
}
