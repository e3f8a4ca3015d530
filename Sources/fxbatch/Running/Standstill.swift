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
      guard let hindrance = try await hindrance(held) else { return nil }
      reasons.append(hindrance)
    }
    return reasons.isEmpty ? nil : reasons
  }

  /// Why what is pending does not start; nil when it may.
  private func hindrance(_ held: [Trade]) async throws -> String? {
    let count = batch.counts.pending
    if batch.status == .paused {
      return "the batch is paused with \(count) trades pending: fxbatch resume \(batch.id), then "
        + "fxbatch run --resume \(batch.id)"
    }
    let installation = try await desk.store.installation()
    if installation.killSwitch != nil {
      return "the kill switch is engaged and \(count) trades are pending: fxbatch kill-switch "
        + "release, then fxbatch run --resume \(batch.id)"
    }
    if let canary = installation.canary, held.contains(where: { $0.key == canary }) {
      return "\(count) trades wait for it, since nothing else is booked before the bank has shown "
        + "that it can look deals up."
    }
    guard !held.isEmpty, count <= Pages.rows else { return nil }
    let blocked = Set(held.map(\.client))
    let pending = try await desk.store.trades(
      TradeQuery(batch: batch.key, statuses: [.pending], limit: Pages.rows))
    guard pending.allSatisfy({ blocked.contains($0.client) }) else { return nil }
    return "\(count) more trades of the same clients wait for that."
  }
}
