import FXDomain
import FXPorts

extension SQLiteStore {
  public func feed(
    of batch: Identifier?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [FeedEvent] {
    try await read { transaction in
      guard let batch else {
        return try transaction.all(
          """
          SELECT e.*, b.id, t.id FROM events e LEFT JOIN batches b ON b.key = e.batch_key
            LEFT JOIN trades t ON t.key = e.trade_key
          WHERE e.sequence > ? ORDER BY e.sequence LIMIT ?
          """, sequence, limit, read: { try $0.feedEvent() })
      }
      let key: BatchKey? = try transaction.value("SELECT key FROM batches WHERE id = ?", batch)
      guard let key else { return [] }
      return try transaction.all(
        """
        SELECT e.*, b.id, t.id FROM events e LEFT JOIN batches b ON b.key = e.batch_key
          LEFT JOIN trades t ON t.key = e.trade_key
        WHERE e.batch_key = ? AND e.batch_sequence > ? ORDER BY e.batch_sequence LIMIT ?
        """, key, try transaction.batchSequence(in: key, upTo: sequence), limit,
        read: { try $0.feedEvent() })
    }
  }

  public func newestSequence() async throws(StoreError) -> Int64 {
    try await read { try $0.value("SELECT max(sequence) FROM events") ?? 0 }
  }

  public func gauges() async throws(StoreError) -> StoreGauges {
    try await read { transaction in
      var gauges = StoreGauges()
      (gauges.queued, gauges.oldestQueuedAt) = try transaction.gauge(
        """
        SELECT count(*), min(queued_at) FROM batches
        WHERE status = 'pending' AND deleted_at IS NULL
        """)
      (gauges.running, _) = try transaction.gauge(
        "SELECT count(*), NULL FROM batches WHERE status = 'running' AND deleted_at IS NULL")
      (gauges.doubts, gauges.oldestDoubtSince) = try transaction.gauge(
        """
        SELECT count(*), min(doubt_since) FROM trades WHERE status = 'in_doubt' AND is_removed = 0
        """)
      (gauges.needingDecision, _) = try transaction.gauge(
        """
        SELECT count(*), NULL FROM batches WHERE deleted_at IS NULL AND needs_decision = 1
          AND status IN ('staged', 'pending', 'running', 'paused', 'success', 'partial_success',
            'failed', 'cancelled')
        """)
      return gauges
    }
  }
}

extension Transaction {
  /// How many there are, and the first moment among them.
  fileprivate func gauge(_ sql: StaticString) throws -> (Int, Timestamp?) {
    try first(sql, read: { (try $0.next() as Int, try $0.next() as Timestamp?) }) ?? (0, nil)
  }
}

extension ColumnReader {
  fileprivate mutating func feedEvent() throws -> FeedEvent {
    FeedEvent(event: try event(), batchID: try next(), tradeID: try next())
  }
}
