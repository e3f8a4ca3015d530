import FXDomain
import FXPorts

/// Everything about batches and trades that is only read.
extension MemoryBooks {
  /// See `BookStore.batch`.
  public func batch(_ id: Identifier) throws(StoreError) -> Batch? {
    batchesByID[id].map { batches[$0.index] }
  }

  /// See `BookStore.trade`.
  public func trade(_ id: Identifier) throws(StoreError) -> Trade? {
    tradesByID[id].map { trades[$0.index] }
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
    for trade in trades(at: index) where trade.status == .failed {
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
    let all = Array(trades(at: index))
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
