import FXPorts
import GRDB

extension StoreError {
  /// Lifts what SQLite says of anything but a COMMIT.
  init(_ error: any Error) {
    switch error {
    case let known as StoreError: self = known
    case let failure as DatabaseError: self = Self.lifted(failure)
    default: self = .unavailable("The database answered: \(error)")
    }
  }

  /// Lifts what SQLite says of a COMMIT. A busy or full database, and one that cannot be written,
  /// has committed nothing: in the write-ahead log a transaction counts only with its last frame,
  /// which then was not written. After any other failure it may be there.
  init(ofCommit error: any Error) {
    let lifted = StoreError(error)
    switch lifted {
    case .busy, .full, .readOnly, .inconsistent: self = lifted
    case .unavailable, .newerSchema, .corrupt, .outcomeUnknown, .engineElsewhere:
      let reason = (error as? DatabaseError).map(Self.reason) ?? "\(error)"
      self = .outcomeUnknown(reason)
    }
  }

  private static func lifted(_ failure: DatabaseError) -> StoreError {
    let text = reason(failure)
    switch failure.resultCode {
    case .SQLITE_BUSY, .SQLITE_LOCKED:
      return .busy
    case .SQLITE_FULL:
      return .full
    case .SQLITE_CONSTRAINT, .SQLITE_MISMATCH, .SQLITE_TOOBIG, .SQLITE_RANGE:
      return .inconsistent("\(text), at: \(failure.sql ?? "no statement")")
    case .SQLITE_READONLY:
      return .readOnly(
        "The database cannot be written: \(text). Give its file and its folder to this user.")
    case .SQLITE_PERM, .SQLITE_CANTOPEN, .SQLITE_AUTH:
      return .unavailable(
        "The database cannot be opened: \(text). See that its folder is there and that this user "
          + "may read and write in it.")
    case .SQLITE_NOTADB:
      return .unavailable(
        "The file is not an SQLite database. Give another path, or move the file away.")
    case .SQLITE_CORRUPT:
      return .corrupt(text)
    default:
      return .unavailable(
        "The database answered: \(text). See that its disk is sound and has room.")
    }
  }

  /// SQLite's own words, without the statement.
  private static func reason(_ failure: DatabaseError) -> String {
    failure.message ?? "\(failure.resultCode)"
  }

  /// Whether nothing may be believed of the file after it.
  var isFatal: Bool {
    switch self {
    case .outcomeUnknown, .corrupt: true
    case .unavailable, .newerSchema, .busy, .full, .readOnly, .inconsistent, .engineElsewhere:
      false
    }
  }
}

extension DatabaseError {
  /// A read, write or fsync that the operating system failed.
  var isInputOutput: Bool { resultCode == .SQLITE_IOERR }
}
