/// What somebody wants to happen to a whole batch.
public enum BatchCommand: Hashable, Sendable {
  /// Under the rules by which the store looks at what is put under way.
  case start(ApprovalDemand = .byPolicy, rules: DeskRules = DeskRules())
  /// Four eyes: never by the submitter, and only of what the approver has seen.
  case approve(contentHash: String)
  /// The other answer to a request for approval: the batch stays where it is until it is changed.
  case reject(contentHash: String, note: String)
  /// The configuration asks for an approval that the batch does not have, or no longer has.
  case demandApproval
  case pause
  case resume
  case requestCancel(note: String? = nil)
  case setPriority(Int, queuePosition: Int64?)
  /// What is nil stays as it is.
  case change(
    name: String? = nil, priority: Int? = nil, maxConcurrentTrades: Int? = nil,
    policy: BatchPolicy? = nil)
  /// Opens a new round, where the batch is final, for trades that the store then steps by
  /// `TradeCommand.retry` in the same transaction. `byApprover` tells whether who asks may take up
  /// what is retried singly only.
  case retry(
    RetrySelection, note: String?, byApprover: Bool = true, rules: DeskRules = DeskRules())
  case accept(note: String)
  /// Takes a batch out of all lists that never sent a booking.
  case delete
}

extension BatchCommand {
  /// What is remembered as decided once it is carried out; nil for what is no decision.
  var decision: Decision.Kind? {
    switch self {
    case .start: .started
    case .approve: .approved
    case .reject: .rejected
    case .pause: .paused
    case .resume: .resumed
    case .requestCancel: .cancelled
    case .retry: .retried
    case .accept: .accepted
    case .demandApproval, .setPriority, .change, .delete: nil
    }
  }
}

public struct BatchStep: Hashable, Sendable {
  public var batch: BatchKey
  public var actor: Actor
  public var command: BatchCommand
  /// The version that the person saw; nil when they do not say.
  public var expectedVersion: Int64?

  public init(
    batch: BatchKey, actor: Actor, command: BatchCommand, expectedVersion: Int64? = nil
  ) {
    self.batch = batch
    self.actor = actor
    self.command = command
    self.expectedVersion = expectedVersion
  }
}

/// Why a command on a batch was refused. A refusal changes nothing.
public enum BatchRefusal: Error, Hashable, Sendable {
  case unknownBatch
  case wrongState(BatchStatus)
  case approvalRequired
  /// Who submitted the batch, or changed what is approved.
  case approvesOwn
  case cancelUnderWay
  /// A retry that would take up no trade.
  case nothingToRetry
  /// Retried singly, with a note, or not at all.
  case singlyOnly(count: Int)
  /// Taken up by an approver, or not at all.
  case approverRetries(count: Int)
  /// Trades that were named and are of another batch, or have neither failed nor been cancelled.
  case notToRetry(count: Int)
  /// What it would be changed to cannot be, each told in a full sentence.
  case outOfBounds([String])
  case staleVersion(present: Int64)
  /// Somebody else was faster, or decided otherwise.
  case alreadyDecided(Decision.Kind, by: String)
  case approvalExpired(since: Timestamp)
  /// What was approved is no longer what the batch holds.
  case contentChanged
  /// Executed business is kept.
  case recordsKept
  /// Rules of the desk that these trades would break, weighing as errors.
  case rulesBroken([RuleBreach])
  /// The same request has made this change before.
  case repeated
}

/// What a decision about a batch reads beside the batch.
public struct BatchFacts: Hashable, Sendable {
  public var now: Timestamp
  /// The hash of what the batch holds; only an approval reads it.
  public var contentHash: String
  /// Whether who asks has changed what the batch holds; only an approval reads it.
  public var isEditor: Bool
  /// One of its trades has an attempt, evidence or a deal; only a deletion reads it.
  public var hasRecords: Bool

  public init(
    now: Timestamp, contentHash: String = "", isEditor: Bool = false, hasRecords: Bool = false
  ) {
    self.now = now
    self.contentHash = contentHash
    self.isEditor = isEditor
    self.hasRecords = hasRecords
  }
}

extension Ledger {
  public static func decide(
    _ step: BatchStep, batch: inout Batch, now: Timestamp
  ) throws(BatchRefusal) -> [JournalDraft] {
    try decide(step, batch: &batch, facts: BatchFacts(now: now))
  }

  /// Decides a command on a batch. On success `batch` holds what is to be written.
  public static func decide(
    _ step: BatchStep, batch: inout Batch, facts: BatchFacts
  ) throws(BatchRefusal) -> [JournalDraft] {
    if let expected = step.expectedVersion, expected != batch.version {
      throw .staleVersion(present: batch.version)
    }
    let events = try carryOut(step, on: &batch, facts: facts)
    if let kind = step.command.decision {
      batch.decision = Decision(kind, by: step.actor, at: facts.now)
    }
    return events
  }

