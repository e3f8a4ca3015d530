import FXDomain
import FXPorts

/// Finds out whether a batch that has not ended can go on without a person.
struct Standstill: Sendable {
  let desk: Desk
  let batch: Batch

  /// What people have to do; nil while anything may still move by itself.
  func reasons() async throws -> [String]? {
    let counts = batch.counts
    guard counts.quoting == 0, counts.booking == 0 else { return nil }
    if batch.status == .staged {
      return batch.needsDecision.isEmpty
        ? nil : ["the batch \(batch.id) waits for somebody's approval."]
    }
    guard counts.booked + counts.inDoubt <= Pages.rows else { return nil }
    let held = try await desk.store.trades(
      TradeQuery(batch: batch.key, statuses: [.booked, .inDoubt], limit: Pages.rows))
    guard held.allSatisfy({ $0.escalatedAt != nil }) else { return nil }
    var reasons = held.map { trade in
      "trade \(trade.id) (row \(trade.row), \(trade.clientName)) needs a person's word on whether "
        + "it was booked: fxbatch resolve \(trade.id)"
    }
    if counts.pending > 0 {
      guard let hindrance = try await hindrance() else { return nil }
      reasons.append(hindrance)
    }
    return reasons.isEmpty ? nil : reasons
  }

  /// Why what is pending does not start; nil when it may.
  private func hindrance() async throws -> String? {
    let count = batch.counts.pending
    if batch.status == .paused {
      return "the batch is paused with \(count) trades pending: fxbatch resume \(batch.id), then "
        + "fxbatch run --resume \(batch.id)"
    }
    let installation = try await desk.store.installation()
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
    let doubts = try await desk.store.trades(
      TradeQuery(statuses: [.inDoubt, .booking], limit: Pages.rows))
    var lasting: [Trade] = []
    for trade in doubts where try await isLeftToPeople(trade) { lasting.append(trade) }
    if let canary = lasting.first(where: { $0.key == installation.canary }) {
      return "\(count) trades wait for trade \(canary.id), since nothing else is booked before the "
        + "bank has shown that it can look deals up. \(wayOut(of: canary))"
    }
    guard let first = lasting.first, count <= Pages.rows else { return nil }
    let blocked = Set(lasting.map(\.client))
    let pending = try await desk.store.trades(
      TradeQuery(batch: batch.key, statuses: [.pending], limit: Pages.rows))
    guard pending.allSatisfy({ blocked.contains($0.client) }) else { return nil }
    return "\(count) trades wait for doubts of the same clients, trade \(first.id) among them. "
      + wayOut(of: first)
  }

  /// A doubt that has been put before people, or of another batch on which no engine works.
  private func isLeftToPeople(_ trade: Trade) async throws -> Bool {
    if trade.escalatedAt != nil { return true }
    guard trade.batch != batch.key else { return false }
    return try await desk.store.batch(trade.batchID)?.lease == nil
  }

  private func wayOut(of trade: Trade) -> String {
    trade.batch == batch.key || trade.escalatedAt != nil
      ? "Settle it with: fxbatch resolve \(trade.id)"
      : "Let the bank be asked with: fxbatch run --resume \(trade.batchID)"
  }
}
