import FXDomain
import FXPorts

/// Finds out whether a batch that has not ended can go on without a person.
struct Standstill: Sendable {
  /// Reasons told singly; the rest are counted.
  static let reasonsTold = 20

  let store: any BatchStore
  let batch: Batch
  /// Trades read at a time.
  var pageRows = Pages.rows

  /// What people have to do; nil while anything may still move by itself.
  func reasons() async throws -> [String]? {
    let counts = batch.counts
    guard counts.quoting == 0, counts.booking == 0 else { return nil }
    if batch.status == .staged {
      return batch.needsDecision.isEmpty
        ? nil : ["the batch \(batch.id) waits for somebody's approval."]
    }
    var reasons: [String] = []
    let isLeftToPeople = try await all(of: TradeQuery(batch: batch.key, statuses: Self.held)) {
      trade in
      guard trade.escalatedAt != nil else { return false }
      if reasons.count < Self.reasonsTold {
        reasons.append(
          "trade \(trade.id) (row \(trade.row), \(trade.clientName)) needs a person's word on "
            + "whether it was booked: fxbatch resolve \(trade.id)")
      }
      return true
    }
    guard isLeftToPeople else { return nil }
    let untold = counts.booked + counts.inDoubt - reasons.count
    if untold > 0 {
      reasons.append(
        "\(untold) more trades need a person's word: fxbatch trades \(batch.id) --status in_doubt "
          + "--status booked")
    }
    if counts.pending > 0 {
      guard let hindrance = try await hindrance() else { return nil }
      reasons.append(hindrance)
    }
    // What was read page by page holds together only where nothing has moved meanwhile.
    guard !reasons.isEmpty, try await store.batch(batch.id)?.chain == batch.chain else {
      return nil
    }
    return reasons
  }

  private static let held: Set<TradeStatus> = [.booked, .inDoubt]

  /// Why what is pending does not start; nil when it may.
  private func hindrance() async throws -> String? {
    let count = batch.counts.pending
    if batch.status == .paused {
      let cause = batch.pauseCause?.words ?? ""
      return
        "the batch is paused \(cause), with \(count) trades pending: fxbatch resume \(batch.id), then "
        + "fxbatch run --resume \(batch.id)"
    }
    let installation = try await store.installation()
    if installation.isReconciliationDue {
      return "the store has lost events and \(count) trades are pending: fxbatch reconcile, then "
        + "fxbatch kill-switch release, then fxbatch run --resume \(batch.id)"
    }
    if installation.killSwitch != nil {
      return "the kill switch is engaged and \(count) trades are pending: fxbatch kill-switch "
        + "release, then fxbatch run --resume \(batch.id)"
    }
    // Doubts of every batch hold back their clients, and the canary holds back everything. What a
    // process that was killed has left in `booking` is a doubt too, once somebody takes it up.
    var canary: Trade?
    var first: Trade?
    var blocked: Set<ClientKey> = []
    var idle: [BatchKey: Bool] = [:]
    _ = try await all(of: TradeQuery(statuses: [.inDoubt, .booking])) { trade in
      guard try await isLeftToPeople(trade, &idle) else { return true }
      first = first ?? trade
      if trade.key == installation.canary { canary = trade }
      blocked.insert(trade.client)
      return true
    }
    if let canary {
      return "\(count) trades wait for trade \(canary.id), since nothing else is booked before the "
        + "bank has shown that it can look deals up. \(wayOut(of: canary))"
    }
    guard let first else { return nil }
    let pending = TradeQuery(batch: batch.key, statuses: [.pending])
    guard try await all(of: pending, satisfy: { blocked.contains($0.client) }) else { return nil }
    return "\(count) trades wait for doubts of the same clients, trade \(first.id) among them. "
      + wayOut(of: first)
  }

  /// Reads on until a trade does not satisfy, page by page.
  private func all(
    of query: TradeQuery, satisfy: (Trade) async throws -> Bool
  ) async throws -> Bool {
    var query = query
    query.limit = pageRows
    while true {
      let page = try await store.trades(query)
      for trade in page where try await !satisfy(trade) { return false }
      guard page.count == pageRows, let last = page.last else { return true }
      query.after = last.key
    }
  }

  /// A doubt that has been put before people, or of another batch on which no engine works.
  private func isLeftToPeople(
    _ trade: Trade, _ idle: inout [BatchKey: Bool]
  ) async throws -> Bool {
    if trade.escalatedAt != nil { return true }
    guard trade.batch != batch.key else { return false }
    if let known = idle[trade.batch] { return known }
    let isIdle = try await store.batch(trade.batchID)?.lease == nil
    idle[trade.batch] = isIdle
    return isIdle
  }

  private func wayOut(of trade: Trade) -> String {
    trade.batch == batch.key || trade.escalatedAt != nil
      ? "Settle it with: fxbatch resolve \(trade.id)"
      : "Let the bank be asked with: fxbatch run --resume \(trade.batchID)"
  }
}
