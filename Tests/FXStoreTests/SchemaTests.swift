import FXPorts
import Foundation
import GRDB
import Testing

@testable import FXStoreSQLite

@Suite struct `The schema refuses` {
  /// Each would make a row that no machine allows.
  static let forbidden = [
    "UPDATE trades SET status = 'sent'",
    "UPDATE trades SET status = 'booking'",
    "UPDATE trades SET status = 'completed', completed_at = 1",
    "UPDATE trades SET status = 'failed', completed_at = 1",
    "UPDATE trades SET status = 'cancelled', failure_code = 'x', failure_message = 'y'",
    "UPDATE trades SET status = 'in_doubt'",
    "UPDATE trades SET quote_rate = 1",
    "UPDATE trades SET deal_transaction_id = zeroblob(16)",
    "UPDATE trades SET deal_amount = 0",
    "UPDATE trades SET deal_amount = '1.50'",
    "UPDATE trades SET deal_currency = 'EUR'",
    "UPDATE trades SET quote = base",
    "UPDATE trades SET id = zeroblob(15)",
    "UPDATE trades SET round_attempts = 1",
    "UPDATE trades SET escalated_at = 1",
    "UPDATE trades SET failure_code = 'rate_check'",
    "UPDATE trades SET client_key = 999",
    "UPDATE batches SET priority = 11",
    "UPDATE batches SET pending = -1",
    "UPDATE batches SET pending = 0",
    "UPDATE batches SET status = 'success'",
    "UPDATE batches SET lease_owner = 'desk'",
    "UPDATE batches SET completed_at = 1",
    "UPDATE batches SET accepted_by = 'thandi'",
    "UPDATE batches SET pause_cause = 'person'", "UPDATE batches SET rejected_by = 'thandi'",
    "UPDATE batches SET rejected_by = 'a', rejected_note = 'b', approved_by = 'c'",
    "UPDATE batches SET decided_by = NULL",
    "UPDATE batches SET decided = 'moved', decided_by = 'a', decided_at = 1",
    "UPDATE batches SET unsettled = 1", "UPDATE batches SET rule_tries = 0",
    "UPDATE batches SET transient_greatest_delay = transient_first_delay - 1",
    "INSERT INTO evidence (trade_key, attempt, kind, at, actor, summary) "
      + "VALUES (999, 1, 'status_answer', 1, 'person:a', 's')",
    "INSERT INTO attempts SELECT 1, 1, zeroblob(16), 'b', 1, 1, 1, 1, 1, zeroblob(32), 1, 'booked', "
      + "NULL, NULL, 0",
    "UPDATE batch_sums SET requested = '0'", "UPDATE batch_sums SET requested = '01'",
    "UPDATE batch_sums SET requested = '1.5'", "UPDATE batch_sums SET requested = '-1'",
    "UPDATE batch_sums SET dealt = '99999999999999999999999'",
    "UPDATE batch_sums SET margin = '1'", "UPDATE batch_sums SET countered = '1'",
    "UPDATE batch_sums SET dealt = '1', margin = '-0'",
    "UPDATE batch_sums SET dealt = '1', margin = '--1'",
    "UPDATE batch_sums SET dealt = '1', rounding_difference = '1e3'",
    "UPDATE batch_sums SET dealt = '1', countered = '-1'",
    "UPDATE batch_sums SET deal_currency = 'EUR'", "UPDATE batch_sums SET batch_key = 99",
    "INSERT INTO batch_sums SELECT * FROM batch_sums",
    "INSERT INTO batch_failures VALUES (1, 'rate_check', 0, 1)",
    "INSERT INTO batch_failures VALUES (1, 'rate_check', 1, 99)",
    "INSERT INTO batch_failures VALUES (99, 'rate_check', 1, 1)",
    "UPDATE events SET note = 'x'", "DELETE FROM events",
    "UPDATE seals SET at = 0", "DELETE FROM seals",
    "UPDATE sealed_heads SET length = 9", "DELETE FROM sealed_heads",
    "DELETE FROM batches", "DELETE FROM clients",
    "UPDATE trades SET value = -1", "UPDATE batches SET used = -1",
    "UPDATE batches SET reserved = -1",
    "INSERT INTO client_usage VALUES (99, 1, 0, 0, 0, 0, 0, 0)",
    "INSERT INTO client_usage VALUES (1, 1, 5, 0, 3, 0, 3, 0)",
    "INSERT INTO client_usage VALUES (1, 1, 0, 5, 0, 6, 0, 0)",
    "INSERT INTO client_usage VALUES (1, 1, 0, 0, -1, 0, 0, 0)",
    "INSERT INTO dealer_usage VALUES ('person:a', 1, -1, 0)",
    "INSERT INTO dealer_usage VALUES ('person:a', 1, 0, -1)",
    "UPDATE chains SET sealed_length = length + 1",
    "UPDATE installation SET kill_reason = 'x'",
    "UPDATE installation SET rollback_detected_at = 1",
    "UPDATE installation SET rollback_reconciled_at = 1",
    "INSERT INTO installation (key, id, id_epoch, change_counter) VALUES (2, zeroblob(16), 1, 0)",
    "INSERT INTO events SELECT sequence + 100, batch_key, batch_sequence, at, kind, trade_key, "
      + "from_status, to_status, attempt, actor, code, bank_transaction_id, note, digest FROM events",
  ]

  @Test(arguments: forbidden)
  func `what no state machine makes`(sql: String) async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      _ = try await store.create(try await sampleRequest(on: store, trades: 1)).get()
      try await store.seal()
      await #expect {
        try await store.pool.write { try $0.execute(sql: sql) }
      } throws: { error in
        (error as? DatabaseError)?.resultCode == .SQLITE_CONSTRAINT
      }
    }
  }

  @Test func `two deals of one trade, a deal's id given twice, and a changed intent`()
    async throws
  {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      _ = try await store.create(try await sampleRequest(on: store, trades: 1)).get()
      try await store.pool.write { database in
        func insert(number: Int, id: Int, outcome: String) throws {
          try database.execute(
            sql: """
              INSERT INTO attempts VALUES (1, ?, CAST(printf('%016d', ?) AS BLOB), 'b', 1, 1, 1, 1, 1,
                zeroblob(32), 1, ?, NULL, iif(? = 'open', NULL, 1), 0)
              """, arguments: [number, id, outcome, outcome])
        }
        func isRefused(_ body: () throws -> Void) -> Bool {
          do { try body() } catch { return true }
          return false
        }
        try insert(number: 1, id: 1, outcome: "booked")
        #expect(isRefused { try insert(number: 2, id: 2, outcome: "booked") })
        #expect(isRefused { try insert(number: 2, id: 1, outcome: "open") })
        #expect(isRefused { try insert(number: 1, id: 3, outcome: "open") })
        #expect(isRefused { try database.execute(sql: "UPDATE attempts SET quote_id = 2") })
        #expect(isRefused { try database.execute(sql: "DELETE FROM attempts") })
        try database.execute(sql: "UPDATE attempts SET outcome = 'settlement_failed'")
        try insert(number: 2, id: 2, outcome: "booked")
      }
    }
  }
}
