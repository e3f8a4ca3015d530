import FXDomain
import FXPorts

extension ColumnReader {
  /// A row of the view `trade_rows`.
  mutating func trade() throws -> Trade {
    let key: TradeKey = try next()
    let id: Identifier = try next()
    let batch: BatchKey = try next()
    let batchID: Identifier = try next()
    let client = Client(
      key: try next(), name: try next(), cifNumber: try next(), spread: .zero)
    let row: Int = try next()
    let deal = try deal()
    let draft = TradeDraft(
      row: row, client: client.key, deal: deal, delivery: try next(), valueDate: try next(),
      allowance: try next(), externalRef: try next(), spread: try next(), fixedRate: try next())
    var trade = Trade(
      key: key, id: id, batch: batch, batchID: batchID, client: client, draft: draft,
      createdAt: try next())
    trade.status = try next()
    trade.attempt = try next()
    trade.roundAttempts = try next()
    trade.quoteTries = try next()
    trade.notBefore = try next()
    trade.figures = try figures(of: deal)
    trade.dealTransactionID = try next()
    trade.bankTransactionID = try next()
    trade.dealReference = try next()
    trade.failure = try failure()
    trade.isResolvedByPerson = try next()
    trade.bookedAt = try next()
    trade.doubtSince = try next()
    trade.escalatedAt = try next()
    trade.updatedAt = try next()
    trade.completedAt = try next()
    trade.version = try next()
    guard !isAtEnd else { return trade }
    let value: Int64? = try next()
    trade.value = value.map { Money(minorUnits: $0, currency: .zar) }
    trade.usageDay = try next()
    return trade
  }

  mutating func deal() throws -> Deal {
    let base: Currency = try next()
    let quote: Currency = try next()
    let side: Side = try next()
    let currency: Currency = try next()
    let amount = Money(minorUnits: try next(), currency: currency)
    guard let pair = CurrencyPair(base: base, quote: quote),
      let deal = Deal(pair: pair, side: side, amount: amount)
    else { throw StoreError.corrupt("\(currency) is not of the pair \(base)/\(quote)") }
    return deal
  }

  private mutating func figures(of deal: Deal) throws -> QuoteFigures? {
    let quoteID: Int64? = try next()
    let expiresAt: Timestamp? = try next()
    let quoteRate: Rate? = try next()
    let clientRate: Rate? = try next()
    let counterAmount: Int64? = try next()
    let marginPips: Pips? = try next()
    let margin: Int64? = try next()
    let residual: Int64? = try next()
    let roundingDifference: Int64? = try next()
    guard let quoteID, let expiresAt, let quoteRate, let clientRate, let counterAmount,
      let marginPips, let margin, let residual, let roundingDifference
    else { return nil }
    let quote = deal.pair.quote
    return QuoteFigures(
      quoteID: quoteID, expiresAt: expiresAt,
      priced: Priced(
        quoteRate: quoteRate, clientRate: clientRate,
        counterAmount: Money(
          minorUnits: counterAmount, currency: deal.pair.counter(of: deal.amount.currency)),
        marginPips: marginPips, margin: Money(minorUnits: margin, currency: quote),
        residual: Money(minorUnits: residual, currency: quote),
        roundingDifference: Money(minorUnits: roundingDifference, currency: quote)))
  }

  private mutating func failure() throws -> Failure? {
    let code: FailureCode? = try next()
    let message: String? = try next()
    let bankReasonCode: String? = try next()
    let bankTransactionID: String? = try next()
    guard let code, let message else { return nil }
    return Failure(
      code, message, bankReasonCode: bankReasonCode, bankTransactionID: bankTransactionID)
  }

  /// A row of the view `attempt_rows`.
  mutating func attempt() throws -> Attempt {
    Attempt(
      trade: try next(), number: try next(), dealTransactionID: try next(), bank: try next(),
      quoteID: try next(), quoteRate: try next(), clientRate: try next(),
      quoteExpiresAt: try next(), generation: try next(), requestDigest: try next(),
      intentAt: try next(), outcome: try next(), bankTransactionID: try next(),
      endedAt: try next())
  }
}

extension Transaction {
  func trade(_ key: TradeKey) throws -> Trade? {
    if let known = openTrades?[key] { return known }
    return try first("SELECT * FROM trade_rows WHERE key = ?", key) { try $0.trade() }
  }