  private static func carryOut(
    _ step: BatchStep, on batch: inout Batch, facts: BatchFacts
  ) throws(BatchRefusal) -> [JournalDraft] {
    let (actor, now) = (step.actor, facts.now)
    switch step.command {
    case .start(let demand, _):
      return [try start(&batch, demand, actor: actor, now: now)]
    case .approve(let seen):
      return [try approve(&batch, seen: seen, facts: facts, actor: actor)]
    case .reject(let seen, let note):
      return [try reject(&batch, seen: seen, note: note, facts: facts, actor: actor)]
    case .demandApproval:
      return [try demandApproval(&batch, actor: actor, now: now)]
    case .pause:
      guard batch.status == .pending || batch.status == .running else {
        throw .wrongState(batch.status)
      }
      return [pause(&batch, .person, actor: actor, now: now)]
    case .resume:
      guard batch.status == .paused else { throw .wrongState(batch.status) }
      let resumed = BatchEvent.resumed(started: batch.startedAt != nil)
      return [transition(&batch, resumed, actor: actor, now: now)]
    case .requestCancel(let note):
      guard !batch.status.isFinal else { throw .wrongState(batch.status) }
      guard !batch.isCancelRequested else { throw .cancelUnderWay }
      return [requestCancel(&batch, actor: actor, now: now, note: note)]
    case .setPriority(let priority, let position):
      guard !batch.status.isFinal else { throw .wrongState(batch.status) }
      batch.priority = min(10, max(1, priority))
      if let position { batch.queuePosition = position }
      let note = "priority \(batch.priority), queue position \(batch.queuePosition)"
      return [touched(&batch, .batchChanged, actor: actor, now: now, note: note)]
    case .change(let name, let priority, let limit, let policy):
      return [try change(&batch, name, priority, limit, policy, actor: actor, now: now)]
    case .retry(_, let note, _, _):
      return try retry(&batch, actor: actor, note: note, now: now)
    case .accept(let note):
      guard batch.status == .partialSuccess || batch.status == .failed else {
        throw .wrongState(batch.status)
      }
      if let by = batch.acceptedBy { throw .alreadyDecided(.accepted, by: by) }
      batch.acceptedBy = actor.description
      batch.acceptedNote = note
      return [touched(&batch, .batchAccepted, actor: actor, now: now, note: note)]
    case .delete:
      return [try delete(&batch, hasRecords: facts.hasRecords, actor: actor, now: now)]
    }
  }

  private static func change(
    _ batch: inout Batch, _ name: String?, _ priority: Int?, _ limit: Int?,
    _ policy: BatchPolicy?, actor: Actor, now: Timestamp
  ) throws(BatchRefusal) -> JournalDraft {
    // What has ended is run no more: only how it is called can still change.
    guard !batch.status.isFinal || priority == nil && limit == nil && policy == nil else {
      throw .wrongState(batch.status)
    }
    let problems = BatchBounds.problems(name: name, maxConcurrentTrades: limit, policy: policy)
    guard problems.isEmpty else { throw .outOfBounds(problems) }
    if let name { batch.name = name }
    if let priority { batch.priority = min(10, max(1, priority)) }
    if let limit { batch.maxConcurrentTrades = limit }
    if var policy {
      // Approval can only be tightened.
      if batch.policy.approval == .required { policy.approval = .required }
      batch.policy = policy
    }
    let note =
      "name \(batch.name), priority \(batch.priority), \(batch.maxConcurrentTrades) trades at once"
    guard batch.status == .staged, name != nil || policy != nil else {
      return touched(&batch, .batchChanged, actor: actor, now: now, note: note)
    }
    return edited(&batch, actor: actor, now: now, note: note)
  }

  private static func retry(
    _ batch: inout Batch, actor: Actor, note: String?, now: Timestamp
  ) throws(BatchRefusal) -> [JournalDraft] {
    guard batch.status != .staged else { throw .wrongState(batch.status) }
    if batch.isCancelRequested, !batch.status.isFinal { throw .cancelUnderWay }
    guard batch.counts.failed + batch.counts.cancelled > 0 else { throw .nothingToRetry }
    // Trades that were cancelled one by one may have ended a batch that was never approved.
    if let by = batch.rejectedBy { throw .alreadyDecided(.rejected, by: by) }
    if batch.policy.approval == .required, batch.approvedBy == nil { throw .approvalRequired }
    if batch.status.isFinal {
      batch.round += 1
      batch.cancelRequestedAt = nil
      batch.completedAt = nil
      batch.startedAt = nil
      batch.queuedAt = now
      batch.usageDay = batch.usageDay ?? day(of: now)
      batch.acceptedBy = nil
      batch.acceptedNote = nil
    }
    return [transition(&batch, .retried, actor: actor, now: now, note: note)]
  }

  /// What is approved has changed: an approval or a rejection given before is void.
  static func edited(
    _ batch: inout Batch, actor: Actor, now: Timestamp, note: String
  ) -> JournalDraft {
    batch.reopenApproval()
    return touched(&batch, .batchEdited, actor: actor, now: now, note: note)
  }

  static func touched(
    _ batch: inout Batch, _ kind: JournalKind, actor: Actor, now: Timestamp, note: String? = nil
  ) -> JournalDraft {
    batch.updatedAt = now
    batch.version += 1
    return JournalDraft(kind: kind, actor: actor, note: note)
  }
}
