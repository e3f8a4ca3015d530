import FXDomain
import FXPorts

extension SQLiteStore {
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
