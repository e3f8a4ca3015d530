import FXDomain
import FXPorts

extension SQLiteStore {
  public func batch(_ id: Identifier) async throws(StoreError) -> Batch? {
    try await read { transaction in
      try transaction.first(
        "SELECT * FROM batch_rows WHERE id = ?", id, read: { try $0.batch() })
    }
  }

  public func batches(_ query: BatchQuery) async throws(StoreError) -> [Batch] {
    try await read { try $0.batches(query) }
  }

  public func trade(_ id: Identifier) async throws(StoreError) -> Trade? {
    try await read { transaction in
      try transaction.first(
        "SELECT * FROM trade_rows WHERE id = ?", id, read: { try $0.trade() })
    }
  }

  public func trades(_ query: TradeQuery) async throws(StoreError) -> [Trade] {
    try await read { try $0.trades(query) }
  }

  public func failures(of batch: BatchKey) async throws(StoreError) -> [FailureGroup] {
    try await read { transaction in
      // Beside min(), SQLite takes the other columns from the row that holds the least.
      try transaction.all(
        """
        SELECT failure_code, count(*), failure_message, min(key) FROM trades
        WHERE status = 'failed' AND batch_key = ? GROUP BY failure_code
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

/// A query's statuses as a text that the database can look in; nil when all will do.
private func choice<Status: RawRepresentable<String>>(_ statuses: Set<Status>) -> String? {
  statuses.isEmpty ? nil : "|" + statuses.map(\.rawValue).sorted().joined(separator: "|") + "|"
}

extension Transaction {
  // MARK: Batches

  fileprivate func batches(_ query: BatchQuery) throws -> [Batch] {
    var after: Batch?
    if let id = query.after {
      after = try first("SELECT * FROM batch_rows WHERE id = ?", id, read: { try $0.batch() })
      if after == nil { return [] }
    }
    let text = query.text.flatMap { $0.isEmpty ? nil : $0 }
    let start: BatchKey
    switch query.order {
    case .queue: return try queue(query, text: text, after: after)
    case .newestFirst: start = after?.key ?? BatchKey(.max)
    case .oldestFirst: start = after?.key ?? BatchKey(0)
    }
    let statuses: [BatchStatus?] = query.statuses.isEmpty ? [nil] : Array(query.statuses)
    let found = try statuses.flatMap { status in
      try page(status, text: text, query.order, after: start, limit: query.limit)
    }
    let sorted = found.sorted {
      query.order == .newestFirst ? $0.key > $1.key : $0.key < $1.key
    }
    return Array(sorted.prefix(query.limit))
  }

  /// One status' part of a page: each is a range of an index, and merging them is cheap.
  private func page(
    _ status: BatchStatus?, text: String?, _ order: BatchQuery.Order, after: BatchKey, limit: Int
  ) throws -> [Batch] {
    switch (status, order == .newestFirst) {
    case (nil, true):
      try all(
        """
        SELECT * FROM batch_rows WHERE key < ? AND instr(lower(name), lower(coalesce(?, ''))) > 0
        ORDER BY key DESC LIMIT ?
        """, after, text, limit, read: { try $0.batch() })
    case (nil, false):
      try all(
        """
        SELECT * FROM batch_rows WHERE key > ? AND instr(lower(name), lower(coalesce(?, ''))) > 0
        ORDER BY key LIMIT ?
        """, after, text, limit, read: { try $0.batch() })
    case (let status?, true):
      try all(
        """
        SELECT * FROM batch_rows WHERE status = ? AND key < ?
          AND instr(lower(name), lower(coalesce(?, ''))) > 0 ORDER BY key DESC LIMIT ?
        """, status, after, text, limit, read: { try $0.batch() })
    case (let status?, false):
      try all(
        """
        SELECT * FROM batch_rows WHERE status = ? AND key > ?
          AND instr(lower(name), lower(coalesce(?, ''))) > 0 ORDER BY key LIMIT ?
        """, status, after, text, limit, read: { try $0.batch() })
    }
  }

  /// The order of the queue. Only batches that have not ended stand in its index; asked for others,
  /// all are sorted.
  private func queue(_ query: BatchQuery, text: String?, after: Batch?) throws -> [Batch] {
    let isOpen = !query.statuses.isEmpty && query.statuses.allSatisfy { !$0.isFinal }
    let sql: StaticString =
      isOpen
      ? """
      SELECT * FROM batch_rows WHERE completed_at IS NULL AND instr(?1, '|' || status || '|') > 0
        AND instr(lower(name), lower(coalesce(?2, ''))) > 0 AND (?3 IS NULL OR priority < ?3
        OR (priority = ?3 AND (queue_position, created_at, key) > (?4, ?5, ?6)))
      ORDER BY priority DESC, queue_position, created_at, key LIMIT ?7
      """
      : """
      SELECT * FROM batch_rows WHERE (?1 IS NULL OR instr(?1, '|' || status || '|') > 0)
        AND instr(lower(name), lower(coalesce(?2, ''))) > 0 AND (?3 IS NULL OR priority < ?3
        OR (priority = ?3 AND (queue_position, created_at, key) > (?4, ?5, ?6)))
      ORDER BY priority DESC, queue_position, created_at, key LIMIT ?7
      """
    return try all(
      sql, choice(query.statuses), text, after?.priority, after?.queuePosition,
      after?.createdAt, after?.key, query.limit, read: { try $0.batch() })
  }

  // MARK: Trades

  /// A page of trades. The narrowest of the conditions leads, by its index; the others filter.
  func trades(_ query: TradeQuery) throws -> [Trade] {
    let after = query.after ?? TradeKey(0)
    let statuses = choice(query.statuses)
    if let cifNumber = query.cifNumber {
      guard let client = try client(cifNumber: cifNumber) else { return [] }
      return try all(
        """
        SELECT * FROM trade_rows WHERE client_key = ?1 AND key > ?2
          AND (?3 IS NULL OR batch_key = ?3) AND (?4 IS NULL OR failure_code = ?4)
          AND (?5 IS NULL OR instr(?5, '|' || status || '|') > 0) ORDER BY key LIMIT ?6
        """, client.key, after, query.batch, query.code, statuses, query.limit,
        read: { try $0.trade() })
    }
    if let code = query.code {
      return try page(query, statuses, leading: code, after: after)
    }
    if query.statuses.isEmpty {
      let bounds =
        try query.batch.map { try keys(of: $0) } ?? (before: TradeKey(0), last: TradeKey(.max))
      return try all(
        "SELECT * FROM trade_rows WHERE key > ? AND key <= ? ORDER BY key LIMIT ?",
        max(after, bounds.before), bounds.last, query.limit, read: { try $0.trade() })
    }
    let found = try query.statuses.flatMap { try page(query, leading: $0, after: after) }
    return Array(found.sorted { $0.key < $1.key }.prefix(query.limit))
  }

  // Batches' trades lie side by side in the order of the batches. So a page over all batches is the
  // rest of the batch that the last page ended in, and then the batches after it; each is one range.

  private func page(
    _ query: TradeQuery, leading status: TradeStatus, after: TradeKey
  ) throws -> [Trade] {
    let batch = try query.batch ?? self.batch(holding: after)
    let rest = try all(
      "SELECT * FROM trade_rows WHERE status = ? AND batch_key = ? AND key > ? ORDER BY key LIMIT ?",
      status, batch, after, query.limit, read: { try $0.trade() })
    guard query.batch == nil, rest.count < query.limit else { return rest }
    return try rest
      + all(
        """
        SELECT * FROM trade_rows WHERE status = ? AND batch_key > ? ORDER BY batch_key, key LIMIT ?
        """, status, batch, query.limit - rest.count, read: { try $0.trade() })
  }

  private func page(
    _ query: TradeQuery, _ statuses: String?, leading code: FailureCode, after: TradeKey
  ) throws -> [Trade] {
    let batch = try query.batch ?? self.batch(holding: after)
    let rest = try all(
      """
      SELECT * FROM trade_rows WHERE failure_code = ?1 AND batch_key = ?2 AND key > ?3
        AND (?4 IS NULL OR instr(?4, '|' || status || '|') > 0) ORDER BY key LIMIT ?5
      """, code, batch, after, statuses, query.limit, read: { try $0.trade() })
    guard query.batch == nil, rest.count < query.limit else { return rest }
    return try rest
      + all(
        """
        SELECT * FROM trade_rows WHERE failure_code = ?1 AND batch_key > ?2
          AND (?3 IS NULL OR instr(?3, '|' || status || '|') > 0) ORDER BY batch_key, key LIMIT ?4
        """, code, batch, statuses, query.limit - rest.count, read: { try $0.trade() })
  }

  /// The batch in whose trades a key lies; no batch before the first.
  private func batch(holding trade: TradeKey) throws -> BatchKey {
    try value("SELECT batch_key FROM trades WHERE key <= ? ORDER BY key DESC LIMIT 1", trade)
      ?? BatchKey(0)
  }

  /// The keys of a batch's trades: all after the first, up to the second.
  private func keys(of batch: BatchKey) throws -> (before: TradeKey, last: TradeKey) {
    let bounds = try first(
      """
      SELECT first_trade - 1, first_trade - 1 + pending + quoting + booking + booked + in_doubt
        + completed + failed + cancelled FROM batches WHERE key = ?
      """, batch, read: { (before: try $0.next() as TradeKey, last: try $0.next() as TradeKey) })
    return bounds ?? (TradeKey(0), TradeKey(0))
  }

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
    let keys = try keys(of: batch)
    let groups = try all(
      """
      SELECT base, quote, deal_currency, sum(deal_amount),
        sum(CASE WHEN status IN ('booked', 'completed') THEN deal_amount ELSE 0 END),
        sum(CASE WHEN status IN ('booked', 'completed') THEN coalesce(counter_amount, 0) ELSE 0 END),
        sum(CASE WHEN status IN ('booked', 'completed') THEN coalesce(margin, 0) ELSE 0 END),
        sum(CASE WHEN status IN ('booked', 'completed') THEN coalesce(rounding_difference, 0)
          ELSE 0 END)
      FROM trades WHERE key > ? AND key <= ? GROUP BY base, quote, deal_currency
      """, keys.before, keys.last,
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
