import FXDomain
import FXPorts

/// The contents of the bank's answers. What is missing or odd makes the answer unreadable, never a
/// default.
enum AnswerContents {
  static func createdQuote(_ answer: AnswerFields) throws(UnreadableAnswer) -> CreatedQuote {
    let payload = try answer.object("payload")
    return CreatedQuote(
      quoteID: try quoteID(payload), expiresAt: try payload.moment("quoteExpiryDateTime"))
  }

  /// The quote's rate. An answer without one is a failed quote, never a rate of zero.
  static func quotedRate(
    _ answer: AnswerFields, of asked: Int64
  ) throws(UnreadableAnswer) -> QuotedRate {
    let payload = try answer.object("payload")
    guard try quoteID(payload) == asked else {
      throw UnreadableAnswer("payload.quoteId is not the quote that was asked for")
    }
    return QuotedRate(
      quoteID: asked, rate: try payload.rate(Assumptions.quoteRateMember),
      expiresAt: try payload.moment("quoteExpiryDateTime"))
  }

  private static func quoteID(_ payload: AnswerFields) throws(UnreadableAnswer) -> Int64 {
    let id = try payload.integer("quoteId")
    guard id > 0 else { throw UnreadableAnswer("payload.quoteId is not above zero") }
    return id
  }

  /// The deal that was asked for, and no other: at least one of the ids that the answer bears must be
  /// the one asked by, where it bears any.
  static func foundDeal(
    _ answer: AnswerFields, askedBy query: DealQuery
  ) throws(UnreadableAnswer) -> FoundDeal {
    let transaction = try answer.object("transaction")
    let context = transaction["context"] == nil ? nil : try transaction.object("context")
    let bankID = try transaction.textIfAny("transactionId")
    let ourID = try context?.textIfAny("transactionId")
    let ids = [bankID, ourID].compactMap { $0?.lowercased() }
    guard ids.isEmpty || ids.contains(query.askedID.lowercased()) else {
      throw UnreadableAnswer("the transaction is not the one that was asked for")
    }
    let status: DealStatus
    switch try transaction.text("status") {
    case Assumptions.pendingStatus: status = .pending
    case Assumptions.completedStatus: status = .completed
    case Assumptions.failedStatus: status = .failed
    default: throw UnreadableAnswer("transaction.status is not a known status")
    }
    // The answer may name our own id where the bank's is expected; that is not the bank's id.
    let isOurs: Bool
    switch query {
    case .dealTransactionID: isOurs = bankID?.lowercased() == query.askedID
    case .bankTransactionID: isOurs = false
    }
    return FoundDeal(
      status: status, dealReference: try context?.textIfAny("thirdPartyDealID"),
      bankTransactionID: isOurs ? nil : bankID)
  }

  static func balance(_ answer: AnswerFields) throws(UnreadableAnswer) -> AccountBalance {
    AccountBalance(
      accountName: try answer.text("accountName"),
      status: try answer.accountStatus("accountStatus"),
      currentBalance: try answer.decimal("currentBalance"),
      availableBalance: try answer.decimal("availableBalance"))
  }

  /// Trade accounts only: rows of any other type are passed over unread.
  static func accountPage(_ answer: AnswerFields) throws(UnreadableAnswer) -> AccountPage {
    let payload = try answer.object("payload")
    let pages = try payload.object("page").integer("totalPages")
    guard (0...Int64(Limits.pagesPerListing)).contains(pages) else {
      throw UnreadableAnswer("payload.page.totalPages is out of bounds")
    }
    var rows: [AccountPage.Row] = []
    for row in try payload.objects("content", atMost: Limits.pageRows) {
      let type = try row.text("accountType")
      guard type == Assumptions.tradeAccountType else { continue }
      let currency = try row.currency("accountCurrency")
      rows.append(
        AccountPage.Row(
          cifNumber: try row.text("cusCifNo"), customerName: try row.text("cusName"),
          accountNumber: try row.text("accountNo"), accountType: type,
          status: try row.accountStatus("accountStatus"), currency: currency,
          balance: try row.money("currAccountBalance", currency)))
    }
    return AccountPage(rows: rows, totalPages: Int(pages))
  }

  static func statement(
    _ answer: AnswerFields, of accountNumber: String
  ) throws(UnreadableAnswer) -> [StatementLine] {
    let payload = try answer.object("payload")
    guard try payload.text("accountNumber") == accountNumber else {
      throw UnreadableAnswer("payload.accountNumber is not the account that was asked for")
    }
    var lines: [StatementLine] = []
    let details = try payload.object("transactionDetails")
    for entry in try details.objects("entry", atMost: Limits.statementLines) {
      lines.append(
        StatementLine(
          date: try entry.day("tranDate"), type: try entry.text("tranType"),
          reference: try entry.text("reference"), amount: try entry.decimal("tranAmount"),
          balance: try entry.decimal("balance")))
    }
    return lines
  }
}
