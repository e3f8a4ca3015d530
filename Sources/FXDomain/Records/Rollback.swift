/// The store had lost events that it had acknowledged: restored from a backup, rolled back, or failed
/// over to a copy that lacked them. What was booked in the lost time is known to the bank alone.
public struct Rollback: Hashable, Sendable {
  public var detectedAt: Timestamp
  /// Sequence number of the first event that may be missing.
  public var lostFrom: Int64
  /// The first epoch whose deal transaction ids may have been sent in the lost time; the last is the
  /// one before the installation's present one.
  public var firstEpoch: Int
  /// One sentence for a person.
  public var reason: String
  /// When the bank had been asked for everything that may have been sent; nil before.
  public var reconciledAt: Timestamp?

  public init(
    detectedAt: Timestamp, lostFrom: Int64, firstEpoch: Int, reason: String,
    reconciledAt: Timestamp? = nil
  ) {
    self.detectedAt = detectedAt
    self.lostFrom = lostFrom
    self.firstEpoch = firstEpoch
    self.reason = reason
    self.reconciledAt = reconciledAt
  }
}

/// How the log differs from the mark that was kept outside the store.
public enum LogLoss: Hashable, Sendable {
  /// The log has no event of that number, or another one than the mark names.
  case event(sequence: Int64, idEpoch: Int, isThere: Bool)
  /// The mark is of another installation: the store was made anew where one had been.
  case otherInstallation(Identifier, sequence: Int64)
  /// Nothing can be read from the mark, and so nothing is known of what the log must hold.
  case unreadableMark(String)
}

/// Why the kill switch was not released.
public enum KillSwitchRefusal: Error, Hashable, Sendable {
  /// The store has lost events, and the bank has not been asked for everything since.
  case reconciliationDue(Rollback)
}
