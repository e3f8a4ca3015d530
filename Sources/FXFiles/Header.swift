/// A column of a file: its place, and its name as the header writes it.
struct Column: Hashable, Sendable {
  let index: Int
  let name: String
}

/// The header row while a format takes its columns from it; what is left in the end is unknown.
///
/// Names match without regard to case, in any order; they come without the blanks around them.
struct Header {
  private(set) var problems: [RowProblem] = []
  private var remaining: [Column]
  private var missing: [String] = []

  init(_ names: [String]) {
    remaining = names.enumerated().map { Column(index: $0, name: $1) }
  }

  /// The column of any of these names; two of them are a problem.
  mutating func take(_ names: String...) -> Column? {
    let folded = names.map { $0.lowercased() }
    return take { folded.contains($0.lowercased()) }
  }

  /// As ``take(_:)``, and a column that is not there is a problem.
  mutating func need(_ name: String) -> Column? {
    let column = take(name)
    if column == nil { miss(name) }
    return column
  }

  /// Notes a needed column as missing; all of them become one problem.
  mutating func miss(_ name: String) { missing.append(name) }

  /// The columns still untaken whose name answers `key` with a value, one column for each value.
  mutating func takeAll<Key: Hashable>(_ key: (String) -> Key?) -> [(Key, Column)] {
    var taken: [(Key, Column)] = []
    for column in remaining {
      guard let value = key(column.name), !taken.contains(where: { $0.0 == value }),
        let column = take({ key($0) == value })
      else { continue }
      taken.append((value, column))
    }
    return taken
  }

  mutating func refuse(_ code: RowProblem.Code, _ column: Column, _ detail: String) {
    problems.append(RowProblem(row: nil, column: column.name, code: code, detail: detail))
  }

  /// Ends the taking: the warnings about what nobody took. Missing columns join the problems.
  mutating func close() -> [FileWarning] {
    if !missing.isEmpty {
      let isOtherwiseSeparated =
        remaining.count == 1 && remaining[0].name.contains { $0 == ";" || $0 == "\t" }
      problems.append(
        RowProblem(
          row: nil, column: nil, code: .missingColumn,
          detail: isOtherwiseSeparated
            ? "Separate the cells with commas; this file uses semicolons or tabs."
            : "Add to the header: \(missing.joined(separator: ", "))."))
      if isOtherwiseSeparated { return [] }
    }
    return remaining.map { column in
      FileWarning(
        column: column.name,
        detail: column.name.isEmpty
          ? "Column \(column.index + 1) has no name and was not read."
          : "The column \(echo(column.name)) is not known and was not read.")
    }
  }

  private mutating func take(_ matches: (String) -> Bool) -> Column? {
    let found = remaining.filter { matches($0.name) }
    remaining.removeAll { matches($0.name) }
    guard let first = found.first else { return nil }
    if found.count > 1 {
      let names = found.map(\.name).joined(separator: ", ")
      refuse(.duplicateColumn, first, "Keep only one of these columns: \(names).")
    }
    return first
  }
}

extension String {
  /// Without the spaces around it.
  var trimmed: String {
    guard utf8.first == UInt8(ascii: " ") || utf8.last == UInt8(ascii: " ") else { return self }
    var text = self[...]
    while text.first == " " { text.removeFirst() }
    while text.last == " " { text.removeLast() }
    return String(text)
  }

  /// Cut to what may be repeated in a message.
  var clipped: String {
    let limit = FileBounds.maximumEchoedCharacters
    guard utf8.count > limit, unicodeScalars.count > limit else { return self }
    return String(unicodeScalars.prefix(limit)) + "…"
  }
}
