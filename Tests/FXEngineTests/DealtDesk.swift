import FXDomain
import FXPorts
import FXSimulation
import FXTesting
import Testing

/// A store with one batch of five trades that have gone as far as deals go: completed, booked,
/// refused, failed to settle, and pending.
struct DealtDesk: Sendable {
  static let bank = BankIdentity("bank-a")
  let desk: IntakeDesk
  let batch: BatchKey
  let id: Identifier
  private let generation: Int64
  private let node = NodeID("desk-1:a")

  var store: MemoryStore { desk.store }

  init() async throws {
    let desk = try await IntakeDesk()
    self.desk = desk
    _ = try await desk.store.upsert((1...5).map { desk.record(cif: "20\($0)") })
    let rows = (1...5).map { desk.row($0, cif: "20\($0)") }
    id = try await desk.submit(rows).get().id
    let claimed = try await desk.store.claim(
      ClaimRequest(
        node: node, leaseMilliseconds: 300_000, bookingRoom: 1, watchingRoom: 1))
    let batch = try #require(claimed.first)
    self.batch = batch.key
    generation = batch.generation
    for place in 0..<4 { try await book(place) }
    try await step(0, .recordAccepted(attempt: 1, bankTransactionID: "T1"))
    try await step(0, .recordSettled(attempt: 1, dealReference: "FX1"))
    try await step(1, .recordAccepted(attempt: 1, bankTransactionID: "T2"))
    try await step(2, .recordRefused(attempt: 1, Failure(.bookingRefused, "no")))
    try await step(3, .recordAccepted(attempt: 1, bankTransactionID: "T4"))
    try await step(3, .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "no funds")))
    try await desk.store.seal()
  }

  func trades() async throws -> [Trade] {
    try await store.trades(TradeQuery(batch: batch))
  }

  func trade(_ place: Int) async throws -> Trade { try await trades()[place] }

  /// Our id of a trade's last deal.
  func deal(_ place: Int) async throws -> Identifier {
    try #require(try await trade(place).dealTransactionID)
  }

  func step(_ place: Int, _ command: TradeCommand) async throws {
    let step = TradeStep(
      batch: batch, trade: try await trade(place).key,
      authority: .lease(generation: generation), actor: .node(node), command: command)
    _ = try #require(try await store.perform([step]).first).result.get()
  }

  /// Takes a pending trade to `booking`.
  func book(_ place: Int) async throws {
    let trade = try await trade(place)
    try await step(place, .take)
    let priced = try trade.deal.priced(
      .bank(spread: trade.spread), quoteRate: Rate(units: 1_779_300_000), otcRate: nil,
      rules: RateRules())
    let number = UInt64(trade.attempt + 1)
    try await step(
      place,
      .recordIntent(
        Intent(
          number: Int(number),
          dealTransactionID: Identifier(high: 0xdea1, low: UInt64(place + 1) << 8 | number),
          bank: Self.bank,
          figures: QuoteFigures(
            quoteID: 4711, expiresAt: desk.clock.now.advanced(byMilliseconds: 30_000),
            priced: priced),
          valueDate: ValueDate(date: try #require(trade.valueDate)),
          requestDigest: Array(repeating: 7, count: 32), isCanary: false)))
  }
}
