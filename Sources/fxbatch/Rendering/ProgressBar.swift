import FXDomain
import Foundation

/// A batch's trades as a bar of cells, a colour for each place where they stand.
enum ProgressBar {
  private static let greatestCells = 40

  /// Cells shared out among the trades' places, so that they always fill the bar.
  static func text(_ counts: TradeCounts, cells: Int) -> String {
    let total = max(1, counts.total)
    var text = ""
    var (trades, drawn) = (0, 0)
    for place in places {
      trades += place.statuses.reduce(0) { $0 + counts[$1] }
      let until = trades * cells / total
      text += Terminal.coloured(
        String(repeating: place.cell, count: until - drawn), place.colour, onError: true)
      drawn = until
    }
    return text
  }

  /// What the cells mean.
  static var legend: String {
    places.map { Terminal.coloured($0.cell, $0.colour, onError: true) + " \($0.words)" }
      .joined(separator: "  ")
  }

  private static let places:
    [(statuses: [TradeStatus], cell: String, words: String, colour: Terminal.Colour?)] = [
      ([.completed], "█", "completed", .green), ([.failed], "x", "failed", .red),
      ([.cancelled], "-", "cancelled", .dim), ([.inDoubt], "?", "in doubt", .yellow),
      ([.booked, .booking, .quoting], "▒", "under way", nil), ([.pending], "·", "pending", .dim),
    ]

  /// How many cells fit beside so many columns of words.
  static func cells(beside columns: Int) -> Int {
    min(greatestCells, max(10, terminalColumns - columns))
  }

  /// The terminal's width; 80 where it does not tell.
  static var terminalColumns: Int {
    var size = winsize()
    guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }
}
