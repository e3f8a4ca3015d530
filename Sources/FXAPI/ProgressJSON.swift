import FXDomain
import FXJSON
import FXPorts

/// How far a batch has come, how fast it goes, and about how long it still takes.
public struct BatchProgress: Sendable {
  public let batch: Batch
  /// Trades that have ended per second since the round began, in thousandths; nil before it began.
  public let endedPerThousandSeconds: Int64?
  /// About the seconds that are left at that rate; nil where none can be told.
  public let secondsLeft: Int64?

  /// - Parameter now: by the clock that stamped the batch.
  public init(of batch: Batch, at now: Timestamp) {
    self.batch = batch
    let counts = batch.counts
    let ended = Int64(counts.total - counts.open)
    guard let begin = batch.startedAt else {
      endedPerThousandSeconds = nil
      secondsLeft = nil
      return
    }
    let milliseconds = max(1, (batch.completedAt ?? now).milliseconds(since: begin))
    endedPerThousandSeconds = ended * 1_000_000 / milliseconds
    secondsLeft =
      ended == 0 || counts.open == 0 ? nil : Int64(counts.open) * milliseconds / ended / 1_000
  }

  public var json: JSON {
    [
      "batch_id": JSON(batch.id), "name": .string(batch.name),
      "status": .string(batch.status.rawValue), "counts": batch.counts.json,
      "progress": .number(
        DecimalText.format(Int64(batch.counts.progressPerMille), scale: 3, minimumDecimals: 0)),
      "trades_per_second": endedPerThousandSeconds.map {
        .number(DecimalText.format($0, scale: 3, minimumDecimals: 0))
      } ?? .null,
      "eta_seconds": JSON(secondsLeft), "version": .integer(batch.version),
    ]
  }
}

extension EngineStore {
  /// What the engine that holds a batch has waited for, for long; nil while it gets on, or where no
  /// engine holds the batch.
  public func wait(on batch: Batch) async throws(StoreError) -> String? {
    guard let owner = batch.lease?.owner, !batch.status.isFinal else { return nil }
    return try await nodes().first { $0.node == owner && $0.isAlive }?.waitsFor
  }
}
