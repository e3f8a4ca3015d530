/// Every bound of the announcing and the delivering, with units in the names.
public struct NotifyBounds: Sendable {
  /// Events that are looked at together.
  public var pageEvents = 500
  /// The cursor is moved on after so many events that call for nothing.
  public var lagEvents: Int64 = 10_000
  /// Between looks at the log, and at the outbox.
  public var pollMilliseconds: Int64 = 300
  public var deliveriesAtOnce = 16
  public var timeoutMilliseconds: Int64 = 10_000
  public var connectMilliseconds: Int64 = 5_000
  /// How long a message stays in the hands of a process that went silent.
  public var leaseMilliseconds: Int64 = 15_000
  public var answerBytes = 4 << 10
  public var errorCharacters = 200
  public var addressesPerHost = 16
  public var keptMilliseconds: Int64 = 90 * 86_400_000
  /// Between passes that forget what is older.
  public var forgettingMilliseconds: Int64 = 60_000

  public init() {}
}
