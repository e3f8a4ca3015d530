import FXDomain
import FXPorts

extension SQLiteStore {
  public func batch(_ id: Identifier) async throws(StoreError) -> Batch? {
    try await read { transaction in
      try transaction.first(
        "SELECT * FROM batch_rows WHERE id = ?", id, read: { try $0.batch() })
    }
  }

  public func trade(_ id: Identifier) async throws(StoreError) -> Trade? {
    try await read { transaction in
      try transaction.first(
        "SELECT * FROM trade_rows WHERE id = ?", id, read: { try $0.trade() })
    }
  }

  public func failures(of batch: BatchKey) async throws(StoreError) -> [FailureGroup] {
    try await read { transaction in
      // Beside min(), SQLite takes the other columns from the row that holds the least.
      try transaction.all(
        """
        SELECT failure_code, count(*), failure_message, min(key) FROM trades
        WHERE status = 'failed' AND batch_key = ? AND is_removed = 0 GROUP BY failure_code
        ORDER BY count(*) DESC, failure_code
        """, batch,
        read: {
          FailureGroup(code: try $0.next(), count: try $0.next(), example: try $0.next())
        })
    }
  }

  public func totals(of batch: BatchKey) async throws(StoreError) -> BatchTotals {
    try await read { try $0.totals(of: batch) }
  }
}

extension Transaction {
  // MARK: Sums

  private struct Sums {
    var pair: CurrencyPair
    var currency: Currency
    var requested: Int64
    var dealt: Int64
    var countered: Int64
    var margin: Int64
    var roundingDifference: Int64
  }

  fileprivate func totals(of batch: BatchKey) throws -> BatchTotals {
    let groups = try all(
      """
      SELECT base, quote, deal_currency, sum(deal_amount),
        sum(CASE WHEN status IN ('booked', 'completed') THEN deal_amount ELSE 0 END),
        sum(CASE WHEN status IN ('booked', 'completed') THEN coalesce(counter_amount, 0) ELSE 0 END),
        sum(CASE WHEN status IN ('booked', 'completed') THEN coalesce(margin, 0) ELSE 0 END),
        sum(CASE WHEN status IN ('booked', 'completed') THEN coalesce(rounding_difference, 0)
          ELSE 0 END)
      FROM trades WHERE batch_key = ? AND is_removed = 0 GROUP BY base, quote, deal_currency
      """, batch,
      read: { row -> Sums in
        let base: Currency = try row.next()
        let quote: Currency = try row.next()
        guard let pair = CurrencyPair(base: base, quote: quote) else {
          throw StoreError.corrupt("\(base)/\(quote) is no pair.")
        }
        return Sums(
          pair: pair, currency: try row.next(), requested: try row.next(), dealt: try row.next(),
          countered: try row.next(), margin: try row.next(), roundingDifference: try row.next())
      })
    return BatchTotals(
      requested: try byCurrency(groups) { ($0.currency, $0.requested) },
      dealt: try byCurrency(groups) { ($0.currency, $0.dealt) },
      countered: try byCurrency(groups) { ($0.pair.counter(of: $0.currency), $0.countered) },
      margin: try byCurrency(groups) { ($0.pair.quote, $0.margin) },
      roundingDifference: try byCurrency(groups) { ($0.pair.quote, $0.roundingDifference) })
  }

  private func byCurrency(
    _ groups: [Sums], _ amount: (Sums) -> (Currency, Int64)
  ) throws -> [Money] {
    var sums: [Currency: Money] = [:]
    for (currency, units) in groups.map(amount) {
      sums[currency] = try (sums[currency] ?? .zero(currency))
        .adding(Money(minorUnits: units, currency: currency))
    }
    return sums.values.sorted { $0.currency < $1.currency }
  }
}
