import FXDomain

/// A bucket of requests per second towards the bank, for the whole node.
public struct RequestBudget: Hashable, Sendable {
  /// In thousandths of a request, so that the refill is exact in whole milliseconds.
  private var available: Int64
  private let perMillisecond: Int64
  private let capacity: Int64
  private var refilledAt: Int64

  /// - Parameter requestsPerSecond: also the burst: what one second may save up.
  public init(requestsPerSecond: Int, atUptime uptime: Int64) {
    self.perMillisecond = Int64(requestsPerSecond)
    self.capacity = Int64(max(requestsPerSecond, 4)) * 1_000
    self.available = capacity
    self.refilledAt = uptime
  }

  public mutating func refill(atUptime uptime: Int64) {
    guard uptime > refilledAt else { return }
    let elapsed = min(uptime - refilledAt, 60_000)
    available = min(capacity, available + elapsed * perMillisecond)
    refilledAt = uptime
  }

  /// Whole requests at hand.
  public var requests: Int { available <= 0 ? 0 : Int(available / 1_000) }

  /// May go below zero for calls that cannot wait; later ones then wait longer.
  public mutating func spend(_ requests: Int) { available -= Int64(requests) * 1_000 }

  public mutating func giveBack(_ requests: Int) {
    available = min(capacity, available + Int64(requests) * 1_000)
  }

  /// When so many will be at hand, on the clock of `refill`.
  public func uptime(whenHaving requests: Int) -> Int64 {
    let missing = Int64(requests) * 1_000 - available
    return missing <= 0 ? refilledAt : refilledAt + (missing + perMillisecond - 1) / perMillisecond
  }
}

/// Stops taking up trades while the bank cannot be reached. Counts only calls that carry no money.
public struct CircuitBreaker: Hashable, Sendable {
  private var failures = 0
  private var reopensAt: Int64?

  public init() {}

  /// Whether new work may go to the bank. After the pause one try is let through at a time.
  public func isClosed(atUptime uptime: Int64) -> Bool {
    guard let reopensAt else { return true }
    return uptime >= reopensAt
  }

  public var isTrying: Bool { reopensAt != nil }
  public var reopening: Int64? { reopensAt }

  public mutating func succeeded() {
    failures = 0
    reopensAt = nil
  }

  public mutating func failed(atUptime uptime: Int64, settings: EngineSettings) {
    failures += 1
    if failures >= settings.breakerFailures {
      reopensAt = uptime + settings.breakerPauseMilliseconds
    }
  }
}

/// Who may book: nobody, one at a time, or all.
public enum CanaryGate: Hashable, Sendable {
  /// The newest known deal is being asked for.
  case asking
  /// The next booking goes alone.
  case solo
  /// It has gone: this trade is booked alone until the bank shows it.
  case soloBusy(TradeKey)
  /// The bank looks deals up by our id.
  case open
  /// It does not; doubts go to persons.
  case blind

  public var lookUp: LookUp {
    switch self {
    case .asking, .solo, .soloBusy: .unproven
    case .open: .byDealTransactionID
    case .blind: .blind
    }
  }

  /// How many trades may be under way at once, beyond the other limits.
  public var width: Int? {
    switch self {
    case .asking, .soloBusy: 0
    case .solo: 1
    case .open, .blind: nil
    }
  }
}
