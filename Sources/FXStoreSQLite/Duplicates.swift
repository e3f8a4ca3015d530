import FXDomain
import FXPorts

extension SQLiteStore {
  public func duplicates(
    of batch: BatchKey, withinMilliseconds window: Int64
  ) async throws(StoreError) -> [CreateRefusal.Duplicate] {
    try await read { try $0.duplicates(of: batch, withinMilliseconds: window) }
  }
}

extension Transaction {
  /// Equal prints are compared as trades are: whole.
  fileprivate func duplicates(
    of batch: BatchKey, withinMilliseconds window: Int64
  ) throws -> [CreateRefusal.Duplicate] {
    let pairs = try all(
      """
      SELECT t.key, max(o.key) FROM trades t
        CROSS JOIN trades o ON o.fingerprint = t.fingerprint AND o.created_at >= ?2
      WHERE t.batch_key = ?1 AND t.status = 'pending' AND t.is_removed = 0
        AND o.batch_key <> ?1 AND o.status NOT IN ('failed', 'cancelled') AND o.is_removed = 0
      GROUP BY t.key ORDER BY t.row LIMIT ?3
      """, batch, now.advanced(byMilliseconds: -window), Self.greatestRefusal,
      read: { row -> (TradeKey, TradeKey) in (try row.next(), try row.next()) })
    return try pairs.compactMap { own, other in
      guard let trade = try self.trade(own), let like = try self.trade(other),
        trade.draft.isDuplicate(of: like.draft)
      else { return nil }
      return CreateRefusal.Duplicate(
        row: trade.row, batchID: like.batchID, createdAt: like.createdAt)
    }
  }
}
