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
      #expect(all.map(\.policy.retries) == Array(repeating: QuoteRetries(), count: 3))
      #expect(all.map(\.escalated.settlementFailed) == [0, 0, 0])
      let moment = Timestamp(milliseconds: 1_000)
      #expect(try await found(BatchQuery(createdTo: moment)) == [2])
      #expect(try await found(BatchQuery(createdFrom: moment)) == [3, 1])
      let trades = try await store.trades(TradeQuery(batch: all[0].key))
      #expect(all[0].termsHash == ContentHash.terms(of: trades.map(\.draft)))
      #expect(try await store.trades(TradeQuery(statuses: [.inDoubt], text: "101")).count == 1)
      // Nothing was started; the doubt counts all the same, on the day of its last change.
      #expect(all.map(\.usage.reserved) == [0, 0, 100])
      let day = CivilDate(dayNumber: 0)
      let standing = try await store.standing(of: ClientKey(1), on: day)
      #expect(standing?.day.dealt == Usage(reserved: 100))
      let usage = try await store.recountUsage(of: [ClientKey(1)])
      #expect(usage.kept == usage.counted)
      for (batch, failed) in zip(all, [0, 1, 0]) {
        let recount = try await store.recount(batch.key)
        #expect(recount.kept == recount.counted)
        #expect(recount.kept.totals.requested.map(\.description) == ["ZAR 1.00"])
        #expect(recount.kept.failures.map(\.count).reduce(0, +) == failed)
      }
    }
  }

  /// A paused batch, and one of which a deal failed to settle while another trade is booked.
  @Test func `knows why its batches are paused, and which deals failed to settle`() async throws {
    try await withFolder { folder in
      let old = SQLiteStore.migrations.prefix(5).map(\.sql)
      try await edit(
        in: folder,
        old.joined() + Self.rows + """
          UPDATE batches SET status = 'paused', approved_by = 'person:b' WHERE key = 1;
          UPDATE batches SET failed = 1 WHERE key = 3;
          INSERT INTO trades (key, id, batch_key, row, client_key, base, quote, side, deal_currency,
            deal_amount, delivery, spread, fingerprint, created_at, updated_at, status, completed_at,
            failure_code, failure_message)
          SELECT 4, CAST('trade-unsettled-' AS BLOB), 3, 2, 1, 'USD', 'ZAR', 'buy', 'ZAR', 100, 'spot', 0, 4,
            1, 1, 'failed', 9, 'settlement_failed', '-';
          PRAGMA application_id = \(0x6678_6231); PRAGMA user_version = 5;
          """)
      let store = try await openStore(in: folder)
      let all = try await store.batches(BatchQuery(order: .oldestFirst))
      #expect(all.map(\.pauseCause) == [.person, nil, nil])
      #expect(all[0].approvedAt == all[0].updatedAt)
      #expect(all.map(\.escalated.settlementFailed) == [0, 0, 1])
      #expect(all[2].needsDecision == [.inDoubt, .settlementFailed])
      let unsettled = try await store.batches(BatchQuery(decisions: [.settlementFailed]))
      #expect(unsettled.map(\.key.value) == [3])
    }
  }

  @Test(arguments: UInt64(0)..<3)
  func `gets what counts against limits as it would have been kept`(seed: UInt64) async throws {
    try await withFolder { folder in
      let kept = Mutex<SQLiteStore?>(nil)
      try await StoreConformance.walk(seed: seed) { clock in
        let store = try await openStore(in: folder, clock: clock)
        kept.withLock { $0 = store }
        return store
      }
      let store = try #require(kept.withLock { $0 })
      let clients = try await store.clients(after: nil, limit: 100).map(\.key)
      let before = try await store.recountUsage(of: clients)
      #expect(!before.kept.isEmpty)
      let dealers = try await store.recountDealerUsage()
      let batches = try await store.batches(BatchQuery(limit: 500)).map(\.usage)
      try await store.pool.write { database in
        try database.execute(
          sql: """
            DELETE FROM client_usage; DELETE FROM dealer_usage;
            UPDATE batches SET reserved = 0, used = 0
            """)
        try Transaction(database, now: Timestamp(milliseconds: 0)).fillUsage()
      }
      #expect(try await store.recountUsage(of: clients) == before)
      #expect(try await store.recountDealerUsage() == dealers)
      #expect(try await store.batches(BatchQuery(limit: 500)).map(\.usage) == batches)
    }
  }

  @Test(arguments: UInt64(0)..<3)
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
      let migration = SQLiteStore.migrations[7]
      try await edit(
        in: folder, "DROP TABLE batch_sums; DROP TABLE batch_failures;" + migration.sql)
      let store = try await openStore(in: folder)
      try await store.pool.write {
        try migration.fill(Transaction($0, now: Timestamp(milliseconds: 0)))
      }
      #expect(try await store.summaries(of: keys) == summaries)
    }
  }
}
