import FXDomain
import GRDB

/// What a quote is asked for.
struct QuoteTerms: Hashable, Sendable {
  let cif: String
  let pair: CurrencyPair
  let side: Side
  let delivery: Delivery
  let settlementDate: CivilDate
  let amount: Money
  /// Debited and credited account of the customer.
  let from: String
  let to: String

  /// What the customer pays in: the quote currency of a buy, the base currency of a sell.
  var debitCurrency: Currency { side == .buy ? pair.quote : pair.base }
  var creditCurrency: Currency { pair.counter(of: debitCurrency) }

  /// Debit and credit at a rate: the deal amount is one of them, the other is rounded half-up to its
  /// minor unit; nil when it does not fit 64 bits.
  func legs(at rate: Rate) -> (debit: Money, credit: Money)? {
    let counterCurrency = pair.counter(of: amount.currency)
    var numerator = Int128(amount.minorUnits) * Self.scale(counterCurrency)
    var denominator = Self.scale(amount.currency)
    if amount.currency == pair.quote {
      numerator *= 100_000_000
      denominator *= Int128(rate.units)
    } else {
      numerator *= Int128(rate.units)
      denominator *= 100_000_000
    }
    guard let minorUnits = Int64(exactly: (numerator + denominator / 2) / denominator) else {
      return nil
    }
    let counter = Money(minorUnits: minorUnits, currency: counterCurrency)
    return amount.currency == debitCurrency ? (amount, counter) : (counter, amount)
  }

  private static func scale(_ currency: Currency) -> Int128 {
    var scale: Int128 = 1
    for _ in 0..<currency.minorUnitDigits { scale *= 10 }
    return scale
  }
}

enum QuoteState: String, Hashable, Sendable {
  case live
  case used
  case cancelled
}

struct Quote: Hashable, Sendable {
  let id: Int64
  let expiresAt: Timestamp
  let rate: Rate
  let state: QuoteState
  let terms: QuoteTerms

  /// Refuses a quote that can no longer be dealt on.
  func requireLive(at now: Timestamp) throws(BankRefusal) {
    switch state {
    case .used: throw BankRefusal(.quoteUsed, "quote \(id) is booked")
    case .cancelled: throw BankRefusal(.business, "quote \(id) is cancelled")
    case .live:
      guard now < expiresAt else {
        throw BankRefusal(.quoteExpired, "quote \(id) expired at \(expiresAt)")
      }
    }
  }
}

extension QuoteTerms {
  /// No deal is larger than this, in minor units, so that sums fit 64 bits with room to spare.
  static let maximumAmount: Int64 = 1_000_000_000_000_000

  /// Reads the `customer` and `trade` of CreateQuote.
  init(_ request: RequestFields) throws(BankRefusal) {
    let customer = try request.object("customer")
    let trade = try request.object("trade")
    guard let pair = CurrencyPair(try trade.text("currencyPair")) else {
      throw trade.invalid("currencyPair", "is no currency pair")
    }
    guard let side = Side(rawValue: try trade.text("tradeType").lowercased()) else {
      throw trade.invalid("tradeType", "must be Buy or Sell")
    }
    guard let delivery = Delivery(rawValue: try trade.text("deliveryType").lowercased()) else {
      throw trade.invalid("deliveryType", "must be Spot, Tom or Cash")
    }
    let dealCurrency = try trade.currency("dealCurrency")
    guard pair.contains(dealCurrency) else {
      throw trade.invalid("dealCurrency", "is not of the pair")
    }
    guard Timestamp(try trade.text("dealDateTime")) != nil else {
      throw trade.invalid("dealDateTime", "must be ISO 8601")
    }
    let amount = try trade.amount("dealCurrencyAmount", in: dealCurrency)
    guard amount.minorUnits <= Self.maximumAmount else {
      throw trade.invalid("dealCurrencyAmount", "is too large")
    }
    let from = try customer.object("fromSettlementAccount")
    let to = try customer.object("toSettlementAccount")
    self.init(
      cif: try customer.text("cifNo"), pair: pair, side: side, delivery: delivery,
      settlementDate: try trade.compactDay("settlementDate"), amount: amount,
      from: try from.text("accountNumber"), to: try to.text("accountNumber"))
    guard try from.currency("currency") == debitCurrency else {
      throw from.invalid("currency", "a \(side) of \(pair) is paid in \(debitCurrency)")
    }
    guard try to.currency("currency") == creditCurrency else {
      throw to.invalid("currency", "a \(side) of \(pair) pays out \(creditCurrency)")
    }
  }
}

