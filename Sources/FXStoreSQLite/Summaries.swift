import FXDomain
import FXPorts

extension SQLiteStore {
  public func summaries(
    of batches: [BatchKey]
  ) async throws(StoreError) -> [BatchSummary] {
    try await read { transaction in try batches.map { try transaction.summary(of: $0) } }
  }

  public func recount(_ batch: BatchKey) async throws(StoreError) -> Recount {
    try await read {
      Recount(
        kept: try $0.summary(of: batch), counted: try $0.counted(batch).summary,
        keptUsage: try $0.batch(batch)?.usage ?? Usage(),
        countedUsage: try $0.countedUsage(of: batch))
    }
  }
}

/// What a transaction changes of a batch's summary, until it is written.
struct SummaryChange {
  var sums: [DealTerms: DealSums] = [:]
  var failures: [FailureCode: FailureChange] = [:]

  var isEmpty: Bool { sums.isEmpty && failures.isEmpty }

  mutating func request(_ deal: Deal, times: Int128 = 1) {
    sums[DealTerms(of: deal), default: DealSums()].request(deal, times: times)
  }

  /// Most steps change nothing here: only those that begin or end a deal or a failure do.
  mutating func move(from before: Trade, to after: Trade) {
    if before.status.isDealt != after.status.isDealt {
      let terms = DealTerms(of: after.deal)
      sums[terms, default: DealSums()].deal(before, times: -1)
      sums[terms, default: DealSums()].deal(after)
    }
    if before.status == .failed, let code = before.failure?.code {
      failures[code, default: FailureChange()].leave(before.key)
    }
    if after.status == .failed, let code = after.failure?.code {
      failures[code, default: FailureChange()].join(after.key)
    }
  }
}

/// How a batch's failed trades of one code change.
struct FailureChange {
  var count = 0
  private var firstJoined: TradeKey?
  private var firstLeft: TradeKey?

  mutating func join(_ trade: TradeKey) {
    count += 1
    firstJoined = min(firstJoined ?? trade, trade)
  }

  mutating func leave(_ trade: TradeKey) {
    count -= 1
    firstLeft = min(firstLeft ?? trade, trade)
  }

  /// The first of the failed trades after the change, or nil where it may have left and has to be
  /// looked for.
  func first(before: TradeKey?) -> TradeKey? {
    guard let first = [before, firstJoined].compactMap({ $0 }).min() else { return nil }
    if let firstLeft, firstLeft <= first { return nil }
    return first
  }
}

/// A batch's trades as they are counted for a migration and a check.
struct CountedBatch {
  var sums: [DealTerms: DealSums]
  var failures: [(group: FailureGroup, first: TradeKey)]

  var summary: BatchSummary { BatchSummary(sums: sums, failures: failures.map(\.group)) }
}

extension Transaction {
  fileprivate func summary(of batch: BatchKey) throws -> BatchSummary {
    let sums = try all(
      """
      SELECT base, quote, deal_currency, requested, dealt, countered, margin, rounding_difference
      FROM batch_sums WHERE batch_key = ?
      """, batch, read: { (try $0.terms(), try $0.sums()) })
    let failures = try all(
      """
      SELECT f.code, f.trades, t.failure_message
      FROM batch_failures f CROSS JOIN trades t ON t.key = f.example WHERE f.batch_key = ?
      """, batch,
      read: { FailureGroup(code: try $0.next(), count: try $0.next(), example: try $0.next()) })
    return BatchSummary(
      sums: Dictionary(sums, uniquingKeysWith: { first, _ in first }), failures: failures)
  }

  // MARK: Writing

  /// Adds what has changed to what is kept; the trades are written already.
  func write(_ change: SummaryChange, of batch: BatchKey) throws {
    for (terms, change) in change.sums where change != DealSums() {
      var sums =
        try first(
          """
          SELECT requested, dealt, countered, margin, rounding_difference FROM batch_sums
          WHERE batch_key = ? AND base = ? AND quote = ? AND deal_currency = ?
          """, batch, terms.pair.base, terms.pair.quote, terms.currency, read: { try $0.sums() })
        ?? DealSums()
      sums += change
      try write(sums, of: terms, in: batch)
    }
    for (code, change) in change.failures {
      let kept = try first(
        "SELECT trades, example FROM batch_failures WHERE batch_key = ? AND code = ?", batch, code,
        read: { (count: try $0.next() as Int, first: try $0.next() as TradeKey) })
      let count = (kept?.count ?? 0) + change.count
      guard count >= 0 else {
        throw StoreError.inconsistent("Batch \(batch) counts fewer failures than it has.")
      }
      guard count > 0 else {
        try run("DELETE FROM batch_failures WHERE batch_key = ? AND code = ?", batch, code)
        continue
      }
      guard
        let first = try change.first(before: kept?.first) ?? firstFailed(with: code, in: batch)
      else { throw StoreError.inconsistent("No trade of batch \(batch) failed with \(code).") }
      try write(count, first, of: code, in: batch)
    }
  }

