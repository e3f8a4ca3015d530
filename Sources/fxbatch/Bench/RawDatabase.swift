import GRDBSQLite

/// SQLite's own calls and nothing between, on a store's file and with the store's durability.
struct RawDatabase: ~Copyable {
  private let connection: OpaquePointer

  private init(_ connection: OpaquePointer) { self.connection = connection }

  static func open(_ path: String) throws -> RawDatabase {
    var opened: OpaquePointer?
    let code = sqlite3_open_v2(path, &opened, SQLITE_OPEN_READWRITE, nil)
    guard code == SQLITE_OK, let opened else {
      throw Complaint("\(path) cannot be opened: \(code)", .store)
    }
    let database = RawDatabase(opened)
    try database.run(
      """
      PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
      PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 4000; PRAGMA temp_store = MEMORY
      """)
    return database
  }

  deinit { sqlite3_close_v2(connection) }

  func run(_ sql: String) throws {
    guard sqlite3_exec(connection, sql, nil, nil, nil) == SQLITE_OK else { throw failure }
  }

  func prepare(_ sql: String) throws -> RawStatement {
    var statement: OpaquePointer?
    guard sqlite3_prepare_v2(connection, sql, -1, &statement, nil) == SQLITE_OK, let statement
    else { throw failure }
    return RawStatement(statement)
  }

  /// The rows of a query of two integers.
  func pairs(_ sql: String) throws -> [(Int64, Int64)] {
    try prepare(sql).pairs()
  }

  private var failure: Complaint {
    Complaint("SQLite: \(String(cString: sqlite3_errmsg(connection)))", .store)
  }
}

/// A prepared statement whose texts and blobs live for the whole program.
struct RawStatement: ~Copyable {
  enum Value {
    case null
    case integer(Int64)
    case text(StaticString)
    case blob(RawBytes)
  }

  private let statement: OpaquePointer

  init(_ statement: OpaquePointer) { self.statement = statement }

  deinit { sqlite3_finalize(statement) }

  /// Binds every place of the statement.
  func bind(_ values: [Value]) {
    for (index, value) in values.enumerated() { bind(CInt(index + 1), value) }
  }

  private func bind(_ place: CInt, _ value: Value) {
    switch value {
    case .null: sqlite3_bind_null(statement, place)
    case .integer(let number): sqlite3_bind_int64(statement, place, number)
    case .text(let text):
      text.withUTF8Buffer { bytes in
        bytes.withMemoryRebound(to: CChar.self) {
          _ = sqlite3_bind_text(statement, place, $0.baseAddress, CInt($0.count), nil)
        }
      }
    case .blob(let bytes):
      sqlite3_bind_blob(statement, place, bytes.start, CInt(bytes.count), nil)
    }
  }

  func pairs() throws -> [(Int64, Int64)] {
    var rows: [(Int64, Int64)] = []
    while true {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        rows.append((sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)))
      case SQLITE_DONE: return rows
      case let code: throw Complaint("SQLite: \(code)", .store)
      }
    }
  }

  /// Runs the statement to its end; what was bound stays for the next time.
  func run() throws {
    let code = sqlite3_step(statement)
    sqlite3_reset(statement)
    guard code == SQLITE_DONE else { throw Complaint("SQLite: \(code)", .store) }
  }
}

/// Bytes that stay where they are, for SQLite to read when a statement runs.
final class RawBytes {
  let start: UnsafeMutableRawPointer
  let count: Int

  /// - Parameter count: in bytes, a multiple of 16.
  init(count: Int) {
    self.count = count
    start = .allocate(byteCount: count, alignment: 8)
  }

  deinit { start.deallocate() }

  var value: RawStatement.Value { .blob(self) }

  /// Repeats two numbers, most significant bytes first, over all bytes.
  func fill(_ first: UInt64, _ second: UInt64) {
    for offset in stride(from: 0, to: count, by: 16) {
      start.storeBytes(of: first.bigEndian, toByteOffset: offset, as: UInt64.self)
      start.storeBytes(of: second.bigEndian, toByteOffset: offset + 8, as: UInt64.self)
    }
  }
}
