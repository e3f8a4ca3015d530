import FXJSON
import Synchronization

/// Remembers in which traces the newest calls came, for whoever wants to see that they were joined.
final class TraceDesk: Sendable {
  private static let keptCalls = 10_000

  private let kept = Mutex<[(call: BankCall, traceparent: String?)]>([])

  func note(_ call: BankCall, _ traceparent: String?) {
    kept.withLock { kept in
      if kept.count >= Self.keptCalls { kept.removeFirst(Self.keptCalls / 2) }
      kept.append((call, traceparent))
    }
  }

  /// The oldest first.
  var json: JSON {
    .array(
      kept.withLock { $0 }.map {
        ["call": .string($0.call.rawValue), "traceparent": JSON($0.traceparent)]
      })
  }
}
