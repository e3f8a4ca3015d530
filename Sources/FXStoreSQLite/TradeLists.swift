import FXDomain
import FXPorts

extension SQLiteStore {
  public func trades(_ query: TradeQuery) async throws(StoreError) -> [Trade] {
    try await read { try $0.trades(query) }
  }
}

/// Trades are listed by their batches, and within a batch by their keys: both are the orders of their
/// coming. Each condition is a range of an index in that order, and a page is where all of them meet.
extension Transaction {
  fileprivate func trades(_ query: TradeQuery) throws -> [Trade] {
    let isBackwards = query.order == .newestFirst
    let sign: Int64 = isBackwards ? -1 : 1
    guard let stream = try stream(of: query, isBackwards: isBackwards),
      var keys = try keys(from: query.createdFrom, to: query.createdTo)
    else { return [] }
    if let batch = query.batch {
      guard keys.contains(batch) else { return [] }
      keys = batch...batch
    }
    let (first, last) =
      isBackwards ? (keys.upperBound, keys.lowerBound) : (keys.lowerBound, keys.upperBound)
    var place = Place(batch: sign * first.value, trade: -.max)
    if let after = query.after {
      guard let found = try self.place(of: after, sign: sign) else { return [] }
      place = max(place, found)
    }
    var spans: [Int64: Bool] = [:]
    var found: [Trade] = []
    while found.count < query.limit, let next = try stream.next(after: place),
      next.batch <= sign * last.value
    {
      place = next
      let isInSpan = try spans[next.batch] ?? isInSpan(query, batch: BatchKey(sign * next.batch))
      spans[next.batch] = isInSpan
      if !isInSpan {
        // Came in when the clock had been set back.
        place.trade = .max
      } else if let trade = try trade(TradeKey(sign * next.trade)) {
        found.append(trade)
      }
    }
    return found
  }

  private func isInSpan(_ query: TradeQuery, batch: BatchKey) throws -> Bool {
    guard query.createdFrom != nil || query.createdTo != nil else { return true }
    let created: Timestamp? = try value("SELECT created_at FROM batches WHERE key = ?", batch)
    guard let created else { return false }
    return query.createdFrom.map { created >= $0 } ?? true
      && query.createdTo.map { created < $0 } ?? true
  }

  private func place(of trade: TradeKey, sign: Int64) throws -> Place? {
    let batch: Int64? = try value("SELECT batch_key FROM trades WHERE key = ?", trade)
    return batch.map { Place(batch: sign * $0, trade: sign * trade.value) }
  }

  /// Where all conditions but those of time meet; nil when that is nowhere.
  private func stream(of query: TradeQuery, isBackwards: Bool) throws -> PlaceStream? {
    var streams: [PlaceStream] = []
    if let text = SoughtText(query.text) {
      guard !text.isTooLong else { return nil }
      streams.append(try tradeStream(text, isBackwards: isBackwards))
    }
    if let cifNumber = query.cifNumber {
      guard let client = try client(cifNumber: cifNumber) else { return nil }
      streams.append(tradeStream(of: client.key, isBackwards: isBackwards))
    }
    if let code = query.code { streams.append(tradeStream(of: code, isBackwards: isBackwards)) }
    if !query.statuses.isEmpty {
      streams.append(
        .any(query.statuses.map { tradeStream(of: $0, isBackwards: isBackwards) }))
    }
    return streams.isEmpty ? everyTrade(isBackwards: isBackwards) : .all(streams)
  }

  // MARK: Conditions

  /// The trades of one value of an index: the rest of the batch that was reached, then the batches
  /// beyond it.
  func tradeStream(
    _ isBackwards: Bool, within: StaticString, beyond: StaticString, _ values: (any ColumnValue)...
  ) -> PlaceStream {
    let sign: Int64 = isBackwards ? -1 : 1
    return PlaceStream { after, limit in
      func places(
        _ read: (Transaction) throws -> [Place]
      ) rethrows -> [Place] {
        try read(self).map { Place(batch: sign * $0.batch, trade: sign * $0.trade) }
      }
      let rest = try places {
        try $0.all(
          within, values: values + [sign * after.batch, sign * after.trade, limit],
          read: { try $0.place() })
      }
      guard rest.count < limit else { return rest }
      return try rest
        + places {
          try $0.all(
            beyond, values: values + [sign * after.batch, limit - rest.count],
            read: { try $0.place() })
        }
    }
  }

  private func tradeStream(of status: TradeStatus, isBackwards: Bool) -> PlaceStream {
    tradeStream(
      isBackwards,
      within: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE status = ? AND batch_key = ? AND key < ?
          AND is_removed = 0 ORDER BY key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE status = ? AND batch_key = ? AND key > ?
          AND is_removed = 0 ORDER BY key LIMIT ?
        """,
      beyond: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE status = ? AND batch_key < ? AND is_removed = 0
        ORDER BY batch_key DESC, key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE status = ? AND batch_key > ? AND is_removed = 0
        ORDER BY batch_key, key LIMIT ?
        """, status)
  }

  private func tradeStream(of code: FailureCode, isBackwards: Bool) -> PlaceStream {
    tradeStream(
      isBackwards,
      within: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE failure_code = ? AND batch_key = ? AND key < ?
          AND is_removed = 0 ORDER BY key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE failure_code = ? AND batch_key = ? AND key > ?
          AND is_removed = 0 ORDER BY key LIMIT ?
        """,
      beyond: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE failure_code = ? AND batch_key < ?
          AND is_removed = 0 ORDER BY batch_key DESC, key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE failure_code = ? AND batch_key > ?
          AND is_removed = 0 ORDER BY batch_key, key LIMIT ?
        """, code)
  }

  func tradeStream(of client: ClientKey, isBackwards: Bool) -> PlaceStream {
    tradeStream(
      isBackwards,
      within: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE client_key = ? AND is_removed = 0
          AND batch_key = ? AND key < ? ORDER BY key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE client_key = ? AND is_removed = 0
          AND batch_key = ? AND key > ? ORDER BY key LIMIT ?
        """,
      beyond: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE client_key = ? AND is_removed = 0
          AND batch_key < ? ORDER BY batch_key DESC, key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE client_key = ? AND is_removed = 0
          AND batch_key > ? ORDER BY batch_key, key LIMIT ?
        """, client)
  }

  private func everyTrade(isBackwards: Bool) -> PlaceStream {
    tradeStream(
      isBackwards,
      within: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE is_removed = 0 AND batch_key = ? AND key < ? ORDER BY key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE is_removed = 0 AND batch_key = ? AND key > ? ORDER BY key LIMIT ?
        """,
      beyond: isBackwards
        ? """
        SELECT batch_key, key FROM trades WHERE is_removed = 0 AND batch_key < ? ORDER BY batch_key DESC, key DESC LIMIT ?
        """
        : """
        SELECT batch_key, key FROM trades WHERE is_removed = 0 AND batch_key > ? ORDER BY batch_key, key LIMIT ?
        """)
  }
}
