import FXDomain
import FXPorts
import FXTesting
import Foundation
import GRDB
import GRDBSQLite
import Synchronization
import Testing

@testable import FXStoreSQLite

/// Gathers the texts of statements.
private final class Trace: Sendable {
  private let texts = Mutex<Set<String>>([])
  func add(_ text: String) { texts.withLock { _ = $0.insert(text) } }
  var all: Set<String> { texts.withLock { $0 } }
}

@Suite struct `Query plans` {
  /// Indexes that hold only what is asked for: reading them whole is the point of them.
  static let readWhole = [
    "batches_queue", "chains_unsealed", "batches_set_back", "clients_names",
    "reconciliations_open",
  ]

  /// What a migration reads beside its own text.
  static let filling = [
    "SELECT key, name, status FROM batches ORDER BY key",
    "SELECT key, name FROM clients ORDER BY key",
    "SELECT key FROM batches WHERE deleted_at IS NULL ORDER BY key",
    "SELECT key FROM batches ORDER BY key", "SELECT key FROM clients ORDER BY key",
  ]

  /// The last row of a table is read from its end. Statements that count one batch's failures or sums
  /// anew, for the check, may sort; so may reports on the deals of some days, and what is asked once a
  /// day. Templates are few.
  static let exempt = [
    "ORDER BY number DESC LIMIT 1",
    "GROUP BY failure_code", "GROUP BY base", "GROUP BY status", "GROUP BY 1, 2, 3, 4",
    "INDEXED BY trades_by_booking", "FROM settlement_warnings WHERE day", "FROM templates",
  ]

