import FXDomain

/// Rows under a header, aligned by their columns.
struct Table {
  enum Alignment {
    case left
    case right
  }

  private let columns: [(title: String, alignment: Alignment)]
  private var rows: [[(text: String, colour: Terminal.Colour?)]] = []

  /// Titles in order; a title that begins with `>` heads a column of numbers.
  init(_ titles: String...) {
    columns = titles.map {
      $0.hasPrefix(">") ? (String($0.dropFirst()), .right) : ($0, .left)
    }
  }

  mutating func add(_ cells: String..., colour: Terminal.Colour? = nil, at column: Int = 0) {
    precondition(cells.count == columns.count, "a row has a cell for every column")
    rows.append(
      cells.enumerated().map { ($0.element.plain, $0.offset == column ? colour : nil) })
  }

  var isEmpty: Bool { rows.isEmpty }

  var text: String {
    let header = columns.map { (text: $0.title.plain, colour: Terminal.Colour?.some(.dim)) }
    let widths = columns.indices.map { column in
      ([header] + rows).map { $0[column].text.count }.max() ?? 0
    }
    return ([header] + rows).map { row in
      let line = row.indices.map { column in
        let cell = row[column]
        let blanks = String(repeating: " ", count: widths[column] - cell.text.count)
        let text = Terminal.coloured(cell.text, cell.colour)
        if columns[column].alignment == .right { return blanks + text }
        return column == row.count - 1 ? text : text + blanks
      }
      return line.joined(separator: "  ")
    }.joined(separator: "\n")
  }
}

extension BatchStatus {
  var colour: Terminal.Colour? {
    switch self {
    case .success: .green
    case .partialSuccess, .paused: .yellow
    case .failed: .red
    case .cancelled, .staged: .dim
    case .pending, .running: nil
    }
  }
}

extension TradeStatus {
  var colour: Terminal.Colour? {
    switch self {
    case .completed: .green
    case .inDoubt: .yellow
    case .failed: .red
    case .cancelled: .dim
    case .pending, .quoting, .booking, .booked: nil
    }
  }
}
