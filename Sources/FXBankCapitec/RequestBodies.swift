import FXDomain
import FXPorts

/// The bodies of the business calls, but for their header.
enum RequestBodies {
  static func createQuote(_ request: QuoteRequest) -> [(String, RequestValue)] {
    let account = { (account: SettlementAccount) -> RequestValue in
      [
        "currency": .string(account.currency.code),
        "accountNumber": .string(account.accountNumber),
      ]
    }
    return [
      (
        "customer",
        [
          "cifNo": .string(request.cifNumber),
          "fromSettlementAccount": account(request.from),
          "toSettlementAccount": account(request.to),
        ]
      ),
      (
        "trade",
        [
          "tradeType": .string(tradeType(request.deal.side)),
          "deliveryType": .string(deliveryType(request.delivery)),
          "currencyPair": .string(request.deal.pair.description),
          "dealCurrency": .string(request.deal.amount.currency.code),
          "dealCurrencyAmount": .amount(request.deal.amount),
          "settlementDate": .string(compact(request.valueDate)),
          "dealDateTime": .string(request.at.description),
        ]
      ),
    ]
  }

  static func quoteID(_ quoteID: Int64) -> [(String, RequestValue)] {
    [("quoteID", .integer(quoteID))]
  }

  static func booking(_ order: BookingOrder) -> [(String, RequestValue)] {
    [
      (
        "trade",
        [
          "quoteID": .integer(order.quoteID),
          "dealTransactionID": .string(order.dealTransactionID.description),
          "quoteRate": .rate(order.quoteRate),
          "dealRate": .rate(order.clientRate),
        ]
      )
    ]
  }

  static func dealStatus(_ query: DealQuery) -> [(String, RequestValue)] {
    [(Assumptions.statusQueryMember, .string(query.askedID))]
  }

  static func account(number: String, cifNumber: String) -> [(String, RequestValue)] {
    [("accountNumber", .string(number)), ("cifNumber", .string(cifNumber))]
  }

  static func page(_ page: Int) -> [(String, RequestValue)] {
    [("page", .integer(Int64(page))), ("size", .integer(Int64(Limits.pageRows)))]
  }

  private static func tradeType(_ side: Side) -> String {
    switch side {
    case .buy: "Buy"
    case .sell: "Sell"
    }
  }

  private static func deliveryType(_ delivery: Delivery) -> String {
    switch delivery {
    case .cash: "Cash"
    case .tom: "Tom"
    case .spot: "Spot"
    }
  }

  /// `YYYYMMDD`.
  private static func compact(_ day: CivilDate) -> String {
    day.description.filter { $0 != "-" }
  }
}

extension DealQuery {
  var askedID: String {
    switch self {
    case .dealTransactionID(let id): id.description
    case .bankTransactionID(let id): id
    }
  }
}
