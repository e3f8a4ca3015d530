import FXDomain
import FXPorts

/// A chain of events read from its start: re-chained link by link, and replayed by the tables of
/// the states.
struct Replay {
  let batch: BatchKey
  /// How findings name the batch.
  let name: String
  /// As recomputed from the events so far.
  private(set) var head = ChainHead.start
  /// Number, over the installation, of the event read last.
  private(set) var lastSequence: Int64 = 0
  /// Trades that have left `pending`, as the log has them.
  private var statuses: [TradeKey: TradeStatus] = [:]
  private var status = BatchStatus.staged
  /// Trades that were put before a person and have not moved since.
  private var escalated: Set<TradeKey> = []
  /// Trades that failed after the bank had booked them, and have not moved since.
  private var unsettled: Set<TradeKey> = []
  private var isBroken = false
  /// Statuses that rows showed and that the log is still to reach.
  private(set) var unreached: [TradeKey: TradeStatus] = [:]

  init(of batch: BatchKey, name: String) {
    self.batch = batch
    self.name = name
  }

  func status(of trade: TradeKey) -> TradeStatus { statuses[trade] ?? .pending }

  /// From now on, trades that reach these statuses are struck off.
  mutating func watch(_ statuses: [TradeKey: TradeStatus]) { unreached = statuses }

  mutating func add(_ event: JournalEvent, _ report: inout VerifyReport) {
    report.events += 1
    lastSequence = event.sequence
    let copy = Journal.chain(
      event.entry, of: batch, onto: &head, sequence: event.sequence, at: event.at)
    if copy != event, !isBroken {
      // What follows a broken link differs too, and says nothing new.
      isBroken = true
      report.find("\(name) has an event \(head.length) that breaks its chain.")
    }
    switch event.entry.kind {
    case .tradeTransition: moveTrade(event.entry, &report)
    case .batchTransition: moveBatch(event.entry, &report)
    case .tradeEscalated: if let trade = event.entry.trade { escalated.insert(trade) }
    case .batchCreated, .batchClaimed, .batchReleased, .batchCancelRequested, .batchChanged,
      .batchEdited, .batchApproved, .batchRejected, .batchAccepted, .batchDeleted,
      .installationChanged,
      .settlementDue, .reconciliationEnded:
      break
    }
  }

  private mutating func moveTrade(_ entry: JournalDraft, _ report: inout VerifyReport) {
    guard let trade = entry.trade, let from = entry.from.flatMap(TradeStatus.init(rawValue:)),
      let to = entry.to.flatMap(TradeStatus.init(rawValue:))
    else { return report.find("\(name) has an event \(head.length) without its statuses.") }
    if from != status(of: trade) || !TradeStatus.reachable.contains(Step(from: from, to: to)) {
      report.find(
        "\(name) has an event \(head.length) that takes trade key \(trade) from "
          + "\(from.rawValue) to \(to.rawValue) when it was \(status(of: trade).rawValue).")
    }
    statuses[trade] = to
    escalated.remove(trade)
    unsettled.remove(trade)
    if to == .failed, entry.code == .settlementFailed { unsettled.insert(trade) }
    if unreached[trade] == to { unreached[trade] = nil }
  }

  private mutating func moveBatch(_ entry: JournalDraft, _ report: inout VerifyReport) {
    guard let from = entry.from.flatMap(BatchStatus.init(rawValue:)),
      let to = entry.to.flatMap(BatchStatus.init(rawValue:))
    else { return report.find("\(name) has an event \(head.length) without its statuses.") }
    if from != status || !BatchStatus.reachable.contains(Step(from: from, to: to)) {
      report.find(
        "\(name) has an event \(head.length) that takes it from \(from.rawValue) to "
          + "\(to.rawValue) when it was \(status.rawValue).")
    }
    status = to
  }

  /// Whether the events so far make the head that a row keeps.
  func check(_ kept: ChainHead, _ report: inout VerifyReport) {
    if kept != head { report.find("\(name) keeps a head that is not the end of its chain.") }
  }

  /// Whether the batch's row says what the events up to its head say.
  func check(_ row: Batch, _ report: inout VerifyReport) {
    var counts = TradeCounts()
    for status in statuses.values { counts[status] += 1 }
    counts.pending += row.counts.total - statuses.count
    if counts != row.counts {
      report.find("\(name) keeps counts that its log does not make.")
    }
    var waiting = EscalatedCounts()
    waiting.inDoubt = escalated.count { status(of: $0) == .inDoubt }
    waiting.booked = escalated.count { status(of: $0) == .booked }
    waiting.settlementFailed = unsettled.count
    if waiting != row.escalated {
      report.find("\(name) keeps other counts of what was put before a person than its log makes.")
    }
    if (row.status == .paused) != (row.pauseCause != nil) {
      report.find(
        "\(name) is \(row.status.rawValue), and the cause of its pause is "
          + "\(row.pauseCause?.rawValue ?? "nothing").")
    }
    if status != row.status {
      report.find(
        "\(name) is \(row.status.rawValue), and its log ends at \(status.rawValue).")
    }
    let outcome = row.counts.outcome?.status
    if row.status.isFinal != (outcome != nil) || row.status.isFinal && row.status != outcome {
      report.find(
        "\(name) is \(row.status.rawValue) where its trades amount to "
          + "\(outcome?.rawValue ?? "none of the ends").")
    }
  }
}

/// A change from one status to another.
struct Step<Status: Hashable & Sendable>: Hashable, Sendable {
  let from: Status
  let to: Status
}

extension TradeStatus {
  /// Every step that some event takes.
  static let reachable: Set<Step<TradeStatus>> = {
    var steps: Set<Step<TradeStatus>> = []
    for from in allCases {
      for event in TradeEvent.allCases {
        for isCancelled in [false, true] {
          do {
            let to = try from.applying(event, cancelRequested: isCancelled)
            steps.insert(Step(from: from, to: to))
          } catch {
            continue
          }
        }
      }
    }
    return steps
  }()
}

extension BatchStatus {
  /// Every step that some event takes.
  static let reachable: Set<Step<BatchStatus>> = {
    let events: [BatchEvent] =
      [
        .started, .claimed, .paused, .resumed(started: false), .resumed(started: true), .retried,
        .reopened,
      ] + BatchOutcome.allCases.map { .ended($0) }
    var steps: Set<Step<BatchStatus>> = []
    for from in allCases {
      for event in events {
        do { steps.insert(Step(from: from, to: try from.applying(event))) } catch { continue }
      }
    }
    return steps
  }()
}
