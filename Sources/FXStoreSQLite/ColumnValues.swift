import FXDomain
import FXPorts
import GRDB
import GRDBSQLite

/// SQLite copies what it is given before the call returns.
private let copied = unsafeBitCast(-1, to: sqlite3_destructor_type.self)

extension Int64: ColumnValue {
  func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
    sqlite3_bind_int64(statement, index, self)
  }

  static func read(_ statement: SQLiteStatement, _ column: CInt) throws -> Int64 {
    sqlite3_column_int64(statement, column)
  }
}

extension String: ColumnValue {
  func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
    var text = self
    return text.withUTF8 { bytes in
      bytes.withMemoryRebound(to: CChar.self) { characters in
        // An empty buffer may have no address, which SQLite would take for NULL.
        characters.isEmpty
          ? sqlite3_bind_text(statement, index, "", 0, copied)
          : sqlite3_bind_text(
            statement, index, characters.baseAddress, CInt(characters.count), copied)
      }
    }
  }

  static func read(_ statement: SQLiteStatement, _ column: CInt) throws -> String {
    guard let text = sqlite3_column_text(statement, column) else {
      throw StoreError.corrupt("a text is missing where there must be one")
    }
    let count = Int(sqlite3_column_bytes(statement, column))
    return String(decoding: UnsafeBufferPointer(start: text, count: count), as: UTF8.self)
  }
}

extension Array: ColumnValue where Element == UInt8 {
  func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
    isEmpty
      ? sqlite3_bind_zeroblob(statement, index, 0)
      : sqlite3_bind_blob(statement, index, self, CInt(count), copied)
  }

  static func read(_ statement: SQLiteStatement, _ column: CInt) throws -> [UInt8] {
    let count = Int(sqlite3_column_bytes(statement, column))
    guard let bytes = sqlite3_column_blob(statement, column) else { return [] }
    return [UInt8](UnsafeRawBufferPointer(start: bytes, count: count))
  }
}

extension Identifier: ColumnValue {
  func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
    withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) {
      sqlite3_bind_blob(statement, index, $0.baseAddress, 16, copied)
    }
  }

  static func read(_ statement: SQLiteStatement, _ column: CInt) throws -> Identifier {
    guard let bytes = sqlite3_column_blob(statement, column),
      sqlite3_column_bytes(statement, column) == 16
    else { throw StoreError.corrupt("an identifier has not sixteen bytes") }
    return Identifier(
      high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
      low: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)))
  }
}

/// A value kept as another that a column holds.
protocol StoredAs: ColumnValue {
  associatedtype Stored: ColumnValue
  var stored: Stored { get }
  init?(stored: Stored)
}

extension StoredAs {
  func bind(to statement: SQLiteStatement, at index: CInt) -> CInt {
    stored.bind(to: statement, at: index)
  }

  static func read(_ statement: SQLiteStatement, _ column: CInt) throws -> Self {
    let stored = try Stored.read(statement, column)
    guard let value = Self(stored: stored) else {
      throw StoreError.corrupt("\(stored) is no \(Self.self)")
    }
    return value
  }
}

extension StoredAs where Self: RawRepresentable, RawValue == String {
  var stored: String { rawValue }
  init?(stored: String) { self.init(rawValue: stored) }
}

extension BatchStatus: StoredAs {}
extension TradeStatus: StoredAs {}
extension FailureCode: StoredAs {}
extension PricingMode: StoredAs {}
extension Side: StoredAs {}
extension Delivery: StoredAs {}
extension Allowance: StoredAs {}
extension AccountStatus: StoredAs {}
extension AttemptOutcome: StoredAs {}
extension EvidenceKind: StoredAs {}
extension JournalKind: StoredAs {}
extension Role: StoredAs {}
extension NoticeKind: StoredAs {}
extension ReconciliationStatus: StoredAs {}
extension DeliveryOutcome: StoredAs {}
extension BatchPolicy.OnFailure: StoredAs {}
extension BatchPolicy.Approval: StoredAs {}
extension PauseCause: StoredAs {}
extension Decision.Kind: StoredAs {}

extension Int: StoredAs {
  var stored: Int64 { Int64(self) }
  init?(stored: Int64) { self.init(stored) }
}

extension Int128: StoredAs {
  var stored: String { String(self) }
  init?(stored: String) { self.init(stored) }
}

extension Bool: StoredAs {
  var stored: Int64 { self ? 1 : 0 }
  init?(stored: Int64) { self = stored != 0 }
}

extension Key: StoredAs, ColumnValue {
  var stored: Int64 { value }
  init?(stored: Int64) { self.init(stored) }
}

extension Timestamp: StoredAs {
  var stored: Int64 { milliseconds }
  init?(stored: Int64) { self.init(milliseconds: stored) }
}

extension Rate: StoredAs {
  var stored: Int64 { units }
  init?(stored: Int64) { self.init(units: stored) }
}

extension Pips: StoredAs {
  var stored: Int64 { rateUnits }
  init?(stored: Int64) { self.init(rateUnits: stored) }
}

extension CivilDate: StoredAs {
  var stored: Int { dayNumber }
  init?(stored: Int) { self.init(dayNumber: stored) }
}

extension Currency: StoredAs {
  var stored: String { code }
  init?(stored: String) { self.init(stored) }
}

extension NodeID: StoredAs {
  var stored: String { text }
  init?(stored: String) { self.init(stored) }
}

extension BankIdentity: StoredAs {
  var stored: String { text }
  init?(stored: String) { self.init(stored) }
}

extension Actor: StoredAs {
  var stored: String { description }
  init?(stored: String) { self.init(stored) }
}

extension SigningSecret: StoredAs {
  var stored: [UInt8] { bytes }
  init?(stored: [UInt8]) { self.init(stored) }
}

/// A set of kinds as names between commas, in the order of the kinds.
extension Set: ColumnValue, StoredAs where Element == NoticeKind {
  var stored: String {
    NoticeKind.allCases.filter(contains).map(\.rawValue).joined(separator: ",")
  }

  init?(stored: String) {
    let names = stored.split(separator: ",")
    let kinds = names.compactMap { NoticeKind(rawValue: String($0)) }
    guard kinds.count == names.count else { return nil }
    self = Set(kinds)
  }
}
