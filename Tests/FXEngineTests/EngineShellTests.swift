import FXDomain
import FXEngine
import FXPorts
import FXSimulation
import Logging
import Testing

@Suite struct `The engine's shell` {
  /// Many times: whoever is cancelled by the failure must not be heard before it.
  @Test(.timeLimit(.minutes(1)), arguments: 1...100)
  func `ends with the store's error when the store refuses a step`(_ time: Int) async throws {
    let store = MemoryStore(installation: Identifier(high: 1, low: 2), clock: { Self.now })
    // A living node with another doubt margin makes the store refuse this one's first sign of life.
    _ = try await store.pulse(
      NodeLife(
        node: NodeID("first"), bank: Self.bank, leaseMilliseconds: 300_000,
        bankTimeoutMilliseconds: 10_000, doubtMarginMilliseconds: 1),
      confirmsKillSwitch: false)
    let engine = try Engine(
      store: store, bank: MuteBank(identity: Self.bank),
      settings: EngineSettings(node: NodeID("second"), bank: Self.bank),
      clock: .system(wall: { Self.now }), logger: Logger(label: "test"))
    await #expect {
      try await engine.run { _ in }
    } throws: { error in
      if case EngineError.store(.engineElsewhere) = error { true } else { false }
    }
  }

  private static let now = Timestamp(milliseconds: 1_767_258_000_000)
  private static let bank = BankIdentity("bank-a")
}

/// A bank of which nothing is heard.
private struct MuteBank: BankGateway {
  let identity: BankIdentity

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> { .trouble(.timeout) }
  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> { .trouble(.timeout) }
  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> { .trouble(.timeout) }
  func bookingBody(_ order: BookingOrder) -> [UInt8] { [] }
  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    .notSent(.timeout)
  }
  func dealStatus(_ query: DealQuery) async -> StatusAnswer { .trouble(.timeout) }
  func balance(accountNumber: String, cifNumber: String) async -> BankAnswer<AccountBalance> {
    .trouble(.timeout)
  }
  func accounts(page: Int) async -> BankAnswer<AccountPage> { .trouble(.timeout) }
  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> { .trouble(.timeout) }
}