  /// Writes what was counted of a batch that nothing is kept of yet.
  func write(_ counted: CountedBatch, of batch: BatchKey) throws {
    for (terms, sums) in counted.sums { try write(sums, of: terms, in: batch) }
    for (group, first) in counted.failures {
      try write(group.count, first, of: group.code, in: batch)
    }
  }

  /// Forgets what is kept of a batch whose trades are in no list any more.
  func deleteSummary(of batch: BatchKey) throws {
    try summarize(batch) { $0 = SummaryChange() }
    try run("DELETE FROM batch_sums WHERE batch_key = ?", batch)
    try run("DELETE FROM batch_failures WHERE batch_key = ?", batch)
  }

  private func write(_ sums: DealSums, of terms: DealTerms, in batch: BatchKey) throws {
    guard sums != DealSums() else {
      return try run(
        """
        DELETE FROM batch_sums WHERE batch_key = ? AND base = ? AND quote = ? AND deal_currency = ?
        """, batch, terms.pair.base, terms.pair.quote, terms.currency)
    }
    try run(
      """
      INSERT INTO batch_sums (batch_key, base, quote, deal_currency, requested, dealt, countered,
        margin, rounding_difference)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET requested = excluded.requested,
        dealt = excluded.dealt, countered = excluded.countered, margin = excluded.margin,
        rounding_difference = excluded.rounding_difference
      """, batch, terms.pair.base, terms.pair.quote, terms.currency, sums.requested, sums.dealt,
      sums.countered, sums.margin, sums.roundingDifference)
  }

  private func write(
    _ count: Int, _ first: TradeKey, of code: FailureCode, in batch: BatchKey
  ) throws {
    try run(
      """
      INSERT INTO batch_failures (batch_key, code, trades, example) VALUES (?, ?, ?, ?)
      ON CONFLICT DO UPDATE SET trades = excluded.trades, example = excluded.example
      """, batch, code, count, first)
  }

  private func firstFailed(with code: FailureCode, in batch: BatchKey) throws -> TradeKey? {
    try value(
      """
      SELECT key FROM trades INDEXED BY trades_by_failure
      WHERE batch_key = ? AND failure_code = ? AND status = 'failed' AND is_removed = 0
      ORDER BY key LIMIT 1
      """, batch, code)
  }

  // MARK: Counting

  /// Counts a batch's trades. Amounts are summed in two halves, none of which overflows.
  func counted(_ batch: BatchKey) throws -> CountedBatch {
    let sums = try all(
      """
      SELECT base, quote, deal_currency, sum(deal_amount >> 32), sum(deal_amount & 0xffffffff),
        sum(dealt >> 32), sum(dealt & 0xffffffff),
        sum(countered >> 32), sum(countered & 0xffffffff),
        sum(margin >> 32), sum(margin & 0xffffffff),
        sum(rounding_difference >> 32), sum(rounding_difference & 0xffffffff)
      FROM (SELECT base, quote, deal_currency, deal_amount, is_dealt * deal_amount AS dealt,
          coalesce(is_dealt * counter_amount, 0) AS countered,
          coalesce(is_dealt * margin, 0) AS margin,
          coalesce(is_dealt * rounding_difference, 0) AS rounding_difference
        FROM (SELECT *, status IN ('booked', 'completed') AS is_dealt FROM trades
          WHERE batch_key = ? AND is_removed = 0))
      GROUP BY base, quote, deal_currency
      """, batch, read: { (try $0.terms(), try $0.halvedSums()) })
    let failures = try all(
      // Beside min(), SQLite takes the other columns from the row that holds the least.
      """
      SELECT failure_code, count(*), failure_message, min(key) FROM trades
      WHERE status = 'failed' AND batch_key = ? AND is_removed = 0 GROUP BY failure_code
      """, batch,
      read: { row -> (FailureGroup, TradeKey) in
        let group = FailureGroup(
          code: try row.next(), count: try row.next(), example: try row.next())
        return (group, try row.next())
      })
    return CountedBatch(
      sums: Dictionary(sums, uniquingKeysWith: { first, _ in first }),
      failures: failures.map { (group: $0.0, first: $0.1) })
  }
}

extension ColumnReader {
  mutating func terms() throws -> DealTerms {
    let base: Currency = try next()
    let quote: Currency = try next()
    let currency: Currency = try next()
    guard let pair = CurrencyPair(base: base, quote: quote),
      let terms = DealTerms(pair: pair, currency: currency)
    else { throw StoreError.corrupt("\(currency) is not of the pair \(base)/\(quote)") }
    return terms
  }

  fileprivate mutating func sums() throws -> DealSums {
    DealSums(
      requested: try next(), dealt: try next(), countered: try next(), margin: try next(),
      roundingDifference: try next())
  }

  fileprivate mutating func halvedSums() throws -> DealSums {
    DealSums(
      requested: try halves(), dealt: try halves(), countered: try halves(),
      margin: try halves(), roundingDifference: try halves())
  }

  mutating func halves() throws -> Int128 {
    let high: Int64 = try next()
    let low: Int64 = try next()
    return Int128(high) << 32 + Int128(low)
  }
}
