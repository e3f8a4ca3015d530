/// What the desk's configuration asks of a batch that is about to start, beyond its own policy.
public struct ApprovalDemand: Hashable, Sendable {
  /// Whether another person has to approve it, whatever its policy says.
  public var isRequired: Bool
  /// An approval older than this is void; nil for one that never ends.
  public var validMilliseconds: Int64?

  public init(isRequired: Bool, validMilliseconds: Int64?) {
    self.isRequired = isRequired
    self.validMilliseconds = validMilliseconds
  }

  /// Nothing beyond the policy.
  public static let byPolicy = ApprovalDemand(isRequired: false, validMilliseconds: nil)
}

/// Four eyes: what one person has submitted, another releases or sends back.
extension Ledger {
  static func start(
    _ batch: inout Batch, _ demand: ApprovalDemand, actor: Actor, now: Timestamp
  ) throws(BatchRefusal) -> JournalDraft {
    guard batch.status == .staged, !batch.isCancelRequested else {
      throw .wrongState(batch.status)
    }
    if let by = batch.rejectedBy { throw .alreadyDecided(.rejected, by: by) }
    if batch.policy.approval == .required || demand.isRequired {
      guard batch.approvedBy != nil else { throw .approvalRequired }
      if let valid = demand.validMilliseconds, let since = batch.approvedAt,
        now.milliseconds(since: since) > valid
      {
        throw .approvalExpired(since: since)
      }
    }
    batch.queuedAt = now
    batch.usageDay = batch.usageDay ?? day(of: now)
    return transition(&batch, .started, actor: actor, now: now)
  }

  static func approve(
    _ batch: inout Batch, seen: String, facts: BatchFacts, actor: Actor
  ) throws(BatchRefusal) -> JournalDraft {
    try checkReleaser(of: batch, seen: seen, facts: facts, actor: actor)
    batch.approvedBy = actor.description
    batch.approvedAt = facts.now
    return touched(&batch, .batchApproved, actor: actor, now: facts.now)
  }

  static func reject(
    _ batch: inout Batch, seen: String, note: String, facts: BatchFacts, actor: Actor
  ) throws(BatchRefusal) -> JournalDraft {
    try checkReleaser(of: batch, seen: seen, facts: facts, actor: actor)
    batch.rejectedBy = actor.description
    batch.rejectedNote = note
    return touched(&batch, .batchRejected, actor: actor, now: facts.now, note: note)
  }

  private static func checkReleaser(
    of batch: Batch, seen: String, facts: BatchFacts, actor: Actor
  ) throws(BatchRefusal) {
    // What has ended without an approval that is asked for by now needs one before it is tried again.
    let mayBeRetried = batch.status.isFinal && batch.policy.approval == .required
    guard mayBeRetried || batch.status == .staged && !batch.isCancelRequested else {
      throw .wrongState(batch.status)
    }
    guard batch.createdBy != actor.description, !facts.isEditor else { throw .approvesOwn }
    if let by = batch.approvedBy { throw .alreadyDecided(.approved, by: by) }
    if let by = batch.rejectedBy { throw .alreadyDecided(.rejected, by: by) }
    guard seen == facts.contentHash else { throw .contentChanged }
  }

  /// Lets the batch wait for an approval. One that was given before is void.
  static func demandApproval(
    _ batch: inout Batch, actor: Actor, now: Timestamp
  ) throws(BatchRefusal) -> JournalDraft {
    guard batch.status == .staged, !batch.isCancelRequested else {
      throw .wrongState(batch.status)
    }
    batch.policy.approval = .required
    batch.reopenApproval()
    return touched(
      &batch, .batchChanged, actor: actor, now: now, note: "another person's approval is asked for")
  }
}

/// What counts against limits and allowances.
extension Ledger {
  /// The desk's day.
  public static func day(of moment: Timestamp) -> CivilDate {
    DeskClock.johannesburg.date(of: moment)
  }

  /// Counts the trades that a start puts under way.
  public static func reserve(_ trades: [AskedTrade], in batch: inout Batch) {
    batch.usage.reserved += trades.reduce(0) { $0 + Int128($1.cents ?? 0) }
  }
}
