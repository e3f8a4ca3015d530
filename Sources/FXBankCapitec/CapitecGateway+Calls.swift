import FXDomain
import FXPorts

extension CapitecGateway {
  public func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> {
    await answer(.createQuote, RequestBodies.createQuote(request), AnswerContents.createdQuote)
  }

  public func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> {
    await answer(.latestQuote, RequestBodies.quoteID(quoteID)) {
      fields throws(UnreadableAnswer) in
      try AnswerContents.quotedRate(fields, of: quoteID)
    }
  }

  public func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> {
    await answer(.cancelQuote, RequestBodies.quoteID(quoteID)) { _ in Nothing() }
  }

  public func dealStatus(_ query: DealQuery) async -> StatusAnswer {
    switch await verdict(.dealStatus, RequestBodies.dealStatus(query)) {
    case .success(let fields, let receipt):
      do {
        return .found(try AnswerContents.foundDeal(fields, askedBy: query), receipt)
      } catch {
        return .trouble(.unreadable(error.why))
      }
    case .refused(let refusal, let receipt, let status):
      // Proof that nothing was booked may rest on this answer, so nothing else is read as it.
      guard refusal.reasonCode == Assumptions.notFoundReason, status == 200 else {
        return .refused(refusal, receipt)
      }
      return .notFound(receipt)
    case .trouble(let trouble, _): return .trouble(trouble)
    }
  }

  public func balance(
    accountNumber: String, cifNumber: String
  ) async -> BankAnswer<AccountBalance> {
    await answer(
      .balance, RequestBodies.account(number: accountNumber, cifNumber: cifNumber),
      AnswerContents.balance)
  }

  public func accounts(page: Int) async -> BankAnswer<AccountPage> {
    await answer(.bulkBalance, RequestBodies.page(page), AnswerContents.accountPage)
  }

  public func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> {
    let members =
      RequestBodies.account(number: accountNumber, cifNumber: cifNumber)
      + [("fromDate", .string(from.description)), ("toDate", .string(to.description))]
    return await answer(.statement, members) { fields throws(UnreadableAnswer) in
      try AnswerContents.statement(fields, of: accountNumber)
    }
  }

  private func answer<Content: Hashable & Sendable>(
    _ kind: CallKind, _ members: [(String, RequestValue)],
    _ read: (AnswerFields) throws(UnreadableAnswer) -> Content
  ) async -> BankAnswer<Content> {
    switch await verdict(kind, members) {
    case .success(let fields, let receipt):
      do {
        return .success(try read(fields), receipt)
      } catch {
        return .trouble(.unreadable(error.why))
      }
    case .refused(let refusal, let receipt, _): return .refused(refusal, receipt)
    case .trouble(let trouble, _): return .trouble(trouble)
    }
  }
}
