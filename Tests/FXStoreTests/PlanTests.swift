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

  /// Statements over one batch's failures or sums, and lists that nobody waits for, may sort.
  static let sorting = [
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
      }
    }
  }

  private func check(_ sql: String, in database: Database) throws {
    let places = try database.makeStatement(sql: sql).placeCount
    let plan = try String.fetchAll(
      database, sql: "EXPLAIN QUERY PLAN \(sql)",
      arguments: StatementArguments(Array(repeating: Int?.none, count: places)),
      adapter: SuffixRowAdapter(fromIndex: 3))
    for line in plan where !Self.sorting.contains(where: { sql.contains($0) }) {
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
