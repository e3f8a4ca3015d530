import FXDomain
import FXPorts
import Foundation
import GRDB

extension SQLiteStore {
  /// `fxb1`: tells our files from other programs'.
  private static let applicationID: Int32 = 0x6678_6231

  struct Migration: Sendable {
    let sql: String
    /// Fills in what SQL cannot compute.
    let fill: @Sendable (Transaction) throws -> Void

    init(_ sql: [UInt8], fill: @escaping @Sendable (Transaction) throws -> Void = { _ in }) {
      self.sql = String(decoding: sql, as: UTF8.self)
      self.fill = fill
    }
  }

  /// In their order; the file's `user_version` counts those that it has had.
  static let migrations = [
    Migration(PackageResources.m0001_books_sql), Migration(PackageResources.m0002_access_sql),
    Migration(PackageResources.m0003_confirmations_sql),
    Migration(PackageResources.m0004_rollback_sql),
    Migration(PackageResources.m0005_references_sql), Migration(PackageResources.m0006_waits_sql),
    Migration(PackageResources.m0007_lists_sql) { try $0.fillLists() },
    Migration(PackageResources.m0008_summaries_sql) { try $0.fillSummaries() },
    Migration(PackageResources.m0009_history_sql),
    Migration(PackageResources.m0010_decisions_sql),
    Migration(PackageResources.m0011_notices_sql),
    Migration(PackageResources.m0012_usage_sql) { try $0.fillUsage() },
    Migration(PackageResources.m0013_client_terms_sql),
    Migration(PackageResources.m0014_papers_sql), Migration(PackageResources.m0015_desk_day_sql),
  ]

  /// Connections that read beside the writing one.
  private static let readers = 4

  static func openPool(
    path: String, options: SQLiteOptions
  ) throws(StoreError) -> DatabasePool {
    try refuseUnfit(path: path, options: options)
    if !options.isReadOnly, !FileManager.default.fileExists(atPath: path) {
      try make(path: path, options: options)
    }
    return try connect(path: path, options: options)
  }

  /// Makes a new store whole or not at all: under another name, which it loses once it is complete.
  private static func make(path: String, options: SQLiteOptions) throws(StoreError) {
    let draft = "\(path).new-\(String(UInt64.random(in: .min ... .max), radix: 36))"
    defer { for ending in ["", "-wal", "-shm"] { unlink(draft + ending) } }
    let pool = try connect(path: draft, options: options)
    do {
      try pool.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
      try pool.close()
    } catch {
      throw StoreError(error)
    }
    // Where another process was faster, its store is the one.
    guard link(draft, path) == 0 || errno == EEXIST else {
      throw .unavailable(
        "\(path) cannot be made: \(String(cString: strerror(errno))). Put the store on a local disk."
      )
    }
  }

  private static func connect(
    path: String, options: SQLiteOptions
  ) throws(StoreError) -> DatabasePool {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    configuration.readonly = options.isReadOnly
    configuration.maximumReaderCount = readers
    configuration.label = "fxbatch store"
    // A ROLLBACK that fails leaves its transaction open: the store stops then, and must not trap.
    configuration.allowsUnsafeTransactions = true
    configuration.prepareDatabase { database in
      try database.execute(
        sql: "PRAGMA busy_timeout = \(options.busyTimeoutSeconds * 1_000)")
      // Before anything is changed, the journal's mode among it.
      try recognize(database, path: path)
      if let trace = options.trace {
        database.trace { if case .statement(let statement) = $0 { trace(statement.sql) } }
      }
      try database.execute(
        sql: "PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY; PRAGMA trusted_schema = OFF")
    }
    do {
      let pool = try DatabasePool(path: path, configuration: configuration)
      if options.isReadOnly {
        try pool.read { try refuseOlder($0, path: path) }
      } else {
        try pool.writeWithoutTransaction { database in
          try makeDurable(database)
          try migrate(database)
        }
      }
      return pool
    } catch {
      throw StoreError(error)
    }
  }

  private static func refuseUnfit(
    path: String, options: SQLiteOptions
  ) throws(StoreError) {
    let files = FileManager.default
    var isDirectory: ObjCBool = false
    let isThere = files.fileExists(atPath: path, isDirectory: &isDirectory)
    if isThere, isDirectory.boolValue {
      throw .unavailable("\(path) is a folder. Give the path of a file in it.")
    }
    if !isThere {
      if options.isReadOnly {
        throw .unavailable(
          "\(path) is not there. Give the path of a store; the first import of clients makes one.")
      }
      let folder = URL(filePath: path).deletingLastPathComponent().path
      guard files.fileExists(atPath: folder, isDirectory: &isDirectory), isDirectory.boolValue
      else { throw .unavailable("The folder \(folder) is not there. Make it, or give another.") }
      guard files.isWritableFile(atPath: folder) else {
        throw .readOnly("\(folder) cannot be written. Give it to this user, or give another.")
      }
    } else if !options.isReadOnly, !files.isWritableFile(atPath: path) {
      throw .readOnly("\(path) cannot be written. Give it to this user, or give another.")
    }
  }

  /// Refuses what another program or a later version has made. An empty file is taken for ours.
  static func recognize(_ database: Database, path: String) throws {
    let found = try Int32.fetchOne(database, sql: "PRAGMA application_id") ?? 0
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    if found == applicationID {
      guard version <= migrations.count else {
        throw StoreError.newerSchema(found: version, known: migrations.count)
      }
      return
    }
    let holdsTables =
      try Bool.fetchOne(database, sql: "SELECT EXISTS (SELECT 1 FROM sqlite_master)") ?? true
    guard found == 0, version == 0, !holdsTables else {
      throw StoreError.unavailable(
        "\(path) is the database of another program. Give another path, or move the file away.")
    }
  }

  private static func refuseOlder(_ database: Database, path: String) throws {
    let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    guard version == migrations.count else {
      throw StoreError.unavailable(
        version == 0
          ? "\(path) is empty. `fxbatch migrate` makes a store of it."
          : "\(path) was written by an older version. `fxbatch migrate` brings it up to this one.")
    }
  }

  /// Money is booked on the word of a COMMIT: it has to be on the disk. GRDB sets a weaker mode when
  /// it opens a pool, so this comes after.
  private static func makeDurable(_ database: Database) throws {
    try database.execute(
      sql: """
        PRAGMA synchronous = FULL;
        PRAGMA cache_size = -16384;
        PRAGMA journal_size_limit = 67108864;
        PRAGMA wal_autocheckpoint = 4000;
        """)
    let mode = try Int.fetchOne(database, sql: "PRAGMA synchronous")
    let journal = try String.fetchOne(database, sql: "PRAGMA journal_mode")
    guard mode == 2, journal == "wal" else {
      throw StoreError.unavailable(
        "SQLite refuses to write durably here (synchronous \(mode ?? -1), \(journal ?? "-")). "
          + "Put the store on a local disk.")
    }
  }

  private static func migrate(_ database: Database) throws {
    while true {
      var isDone = false
      try database.inTransaction(.immediate) {
        // Read inside: another process may have come first.
        let version = try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
        isDone = version >= migrations.count
        guard !isDone else { return .rollback }
        try database.execute(sql: migrations[version].sql)
        try migrations[version].fill(Transaction(database, now: Timestamp(milliseconds: 0)))
        try database.execute(
          sql: """
            PRAGMA application_id = \(applicationID);
            PRAGMA user_version = \(version + 1);
            """)
        return .commit
      }
      if isDone { return }
    }
  }
}
