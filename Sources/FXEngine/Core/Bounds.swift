/// Every bound of the engine that is not configuration, with units in the names.
public enum EngineBounds {
  /// Open trades read from the store at a time when a batch is claimed.
  public static let loadPageTrades = 500
  /// Booked trades and doubts that a node keeps in memory; the rest wait in the store.
  public static let watchedTrades = 20_000
  /// Pending trades cancelled in one transaction.
  public static let sweepTrades = 500
  /// Status queries of booked trades under way at once, however few connections there are.
  public static let leastConcurrentPolls = 16
  /// Doubts asked about at once.
  public static let concurrentInquiries = 8
  /// Batches held only to watch their doubts, polls and cancellations.
  public static let watchedBatches = 256
  /// Positive controls remembered.
  public static let rememberedControls = 8
  /// Distance of signs of life, which also carry the news of commands.
  public static let pulseMilliseconds: Int64 = 250
  /// What a node waits for is told once it has lasted so long.
  public static let toldWaitMilliseconds: Int64 = 2_000
  /// Distance of looks at the queue when nothing announced a change.
  public static let claimMilliseconds: Int64 = 1_000
  /// Distance of seals.
  public static let sealMilliseconds: Int64 = 60_000
  /// A batch whose pending trades all wait for blocked clients is looked at again after this.
  public static let blockedClientMilliseconds: Int64 = 1_000
  /// Spare time of a lease beyond the booking call's deadline.
  public static let leaseMarginMilliseconds: Int64 = 500
  /// First delay after a passing fault, doubled with each try up to the greatest.
  public static let firstBackoffMilliseconds: Int64 = 500
  public static let greatestBackoffMilliseconds: Int64 = 30_000
  /// How long we slow down for a bank that asks for it without saying how long.
  public static let assumedRetryMilliseconds: Int64 = 1_000
  /// The longest that we slow down for one such answer, whatever it says.
  public static let greatestRetryMilliseconds: Int64 = 60_000
  /// Distance of questions about a doubt, doubled up to the greatest.
  public static let firstInquiryMilliseconds: Int64 = 1_000
  public static let greatestInquiryMilliseconds: Int64 = 15_000
  /// Tries of one store operation while the store says that it is busy.
  public static let busyStoreTries = 5
  public static let greatestPollMilliseconds: Int64 = 60_000
}
