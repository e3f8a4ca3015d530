import FXDomain
import FXJSON

extension BankCall {
  /// The path of the call: trading, accounts and tokens each below a base of their own.
  var path: String {
    switch self {
    case .token: "/oauth2/v2.0/token"
    case .balance: "/account/api/v1/balance"
    case .bulkBalance: "/account/api/v1/bulk-balance"
    case .statement: "/account/api/v1/statement"
    case .quote: "/trading-channel-service/api/v1/createquote"
    case .latestQuote: "/trading-channel-service/api/v1/getlatestquote"
    case .book: "/trading-channel-service/api/v1/bookquoteddeal"
    case .cancel: "/trading-channel-service/api/v1/cancelquote"
    case .status: "/trading-channel-service/api/v1/GetTxnStatus"
    }
  }

  static let byPath = Dictionary(uniqueKeysWithValues: allCases.map { ($0.path, $0) })
}

/// The business calls in the bank's words: each reads its request, asks the ledger, and gives the
/// members that a success adds to the envelope.
struct BusinessCalls: Sendable {
  typealias Members = [JSON.Member]

  let ledger: Ledger
  /// The bank's clock.
  let clock: @Sendable () -> Timestamp

  /// Answers a call; refusals and failures come in the envelope too.
  ///
  /// - Parameters:
  ///   - transactionID: the id in the header of this answer.
  ///   - settlementFails: whether a deal booked by this call settles as `FAILED`.
  func answer(
    _ call: BankCall, body: [UInt8], transactionID: Identifier, settlementFails: Bool
  ) async -> Answer {
    do {
      let request = try RequestFields(body: body)
      let userID = try request.object("header").text("userId")
      let members =
        switch call {
        case .balance: try await balance(request)
        case .bulkBalance: try await bulkBalance(request)
        case .statement: try await statement(request)
        case .quote: try await createQuote(request)
        case .latestQuote: try await latestQuote(request)
        case .book: try await book(request, userID, transactionID, settlementFails)
        case .cancel: try await cancelQuote(request)
        case .status: try await status(request, transactionID)
        case .token: preconditionFailure("a token is no business call")
        }
      return .success(transactionID: transactionID, members)
    } catch let refusal as BankRefusal {
      return .refusal(refusal, transactionID: transactionID)
    } catch {
      return .refusal(
        BankRefusal(.internal, "\(error)"), transactionID: transactionID,
        status: .internalServerError)
    }
  }

  /// The CIF number that a call is about; nil for a call that bears none, or cannot be understood.
  func customer(of call: BankCall, body: [UInt8]) async throws -> String? {
    do {
      let request = try RequestFields(body: body)
      return switch call {
      case .token, .bulkBalance: nil
      case .balance, .statement: try request.text("cifNumber")
      case .quote: try request.object("customer").text("cifNo")
      case .latestQuote, .cancel: try await ledger.customer(ofQuote: request.integer("quoteID"))
      case .book: try await ledger.customer(ofQuote: request.object("trade").integer("quoteID"))
      case .status:
        try await ledger.deal(of: request.text("transactionID"), now: clock()).terms.cif
      }
    } catch is BankRefusal {
      return nil
    }
  }

  private func balance(_ request: RequestFields) async throws -> Members {
    let account = try await ledger.account(
      request.text("accountNumber"), of: request.text("cifNumber"))
    return [
      .init(name: "accountName", value: .string(account.name)),
      .init(name: "accountStatus", value: .string(account.status)),
      .init(name: "currentBalance", value: account.number(account.balance)),
      .init(name: "availableBalance", value: account.number(account.balance)),
    ]
  }

  private func bulkBalance(_ request: RequestFields) async throws -> Members {
    let page = try request.integer("page")
    let size = try request.integer("size")
    guard (0...1_000_000).contains(page) else {
      throw request.invalid("page", "must be 0 to 1000000")
    }
    guard (1...100).contains(size) else { throw request.invalid("size", "must be 1 to 100") }
    let (accounts, pages) = try await ledger.accounts(page: page, size: size)
    let content = accounts.map { account -> JSON in
      [
        "cusCifNo": .string(account.cif),
        "cusName": .string(account.name),
        "accountNo": .string(account.number),
        "accountType": .string(account.type),
        "accountStatus": .string(account.status),
        "accountCurrency": .string(account.money(0).currency.code),
        "currAccountBalance": account.number(account.balance),
      ]
    }
    return payload(["content": .array(content), "page": ["totalPages": .integer(pages)]])
  }

