import FXDomain
import FXEngine
import Metrics

/// What is counted and measured while this process works. No label ever names a batch, a trade, a
/// client or a person: there are as many series as there are kinds of things.
public struct DeskMetrics: Sendable {
  public let registry: MetricsRegistry
  private let steps: [TradeStatus: Counter]
  private let failures: [FailureCode: Counter]
  private let ended: [BatchStatus: Counter]
  private let escalated: Counter
  private let claimed: Counter
  private let leasesLost: Counter
  private let takenOver: Counter
  private let breakerOpened: Counter
  private let commitRows: Recorder
  private let commitTime: Timer

  public init(registry: MetricsRegistry = MetricsRegistry()) {
    self.registry = registry
    func counter(_ name: String, _ dimensions: [(String, String)] = []) -> Counter {
      Counter(label: name, dimensions: dimensions, factory: registry)
    }
    // All from the start, at nothing: whoever watches for the first failure must see its 0.
    func counters<Kind: Hashable & RawRepresentable & CaseIterable>(
      _ name: String, by label: String
    ) -> [Kind: Counter] where Kind.RawValue == String {
      Dictionary(
        uniqueKeysWithValues: Kind.allCases.map { ($0, counter(name, [(label, $0.rawValue)])) })
    }
    for (name, help) in Self.helps { registry.describe(name, help) }
    steps = counters("fxbatch_trade_steps_total", by: "status")
    failures = counters("fxbatch_trade_failures_total", by: "code")
    ended = counters("fxbatch_batches_ended_total", by: "status")
    escalated = counter("fxbatch_trades_escalated_total")
    claimed = counter("fxbatch_leases_claimed_total")
    leasesLost = counter("fxbatch_leases_lost_total")
    takenOver = counter("fxbatch_engine_takeovers_total")
    breakerOpened = counter("fxbatch_bank_breaker_opened_total")
    commitRows = Recorder(label: "fxbatch_store_commit_rows", factory: registry)
    commitTime = Timer(label: "fxbatch_store_commit_seconds", factory: registry)
  }

  private static let helps = [
    "fxbatch_trade_steps_total":
      "Steps that this engine wrote, by the status in which they left the trade.",
    "fxbatch_trade_failures_total": "Trades that this engine wrote down as failed, by the reason.",
    "fxbatch_batches_ended_total": "Batches that ended under this engine, by their outcome.",
    "fxbatch_trades_escalated_total": "Trades that were put before a person.",
    "fxbatch_leases_claimed_total": "Batches that this engine took under its lease.",
    "fxbatch_leases_lost_total": "Leases that ended before the batch was let go of.",
    "fxbatch_engine_takeovers_total": "Times that this process took the engine over from another.",
    "fxbatch_bank_breaker_opened_total": "Times that calls to the bank paused for its failures.",
    "fxbatch_bank_calls_total": "Calls to the bank, by kind and by what came of them.",
    "fxbatch_bank_call_seconds": "How long calls to the bank took.",
    "fxbatch_store_commit_rows": "Rows that one commit wrote, about.",
    "fxbatch_store_commit_seconds": "How long commits took, from their first row to the disk.",
    "fxbatch_http_requests_total": "Requests that were answered, by the class of the status.",
    "fxbatch_http_request_seconds": "How long a request took until its answer began.",
  ]

  // MARK: The engine and the store

  public func note(_ report: EngineReport) {
    switch report {
    case .tradeChanged(_, let status, let code):
      steps[status]?.increment()
      if status == .failed, let code { failures[code]?.increment() }
    case .batchEnded(_, let status): ended[status]?.increment()
    case .escalated: escalated.increment()
    case .claimed: claimed.increment()
    case .leaseLost: leasesLost.increment()
    case .breakerOpened: breakerOpened.increment()
    case .started, .gate, .killSwitch: break
    }
  }

  /// The engine's lock was waited for, and came free.
  public func noteTakeOver() { takenOver.increment() }

  public func noteCommit(rows: Int, nanoseconds: Int64) {
    commitRows.record(rows)
    commitTime.recordNanoseconds(nanoseconds)
  }

  // MARK: Calls

  /// - Parameter outcome: one of a few words.
  public func noteBankCall(_ call: String, outcome: String, took: Duration) {
    Counter(
      label: "fxbatch_bank_calls_total", dimensions: [("call", call), ("outcome", outcome)],
      factory: registry
    ).increment()
    Timer(
      label: "fxbatch_bank_call_seconds", dimensions: [("call", call)], factory: registry
    ).recordNanoseconds(took.nanoseconds)
  }

  func note(_ note: CallNote) {
    let parts = note.route.split(separator: " ", maxSplits: 1).map(String.init)
    let route = [("method", parts[0]), ("route", parts.last ?? "")]
    Counter(
      label: "fxbatch_http_requests_total",
      dimensions: route + [("status", "\(note.status / 100)xx")], factory: registry
    ).increment()
    Timer(
      label: "fxbatch_http_request_seconds", dimensions: route, factory: registry
    ).recordMilliseconds(note.milliseconds)
  }
}

extension Duration {
  fileprivate var nanoseconds: Int64 {
    components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
  }
}
