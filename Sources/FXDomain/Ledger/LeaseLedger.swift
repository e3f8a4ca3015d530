/// Who may work on a batch.
extension Ledger {
  /// Whether a node may claim the batch: it is in the queue, or it has open trades and nobody holds
  /// it.
  public static func isClaimable(_ batch: Batch, at now: Timestamp) -> Bool {
    guard !batch.isLeased(at: now) else { return false }
    switch batch.status {
    case .pending, .running: return batch.counts.open > 0
    case .paused:
      return batch.counts.open > batch.counts.pending
        || batch.isCancelRequested && batch.counts.pending > 0
    case .staged, .success, .partialSuccess, .failed, .cancelled: return false
    }
  }

  /// Gives the batch to a node and raises its generation.
  public static func claim(
    _ batch: inout Batch, by node: NodeID, leaseMilliseconds: Int64, now: Timestamp
  ) -> [JournalDraft] {
    precondition(isClaimable(batch, at: now), "only a free batch is claimed")
    batch.generation += 1
    batch.lease = Lease(
      owner: node, lockedAt: now, expiresAt: now.advanced(byMilliseconds: leaseMilliseconds))
    batch.updatedAt = now
    let actor = Actor.node(node)
    let claimed = JournalDraft(
      kind: .batchClaimed, actor: actor, note: "generation \(batch.generation)")
    guard batch.status == .pending else { return [claimed] }
    if batch.startedAt == nil { batch.startedAt = now }
    return [claimed, transition(&batch, .claimed, actor: actor, now: now)]
  }

  /// Prolongs a hold that has neither ended nor passed on; false otherwise.
  public static func renew(
    _ batch: inout Batch, by node: NodeID, generation: Int64, leaseMilliseconds: Int64,
    now: Timestamp
  ) -> Bool {
    guard batch.generation == generation, batch.lease?.owner == node, batch.isLeased(at: now)
    else { return false }
    batch.lease?.expiresAt = now.advanced(byMilliseconds: leaseMilliseconds)
    return true
  }

  /// Ends a hold, if it is still this one.
  public static func release(
    _ batch: inout Batch, generation: Int64, actor: Actor, now: Timestamp
  ) -> [JournalDraft] {
    guard batch.generation == generation, batch.lease != nil else { return [] }
    batch.lease = nil
    batch.updatedAt = now
    return [JournalDraft(kind: .batchReleased, actor: actor)]
  }
}
