import FXDomain
import FXPorts
import Logging

/// How the log says a report: the same words for each kind, and what it is about beside them.
extension EngineReport {
  var level: Logger.Level {
    switch self {
    case .tradeChanged: .trace
    case .started, .claimed, .batchEnded, .gate: .info
    case .leaseLost, .breakerOpened, .escalated, .killSwitch: .warning
    }
  }

  var words: String {
    switch self {
    case .started: "the engine has begun"
    case .claimed: "a batch was claimed"
    case .leaseLost: "the lease of a batch was lost"
    case .batchEnded: "a batch has ended"
    case .tradeChanged: "a trade has moved"
    case .gate(let gate): gate.words
    case .breakerOpened: "the bank fails too often: calls without money pause for some seconds"
    case .escalated: "a trade needs a person"
    case .killSwitch(engaged: true): "the kill switch is engaged: nothing is booked"
    case .killSwitch(engaged: false): "the kill switch is released"
    }
  }

  var metadata: Logger.Metadata {
    switch self {
    case .claimed(let batch, let generation):
      batch.metadata(with: ["generation": "\(generation)"])
    case .leaseLost(let batch): batch.metadata()
    case .batchEnded(let batch, let status):
      batch.metadata(with: ["status": "\(status.rawValue)"])
    case .tradeChanged(let trade, let status, let code):
      trade.metadata(
        with: ["status": "\(status.rawValue)", "code": "\(code?.rawValue ?? "none")"])
    case .escalated(let trade): trade.metadata()
    case .started, .gate, .breakerOpened, .killSwitch: [:]
    }
  }
}

extension CanaryGate {
  fileprivate var words: String {
    switch self {
    case .asking: "the newest known deal is being asked for"
    case .solo: "no deal was found by our id yet: the next booking goes alone"
    case .soloBusy: "a booking goes alone, until the bank shows it"
    case .open: "the bank looks deals up by our id: bookings go at full width"
    case .blind: "the bank does not look deals up by our id: every doubt goes to a person"
    }
  }
}

extension BatchName {
  fileprivate func metadata(with more: Logger.Metadata = [:]) -> Logger.Metadata {
    more.merging(["batch_id": "\(id)"]) { $1 }
  }
}

extension TradeName {
  /// With the trace that all calls to the bank about the trade are in.
  func metadata(with more: Logger.Metadata = [:]) -> Logger.Metadata {
    more.merging(["batch_id": "\(batchID)", "trade_id": "\(id)", "trace_id": "\(TraceID(id))"]) {
      $1
    }
  }
}
