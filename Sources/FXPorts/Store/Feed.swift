import FXDomain

/// An event of the log with the identifiers by which the outside knows what it is about.
public struct FeedEvent: Hashable, Sendable {
  public var event: JournalEvent
  /// Nil for the installation's own events.
  public var batchID: Identifier?
  public var tradeID: Identifier?

  public init(event: JournalEvent, batchID: Identifier?, tradeID: Identifier?) {
    self.event = event
    self.batchID = batchID
    self.tradeID = tradeID
  }
}

/// How the desk stands at a moment, for whoever watches over it.
public struct StoreGauges: Hashable, Sendable {
  /// Batches in the queue, and since when the first of them waits.
  public var queued: Int
  public var oldestQueuedAt: Timestamp?
  public var running: Int
  /// Trades in doubt, and since when the first of them is.
  public var doubts: Int
  public var oldestDoubtSince: Timestamp?
  /// Batches that wait for a person's decision.
  public var needingDecision: Int

  public init(
    queued: Int = 0, oldestQueuedAt: Timestamp? = nil, running: Int = 0, doubts: Int = 0,
    oldestDoubtSince: Timestamp? = nil, needingDecision: Int = 0
  ) {
    self.queued = queued
    self.oldestQueuedAt = oldestQueuedAt
    self.running = running
    self.doubts = doubts
    self.oldestDoubtSince = oldestDoubtSince
    self.needingDecision = needingDecision
  }
}
