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
  static let readWhole = ["batches_queue", "chains_unsealed"]

  /// The last row of a table is read from its end. Statements over one batch's failures or sums, and
  /// the list of batches that have ended in the order of the queue, may sort.
  static let exempt = [
    "ORDER BY number DESC LIMIT 1",
    "GROUP BY failure_code", "GROUP BY base", "WHERE (?1 IS NULL OR instr(?1, '|' || status",
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
    let statements = trace.all.filter { text in
      ["SELECT", "UPDATE", "INSERT", "DELETE"].contains { text.hasPrefix($0) }
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
    ("status = ? AND batch_key = ? AND key > ?", "(status=? AND batch_key=? AND rowid>?)"),
    ("status = ? AND batch_key > ? ORDER", "trades_by_status (status=? AND batch_key>?)"),
    ("failure_code = ?1 AND batch_key = ?2", "(failure_code=? AND batch_key=? AND rowid>?)"),
    ("client_key = ?1 AND key > ?2", "trades_by_client (client_key=? AND rowid>?)"),
    ("client_key = ? AND status = 'in_doubt'", "trades_in_doubt (client_key=?)"),
    ("SELECT batch_key, intent_generation", "trades_booking (client_key=? AND (batch_key"),
    ("WHERE fingerprint = ?", "trades_by_fingerprint (fingerprint=? AND created_at>?)"),
    ("FROM trade_rows WHERE key = ?", "INTEGER PRIMARY KEY (rowid=?)"),
    ("FROM trade_rows WHERE id = ?", "sqlite_autoindex_trades_1 (id=?)"),
    ("FROM trade_rows WHERE key > ?", "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
    ("SELECT key FROM batches WHERE completed_at", "INDEX batches_queue"),
    ("FROM batch_rows WHERE status = ?", "batches_by_status (status=? AND rowid"),
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
