/// The bank's business calls.
enum CallKind: String, CaseIterable, Sendable {
  case balance
  case bulkBalance = "bulk-balance"
  case statement
  case createQuote = "createquote"
  case latestQuote = "getlatestquote"
  case bookQuotedDeal = "bookquoteddeal"
  case cancelQuote = "cancelquote"
  case dealStatus = "GetTxnStatus"

  func url(_ settings: CapitecSettings) -> String {
    switch self {
    case .balance, .bulkBalance, .statement: "\(settings.accountURL)/\(rawValue)"
    case .createQuote, .latestQuote, .bookQuotedDeal, .cancelQuote, .dealStatus:
      "\(settings.tradingURL)/\(rawValue)"
    }
  }

  var answerBytes: Int {
    switch self {
    case .bulkBalance, .statement: Limits.pageBytes
    case .balance, .createQuote, .latestQuote, .bookQuotedDeal, .cancelQuote, .dealStatus:
      Limits.answerBytes
    }
  }
}
