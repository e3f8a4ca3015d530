import FXDomain
import Synchronization

/// A clock that moves only when told to.
public final class ManualClock: Sendable {
  private let moment: Mutex<Timestamp>

  public init(_ start: Timestamp = Timestamp(milliseconds: 1_794_297_600_000)) {
    self.moment = Mutex(start)
  }

  public var now: Timestamp { moment.withLock { $0 } }

  public func advance(byMilliseconds delta: Int64) {
    moment.withLock { $0 = $0.advanced(byMilliseconds: delta) }
  }
}
