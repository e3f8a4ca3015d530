import FXDomain
import FXPorts

extension SQLiteStore {
  public func warnOfSettlement(
    on day: CivilDate, actor: Actor, limit: Int
  ) async throws(StoreError) -> Bool {
    try await write(weight: limit) { transaction in
      guard try !transaction.exists("SELECT 1 FROM settlement_days WHERE day = ?", day) else {
        return true
      }
      let batches = try transaction.batchesToWarnOf(on: day, limit: limit)
      for batch in batches {
        let entry = Ledger.settlementDue(
          try transaction.dueTrades(of: batch, on: day), on: day, actor: actor)
        try transaction.log([entry], of: batch)
        try transaction.run(
          "INSERT INTO settlement_warnings (day, batch_key) VALUES (?, ?)", day, batch)
      }
      guard batches.count < limit else { return false }
      try transaction.run("INSERT INTO settlement_days (day) VALUES (?)", day)
      return true
    }
  }

  public func note(_ inquiry: Inquiry) async throws(StoreError) {
    try await write { try $0.note(inquiry) }
  }

  public func inquiries(about trade: TradeKey) async throws(StoreError) -> [Inquiry] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT trade_key, asked, is_by_our_id, answer, first_asked_at, last_asked_at,
          last_answered_at, bank_date, times
        FROM inquiries WHERE trade_key = ? ORDER BY key
        """, trade, read: { try $0.inquiry() })
    }
  }
}

extension Transaction {
  /// Through the indexes of what is open, and of what failed to settle: both are few.
  fileprivate func batchesToWarnOf(on day: CivilDate, limit: Int) throws -> [BatchKey] {
    try all(
      """
      SELECT batch_key FROM trades INDEXED BY trades_by_status
      WHERE status IN ('booked', 'in_doubt') AND is_removed = 0 AND value_date = ?1
      UNION
      SELECT f.batch_key FROM trades f INDEXED BY trades_by_failure
      WHERE f.failure_code = 'settlement_failed' AND f.status = 'failed' AND f.is_removed = 0
        AND f.value_date = ?1
      EXCEPT
      SELECT batch_key FROM settlement_warnings WHERE day = ?1
      ORDER BY batch_key LIMIT ?2
      """, day, limit, read: { try $0.next() })
  }

  fileprivate func dueTrades(of batch: BatchKey, on day: CivilDate) throws -> [Trade] {
    try all(
      """
      SELECT * FROM trade_rows WHERE batch_key = ? AND value_date = ?
        AND status IN ('booked', 'in_doubt', 'failed') ORDER BY key
      """, batch, day, read: { try $0.trade() }
    ).filter { $0.isDueUnsettled(on: day) }
  }

  fileprivate func note(_ inquiry: Inquiry) throws {
    let last = try first(
      """
      SELECT key, trade_key, asked, is_by_our_id, answer, first_asked_at, last_asked_at,
        last_answered_at, bank_date, times
      FROM inquiries WHERE trade_key = ? AND asked = ? ORDER BY key DESC LIMIT 1
      """, inquiry.trade, inquiry.asked,
      read: { (key: try $0.next() as Int64, inquiry: try $0.inquiry()) })
    if var known = last?.inquiry, let key = last?.key, known.absorb(inquiry) {
      return try run(
        """
        UPDATE inquiries SET last_asked_at = ?, last_answered_at = ?, bank_date = ?, times = ?
        WHERE key = ?
        """, known.lastAskedAt, known.lastAnsweredAt, known.bankDate, known.times, key)
    }
    try run(
      """
      INSERT INTO inquiries (trade_key, asked, is_by_our_id, answer, first_asked_at,
        last_asked_at, last_answered_at, bank_date, times)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      inquiry.trade, inquiry.asked, inquiry.isByOurID, inquiry.answer, inquiry.firstAskedAt,
      inquiry.lastAskedAt, inquiry.lastAnsweredAt, inquiry.bankDate, inquiry.times)
    try run(
      """
      DELETE FROM inquiries WHERE trade_key = ?1 AND key <= (SELECT key FROM inquiries
        WHERE trade_key = ?1 ORDER BY key DESC LIMIT 1 OFFSET ?2)
      """, inquiry.trade, Inquiry.keptPerTrade)
  }
}

extension ColumnReader {
  fileprivate mutating func inquiry() throws -> Inquiry {
    Inquiry(
      trade: try next(), asked: try next(), isByOurID: try next(), answer: try next(),
      firstAskedAt: try next(), lastAskedAt: try next(), lastAnsweredAt: try next(),
      bankDate: try next(), times: try next())
  }
}
