/// What a kind of file makes of its columns and rows.
protocol RowFormat: Sendable {
  associatedtype Row: Sendable
  /// Takes the known columns; what is wrong with them is kept in the header.
  init(_ header: inout Header)
  /// The value of one row, or nil after noting a problem in `cells`.
  mutating func row(_ cells: inout RowCells) -> Row?
}

/// The cells of one row as a format reads them, and the problems found so far.
struct RowCells {
  let row: CSVRow
  private(set) var problems: [RowProblem]

  /// Every fault of the text comes first, with the names of the header.
  init(_ row: CSVRow, header: [String]) {
    self.row = row
    self.problems = row.faults.map { fault in
      let name = fault.field.flatMap { $0 < header.count ? header[$0] : nil }
      return RowProblem(
        row: row.number == 0 ? nil : row.number, column: name, code: fault.kind.code,
        detail: fault.kind.detail)
    }
  }

  /// The value of a cell; `absent` where the file has no such column or the cell is empty; nil when
  /// the cell is bad, which is then noted.
  mutating func value<Value>(
    _ column: Column?, else absent: Value, _ read: (String) throws(CellProblem) -> Value
  ) -> Value? {
    guard let column else { return absent }
    // A cell whose text is at fault was reported already.
    guard !row.faults.contains(where: { $0.field == column.index }) else { return nil }
    let text = row.text(column.index).trimmed
    guard !text.isEmpty else { return absent }
    do {
      return try read(text)
    } catch {
      refuse(column.name, error)
      return nil
    }
  }

  /// The value of a cell that must be given.
  mutating func required<Value>(
    _ column: Column?, _ read: (String) throws(CellProblem) -> Value
  ) -> Value? {
    let found: Value?? = value(column, else: nil) { text throws(CellProblem) in try read(text) }
    if case .some(.none) = found {
      refuse(column?.name, CellProblem(.empty, "Fill in this cell."))
    }
    return found ?? nil
  }

  mutating func refuse(_ column: String?, _ problem: CellProblem) {
    problems.append(
      RowProblem(
        row: row.number, column: column, code: problem.code, detail: problem.detail))
  }
}

/// Reads a file of one format in pieces and gathers all its rows, or all its problems.
struct FileParser<Format: RowFormat>: Sendable {
  private var reader = CSVReader()
  private(set) var format: Format?
  private var header: [String]?
  /// The rows that are good in themselves, also beside bad ones.
  private(set) var rows: [Format.Row] = []
  private var warnings: [FileWarning] = []
  private var problems = FileProblems()

  init() {}

  /// Nothing more can be learned from the file: a bound was exceeded, or the header is unusable.
  var isStopped: Bool { reader.isStopped || header != nil && format == nil }

  mutating func consume(_ chunk: Span<UInt8>) {
    var position = 0
    while !isStopped, reader.advance(through: chunk, from: &position) { takeRow() }
  }

  mutating func finish() -> FileResult<Format.Row> {
    if !isStopped, reader.finish() { takeRow() }
    if header == nil {
      refuseFile(.emptyFile, "Give the file a header row and at least one row below it.")
    } else if rows.isEmpty, problems.isEmpty {
      refuseFile(.noRows, "Add at least one row below the header.")
    }
    return problems.isEmpty
      ? .accepted(rows: rows, warnings: warnings) : .refused(problems, warnings: warnings)
  }

  private mutating func takeRow() {
    guard let header else { return takeHeader() }
    var cells = RowCells(reader.row, header: header)
    let value = cells.row.isBroken ? nil : format?.row(&cells)
    for problem in cells.problems { problems.append(problem) }
    if cells.problems.isEmpty, let value { rows.append(value) }
  }

  private mutating func takeHeader() {
    let names = reader.row.isBroken ? [] : reader.row.fields.map(\.trimmed.clipped)
    header = names
    let faults = RowCells(reader.row, header: []).problems
    for problem in faults { problems.append(problem) }
    guard faults.isEmpty else { return }
    var header = Header(names)
    let format = Format(&header)
    warnings = header.close()
    for problem in header.problems { problems.append(problem) }
    if header.problems.isEmpty { self.format = format }
  }

  private mutating func refuseFile(_ code: RowProblem.Code, _ detail: String) {
    problems.append(RowProblem(row: nil, column: nil, code: code, detail: detail))
  }
}
