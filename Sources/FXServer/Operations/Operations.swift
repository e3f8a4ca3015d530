import FXDomain
import FXEngine
import Synchronization

/// What those who keep this process running are told of it.
public final class Operations: Sendable {
  /// How far the engine of this process is.
  public enum EngineStanding: String, Sendable {
    case notWanted = "not_wanted"
    /// Another process has the engine's lock, or its first answer from the store has not come.
    case waiting
    case begun
    case ended
  }

  public let metrics: DeskMetrics
  let connections = ConnectionCount()
  let process: ProcessFigures
  private let standing: Mutex<EngineStanding>

  /// - Parameters:
  ///   - startedAt: when this process began.
  ///   - wantsEngine: whether one is to run in this process.
  public init(
    metrics: DeskMetrics = DeskMetrics(), startedAt: Timestamp, wantsEngine: Bool
  ) {
    self.metrics = metrics
    self.process = ProcessFigures(startedAt: startedAt)
    self.standing = Mutex(wantsEngine ? .waiting : .notWanted)
  }

  var engine: EngineStanding { standing.withLock { $0 } }

  /// Hears what the engine of this process reports.
  public func note(_ report: EngineReport) {
    metrics.note(report)
    if case .started = report { standing.withLock { $0 = .begun } }
  }

  public func noteEngineEnded() { standing.withLock { $0 = .ended } }
}
