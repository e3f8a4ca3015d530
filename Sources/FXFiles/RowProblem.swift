/// One thing that is wrong with a file: where, what, and what to do about it.
public struct RowProblem: Error, Hashable, Sendable {
  /// The data row, counted from 1; nil when the header or the file as a whole is meant.
  public var row: Int?
  /// The column as the header names it; nil when the whole row is meant.
  public var column: String?
  public var code: Code
  /// One sentence for the person who has to mend the file.
  public var detail: String

  public init(row: Int?, column: String?, code: Code, detail: String) {
    self.row = row
    self.column = column
    self.code = code
    self.detail = detail
  }

  /// What is wrong. Stable: clients of the API rely on these names.
  public enum Code: String, Hashable, Sendable, CaseIterable {
    // The file.
    case emptyFile = "empty_file"
    case noRows = "no_rows"
    case tooManyRows = "too_many_rows"
    case tooManyColumns = "too_many_columns"
    case missingColumn = "missing_column"
    case duplicateColumn = "duplicate_column"
    case conflictingColumns = "conflicting_columns"
    // The text of a row.
    case wrongFieldCount = "wrong_field_count"
    case unterminatedQuote = "unterminated_quote"
    case strayQuote = "stray_quote"
    case textAfterQuote = "text_after_quote"
    case notUTF8 = "not_utf8"
    case controlCharacter = "control_character"
    case tooLong = "too_long"
    // The value of a cell.
    case empty
    case malformedNumber = "malformed_number"
    case tooManyDecimals = "too_many_decimals"
    case notPositive = "not_positive"
    case overflow
    case unknownCurrency = "unknown_currency"
    case unknownPair = "unknown_pair"
    case currencyNotInPair = "currency_not_in_pair"
    case unknownValue = "unknown_value"
    case missingFixedRate = "missing_fixed_rate"
    case spreadOutOfBounds = "spread_out_of_bounds"
    case malformedAccount = "malformed_account"
    // What the desk's records say about it.
    case clientUnknown = "client_unknown"
    case clientInactive = "client_inactive"
    case accountUnknown = "account_unknown"
    case accountNotOpen = "account_not_open"
    case amountTooSmall = "amount_too_small"
    case otcRateMissing = "otc_rate_missing"
    case otcRateStale = "otc_rate_stale"
    case calendarUnknown = "calendar_unknown"
    case duplicateInFile = "duplicate_in_file"
    case duplicateRecent = "duplicate_recent"
    case limitExceeded = "limit_exceeded"
    case allowanceExceeded = "allowance_exceeded"
    // What the bank says about it.
    case insufficientBalance = "insufficient_balance"
  }
}

/// The problems of one file in the order of its rows: the first are kept, all are counted.
public struct FileProblems: Error, Hashable, Sendable {
  /// At most ``FileBounds/maximumKeptProblems``.
  public private(set) var kept: [RowProblem] = []
  public private(set) var total = 0

  public init() {}

  public var isEmpty: Bool { total == 0 }

  public mutating func append(_ problem: RowProblem) {
    total += 1
    if kept.count < FileBounds.maximumKeptProblems { kept.append(problem) }
  }

  /// The same with columns called as a file's header calls them.
  public func naming(_ columns: [String: String]) -> FileProblems {
    var named = self
    named.kept = kept.map { problem in
      var named = problem
      named.column = problem.column.map { columns[$0] ?? $0 }
      return named
    }
    return named
  }

  /// Takes in what else was found wrong with the same file. Problems of the whole file come first.
  public mutating func merge(_ others: FileProblems) {
    total += others.total
    let merged = (kept + others.kept).enumerated().sorted {
      ($0.element.row ?? 0, $0.offset) < ($1.element.row ?? 0, $1.offset)
    }
    kept = merged.prefix(FileBounds.maximumKeptProblems).map(\.element)
  }
}

/// Something that does not stop a file, but that its owner should know.
public struct FileWarning: Hashable, Sendable {
  /// The column as the header names it.
  public let column: String
  public let detail: String
}

/// A file is taken whole or not at all.
public enum FileResult<Row: Sendable>: Sendable {
  /// Every row is good; there is at least one.
  case accepted(rows: [Row], warnings: [FileWarning])
  /// At least one problem; no row is to be used.
  case refused(FileProblems, warnings: [FileWarning])
}
