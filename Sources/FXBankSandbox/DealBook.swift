import FXDomain
import GRDB

/// What BookQuotedDeal asks for.
struct BookingOrder: Hashable, Sendable {
  let quoteID: Int64
  let dealTransactionID: String
  let quoteRate: Rate
  let dealRate: Rate
  let userID: String
}

/// How a deal stands at the bank; `FAILED` and `COMPLETED` are final.
enum Settlement: String, Hashable, Sendable {
  case pending = "PENDING"
  case completed = "COMPLETED"
  case failed = "FAILED"
}

/// A booked deal.
struct BankDeal: Hashable, Sendable {
  let number: Int64
  let quoteID: Int64
  let dealTransactionID: String
  let bankTransactionID: String
  let userID: String
  let terms: QuoteTerms
  let quoteRate: Rate
  let dealRate: Rate
  let counterAmount: Money
  let bookedAt: Timestamp
  let settlesAt: Timestamp
  /// What it settles as.
  let outcome: Settlement
  /// How many calls of BookQuotedDeal bore this deal's id.
  let received: Int64

  /// The bank's own reference.
  var reference: String { "SBX\(number)" }

  /// Nothing happens at the moment of settlement: the deal is looked at with the clock in hand.
  func settlement(at now: Timestamp) -> Settlement { now < settlesAt ? .pending : outcome }
}

extension Ledger {
  /// Counts a BookQuotedDeal that arrived, whatever comes of it.
  func noteReceived(_ dealTransactionID: String) async throws {
    try await database.write { db in
      try db.perform(
        """
        INSERT INTO received (deal_transaction_id, calls) VALUES (?, 1)
        ON CONFLICT (deal_transaction_id) DO UPDATE SET calls = calls + 1
        """, [dealTransactionID])
    }
  }

