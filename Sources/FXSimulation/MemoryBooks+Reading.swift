import FXDomain
import FXPorts

/// Everything about batches and trades that is only read.
extension MemoryBooks {
  /// See `BookStore.batch`.
  public func batch(_ id: Identifier) throws(StoreError) -> Batch? {
    batchesByID[id].map { batches[$0.index] }
  }

  /// See `BookStore.batches`. A part of a name is found in either case.
  public func batches(_ query: BatchQuery) throws(StoreError) -> [Batch] {
    let precedes: (Batch, Batch) -> Bool
    switch query.order {
    case .newestFirst: precedes = { $0.key > $1.key }
    case .oldestFirst: precedes = { $0.key < $1.key }
    case .queue: precedes = Batch.precedes
    }
    var last: Batch?
    if let after = query.after {
      guard let key = batchesByID[after] else { return [] }
      last = batches[key.index]
    }
    let text = query.text?.lowercased()
    let found = batches.filter { batch in
      (query.statuses.isEmpty || query.statuses.contains(batch.status))
        && (text.map { batch.name.lowercased().contains($0) } ?? true)
        && (last.map { precedes($0, batch) } ?? true)
    }
    return Array(found.sorted(by: precedes).prefix(max(0, query.limit)))
  }

  /// See `BookStore.trade`.
  public func trade(_ id: Identifier) throws(StoreError) -> Trade? {
    tradesByID[id].map { trades[$0.index] }
  }

  /// See `BookStore.trades`.
  public func trades(_ query: TradeQuery) throws(StoreError) -> [Trade] {
    var range = trades.indices
    if let batch = query.batch {
      guard let index = index(of: batch) else { return [] }
      range = ranges[index]
    }
    return trades[range.from(query.after)].lazy.filter { trade in
      (query.statuses.isEmpty || query.statuses.contains(trade.status))
        && (query.cifNumber == nil || query.cifNumber == trade.cifNumber)
        && (query.code == nil || query.code == trade.failure?.code)
    }.prefix(max(0, query.limit)).map { $0 }
  }

  /// See `BookStore.attempts`.
  public func attempts(of trade: TradeKey) throws(StoreError) -> [Attempt] {
    index(of: trade).map { attempts[$0] } ?? []
  }

  /// See `BookStore.evidence`.
  public func evidence(of trade: TradeKey) throws(StoreError) -> [Evidence] {
    index(of: trade).map { evidence[$0] } ?? []
  }

  /// See `BookStore.failures`. Equally frequent ones in the order of their names; the example is
  /// that of the first row.
  public func failures(of batch: BatchKey) throws(StoreError) -> [FailureGroup] {
    guard let index = index(of: batch) else { return [] }
    var groups: [FailureCode: FailureGroup] = [:]
    for trade in trades[ranges[index]] where trade.status == .failed {
      guard let failure = trade.failure else { continue }
      let new = FailureGroup(code: failure.code, count: 0, example: failure.message)
      groups[failure.code, default: new].count += 1
    }
    return groups.values.sorted {
      $0.count != $1.count ? $0.count > $1.count : $0.code.rawValue < $1.code.rawValue
    }
  }

  /// See `BookStore.totals`.
  public func totals(of batch: BatchKey) throws(StoreError) -> BatchTotals {
    guard let index = index(of: batch) else { return BatchTotals() }
    let all = trades[ranges[index]]
    let dealt = all.filter { $0.status == .booked || $0.status == .completed }
    let priced = dealt.compactMap { $0.figures?.priced }
    return BatchTotals(
      requested: try sums(all.map(\.deal.amount)), dealt: try sums(dealt.map(\.deal.amount)),
      countered: try sums(priced.map(\.counterAmount)), margin: try sums(priced.map(\.margin)),
      roundingDifference: try sums(priced.map(\.roundingDifference)))
  }

  private func sums(_ amounts: [Money]) throws(StoreError) -> [Money] {
    var sums: [Currency: Money] = [:]
    for amount in amounts {
      do {
        let sum = sums[amount.currency] ?? .zero(amount.currency)
        sums[amount.currency] = try sum.adding(amount)
      } catch {
        throw .inconsistent("A sum in \(amount.currency) is beyond what an amount can hold.")
      }
    }
    return sums.values.sorted { $0.currency < $1.currency }
  }
}
