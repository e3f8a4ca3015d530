import FXDomain
import FXPorts

/// Pages of batches and trades: everything is filtered and sorted, nothing is left out by a bound.
extension MemoryBooks {
  /// See `BookStore.batches`.
  public func batches(_ query: BatchQuery) throws(StoreError) -> [Batch] {
    let text = SoughtText(query.text)
    let found = batches.filter { batch in
      batch.deletedAt == nil && query.admits(batch, at: now)
        && (text.map { finds($0, batch) } ?? true)
    }.map { (cursor: BatchCursor(of: $0, in: query.order), batch: $0) }
      .filter { item in query.after.map { $0 < item.cursor } ?? true }
    return found.sorted { $0.cursor < $1.cursor }.prefix(max(0, query.limit)).map(\.batch)
  }

  /// See `BookStore.trades`.
  public func trades(_ query: TradeQuery) throws(StoreError) -> [Trade] {
    var indices = Array(batches.indices)
    if let batch = query.batch { indices = index(of: batch).map { [$0] } ?? [] }
    let text = SoughtText(query.text)
    let clients = text.map { clientKeys(finding: $0) } ?? []
    let start = query.after.flatMap { key in
      trades.indices.contains(key.index) ? trades[key.index] : nil
    }
    if query.after != nil, start == nil { return [] }
    var found: [Trade] = []
    for index in query.order == .oldestFirst ? indices : indices.reversed() {
      guard isWithin(query, batches[index]) else { continue }
      for row in query.order == .oldestFirst ? rows[index] : rows[index].reversed() {
        let trade = trades[row]
        guard found.count < query.limit else { return found }
        guard start.map({ precedes($0, trade, in: query.order) }) ?? true,
          query.statuses.isEmpty || query.statuses.contains(trade.status),
          query.cifNumber == nil || query.cifNumber == trade.cifNumber,
          query.code == nil || query.code == trade.failure?.code,
          text.map({ finds($0, trade, of: clients) }) ?? true
        else { continue }
        found.append(trade)
      }
    }
    return found
  }

  private func isWithin(_ query: TradeQuery, _ batch: Batch) -> Bool {
    batch.deletedAt == nil && query.createdFrom.map { batch.createdAt >= $0 } ?? true
      && query.createdTo.map { batch.createdAt < $0 } ?? true
  }

  private func precedes(_ left: Trade, _ right: Trade, in order: TradeQuery.Order) -> Bool {
    let (first, second) = order == .oldestFirst ? (left, right) : (right, left)
    return (first.batch, first.key) < (second.batch, second.key)
  }

  // MARK: Texts

  private func clientKeys(finding text: SoughtText) -> Set<ClientKey> {
    guard !text.isTooLong else { return [] }
    return Set(
      clientsByCIF.lazy.filter {
        !deletedClients.contains($0) && text.finds(clients[$0.index])
      }.prefix(
        ListBounds.clientsPerText))
  }

  private func finds(_ text: SoughtText, _ batch: Batch) -> Bool {
    guard !text.isTooLong else { return false }
    if text.isPart(of: batch.name) || Identifier(text.text) == batch.id { return true }
    let clients = clientKeys(finding: text)
    return trades(at: batch.key.index).contains { trade in
      clients.contains(trade.client) || text.begins(trade.externalRef)
        || text.isWholly(trade.dealReference)
    }
  }

  private func finds(_ text: SoughtText, _ trade: Trade, of clients: Set<ClientKey>) -> Bool {
    guard !text.isTooLong else { return false }
    let id = Identifier(text.text)
    return clients.contains(trade.client) || text.begins(trade.externalRef)
      || text.isWholly(trade.dealReference) || id == trade.id
      || id != nil && attempts[trade.key.index].contains { $0.dealTransactionID == id }
  }
}
