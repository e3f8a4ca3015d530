import FXDomain
import FXPorts
import FXTesting
import Foundation
import GRDB
import Synchronization
import Testing

@testable import FXStoreSQLite

@Suite struct `A store of an older version` {
  /// Three batches of the fifth version: one that waits for approval, one that failed, and one with
  /// a doubt before a person; the second came in while the clock was set back.
  static let rows = """
    INSERT INTO clients (key, cif_number, name, spread) VALUES (1, '101', 'ÄNNE', 0);
    INSERT INTO chains (key) VALUES (1), (2), (3);
    INSERT INTO batches (key, id, name, status, pricing, priority, queue_position,
      max_concurrent_trades, on_failure, max_attempts, max_quote_tries, minimum_margin, approval,
      round, first_trade, pending, quoting, booking, booked, in_doubt, completed, failed, cancelled,
      generation, created_at, created_by, completed_at, updated_at, version)
    SELECT key, CAST(printf('batch-%010d', key) AS BLOB), 'Ölung ' || key,
      iif(key = 1, 'staged', iif(key = 2, 'failed', 'running')), 'bank', 5, key, 5, 'continue', 3, 8, 0,
      iif(key = 1, 'required', 'none'), 1, key, key = 1, 0, 0, 0, key = 3, 0, key = 2, 0, 0,
      iif(key = 2, 500, key * 1000), 'person:a', iif(key = 2, 9, NULL), 1, 1 FROM chains WHERE key > 0;
    INSERT INTO trades (key, id, batch_key, row, client_key, base, quote, side, deal_currency,
      deal_amount, delivery, spread, fingerprint, created_at, updated_at, status, completed_at,
      failure_code, failure_message, doubt_since, escalated_at)
    SELECT key, CAST(printf('trade-%010d', key) AS BLOB), key, 1, 1, 'USD', 'ZAR', 'buy', 'ZAR', 100, 'spot',
      0, key, 1, 1, iif(key = 1, 'pending', iif(key = 2, 'failed', 'in_doubt')),
      iif(key = 2, 9, NULL), iif(key = 2, 'rate_check', NULL), iif(key = 2, '-', NULL),
      iif(key = 3, 8, NULL), iif(key = 3, 9, NULL) FROM chains WHERE key > 0;
    """

  @Test func `gets its new columns filled from its rows`() async throws {
    try await withFolder { folder in
      let old = SQLiteStore.migrations.prefix(5).map(\.sql)
      try await edit(
        in: folder,
        old.joined() + Self.rows
          + "PRAGMA application_id = \(0x6678_6231); PRAGMA user_version = 5;")
      let store = try await openStore(in: folder)
      func found(_ query: BatchQuery) async throws -> [Int64] {
        try await store.batches(query).map(\.key.value)
      }
      let all = try await store.batches(BatchQuery(order: .oldestFirst))
      #expect(all.map(\.needsDecision) == [[.approval], [.failed], [.inDoubt]])
      #expect(try await found(BatchQuery(needsDecision: true)) == [3, 2, 1])
      #expect(try await found(BatchQuery(text: "ÖL")) == [3, 2, 1])
      #expect(try await found(BatchQuery(text: "ng 2")) == [2])
      #expect(try await found(BatchQuery(text: "änn")) == [3, 2, 1])
      #expect(try await found(BatchQuery(order: .total)) == [3, 2, 1])
      #expect(try await found(BatchQuery(order: .lastEnded)) == [2])
      let moment = Timestamp(milliseconds: 1_000)
      #expect(try await found(BatchQuery(createdTo: moment)) == [2])
      #expect(try await found(BatchQuery(createdFrom: moment)) == [3, 1])
      let trades = try await store.trades(TradeQuery(batch: all[0].key))
      #expect(all[0].termsHash == ContentHash.terms(of: trades.map(\.draft)))
      #expect(try await store.trades(TradeQuery(statuses: [.inDoubt], text: "101")).count == 1)
      for (batch, failed) in zip(all, [0, 1, 0]) {
        let recount = try await store.recount(batch.key)
        #expect(recount.kept == recount.counted)
        #expect(recount.kept.totals.requested.map(\.description) == ["ZAR 1.00"])
        #expect(recount.kept.failures.map(\.count).reduce(0, +) == failed)
      }
    }
  }

  @Test(arguments: UInt64(0)..<4)
  func `gets the sums and failures that it would have kept`(seed: UInt64) async throws {
    try await withFolder { folder in
      let kept = Mutex<SQLiteStore?>(nil)
      try await StoreConformance.walk(seed: seed) { clock in
        let store = try await openStore(in: folder, clock: clock)
        kept.withLock { $0 = store }
        return store
      }
      let before = try #require(kept.withLock { $0 })
      let keys = try await before.batches(BatchQuery(limit: 1_000)).map(\.key)
      let summaries = try await before.summaries(of: keys)
      #expect(summaries.contains { !$0.failures.isEmpty })
      try before.close()
      try await edit(
        in: folder,
        """
        DROP TABLE batch_sums; DROP TABLE batch_failures; DROP INDEX events_of_trade;
        DROP TABLE delivery_attempts; DROP TABLE deliveries; DROP TABLE endpoints;
        DROP TABLE notice_reads; DROP TABLE notice_marks; DROP TABLE notices;
        DROP TABLE notice_cursor; PRAGMA user_version = 7;
        """)
      #expect(try await openStore(in: folder).summaries(of: keys) == summaries)
    }
  }
}
