/// What this gateway takes for granted beyond the bank's published summaries.
///
/// Everything here is to be confirmed by the bank in writing (docs/questions-for-the-bank.md) and is
/// changed in this file and nowhere else when its documents say otherwise.
enum Assumptions {
  /// A refresh token is redeemed with this grant, at the token URL, with the same client.
  static let refreshGrant = "refresh_token"

  /// The member of GetLatestQuote's payload that holds the bank's rate, a JSON number.
  static let quoteRateMember = "quoteRate"

  /// The reason code of GetTxnStatus for an id that the bank does not know. No other code, and no
  /// other HTTP status than 200, is read as "not known".
  static let notFoundReason = "NOT_FOUND"

  /// The member of GetTxnStatus that takes our `dealTransactionID`, and the bank's own id alike.
  static let statusQueryMember = "transactionID"

  /// Statuses of a deal. `FAILED` is assumed; a status that is not listed makes the answer unreadable.
  static let pendingStatus = "PENDING"
  static let completedStatus = "COMPLETED"
  static let failedStatus = "FAILED"

  /// The `accountType` of the accounts that matter in BulkBalance.
  static let tradeAccountType = "FX TRADE ACCOUNT"
}