  private func statement(_ request: RequestFields) async throws -> Members {
    let from = try request.day("fromDate")
    let through = try request.day("toDate")
    guard from <= through else { throw request.invalid("toDate", "is before fromDate") }
    let statement = try await ledger.statement(
      request.text("accountNumber"), of: request.text("cifNumber"), from: from, through: through)
    let account = statement.account
    let entries = statement.entries.map { entry -> JSON in
      [
        "tranDate": .string(entry.day.description),
        "tranType": entry.amount < 0 ? "DEBIT" : "CREDIT",
        "reference": .string(entry.reference),
        "tranAmount": account.number(entry.amount),
        "balance": account.number(entry.balance),
        "fees": account.number(0),
      ]
    }
    let total = (statement.entries.last?.balance ?? statement.broughtForward)
      .subtractingReportingOverflow(statement.broughtForward).partialValue
    return payload([
      "accountNumber": .string(account.number),
      "productName": .string(account.type),
      "currencyCode": .string(account.money(0).currency.code),
      "accountName": .string(account.name),
      "transactionDetails": [
        "balanceBroughtForward": account.number(statement.broughtForward),
        "entry": .array(entries),
      ],
      "total": ["amount": account.number(total), "fees": account.number(0)],
    ])
  }

  private func createQuote(_ request: RequestFields) async throws -> Members {
    let quote = try await ledger.createQuote(try QuoteTerms(request), now: clock())
    return payload([
      "quoteId": .integer(quote.id),
      "quoteExpiryDateTime": .string(quote.expiresAt.description),
    ])
  }

  private func latestQuote(_ request: RequestFields) async throws -> Members {
    let quote = try await ledger.latestQuote(request.integer("quoteID"), now: clock())
    return payload([
      "quoteId": .integer(quote.id),
      "quoteExpiryDateTime": .string(quote.expiresAt.description),
      "quoteRate": .number(quote.rate.decimalText),
    ])
  }

  private func book(
    _ request: RequestFields, _ userID: String, _ transactionID: Identifier, _ fails: Bool
  ) async throws -> Members {
    let trade = try request.object("trade")
    let order = BookingOrder(
      quoteID: try trade.integer("quoteID"),
      dealTransactionID: try trade.text("dealTransactionID"),
      quoteRate: try trade.rate("quoteRate"), dealRate: try trade.rate("dealRate"),
      userID: userID)
    try await ledger.book(order, transactionID: transactionID, fails: fails, clock: clock)
    return []
  }

  private func cancelQuote(_ request: RequestFields) async throws -> Members {
    try await ledger.cancelQuote(request.integer("quoteID"))
    return []
  }

  private func status(
    _ request: RequestFields, _ transactionID: Identifier
  ) async throws -> Members {
    let now = clock()
    let deal = try await ledger.deal(of: request.text("transactionID"), now: now)
    let transaction: JSON = [
      "transactionId": .string(deal.bankTransactionID),
      "userID": .string(deal.userID),
      "organisation": .string(deal.terms.cif),
      "operation": "BookQuotedDeal",
      "correlationID": .string(transactionID.description),
      "status": .string(deal.settlement(at: now).rawValue),
      "systemID": "SANDBOX",
      "context": [
        "transactionId": .string(deal.dealTransactionID),
        "thirdPartyDealID": .string(deal.reference),
      ],
    ]
    return [.init(name: "transaction", value: transaction)]
  }

  private func payload(_ value: JSON) -> Members { [.init(name: "payload", value: value)] }
}

extension Account {
  /// An amount of this account's currency as a JSON number of exact decimal text.
  fileprivate func number(_ minorUnits: Int64) -> JSON {
    .number(money(minorUnits).decimalText)
  }
}
