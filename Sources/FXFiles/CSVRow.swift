/// One line of a CSV file: the unquoted bytes of its fields, end to end.
public struct CSVRow: Sendable {
  /// 0 is the header, data rows count from 1.
  public internal(set) var number = 0
  /// What is wrong with the text of this row, at most one fault per field and one for the row.
  public internal(set) var faults: [CSVFault] = []
  var bytes: [UInt8] = []
  var ends: [Int] = []

  public var fieldCount: Int { ends.count }

  /// The text of a field. A field with a fault is repaired where it is not UTF-8.
  public func text(_ field: Int) -> String {
    String(decoding: bytes[(field == 0 ? 0 : ends[field - 1])..<ends[field]], as: UTF8.self)
  }

  /// The texts of all fields.
  public var fields: [String] { (0..<fieldCount).map(text) }

  /// Whether the fields cannot be told apart, so that reading their values would mislead.
  public var isBroken: Bool { faults.contains { $0.kind.breaksRow } }
}

/// A departure from RFC 4180, from UTF-8, or from the bounds.
public struct CSVFault: Error, Hashable, Sendable {
  public let kind: Kind
  /// The field's place in the row, from 0; nil when the row as a whole is meant.
  public let field: Int?

  public enum Kind: Hashable, Sendable {
    /// The file ended inside a quoted field.
    case unterminatedQuote
    /// A quote inside a field that did not begin with one.
    case strayQuote
    /// Text between a closing quote and the next separator.
    case textAfterQuote
    case notUTF8
    case nulByte
    /// A carriage return outside quotes with no line feed after it.
    case bareCarriageReturn
    /// The row has not as many fields as the header.
    case fieldCount(found: Int, expected: Int)
    case fieldTooLong(isQuoted: Bool)
    case tooManyColumns
    case tooManyRows

    /// The fields of the row cannot be told apart.
    var breaksRow: Bool {
      switch self {
      case .unterminatedQuote, .fieldCount, .fieldTooLong, .tooManyColumns, .tooManyRows: true
      case .strayQuote, .textAfterQuote, .notUTF8, .nulByte, .bareCarriageReturn: false
      }
    }

    public var code: RowProblem.Code {
      switch self {
      case .unterminatedQuote: .unterminatedQuote
      case .strayQuote: .strayQuote
      case .textAfterQuote: .textAfterQuote
      case .notUTF8: .notUTF8
      case .nulByte, .bareCarriageReturn: .controlCharacter
      case .fieldCount: .wrongFieldCount
      case .fieldTooLong: .tooLong
      case .tooManyColumns: .tooManyColumns
      case .tooManyRows: .tooManyRows
      }
    }

    public var detail: String {
      switch self {
      case .unterminatedQuote: "Close the quote that this cell begins with."
      case .strayQuote: "Put the whole cell in quotes and double each quote inside it."
      case .textAfterQuote: "Remove the text between the closing quote and the next comma."
      case .notUTF8: "Save the file as UTF-8."
      case .nulByte: "Remove the NUL byte, or save the file as UTF-8 if it is UTF-16."
      case .bareCarriageReturn: "End each line with a line feed, or put the cell in quotes."
      case .fieldCount(let found, let expected):
        "Give this row \(expected) cells as the header has; it has \(found)."
      case .fieldTooLong(isQuoted: false):
        "Shorten the cell to \(FileBounds.maximumFieldBytes) bytes."
      case .fieldTooLong(isQuoted: true):
        "Close the quote, or shorten the cell to \(FileBounds.maximumFieldBytes) bytes."
      case .tooManyColumns: "Give the file no more than \(FileBounds.maximumColumns) columns."
      case .tooManyRows: "Split the file into files of \(FileBounds.maximumDataRows) rows."
      }
    }
  }
}