  @Test func `every statement searches an index, and sorts nothing`() async throws {
    let trace = Trace()
    for promise in StoreConformance.cases {
      try await withFolder { folder in
        try await promise.run { clock in
          var options = SQLiteOptions(
            clock: { clock.now }, installationID: Identifier(high: 1, low: 2))
          options.trace = { trace.add($0) }
          return try await SQLiteStore.open(
            path: folder.appending(path: "book.db").path, options: options, logger: quietLogger)
        }
      }
    }
    // A migration reads everything, once.
    let migrations = SQLiteStore.migrations.map(\.sql)
    let statements = trace.all.filter { text in
      !migrations.contains { $0.contains(text) } && !Self.filling.contains(text)
        && ["SELECT", "UPDATE", "INSERT", "DELETE"].contains { text.hasPrefix($0) }
        && !text.contains("sqlite_master") && !text.contains("VALUES (0)")
        && !text.contains("grdb_")
    }
    // The walk over the whole port has met the queries of the hot path.
    #expect(statements.count > 60)
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      try await store.pool.read { database in
        for sql in statements { try check(sql, in: database) }
        for (words, expected) in Self.hot {
          let sql = try #require(statements.first { $0.contains(words) }, "\(words)")
          #expect(try plan(of: sql, in: database).first?.contains(expected) == true, "\(words)")
        }
      }
    }
  }

  /// Words of a statement, and what its plan must say of the table that leads.
  static let hot: [(words: String, plan: String)] = [
    (
      "SELECT key, client_key, not_before",
      "trades_by_status (status=? AND batch_key=? AND rowid>?)"
    ),
    ("trade_rows WHERE status = ? AND batch_key", "(status=? AND batch_key=? AND rowid>?)"),
    (
      "SELECT batch_key, key FROM trades WHERE status = ? AND batch_key = ? AND key <",
      "trades_by_status (status=? AND batch_key=? AND rowid<?)"
    ),
    (
      "SELECT batch_key, key FROM trades WHERE status = ? AND batch_key <",
      "trades_by_status (status=? AND batch_key<?)"
    ),
    (
      "WHERE failure_code = ? AND batch_key = ?",
      "trades_by_failure (failure_code=? AND batch_key=? AND rowid"
    ),
    ("SELECT max(batch_key) FROM trades WHERE client_key", "(client_key=? AND is_removed=? AND ba"),
    ("SELECT batch_key, key FROM trades WHERE is_removed = 0", "trades_by_batch (batch_key"),
    ("WHERE external_ref = ? AND batch_key = ?", "(external_ref=? AND batch_key=? AND rowid"),
    ("WHERE external_ref >= ?", "trades_by_external_ref (external_ref>? AND external_ref<?)"),
    ("WHERE deal_reference = ?1 COLLATE", "trades_by_reference (deal_reference=?)"),
    (
      "FROM batches WHERE status = ? AND needs_decision", "(status=? AND needs_decision=? AND rowid"
    ),
    ("FROM batch_grams WHERE gram = ?", "PRIMARY KEY (gram=? AND batch_key"),
    ("WHERE total < ?", "batches_by_total (total<?)"),
    ("WHERE completed_at < ?", "batches_by_end (completed_at<?)"),
    ("WHERE entered_at >= ?", "batches_by_entry (entered_at>?)"),
    ("WHERE lease_owner IS NOT NULL", "batches_leased (lease_expires_at"),
    ("AND (cif_number = ?1", "clients_names"),
    ("client_key = ? AND status = 'in_doubt'", "trades_in_doubt (client_key=?)"),
    ("SELECT batch_key, intent_generation", "trades_booking (client_key=? AND (batch_key"),
    ("WHERE fingerprint = ?", "trades_by_fingerprint (fingerprint=? AND created_at>?)"),
    ("FROM batch_sums WHERE batch_key = ?", "batch_sums USING PRIMARY KEY (batch_key=?"),
    ("FROM batch_failures f CROSS JOIN", "f USING PRIMARY KEY (batch_key=?)"),
    (
      "SELECT trades, example FROM batch_failures", "USING PRIMARY KEY (batch_key=? AND code=?)"
    ),
    (
      "FROM trades INDEXED BY trades_by_failure",
      "trades_by_failure (failure_code=? AND batch_key=?)"
    ),
    ("SELECT row, client_key, allowance, value", "trades_by_status (status=? AND batch_key=?)"),
    ("SELECT day, dealt_reserved", "client_usage USING PRIMARY KEY (client_key=?"),
    ("SELECT reserved, used FROM dealer_usage", "USING PRIMARY KEY (dealer=? AND day=?)"),
    ("UPDATE client_usage", "USING PRIMARY KEY (client_key=? AND day=?)"),
    ("UPDATE dealer_usage", "USING PRIMARY KEY (dealer=? AND day=?)"),
    ("SELECT batch_key, base, quote, deal_currency, count(*)", "trades_by_booking (booked_at>"),
    ("FROM template_rows WHERE template = ?", "PRIMARY KEY (template=? AND row>?)"),
    ("FROM inquiries WHERE trade_key = ? AND asked = ?", "inquiries_by_trade (trade_key=?)"),
    ("FROM trade_rows WHERE key = ?", "INTEGER PRIMARY KEY (rowid=?)"),
    ("FROM trade_rows WHERE id = ?", "sqlite_autoindex_trades_1 (id=?)"),
    ("SELECT key FROM batches WHERE completed_at", "INDEX batches_queue"),
    (
      "FROM events WHERE batch_key = ? AND batch_sequence > ?", "(batch_key=? AND batch_sequence>?)"
    ),
    ("FROM events WHERE sequence > ?", "INTEGER PRIMARY KEY (rowid>?)"),
    ("WHERE bank = ? AND is_known_by_bank = 1", "attempts_control (bank=? AND ended_at<?)"),
    ("SELECT id FROM trades WHERE deal_reference = ?", "trades_by_reference (deal_reference=?)"),
    (
      "SELECT digest FROM events WHERE batch_key = ?", "(batch_key=? AND batch_sequence=?)"
    ),
    ("UPDATE batches SET name", "INTEGER PRIMARY KEY (rowid=?)"),
    ("UPDATE batches SET status", "INTEGER PRIMARY KEY (rowid=?)"),
    ("UPDATE trades SET status", "INTEGER PRIMARY KEY (rowid=?)"),
  ]

  private func plan(of sql: String, in database: Database) throws -> [String] {
    let places = try database.makeStatement(sql: sql).placeCount
    return try String.fetchAll(
      database, sql: "EXPLAIN QUERY PLAN \(sql)",
      arguments: StatementArguments(Array(repeating: Int?.none, count: places)),
      adapter: SuffixRowAdapter(fromIndex: 3))
  }

  private func check(_ sql: String, in database: Database) throws {
    for line in try plan(of: sql, in: database)
    where !Self.exempt.contains(where: { sql.contains($0) }) {
      let scans =
        line.hasPrefix("SCAN") && !line.contains("CONSTANT ROW")
        && !Self.readWhole.contains { line.contains($0) }
        && !["installation", "nodes"].contains { line.contains("SCAN \($0)") }
      #expect(!scans, "\(line), of: \(sql)")
      #expect(!line.contains("TEMP B-TREE"), "\(line), of: \(sql)")
    }
  }
}

extension Statement {
  fileprivate var placeCount: Int {
    Int(sqlite3_bind_parameter_count(sqliteStatement))
  }
}
