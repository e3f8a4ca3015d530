import FXDomain
import FXEngine
import FXPorts

/// Tells what happens, in one line each, while the bars move.
struct DemoNarrator {
  private let desk: Desk
  private let clock: DemoClock
  private let names: [BatchKey: String]
  /// Where every trade stood when it was last heard of.
  private var statuses: [TradeKey: TradeStatus] = [:]
  private var ended: Set<BatchKey> = []

  init(desk: Desk, clock: DemoClock, batches: [Batch]) {
    self.desk = desk
    self.clock = clock
    self.names = Dictionary(uniqueKeysWithValues: batches.map { ($0.key, $0.name) })
  }

  mutating func tell(_ report: EngineReport) async throws {
    switch report {
    case .gate(.soloBusy):
      clock.note("nothing is known of this bank yet: its first deal goes alone (the canary)")
    case .gate(.open):
      clock.note("the bank found the first deal by our id: now all may go at once")
    case .gate(.blind):
      clock.note("the bank did not find a deal by our id: every doubt will need a person", .yellow)
    case .breakerOpened: clock.note("the bank fails too often: pausing for some seconds", .yellow)
    case .escalated: clock.note("a trade needs a person's word", .yellow)
    case .batchEnded(let name, let status):
      let key = name.key
      guard ended.insert(key).inserted else { return }
      let counts = try await batch(key)?.counts
      clock.note(
        "\(names[key] ?? "a batch") ended: \(status.words) (\(counts?.words ?? ""))", status.colour)
    case .tradeChanged(let trade, let status, _):
      let before = statuses.updateValue(status, forKey: trade.key)
      try await tell(of: trade.key, in: trade.batch, from: before, to: status)
    case .started, .claimed, .leaseLost, .killSwitch, .gate(.asking), .gate(.solo): break
    }
  }

  /// Only what is out of the ordinary is worth a line.
  private func tell(
    of key: TradeKey, in batch: BatchKey, from before: TradeStatus?, to status: TradeStatus
  ) async throws {
    let news: String
    var colour: Terminal.Colour?
    switch (before, status) {
    case (_, .inDoubt):
      news = "got no clear answer: in doubt; the bank is asked, nothing is sent again"
      colour = .yellow
    case (.inDoubt?, .booked), (.inDoubt?, .completed):
      news = "was found at the bank: booked, once"
      colour = .green
    case (.inDoubt?, .pending): news = "is proven not booked: tried again, under a new id"
    case (_, .failed):
      let failure = try await trade(key, in: batch)?.failure
      let bank = failure?.bankReasonCode.map { ", the bank says \($0)" } ?? ""
      news = "failed: \(failure?.code.rawValue ?? "")\(bank)"
      colour = .red
    case (.inDoubt?, .cancelled), (.inDoubt?, .quoting), (.inDoubt?, .booking), (_, .pending),
      (_, .quoting), (_, .booking), (_, .booked), (_, .completed), (_, .cancelled):
      return
    }
    let row = try await trade(key, in: batch).map { "row \($0.row)" } ?? "a trade"
    clock.note("\(names[batch] ?? "") \(row) \(news)", colour)
  }

  /// An order that the demonstration gives, as a person would type it.
  func tell(order: String, because reason: String) {
    clock.note("$ fxbatch \(order)   # \(reason)", .bold)
  }

  private func batch(_ key: BatchKey) async throws -> Batch? {
    try await desk.store.batches(BatchQuery(limit: Pages.rows)).first { $0.key == key }
  }

  private func trade(_ key: TradeKey, in batch: BatchKey) async throws -> Trade? {
    let before = TradeKey(key.value - 1)
    return try await desk.store.trades(TradeQuery(batch: batch, after: before, limit: 1))
      .first { $0.key == key }
  }
}

extension BatchStatus {
  var words: String { rawValue.replacing("_", with: " ") }
}
