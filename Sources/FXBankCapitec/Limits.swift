/// Every bound of this gateway, with its unit in its name.
enum Limits {
  /// Answers of single deals, quotes and tokens.
  static let answerBytes = 1 << 20
  /// Answers of BulkBalance and StatementEnquiry.
  static let pageBytes = 4 << 20
  static let nestingLevels = 32
  static let pageRows = 100
  static let pagesPerListing = 100_000
  static let statementLines = 50_000

  static let messageCharacters = 1_000
  static let reasonCodeCharacters = 64
  static let textCharacters = 256
  static let troubleCharacters = 300

  static let retryAfterMilliseconds: Int64 = 300_000
  static let timeoutMilliseconds: ClosedRange<Int64> = 50...120_000
  /// One connection for bookings and one for everything else is the least.
  static let connections: ClosedRange<Int> = 2...1_024
  static let connectMilliseconds: Int64 = 5_000
  static let idleConnectionMilliseconds: Int64 = 15_000
  static let idleBookingConnectionMilliseconds: Int64 = 500
  /// The library's own deadline, which must never come first: each call has its own.
  static let libraryDeadlineHours: Int64 = 1

  static let tokenLifeSeconds: ClosedRange<Int64> = 1...86_400
  static let tokenCharacters = 16_384
  /// A token is renewed this long before its end, or a fifth of its life if that is less.
  static let tokenMarginSeconds: Int64 = 60
  static let callsWaitingForAToken = 4_096
  /// A call is sent once, and once more after a 401 with a new token.
  static let sendsOfAMoneylessCall = 2
}
