/// Writes CSV by RFC 4180: comma, CRLF, quotes where needed.
///
/// Spreadsheets run a cell that begins like a formula, so such a cell gets a leading apostrophe;
/// plain numbers such as `-13.44` stay as they are.
public struct CSVWriter: Sendable {
  private var bytes: [UInt8] = []

  public init() {}

  /// Adds one row. A row has at least one cell.
  public mutating func write(_ cells: some Collection<String>) {
    precondition(!cells.isEmpty, "a row has at least one cell")
    var isFirst = true
    for cell in cells {
      if !isFirst { bytes.append(UInt8(ascii: ",")) }
      isFirst = false
      // A line without a byte would be read as no row at all.
      write(cell, quoted: cells.count == 1 && cell.isEmpty)
    }
    bytes.append(contentsOf: [UInt8(ascii: "\r"), UInt8(ascii: "\n")])
  }

  /// Hands over what was written since the last call, for sending in pieces.
  public mutating func drain() -> [UInt8] {
    defer { bytes = [] }
    return bytes
  }

  private mutating func write(_ cell: String, quoted: Bool) {
    let apostrophe = Self.startsFormula(cell)
    guard quoted || cell.utf8.contains(where: Self.needsQuotes) else {
      if apostrophe { bytes.append(UInt8(ascii: "'")) }
      bytes.append(contentsOf: cell.utf8)
      return
    }
    bytes.append(UInt8(ascii: "\""))
    if apostrophe { bytes.append(UInt8(ascii: "'")) }
    for byte in cell.utf8 {
      if byte == UInt8(ascii: "\"") { bytes.append(byte) }
      bytes.append(byte)
    }
    bytes.append(UInt8(ascii: "\""))
  }

  private static func needsQuotes(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: ",") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\n")
      || byte == UInt8(ascii: "\r")
  }

  private static func startsFormula(_ cell: String) -> Bool {
    guard let first = cell.utf8.first else { return false }
    switch first {
    case UInt8(ascii: "="), UInt8(ascii: "+"), UInt8(ascii: "@"), UInt8(ascii: "\t"),
      UInt8(ascii: "\r"):
      return true
    case UInt8(ascii: "-"): return !isPlainNumber(cell.utf8.dropFirst())
    default: return false
    }
  }

  /// Whether the text is `digits[.digits]`.
  private static func isPlainNumber(_ text: Substring.UTF8View) -> Bool {
    let parts = text.split(
      separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    return parts.allSatisfy { part in
      !part.isEmpty
        && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
  }
}