  /// BookQuotedDeal: checks and books in one transaction, so that no quote is dealt on twice.
  ///
  /// - Parameters:
  ///   - transactionID: the id in the header of the bank's answer.
  ///   - fails: whether the deal settles as `FAILED`; such a deal never moves money.
  func book(
    _ order: BookingOrder, transactionID: Identifier, fails: Bool,
    clock: @escaping @Sendable () -> Timestamp
  ) async throws {
    try await database.write { db in
      // The clock is read inside the transaction: a quote must live at the moment of booking, not
      // when the request came.
      let now = clock()
      let quote = try quote(order.quoteID, in: db)
      try quote.requireLive(at: now)
      guard order.quoteRate == quote.rate else {
        throw BankRefusal(.rateMismatch, "quote \(quote.id) is at \(quote.rate)")
      }
      let known = "SELECT 1 FROM deals WHERE deal_transaction_id = ? LIMIT 1"
      if settings.refuseRepeatedDealIDs, try db.row(known, [order.dealTransactionID]) != nil {
        throw BankRefusal(.business, "\(order.dealTransactionID) is booked already")
      }
      guard let legs = quote.terms.legs(at: order.dealRate) else {
        throw BankRefusal.invalid("trade.dealRate", "makes an amount that is too large")
      }
      try setState(.used, of: quote.id, in: db)
      let counter = quote.terms.amount == legs.debit ? legs.credit : legs.debit
      try db.perform(
        """
        INSERT INTO deals (quote_id, deal_transaction_id, bank_transaction_id, user_id, deal_rate,
          counter_currency, counter_amount, booked_at, settles_at, outcome)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
        [
          quote.id, order.dealTransactionID, transactionID.description, order.userID,
          order.dealRate.units, counter.currency.code, counter.minorUnits, now.milliseconds,
          now.milliseconds + settings.settlementDelay,
          (fails ? Settlement.failed : .completed).rawValue,
        ])
      try settle(quote.terms, legs, order.dealTransactionID, moves: !fails, at: now, in: db)
    }
  }

  /// Debits and credits the customer's accounts. Only a spot deal may be booked without the funds.
  private func settle(
    _ terms: QuoteTerms, _ legs: (debit: Money, credit: Money), _ reference: String, moves: Bool,
    at now: Timestamp, in db: Database
  ) throws {
    let from = try account(terms.from, of: terms.cif, holding: terms.debitCurrency, in: db)
    try from.requireOpen()
    guard terms.delivery == .spot || from.balance >= legs.debit.minorUnits else {
      throw BankRefusal(.business, "account \(terms.from) lacks the funds")
    }
    let to = try account(terms.to, of: terms.cif, holding: terms.creditCurrency, in: db)
    try to.requireOpen()
    guard moves else { return }
    let day = now.bankDay
    try post(-legs.debit.minorUnits, to: from, reference: reference, on: day, in: db)
    try post(legs.credit.minorUnits, to: to, reference: reference, on: day, in: db)
  }

  /// GetTxnStatus: the first deal of that id, once the bank's query shows it.
  func deal(of transactionID: String, now: Timestamp) async throws -> BankDeal {
    let shown = now.milliseconds - settings.statusLag
    let deal = try await database.read { db in
      let row: Row?
      switch settings.lookup {
      case .none: row = nil
      case .byDealTransactionID: row = try db.row(Self.dealOfClientID, [transactionID, shown])
      case .byBankTransactionID: row = try db.row(Self.dealOfBankID, [transactionID, shown])
      }
      return row.map(BankDeal.init)
    }
    guard let deal else {
      throw BankRefusal(.notFound, "there is no transaction \(transactionID)")
    }
    return deal
  }

  /// The deals numbered above `after`, in the order of booking.
  func deals(after number: Int64, limit: Int64) async throws -> [BankDeal] {
    try await database.read { db in
      try db.rows(
        Self.deals + " WHERE d.number > ? ORDER BY d.number LIMIT ?", [number, limit]
      ).map(BankDeal.init)
    }
  }

  /// The ids that BookQuotedDeal bore at least so often, with their counts.
  func received(atLeast calls: Int64, limit: Int64) async throws -> [(id: String, calls: Int64)] {
    try await database.read { db in
      try db.rows(
        """
        SELECT deal_transaction_id AS id, calls FROM received WHERE calls >= ?
        ORDER BY deal_transaction_id LIMIT ?
        """, [calls, limit]
      ).map { ($0["id"], $0["calls"]) }
    }
  }

  /// How many quotes, deals and distinct deal ids there are, and how many ids were booked twice.
  func totals() async throws -> [(name: String, count: Int64)] {
    try await database.read { db in
      let row = try db.row(
        """
        SELECT (SELECT COUNT(*) FROM quotes) AS quotes, (SELECT COUNT(*) FROM deals) AS deals,
          (SELECT COUNT(*) FROM received) AS deal_ids_received,
          (SELECT COUNT(*) FROM received WHERE calls > 1) AS deal_ids_repeated,
          (SELECT COUNT(*) FROM (SELECT 1 FROM deals GROUP BY deal_transaction_id
            HAVING COUNT(*) > 1)) AS deal_ids_booked_twice
        """, [])
      return row.map { row in row.columnNames.map { ($0, row[$0]) } } ?? []
    }
  }

  private static let deals = """
    SELECT q.*, d.*, COALESCE(r.calls, 0) AS received
    FROM deals d JOIN quotes q ON q.id = d.quote_id
    LEFT JOIN received r ON r.deal_transaction_id = d.deal_transaction_id
    """
  private static let dealOfClientID =
    deals + " WHERE d.deal_transaction_id = ? AND d.booked_at <= ? ORDER BY d.number LIMIT 1"
  private static let dealOfBankID =
    deals + " WHERE d.bank_transaction_id = ? AND d.booked_at <= ?"
}

extension BankDeal {
  /// A row of `deals` joined with its quote, whose constraints and sole writer vouch for its words.
  init(_ row: Row) {
    guard let terms = QuoteTerms(row), let outcome = Settlement(rawValue: row["outcome"]) else {
      preconditionFailure("the row of deal \(row["number"] as Int64) is not ours")
    }
    self.init(
      number: row["number"], quoteID: row["quote_id"],
      dealTransactionID: row["deal_transaction_id"],
      bankTransactionID: row["bank_transaction_id"], userID: row["user_id"], terms: terms,
      quoteRate: Rate(units: row["rate"]), dealRate: Rate(units: row["deal_rate"]),
      counterAmount: row.money("counter_amount", in: row.currency("counter_currency")),
      bookedAt: Timestamp(milliseconds: row["booked_at"]),
      settlesAt: Timestamp(milliseconds: row["settles_at"]), outcome: outcome,
      received: row["received"])
  }
}

extension Timestamp {
  /// The bank's calendar day: South Africa is two hours ahead of UTC all year.
  var bankDay: CivilDate {
    CivilDate(dayNumber: Int((milliseconds + 7_200_000) / 86_400_000))
  }
}
