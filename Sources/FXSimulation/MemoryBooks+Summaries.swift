import FXDomain
import FXPorts

/// What is kept of a batch's trades beside its counts.
struct MemorySummary: Hashable, Sendable {
  private(set) var sums: [DealTerms: DealSums] = [:]
  private(set) var failed: [FailureCode: Set<TradeKey>] = [:]

  /// Takes in a new trade, or with -1 forgets one that was not started.
  mutating func request(_ deal: Deal, times: Int128 = 1) {
    let terms = DealTerms(of: deal)
    var changed = sums[terms, default: DealSums()]
    changed.request(deal, times: times)
    sums[terms] = changed == DealSums() ? nil : changed
  }

  mutating func move(from before: Trade, to after: Trade) {
    if before.status.isDealt != after.status.isDealt {
      let terms = DealTerms(of: after.deal)
      sums[terms, default: DealSums()].deal(before, times: -1)
      sums[terms, default: DealSums()].deal(after)
    }
    if before.status == .failed, let code = before.failure?.code {
      failed[code]?.remove(before.key)
      if failed[code]?.isEmpty ?? false { failed[code] = nil }
    }
    if after.status == .failed, let code = after.failure?.code {
      failed[code, default: []].insert(after.key)
    }
  }
}

extension MemoryBooks {
  /// See `BookStore.summaries`.
  public func summaries(of batches: [BatchKey]) throws(StoreError) -> [BatchSummary] {
    batches.map { key in
      index(of: key).map { shown(summaries[$0]) } ?? BatchSummary()
    }
  }

  /// See `BookStore.recount`.
  public func recount(_ batch: BatchKey) throws(StoreError) -> Recount {
    guard let index = index(of: batch) else {
      return Recount(kept: BatchSummary(), counted: BatchSummary())
    }
    return Recount(
      kept: shown(summaries[index]), counted: shown(counted(at: index)),
      keptUsage: batches[index].usage, countedUsage: countedUsage(at: index))
  }

  /// Makes it anew from the trades.
  func counted(at batch: Int) -> MemorySummary {
    var summary = MemorySummary()
    for trade in trades(at: batch) {
      summary.request(trade.deal)
      var pending = trade
      pending.status = .pending
      summary.move(from: pending, to: trade)
    }
    return summary
  }

  private func shown(_ summary: MemorySummary) -> BatchSummary {
    BatchSummary(
      sums: summary.sums,
      failures: summary.failed.map { code, trades in
        FailureGroup(
          code: code, count: trades.count,
          example: trades.min().flatMap { self.trades[$0.index].failure?.message } ?? "")
      })
  }
}