extension Ledger {
  /// CreateQuote: a new quote that lives until its expiry by the bank's clock.
  func createQuote(_ terms: QuoteTerms, now: Timestamp) async throws -> Quote {
    try await database.write { db in
      let newest = try db.row("SELECT COALESCE(MAX(id), 0) AS id FROM quotes", [])
      let id: Int64 = (newest?["id"] ?? 0) + 1
      guard let rate = rates.rate(of: terms.pair, seed: settings.seed, number: id) else {
        throw BankRefusal.invalid("trade.currencyPair", "\(terms.pair) is not dealt")
      }
      for (number, currency) in [
        (terms.from, terms.debitCurrency), (terms.to, terms.creditCurrency),
      ] {
        try account(number, of: terms.cif, holding: currency, in: db).requireOpen()
      }
      let quote = Quote(
        id: id, expiresAt: now.advanced(byMilliseconds: settings.quoteLife), rate: rate,
        state: .live, terms: terms)
      try insert(quote, into: db)
      return quote
    }
  }

  /// GetLatestQuote.
  func latestQuote(_ id: Int64, now: Timestamp) async throws -> Quote {
    let quote = try await database.read { db in try self.quote(id, in: db) }
    try quote.requireLive(at: now)
    return quote
  }

  /// Whose quote it is, whatever has become of it.
  func customer(ofQuote id: Int64) async throws -> String {
    try await database.read { db in try self.quote(id, in: db).terms.cif }
  }

  /// CancelQuote. An expired quote may be cancelled too, a used one may not.
  func cancelQuote(_ id: Int64) async throws {
    try await database.write { db in
      switch try quote(id, in: db).state {
      case .used: throw BankRefusal(.quoteUsed, "quote \(id) is booked")
      case .live, .cancelled: try setState(.cancelled, of: id, in: db)
      }
    }
  }

  func setState(_ state: QuoteState, of id: Int64, in db: Database) throws {
    try db.perform("UPDATE quotes SET state = ? WHERE id = ?", [state.rawValue, id])
  }

  private func insert(_ quote: Quote, into db: Database) throws {
    let terms = quote.terms
    try db.perform(
      """
      INSERT INTO quotes (id, expires_at, rate, state, cif, pair, side, delivery, settlement_date,
        deal_currency, deal_amount, from_account, to_account)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      [
        quote.id, quote.expiresAt.milliseconds, quote.rate.units, quote.state.rawValue, terms.cif,
        terms.pair.description, terms.side.rawValue, terms.delivery.rawValue,
        terms.settlementDate.description, terms.amount.currency.code, terms.amount.minorUnits,
        terms.from, terms.to,
      ])
  }

  func quote(_ id: Int64, in db: Database) throws -> Quote {
    guard let row = try db.row("SELECT * FROM quotes WHERE id = ?", [id]) else {
      throw BankRefusal(.notFound, "there is no quote \(id)")
    }
    return Quote(row)
  }
}

extension Quote {
  /// A row of the table, whose constraints and sole writer vouch for its words.
  init(_ row: Row) {
    guard let state = QuoteState(rawValue: row["state"]),
      let terms = QuoteTerms(row)
    else { preconditionFailure("the row of quote \(row["id"] as Int64) is not ours") }
    self.init(
      id: row["id"], expiresAt: Timestamp(milliseconds: row["expires_at"]),
      rate: Rate(units: row["rate"]), state: state, terms: terms)
  }
}

extension QuoteTerms {
  init?(_ row: Row) {
    guard let pair = CurrencyPair(row["pair"] as String), let side = Side(rawValue: row["side"]),
      let delivery = Delivery(rawValue: row["delivery"]),
      let settlementDate = CivilDate(row["settlement_date"] as String)
    else { return nil }
    self.init(
      cif: row["cif"], pair: pair, side: side, delivery: delivery, settlementDate: settlementDate,
      amount: row.money("deal_amount", in: row.currency("deal_currency")),
      from: row["from_account"], to: row["to_account"])
  }
}
