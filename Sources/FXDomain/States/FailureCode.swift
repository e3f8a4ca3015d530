/// What the retry rule does with a failure.
public enum FailureCategory: String, Hashable, Sendable, CaseIterable {
  /// Tried again by itself, within bounds.
  case transient
  /// An operator decides.
  case permanent
  /// The desk's own check refused.
  case rule
}

/// Why a trade failed, or why its last try did. Stable: clients and files rely on these names.
public enum FailureCode: String, Hashable, Sendable, CaseIterable {
  // Trouble on the way to the bank.
  case bankUnavailable = "bank_unavailable"
  case bankTimeout = "bank_timeout"
  case bankUnauthorized = "bank_unauthorized"
  case rateLimited = "rate_limited"
  case quoteExpired = "quote_expired"
  case clockSkew = "clock_skew"
  // The bank's word.
  case quoteRefused = "quote_refused"
  case bookingRefused = "booking_refused"
  case bookingUnclear = "booking_unclear"
  case settlementFailed = "settlement_failed"
  case attemptsExhausted = "attempts_exhausted"
  case notBooked = "not_booked"
  // The desk's rules.
  case rateCheck = "rate_check"
  case priceCollar = "price_collar"
  case otcRateMissing = "otc_rate_missing"
  case otcRateStale = "otc_rate_stale"
  case insufficientBalance = "insufficient_balance"
  case accountNotOpen = "account_not_open"
  case accountUnknown = "account_unknown"
  case clientUnknown = "client_unknown"
  case clientInactive = "client_inactive"
  case calendarUnknown = "calendar_unknown"
  case allowanceExceeded = "allowance_exceeded"
  case limitExceeded = "limit_exceeded"
  case duplicate
  case cancelledByUser = "cancelled_by_user"

  public var category: FailureCategory {
    switch self {
    case .bankUnavailable, .bankTimeout, .bankUnauthorized, .rateLimited, .quoteExpired,
      .clockSkew:
      .transient
    case .quoteRefused, .bookingRefused, .bookingUnclear, .settlementFailed, .attemptsExhausted,
      .notBooked, .cancelledByUser:
      .permanent
    case .rateCheck, .priceCollar, .otcRateMissing, .otcRateStale, .insufficientBalance,
      .accountNotOpen, .accountUnknown, .clientUnknown, .clientInactive, .calendarUnknown,
      .allowanceExceeded, .limitExceeded, .duplicate:
      .rule
    }
  }
}

/// A failure as kept with the trade: our code, and the bank's own words beside it.
public struct Failure: Error, Hashable, Sendable {
  public var code: FailureCode
  public var message: String
  /// The bank's `resultReasonCode`, as sent.
  public var bankReasonCode: String?
  /// The bank's `header.transactionId` of the answer, for tracing.
  public var bankTransactionID: String?

  public init(
    _ code: FailureCode, _ message: String, bankReasonCode: String? = nil,
    bankTransactionID: String? = nil
  ) {
    self.code = code
    self.message = message
    self.bankReasonCode = bankReasonCode
    self.bankTransactionID = bankTransactionID
  }
}
