import FXDomain

/// How far a batch has come, told on standard error: one line that is redrawn on a terminal, a plain
/// line every few seconds elsewhere.
struct Progress {
  private static let plainLineMilliseconds: Int64 = 5_000
  /// The rate is that of so many last looks.
  private static let windowLooks = 40

  private let start = ContinuousClock.now
  private var looks: [(at: Int64, done: Int)] = []
  private var lastLine: (at: Int64, text: String)?

  mutating func show(_ batch: Standing) {
    let now = milliseconds
    looks.append((now, batch.done))
    if looks.count > Self.windowLooks { looks.removeFirst() }
    let text = line(batch)
    if Terminal.errorIsTerminal {
      Terminal.draw([text])
    } else if batch.status.isFinal
      || lastLine.map({ now - $0.at >= Self.plainLineMilliseconds && $0.text != text }) ?? true
    {
      lastLine = (now, text)
      Terminal.note(text)
    }
  }

  private func line(_ batch: Standing) -> String {
    let counts = batch.counts
    let percent = counts.progressPerMille / 10
    var text = "\(batch.status.rawValue) \(percent) % of \(counts.words)"
    guard let first = looks.first, let last = looks.last, last.at > first.at else { return text }
    let done = Int64(last.done - first.done)
    let tenthsPerSecond = done * 10_000 / (last.at - first.at)
    text += "; \(tenthsPerSecond / 10).\(tenthsPerSecond % 10) a second"
    if done > 0, counts.open > 0 {
      let seconds = Int64(counts.open) * (last.at - first.at) / done / 1_000
      text += ", about \(Self.duration(seconds)) left"
    }
    return text
  }

  private var milliseconds: Int64 {
    let (seconds, attoseconds) = (ContinuousClock.now - start).components
    return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
  }

  static func duration(_ seconds: Int64) -> String {
    seconds < 120 ? "\(seconds) s" : "\(seconds / 60) min"
  }
}