  /// Writes everything of a trade that can change. The generation is that of a new intent, if any.
  func write(_ trade: Trade, intentGeneration: Int64?) throws {
    let figures = trade.figures
    let priced = figures?.priced
    try run(
      """
      UPDATE trades SET status = ?, value_date = ?, attempt = ?, round_attempts = ?, quote_tries = ?,
        not_before = ?, quote_id = ?, quote_expires_at = ?, quote_rate = ?, client_rate = ?,
        counter_amount = ?, margin_pips = ?, margin = ?, residual = ?, rounding_difference = ?,
        deal_transaction_id = ?, bank_transaction_id = ?, deal_reference = ?, failure_code = ?,
        failure_message = ?, failure_bank_code = ?, failure_bank_transaction_id = ?,
        is_resolved_by_person = ?, booked_at = ?, doubt_since = ?, escalated_at = ?,
        updated_at = ?, completed_at = ?, version = ?, usage_day = ?,
        intent_generation = coalesce(?, intent_generation)
      WHERE key = ?
      """
    ) { row in
      row.add(trade.status)
      row.add(trade.valueDate)
      row.add(trade.attempt)
      row.add(trade.roundAttempts)
      row.add(trade.quoteTries)
      row.add(trade.notBefore)
      row.add(figures?.quoteID)
      row.add(figures?.expiresAt)
      row.add(priced?.quoteRate)
      row.add(priced?.clientRate)
      row.add(priced?.counterAmount.minorUnits)
      row.add(priced?.marginPips)
      row.add(priced?.margin.minorUnits)
      row.add(priced?.residual.minorUnits)
      row.add(priced?.roundingDifference.minorUnits)
      row.add(trade.dealTransactionID)
      row.add(trade.bankTransactionID)
      row.add(trade.dealReference)
      row.add(trade.failure?.code)
      row.add(trade.failure?.message)
      row.add(trade.failure?.bankReasonCode)
      row.add(trade.failure?.bankTransactionID)
      row.add(trade.isResolvedByPerson)
      row.add(trade.bookedAt)
      row.add(trade.doubtSince)
      row.add(trade.escalatedAt)
      row.add(trade.updatedAt)
      row.add(trade.completedAt)
      row.add(trade.version)
      row.add(trade.usageDay)
      row.add(intentGeneration)
      row.add(trade.key)
    }
    openTrades?.keep(trade)
    if trade.status == .inDoubt { noteDoubt() }
  }

  func insert(
    _ draft: TradeDraft, value: Money?, id: Identifier, key: TradeKey, batch: BatchKey
  ) throws {
    let deal = draft.deal
    try run(
      """
      INSERT INTO trades (key, id, batch_key, row, client_key, base, quote, side, deal_currency,
        deal_amount, delivery, value_date, allowance, external_ref, spread, fixed_rate, fingerprint,
        created_at, updated_at, value)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    ) { row in
      row.add(key)
      row.add(id)
      row.add(batch)
      row.add(draft.row)
      row.add(draft.client)
      row.add(deal.pair.base)
      row.add(deal.pair.quote)
      row.add(deal.side)
      row.add(deal.amount.currency)
      row.add(deal.amount.minorUnits)
      row.add(draft.delivery)
      row.add(draft.valueDate)
      row.add(draft.allowance)
      row.add(draft.externalRef)
      row.add(draft.spread)
      row.add(draft.fixedRate)
      row.add(draft.fingerprint)
      row.add(now)
      row.add(now)
      row.add(value?.minorUnits)
    }
  }

  func insert(_ attempt: Attempt) throws {
    try run(
      """
      INSERT INTO attempts (trade_key, number, deal_transaction_id, bank, quote_id, quote_rate,
        client_rate, quote_expires_at, generation, request_digest, intent_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """
    ) { row in
      row.add(attempt.trade)
      row.add(attempt.number)
      row.add(attempt.dealTransactionID)
      row.add(attempt.bank)
      row.add(attempt.quoteID)
      row.add(attempt.quoteRate)
      row.add(attempt.clientRate)
      row.add(attempt.quoteExpiresAt)
      row.add(attempt.generation)
      row.add(attempt.requestDigest)
      row.add(attempt.intentAt)
    }
  }
}
