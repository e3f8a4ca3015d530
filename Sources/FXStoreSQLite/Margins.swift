import FXDomain
import FXPorts

extension SQLiteStore {
  public func margins(_ query: MarginQuery) async throws(StoreError) -> [MarginLine] {
    try await read { transaction in
      switch query.grouping {
      case .batch: try transaction.marginsByBatch(query)
      case .client: try transaction.marginsByClient(query)
      case .day: try transaction.marginsByDay(query)
      }
    }
  }
}

/// Deals are read in the order of their bookings, and only those of the span. Amounts are summed in
/// two halves, none of which overflows.
extension Transaction {
  fileprivate func marginsByBatch(_ query: MarginQuery) throws -> [MarginLine] {
    let place = query.after
    let lines = try all(
      """
      SELECT batch_key, base, quote, deal_currency, count(*), sum(deal_amount >> 32),
        sum(deal_amount & 0xffffffff), sum(coalesce(counter_amount, 0) >> 32),
        sum(coalesce(counter_amount, 0) & 0xffffffff), sum(coalesce(margin, 0) >> 32),
        sum(coalesce(margin, 0) & 0xffffffff), sum(coalesce(rounding_difference, 0) >> 32),
        sum(coalesce(rounding_difference, 0) & 0xffffffff)
      FROM trades INDEXED BY trades_by_booking
      WHERE booked_at >= ? AND booked_at < ? AND status IN ('booked', 'completed')
        AND is_removed = 0 AND (batch_key, base, quote, deal_currency) > (?, ?, ?, ?)
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT ?
      """, query.from, query.to, place?.number ?? 0, place?.terms[0] ?? "", place?.terms[1] ?? "",
      place?.terms[2] ?? "", query.limit, read: { (try $0.next() as BatchKey, try $0.marginSums()) }
    )
    return try lines.map { key, sums in
      guard let batch = try self.batch(key) else {
        throw StoreError.inconsistent("Batch \(key) has deals and is not there.")
      }
      return sums.line(.batch(key, id: batch.id, name: batch.name))
    }
  }

  fileprivate func marginsByClient(_ query: MarginQuery) throws -> [MarginLine] {
    let place = query.after
    return try all(
      """
      SELECT c.cif_number, c.name, t.base, t.quote, t.deal_currency, count(*),
        sum(t.deal_amount >> 32), sum(t.deal_amount & 0xffffffff),
        sum(coalesce(t.counter_amount, 0) >> 32), sum(coalesce(t.counter_amount, 0) & 0xffffffff),
        sum(coalesce(t.margin, 0) >> 32), sum(coalesce(t.margin, 0) & 0xffffffff),
        sum(coalesce(t.rounding_difference, 0) >> 32),
        sum(coalesce(t.rounding_difference, 0) & 0xffffffff)
      FROM trades t INDEXED BY trades_by_booking CROSS JOIN clients c ON c.key = t.client_key
      WHERE t.booked_at >= ? AND t.booked_at < ? AND t.status IN ('booked', 'completed')
        AND t.is_removed = 0
        AND (c.cif_number, t.base, t.quote, t.deal_currency) > (?, ?, ?, ?)
      GROUP BY 1, 3, 4, 5 ORDER BY 1, 3, 4, 5 LIMIT ?
      """, query.from, query.to, place?.text ?? "", place?.terms[0] ?? "", place?.terms[1] ?? "",
      place?.terms[2] ?? "", query.limit,
      read: { row in
        let group = MarginLine.Group.client(cifNumber: try row.next(), name: try row.next())
        return try row.marginSums().line(group)
      })
  }

  /// Days that a page has passed are not read again.
  fileprivate func marginsByDay(_ query: MarginQuery) throws -> [MarginLine] {
    let place = query.after
    let clock = query.deskClock
    var from = query.from
    if let place { from = max(from, clock.start(of: CivilDate(dayNumber: Int(place.number)))) }
    return try all(
      """
      SELECT (booked_at + ?1) / 86400000, base, quote, deal_currency, count(*),
        sum(deal_amount >> 32), sum(deal_amount & 0xffffffff),
        sum(coalesce(counter_amount, 0) >> 32), sum(coalesce(counter_amount, 0) & 0xffffffff),
        sum(coalesce(margin, 0) >> 32), sum(coalesce(margin, 0) & 0xffffffff),
        sum(coalesce(rounding_difference, 0) >> 32),
        sum(coalesce(rounding_difference, 0) & 0xffffffff)
      FROM trades INDEXED BY trades_by_booking
      WHERE booked_at >= ?2 AND booked_at < ?3 AND status IN ('booked', 'completed')
        AND is_removed = 0
        AND ((booked_at + ?1) / 86400000, base, quote, deal_currency) > (?4, ?5, ?6, ?7)
      GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4 LIMIT ?8
      """, Int64(clock.utcOffsetMinutes) * 60_000, from, query.to, place?.number ?? 0,
      place?.terms[0] ?? "", place?.terms[1] ?? "", place?.terms[2] ?? "", query.limit,
      read: { row in
        let group = MarginLine.Group.day(try row.next())
        return try row.marginSums().line(group)
      })
  }
}

/// A line before it is known what it is of.
private struct MarginSums {
  var terms: DealTerms
  var trades: Int
  var sums: DealSums

  func line(_ group: MarginLine.Group) -> MarginLine {
    MarginLine(group: group, terms: terms, trades: trades, sums: sums)
  }
}

extension ColumnReader {
  fileprivate mutating func marginSums() throws -> MarginSums {
    let terms = try terms()
    let trades: Int = try next()
    let dealt = try halves()
    return MarginSums(
      terms: terms, trades: trades,
      sums: DealSums(
        requested: dealt, dealt: dealt, countered: try halves(), margin: try halves(),
        roundingDifference: try halves()))
  }
}
