import FXDomain
import Foundation

/// The four batches at once: bars that are redrawn on a terminal, plain lines now and then elsewhere.
struct DemoProgress {
  private static let plainLineMilliseconds: Int64 = 4_000
  /// Beside the bar: name, counts, status.
  private static let otherColumns = 44

  private let clock: DemoClock
  private let nameWidth: Int
  private var lastPlain: (at: Int64, text: String) = (0, "")

  init(clock: DemoClock, nameWidth: Int) {
    self.clock = clock
    self.nameWidth = nameWidth
  }

  mutating func show(_ batches: [Batch]) {
    if Terminal.errorIsTerminal {
      let width = ProgressBar.cells(beside: Self.otherColumns)
      Terminal.draw([""] + batches.map { line($0, barCells: width) } + [legend])
      return
    }
    let now = clock.milliseconds
    let text = batches.map { batch -> String in
      let counts = batch.counts
      return "\(batch.name) \(counts.total - counts.open)/\(counts.total) \(batch.status.rawValue)"
    }.joined(separator: " · ")
    guard now - lastPlain.at >= Self.plainLineMilliseconds, text != lastPlain.text else { return }
    lastPlain = (now, text)
    clock.note(text)
  }

  private func line(_ batch: Batch, barCells: Int) -> String {
    let counts = batch.counts
    var words = [batch.status.rawValue.replacing("_", with: " ")]
    if batch.isCancelRequested, !batch.status.isFinal { words = ["cancelling"] }
    if counts.inDoubt > 0 { words.append("\(counts.inDoubt) in doubt") }
    let done = "\(counts.total - counts.open)/\(counts.total)"
    let gap = String(repeating: " ", count: nameWidth - batch.name.count)
    let status = Terminal.coloured(
      words.joined(separator: ", "), batch.status.colour, onError: true)
    return "  \(batch.name)\(gap)  \(ProgressBar.text(counts, cells: barCells))  "
      + String(repeating: " ", count: 2 * "\(counts.total)".count + 1 - done.count)
      + "\(done)  \(status)"
  }

  private var legend: String {
    "  " + String(repeating: " ", count: nameWidth + 2) + ProgressBar.legend
  }
}

/// Time since the demonstration began.
struct DemoClock: Sendable {
  private let start = ContinuousClock.now

  var milliseconds: Int64 {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
  }

  var seconds: String { "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100)" }

  /// Seconds, aligned, before a line of news.
  private var stamp: String {
    let text = String(repeating: " ", count: max(0, 5 - seconds.count)) + seconds + " s"
    return Terminal.coloured(text, .dim, onError: true)
  }

  /// A line of news.
  func note(_ words: String, _ colour: Terminal.Colour? = nil) {
    Terminal.noteStyled(
      "\(stamp)  " + Terminal.coloured(words.plain, colour, onError: true))
  }
}
