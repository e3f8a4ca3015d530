import FXDomain
import FXEngine
import FXPorts
import Foundation
import Synchronization

/// What waits for the engine or for persons, as the store counts it.
public struct DeskFigures: Hashable, Sendable {
  /// Batches that wait to be run.
  public var queued: Int
  public var oldestQueuedAt: Timestamp?
  /// Trades in doubt.
  public var doubts: Int
  public var oldestDoubtAt: Timestamp?
  public var needingDecision: Int

  public init(
    queued: Int, oldestQueuedAt: Timestamp?, doubts: Int, oldestDoubtAt: Timestamp?,
    needingDecision: Int
  ) {
    self.queued = queued
    self.oldestQueuedAt = oldestQueuedAt
    self.doubts = doubts
    self.oldestDoubtAt = oldestDoubtAt
    self.needingDecision = needingDecision
  }
}

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
  /// What is counted in the store; nil where nobody counts.
  let figures: (@Sendable () async throws(StoreError) -> DeskFigures)?
  private let standing: Mutex<EngineStanding>

  /// - Parameters:
  ///   - startedAt: when this process began.
  ///   - wantsEngine: whether one is to run in this process.
  public init(
    metrics: DeskMetrics = DeskMetrics(), startedAt: Timestamp, wantsEngine: Bool,
    figures: (@Sendable () async throws(StoreError) -> DeskFigures)? = nil
  ) {
    self.metrics = metrics
    self.process = ProcessFigures(startedAt: startedAt)
    self.standing = Mutex(wantsEngine ? .waiting : .notWanted)
    self.figures = figures
  }

  var engine: EngineStanding { standing.withLock { $0 } }

  /// Hears what the engine of this process reports.
  public func note(_ report: EngineReport) {
    metrics.note(report)
    if case .started = report { standing.withLock { $0 = .begun } }
  }

  public func noteEngineEnded() { standing.withLock { $0 = .ended } }
}
