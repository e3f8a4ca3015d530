import FXDomain
import FXPorts
import FXTesting
import Foundation
import GRDB
import Testing

@testable import FXStoreSQLite

@Suite struct `Trades kept between their steps` {
  private let node = NodeID("desk-1:a")

  /// A trade in `quoting`, and the hold under which it was taken.
  private func takenTrade(in store: SQLiteStore) async throws -> (trade: Trade, hold: Hold) {
    _ = try await store.create(try await sampleRequest(on: store), receipt: nil).get()
    let claimed = try await store.claim(
      ClaimRequest(node: node, leaseMilliseconds: 300_000, bookingRoom: 1, watchingRoom: 1))
    let batch = try #require(claimed.first)
    let hold = Hold(batch: batch.key, generation: batch.generation)
    let answer = try await store.take(TakeRequest(hold: hold, limit: 1, actor: .node(node)))
    return (try #require(answer.trades.first).trade, hold)
  }

  private func letGo(_ trade: Trade, under hold: Hold) -> TradeStep {
    TradeStep(
      batch: trade.batch, trade: trade.key, authority: .lease(generation: hold.generation),
      actor: .node(node), command: .deferQuote(nil, notBefore: nil))
  }

  @Test func `are read anew after another process has changed them`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let (trade, hold) = try await takenTrade(in: store)
      let other = try await openStore(in: folder)
      let step = letGo(trade, under: hold)
      #expect(try await other.perform([step])[0].result.get().status == .pending)
      #expect(try await store.perform([step])[0].result == .failure(.illegal(status: .pending)))
    }
  }

  @Test func `are read anew after a transaction that did not end well`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let (trade, hold) = try await takenTrade(in: store)
      let step = letGo(trade, under: hold)
      try await store.pool.write {
        try $0.execute(
          sql: """
            CREATE TRIGGER nothing_more BEFORE INSERT ON events
            BEGIN SELECT raise(ABORT, 'no more events'); END
            """)
      }
      await #expect(throws: StoreError.self) { try await store.perform([step]) }
      try await store.pool.write { try $0.execute(sql: "DROP TRIGGER nothing_more") }
      #expect(try await store.perform([step])[0].result.get().status == .pending)
    }
  }

  @Test func `carry the name that their client has now`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let (trade, hold) = try await takenTrade(in: store)
      _ = try await store.upsert([
        ClientRecord(name: "Renamed", cifNumber: "500", spread: .zero, accounts: [])
      ])
      let written = try await store.perform([letGo(trade, under: hold)])[0].result.get()
      #expect(written.clientName == "Renamed")
    }
  }
}
