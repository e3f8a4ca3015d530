/// Every bound of the live feed, with units in the names.
public struct LiveBounds: Sendable {
  /// Events kept in memory for whoever follows closely.
  public var ringEvents = 4_096
  /// Read from the log at a time.
  public var pageEvents = 500
  /// Who is further behind gets a snapshot instead of what they missed.
  public var replayedEvents: Int64 = 10_000
  /// Batches in a snapshot.
  public var snapshotBatches = 200
  /// How fast followers may be woken; the pause after each round of them follows from it.
  public var followersToldPerMillisecond = 50
  /// Between the progress messages of one batch.
  public var progressMilliseconds: Int64 = 500
  /// Batches whose last progress is kept for followers.
  public var progressBatches = 256
  /// Notifications kept in memory for followers, and read at a time.
  public var notices = 256
  public var heartbeatMilliseconds: Int64 = 15_000
  /// Between looks at the log where no commit of this process tells: others may have written.
  public var pollMilliseconds: Int64 = 500
  /// Between looks whether those who follow are still let in.
  public var accessMilliseconds: Int64 = 1_000

  public init() {}
}
