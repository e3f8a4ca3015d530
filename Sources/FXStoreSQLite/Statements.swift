import FXDomain
import FXPorts
import GRDB
import GRDBSQLite

/// A value that a column holds.
protocol ColumnValue {
  func bind(to statement: SQLiteStatement, at index: CInt) -> CInt
  static func read(_ statement: SQLiteStatement, _ column: CInt) throws -> Self
}

/// The columns of the present row, read in their order.
struct ColumnReader {
  let statement: SQLiteStatement
  private var column: CInt = 0

  init(_ statement: SQLiteStatement) { self.statement = statement }

  /// A view of an older version has fewer columns.
  var isAtEnd: Bool { column >= sqlite3_column_count(statement) }

  mutating func next<Value: ColumnValue>() throws -> Value {
    defer { column += 1 }
    return try Value.read(statement, column)
  }

  mutating func next<Value: ColumnValue>() throws -> Value? {
    defer { column += 1 }
    if sqlite3_column_type(statement, column) == SQLITE_NULL { return nil }
    return try Value.read(statement, column)
  }
}

/// The places of a statement, filled in their order, without a box for any value.
struct ColumnBinder {
  private let statement: SQLiteStatement
  private(set) var place: CInt = 0
  private(set) var code = SQLITE_OK

  init(_ statement: SQLiteStatement) { self.statement = statement }

  mutating func add<Value: ColumnValue>(_ value: Value) {
    place += 1
    if code == SQLITE_OK { code = value.bind(to: statement, at: place) }
  }

  mutating func add<Value: ColumnValue>(_ value: Value?) {
    if let value { return add(value) }
    place += 1
    if code == SQLITE_OK { code = sqlite3_bind_null(statement, place) }
  }
}

/// The statements of one transaction: static texts only, prepared once per connection.
///
/// Values go straight into SQLite's own calls, past boxes and dictionaries: this is the hot path of
/// every booking.
struct Statements {
  let database: Database
  /// Keyed by the address of the text, which spares hashing it for each row.
  private var prepared: [UInt: SQLiteStatement] = [:]

  init(_ database: Database) { self.database = database }

  /// Runs a statement that answers no rows.
  mutating func run(_ sql: StaticString, _ values: [(any ColumnValue)?]) throws {
    let statement = try bound(sql, values)
    defer { sqlite3_reset(statement) }
    guard sqlite3_step(statement) == SQLITE_DONE else { throw failure(sql) }
  }

  /// As above, for the statements of every booking.
  mutating func run(_ sql: StaticString, binding: (inout ColumnBinder) -> Void) throws {
    let statement = try prepared(sql)
    defer { sqlite3_reset(statement) }
    var binder = ColumnBinder(statement)
    binding(&binder)
    precondition(
      sqlite3_bind_parameter_count(statement) == binder.place, "a value for each place")
    guard binder.code == SQLITE_OK, sqlite3_step(statement) == SQLITE_DONE else {
      throw failure(sql)
    }
  }

  /// How many rows the last statement has changed.
  var changedRows: Int { Int(sqlite3_changes(database.sqliteConnection)) }

  /// The rows of a query, up to `limit` of them. The reading closure runs no other statement.
  mutating func rows<Value>(
    _ sql: StaticString, _ values: [(any ColumnValue)?], limit: Int = .max,
    _ read: (inout ColumnReader) throws -> Value
  ) throws -> [Value] {
    let statement = try bound(sql, values)
    defer { sqlite3_reset(statement) }
    var found: [Value] = []
    while found.count < limit {
      switch sqlite3_step(statement) {
      case SQLITE_ROW:
        var reader = ColumnReader(statement)
        found.append(try read(&reader))
      case SQLITE_DONE:
        return found
      default:
        throw failure(sql)
      }
    }
    return found
  }

  private mutating func bound(
    _ sql: StaticString, _ values: [(any ColumnValue)?]
  ) throws -> SQLiteStatement {
    let statement = try prepared(sql)
    precondition(
      sqlite3_bind_parameter_count(statement) == CInt(values.count), "a value for each place")
    for (index, value) in values.enumerated() {
      let place = CInt(index + 1)
      let code = value?.bind(to: statement, at: place) ?? sqlite3_bind_null(statement, place)
      guard code == SQLITE_OK else { throw failure(sql) }
    }
    return statement
  }

  private mutating func prepared(_ sql: StaticString) throws -> SQLiteStatement {
    let address = UInt(bitPattern: sql.utf8Start)
    if let known = prepared[address] { return known }
    let statement = try database.cachedStatement(sql: sql.description).sqliteStatement
    prepared[address] = statement
    return statement
  }

  private func failure(_ sql: StaticString) -> DatabaseError {
    let connection = database.sqliteConnection
    return DatabaseError(
      resultCode: ResultCode(rawValue: sqlite3_extended_errcode(connection)),
      message: sqlite3_errmsg(connection).map { String(cString: $0) }, sql: sql.description)
  }
}
