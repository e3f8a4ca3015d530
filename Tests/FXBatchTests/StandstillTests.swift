import FXDomain
import FXPorts
import FXSimulation
import Testing

@testable import fxbatch

/// Read three trades at a time, so that every reading here is of several pages.
@Suite struct `A batch that stands still` {
  private static let now = Timestamp(milliseconds: 1_794_297_600_000)
  private static let node = NodeID("desk-1:a")
  private static let actor = Actor.node(node)
  private let store = MemoryStore(
    installation: Identifier(high: 1, low: 2), clock: { now })
  private let first: Batch

  /// A batch in the hands of a node, with trades of clients 0 and 1 in turn.
  init() async throws {
    _ = try await store.upsert(
      (0...1).map { number in
        ClientRecord(
          name: "Invented \(number)", cifNumber: "CIF\(number)", spread: try Pips("358"),
          accounts: [Currency.zar, .usd].map {
            SettlementAccount(
              cifNumber: "CIF\(number)", currency: $0, accountNumber: "77\(number)\($0)")
          })
      })
    let clients = try await store.clients(after: nil, limit: 10)
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let drafts = try (1...20).map { row in
      TradeDraft(
        row: row, client: clients[row % 2].key,
        deal: try #require(
          Deal(pair: pair, side: .buy, amount: try Money("\(10_000 + row).00", .zar))))
    }
    _ = try await store.create(
      CreateRequest(
        batch: BatchDraft(id: Identifier(high: 3, low: 4), name: "long", pricing: .bank),
        trades: drafts, tradeIDs: drafts.indices.map { Identifier(high: 5, low: UInt64($0)) },
        actor: Self.actor, starts: true, duplicateWindowMilliseconds: nil)
    ).get()
    first = try #require(
      try await store.claim(
        ClaimRequest(
          node: Self.node, leaseMilliseconds: 300_000, bookingRoom: 1, watchingRoom: 1)
      ).first)
  }

  private func trades() async throws -> [Trade] {
    try await store.trades(TradeQuery(batch: first.key, limit: 100))
  }

  private func step(_ trade: Trade, _ command: TradeCommand) async throws {
    let step = TradeStep(
      batch: trade.batch, trade: trade.key,
      authority: .lease(generation: first.generation), actor: Self.actor, command: command)
    _ = try #require(try await store.perform([step]).first).result.get()
  }

  /// In doubt by evidence alone, so that one client may have many of them; people are told at once.
  private func doubt(_ trades: [Trade]) async throws {
    for trade in trades {
      try await step(trade, .recordBookingEvidence(attempt: 0, note: "on a statement"))
    }
  }

  private func reasons() async throws -> [String]? {
    let batch = try #require(try await store.batch(first.id))
    return try await Standstill(store: store, batch: batch, pageRows: 3).reasons()
  }

  @Test func `tells people of every trade that needs them, and counts what it does not name`()
    async throws
  {
    let all = try await trades()
    #expect(try await reasons() == nil, "all may start")
    try await doubt(all)
    #expect(try await reasons()?.count == 20)
    #expect(Standstill.reasonsTold == 20)
  }

  @Test func `waits for people once all that is pending is of clients in doubt`() async throws {
    let all = try await trades()
    let held = Array(all.filter { $0.row % 2 == 1 }.prefix(7))
    try await doubt(held)
    #expect(try await reasons() == nil, "the other client's trades may start")
    let other = try #require(all.last { $0.row % 2 == 0 })
    try await doubt([other])
    let told = try #require(try await reasons())
    #expect(told.count == 9)
    #expect(told.last?.hasPrefix("12 trades wait for doubts of the same clients") == true)
  }

  @Test func `is not found in a picture that has changed meanwhile`() async throws {
    let all = try await trades()
    try await doubt(all)
    let old = try #require(try await store.batch(first.id))
    try await step(
      all[0], .resolve(.notBooked, note: "another's line", marginMilliseconds: 0))
    #expect(try await Standstill(store: store, batch: old, pageRows: 3).reasons() == nil)
  }
}
