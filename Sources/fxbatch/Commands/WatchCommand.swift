import ArgumentParser
import FXDomain
import FXJSON

struct WatchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "watch", abstract: "Shows live how batches get on.",
    discussion: """
      One batch until it has ended, or all that are under way until it is interrupted. A server tells by \
      itself what changes; a local store is looked at again and again.

        fxbatch watch
        fxbatch watch morning --server https://desk.example:8443
        fxbatch watch morning --json | jq .data.progress
      """)

  @Argument(
    help: "A batch's identifier or name; all that are under way otherwise.",
    completion: .batchNames)
  var batch: String?
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { client in
      var id: String?
      if let batch { id = try await client.batch(named: batch) }
      var board = WatchBoard()
      try await client.calls.follow(batch: id) { message in
        if client.asJSON {
          Terminal.say(message.text)
        } else {
          board.show(message.standings)
        }
        return id == nil || !message.standings.contains { $0.id == id && $0.status.isFinal }
      }
    }
  }
}

/// The batches under way as bars: redrawn on a terminal, a line for each change elsewhere.
struct WatchBoard {
  /// Beside the bar: name, counts, status, rate.
  private static let otherColumns = 70
  private static let nameColumns = 16
  /// So many are shown; of more, those that changed last.
  private static let rows = 20

  private var batches: [Standing] = []
  private var told: [String: String] = [:]

  mutating func show(_ news: [Standing]) {
    for standing in news {
      batches.removeAll { $0.id == standing.id }
      batches.append(standing)
    }
    if batches.count > Self.rows { batches.removeFirst(batches.count - Self.rows) }
    guard Terminal.errorIsTerminal else { return tell(news) }
    let cells = ProgressBar.cells(beside: Self.otherColumns)
    let lines = batches.sorted { $0.id < $1.id }.map { Self.line($0, cells: cells) }
    Terminal.draw(lines.isEmpty ? ["nothing is under way"] : lines + [ProgressBar.legend])
  }

  private mutating func tell(_ news: [Standing]) {
    for standing in news {
      let text = "\(standing.name) \(standing.status.rawValue) \(standing.counts.words)"
      guard told.updateValue(text, forKey: standing.id) != text else { continue }
      Terminal.say(text.plain)
    }
  }

  private static func line(_ batch: Standing, cells: Int) -> String {
    let name = String(batch.name.plain.prefix(nameColumns))
    let gap = String(repeating: " ", count: nameColumns - name.count)
    let status = Terminal.coloured(
      batch.status.rawValue.replacing("_", with: " "), batch.status.colour, onError: true)
    var words = "\(batch.done)/\(batch.counts.total)  \(status)"
    if let rate = batch.rate, !batch.status.isFinal { words += "  \(rate)/s" }
    if let seconds = batch.secondsLeft { words += "  \(Progress.duration(Int64(seconds))) left" }
    return "\(name)\(gap)  \(ProgressBar.text(batch.counts, cells: cells))  \(words)"
  }
}
