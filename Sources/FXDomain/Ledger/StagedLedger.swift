/// Decisions about batches that have not been run, or nobody runs any more.
extension Ledger {
  static func delete(
    _ batch: inout Batch, hasRecords: Bool, actor: Actor, now: Timestamp
  ) throws(BatchRefusal) -> JournalDraft {
    guard batch.status == .staged || batch.status.isFinal else { throw .wrongState(batch.status) }
    if batch.isCancelRequested, !batch.status.isFinal { throw .cancelUnderWay }
    if hasRecords { throw .recordsKept }
    batch.deletedAt = now
    batch.deletedBy = actor.description
    return touched(&batch, .batchDeleted, actor: actor, now: now)
  }

  /// Decides a change of a staged batch's trades. An approval given before is void.
  public static func restage(
    _ batch: inout Batch, added: Int, changed: Int, removed: Int, expectedVersion: Int64?,
    actor: Actor, now: Timestamp
  ) throws(BatchRefusal) -> JournalDraft {
    if let expectedVersion, expectedVersion != batch.version {
      throw .staleVersion(present: batch.version)
    }
    guard batch.status == .staged else { throw .wrongState(batch.status) }
    if batch.isCancelRequested { throw .cancelUnderWay }
    // A booking has turned up for one of its trades.
    guard batch.counts.pending == batch.counts.total else { throw .recordsKept }
    let count = batch.counts.total + added - removed
    guard (1...BatchBounds.trades).contains(count),
      added + changed + removed <= BatchBounds.editsAtOnce
    else {
      throw .outOfBounds([
        "A batch has from 1 to \(BatchBounds.trades) trades, of which up to "
          + "\(BatchBounds.editsAtOnce) are changed at once."
      ])
    }
    batch.counts.pending = count
    let note = "\(added) trades added, \(changed) changed, \(removed) removed"
    return edited(&batch, actor: actor, now: now, note: note)
  }

  /// Ends a lease that is over; empty where there is none.
  public static func cleanUpLock(
    of batch: inout Batch, actor: Actor, now: Timestamp
  ) -> [JournalDraft] {
    guard let lease = batch.lease, !batch.isLeased(at: now) else { return [] }
    batch.lease = nil
    batch.updatedAt = now
    return [
      JournalDraft(
        kind: .batchReleased, actor: actor, note: "the lease of \(lease.owner) had ended")
    ]
  }
}
