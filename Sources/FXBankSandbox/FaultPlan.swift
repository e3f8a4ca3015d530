/// The calls of the bank, by the names that fault plans and counts use.
public enum BankCall: String, Hashable, Sendable, CaseIterable {
  case token
  case balance
  case bulkBalance = "bulk_balance"
  case statement
  case quote
  case latestQuote = "latest_quote"
  case book
  case cancel
  case status
}

/// What may go wrong with one call. *Done* means that the bank performed the call all the same.
public enum BankFault: String, Hashable, Sendable, CaseIterable {
  /// The connection is closed, nothing is done.
  case lostBefore = "lost_before"
  /// The call is done, the connection is closed without an answer.
  case lostAfter = "lost_after"
  /// The connection is closed at once and the call is done up to `late_ms` later.
  case late
  /// The call waits up to `late_ms`, is then done and answered.
  case held
  /// The call is done and answered after `slow_ms`.
  case slow
  /// HTTP 5xx, not done.
  case errorBefore = "error_before"
  /// HTTP 5xx, done.
  case errorAfter = "error_after"
  /// Done, and half of the answer's body is missing.
  case garbled
  /// Done, and the answer bears no `Date` header.
  case dateless
  /// HTTP 429 with `Retry-After`, not done.
  case rateLimited = "rate_limited"
  /// HTTP 503, not done.
  case unavailable
  /// HTTP 401, not done.
  case expiredToken = "expired_token"
  /// Refused with `BUSINESS`, not done.
  case refusal
  /// Refused with `QUOTE_EXPIRED`, not done.
  case quoteExpired = "quote_expired"
  /// Refused with `QUOTE_USED`, not done.
  case quoteUsed = "quote_used"
  /// Refused with `RATE_MISMATCH`, not done.
  case rateMismatch = "rate_mismatch"
  /// Refused with `INTERNAL`, not done.
  case `internal`
  /// Refused with a reason code of nobody's list; done in half of the cases.
  case unlisted
  /// Booked, but settles as `FAILED`. Bookings only.
  case settlementFailed = "settlement_failed"
}

/// A fault plan's text that cannot be read.
public enum FaultPlanError: Error, Hashable, Sendable, CustomStringConvertible {
  case unreadable(String)
  case unknownCall(String)
  case unknownFault(String)
  /// `settlement_failed` happens to bookings only.
  case bookingsOnly(String)
  /// The chances of one call add up to more than 1,000 per mille.
  case moreThanCertain(BankCall)

  public var description: String {
    switch self {
    case .unreadable(let item): "fault plan: \"\(item)\" is not name=number"
    case .unknownCall(let call): "fault plan: there is no call \"\(call)\""
    case .unknownFault(let fault): "fault plan: there is no fault \"\(fault)\""
    case .bookingsOnly(let item): "fault plan: \"\(item)\" happens to bookings only"
    case .moreThanCertain(let call): "fault plan: chances of \"\(call.rawValue)\" exceed 1000"
    }
  }
}

/// How often which fault befalls which call, in per mille.
///
/// The text form is `lost_after=30,quote.slow=20,*.rate_limited=5,slow_ms=2000,late_ms=5000`: without
/// a prefix a fault befalls bookings, with `*.` every call. Later items override earlier ones.
public struct FaultPlan: Hashable, Sendable, CustomStringConvertible {
  private var chances: [BankCall: [BankFault: Int]] = [:]
  /// How long a slow answer takes, in milliseconds.
  public var slowMilliseconds: Int64 = 2_000
  /// The longest time until a late call is done, in milliseconds.
  public var lateMilliseconds: Int64 = 5_000

  /// No delay of a fault exceeds ten minutes.
  static let maximumDelay: Int64 = 600_000

  /// Nothing goes wrong.
  public static let none = FaultPlan()

  private init() {}

  /// Reads the text form; an empty text is a plan without faults.
  public init(_ text: String) throws(FaultPlanError) {
    for item in text.split(separator: ",") {
      let item = item.trimmingBlanks
      let sides = item.split(separator: "=", omittingEmptySubsequences: false)
      guard sides.count == 2, let number = Int64(sides[1]), number >= 0 else {
        throw .unreadable(item)
      }
      try apply(String(sides[0]), number, item)
    }
    for (call, faults) in chances where faults.values.reduce(0, +) > 1_000 {
      throw .moreThanCertain(call)
    }
  }

  private mutating func apply(
    _ name: String, _ number: Int64, _ item: String
  ) throws(FaultPlanError) {
    if name == "slow_ms" || name == "late_ms" {
      guard number <= Self.maximumDelay else { throw .unreadable(item) }
      if name == "slow_ms" { slowMilliseconds = number } else { lateMilliseconds = number }
      return
    }
    guard number <= 1_000 else { throw .unreadable(item) }
    let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let prefix = parts.count == 2 ? String(parts[0]) : BankCall.book.rawValue
    guard let fault = BankFault(rawValue: String(parts[parts.count - 1])) else {
      throw .unknownFault(name)
    }
    if prefix == "*" {
      for call in BankCall.allCases where call == .book || fault != .settlementFailed {
        chances[call, default: [:]][fault] = Int(number)
      }
      return
    }
    guard let call = BankCall(rawValue: prefix) else { throw .unknownCall(prefix) }
    guard call == .book || fault != .settlementFailed else { throw .bookingsOnly(item) }
    chances[call, default: [:]][fault] = Int(number)
  }

  /// The text form, complete and in a fixed order.
  public var description: String {
    var items: [String] = []
    for call in BankCall.allCases {
      for fault in BankFault.allCases {
        guard let chance = chances[call]?[fault], chance > 0 else { continue }
        items.append("\(call.rawValue).\(fault.rawValue)=\(chance)")
      }
    }
    return (items + ["slow_ms=\(slowMilliseconds)", "late_ms=\(lateMilliseconds)"])
      .joined(separator: ",")
  }

  /// What befalls the `counter`-th call of its kind: a pure function, so that the same seed meets the
  /// same faults again.
  func draw(for call: BankCall, seed: UInt64, counter: UInt64) -> FaultDraw? {
    guard let faults = chances[call] else { return nil }
    var remaining = Int(word(call, seed, counter, 0) % 1_000)
    for fault in BankFault.allCases {
      remaining -= faults[fault] ?? 0
      if remaining < 0 { return detailed(fault, for: call, seed: seed, counter: counter) }
    }
    return nil
  }

  /// A fault with the details that the seed gives it.
  func detailed(
    _ fault: BankFault, for call: BankCall, seed: UInt64, counter: UInt64
  ) -> FaultDraw {
    let longest = UInt64(lateMilliseconds) + 1
    return FaultDraw(
      fault: fault, coin: word(call, seed, counter, 1) % 2 == 0,
      lateMilliseconds: Int64(word(call, seed, counter, 2) % longest),
      slowMilliseconds: slowMilliseconds)
  }

  private func word(
    _ call: BankCall, _ seed: UInt64, _ counter: UInt64, _ purpose: UInt64
  ) -> UInt64 {
    var name: UInt64 = 0
    for byte in call.rawValue.utf8 { name = name &* 257 &+ UInt64(byte) }
    return seededMix(seed, name, counter, purpose)
  }
}

/// One fault about to happen.
struct FaultDraw: Hashable, Sendable {
  var fault: BankFault
  /// Decides what a fault leaves open: whether an unlisted code was done, whether a 5xx is JSON.
  var coin: Bool
  var lateMilliseconds: Int64
  var slowMilliseconds: Int64
}

extension StringProtocol {
  fileprivate var trimmingBlanks: String {
    String(drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
  }
}
