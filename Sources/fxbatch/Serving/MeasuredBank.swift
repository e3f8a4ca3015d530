import FXDomain
import FXPorts

/// A bank whose every call is counted and timed, by its kind and by what came of it. It passes on what
/// it is asked and what is answered, once, and changes neither.
struct MeasuredBank: BankGateway {
  let bank: any BankGateway
  /// Hears of a call: its name, one of a few words for what came of it, and how long it took.
  let note: @Sendable (_ call: String, _ outcome: String, _ took: Duration) -> Void

  var identity: BankIdentity { bank.identity }

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> {
    await measured("create_quote", \.word) { await bank.createQuote(request) }
  }

  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> {
    await measured("latest_quote", \.word) { await bank.latestQuote(quoteID) }
  }

  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> {
    await measured("cancel_quote", \.word) { await bank.cancelQuote(quoteID) }
  }

  func bookingBody(_ order: BookingOrder) -> [UInt8] { bank.bookingBody(order) }

  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    await measured("book", \.word) {
      await bank.book(order, timeoutMilliseconds: timeoutMilliseconds)
    }
  }

  func dealStatus(_ query: DealQuery) async -> StatusAnswer {
    await measured("deal_status", \.word) { await bank.dealStatus(query) }
  }

  func balance(accountNumber: String, cifNumber: String) async -> BankAnswer<AccountBalance> {
    await measured("balance", \.word) {
      await bank.balance(accountNumber: accountNumber, cifNumber: cifNumber)
    }
  }

  func accounts(page: Int) async -> BankAnswer<AccountPage> {
    await measured("accounts", \.word) { await bank.accounts(page: page) }
  }

  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> {
    await measured("statement", \.word) {
      await bank.statement(
        accountNumber: accountNumber, cifNumber: cifNumber, from: from, to: to)
    }
  }

  private func measured<Reply>(
    _ call: String, _ word: (Reply) -> String, _ make: () async -> Reply
  ) async -> Reply {
    let begin = ContinuousClock.now
    let reply = await make()
    note(call, word(reply), ContinuousClock.now - begin)
    return reply
  }
}

extension BankAnswer {
  fileprivate var word: String {
    switch self {
    case .success: "success"
    case .refused: "refused"
    case .trouble(let trouble): trouble.word
    }
  }
}

extension BookingAnswer {
  fileprivate var word: String {
    switch self {
    case .accepted: "success"
    case .refused: "refused"
    case .notSent: "not_sent"
    case .unclear(let trouble, _): "unclear_" + trouble.word
    }
  }
}

extension StatusAnswer {
  fileprivate var word: String {
    switch self {
    case .found: "success"
    case .notFound: "not_found"
    case .refused: "refused"
    case .trouble(let trouble): trouble.word
    }
  }
}

extension BankTrouble {
  fileprivate var word: String {
    switch self {
    case .notSent: "not_sent"
    case .timeout: "timeout"
    case .connectionLost: "connection_lost"
    case .unauthorized: "unauthorized"
    case .rateLimited: "rate_limited"
    case .httpStatus: "http_status"
    case .unreadable: "unreadable"
    }
  }
}
