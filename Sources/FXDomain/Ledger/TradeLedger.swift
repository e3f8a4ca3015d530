/// What a decision about a trade reads beside the trade and its batch.
public struct LedgerFacts: Hashable, Sendable {
  public var now: Timestamp
  public var killSwitchEngaged: Bool
  /// Another trade of the client is in doubt, or `booking` without a live call.
  public var clientBlocked: Bool
  /// Another trade holds the canary, or (asked by a canary) any other booking is under way.
  public var canaryUnderWay: Bool
  public var bank: BankIdentity?
  /// Evidence speaks of an attempt after the trade's last, which our books must have lost.
  public var hasLaterEvidence: Bool
  /// Another trade that carries the reference under which a person calls this one booked.
  public var referenceHolder: Identifier?
  /// A rule of the desk that stands against an intent.
  public var brokenRule: Failure?

  public init(
    now: Timestamp, killSwitchEngaged: Bool = false, clientBlocked: Bool = false,
    canaryUnderWay: Bool = false, bank: BankIdentity? = nil, hasLaterEvidence: Bool = false,
    referenceHolder: Identifier? = nil, brokenRule: Failure? = nil
  ) {
    self.now = now
    self.killSwitchEngaged = killSwitchEngaged
    self.clientBlocked = clientBlocked
    self.canaryUnderWay = canaryUnderWay
    self.bank = bank
    self.hasLaterEvidence = hasLaterEvidence
    self.referenceHolder = referenceHolder
    self.brokenRule = brokenRule
  }
}

/// What a store writes for one accepted step, beside the trade and the batch themselves.
public struct LedgerEntry: Hashable, Sendable {
  public enum AttemptWrite: Hashable, Sendable {
    case insert(Attempt)
    case end(number: Int, AttemptOutcome, bankTransactionID: String?)
  }

  public var attempt: AttemptWrite?
  /// In order; the store numbers and chains them.
  public var events: [JournalDraft]
}

extension TradeCommand {
  /// The event of the trade's state machine, or nil where the status stays.
  func event(for trade: Trade, policy: BatchPolicy) -> TradeEvent? {
    switch self {
    case .take: .taken
    case .deferQuote: .quoteDeferred
    case .refuseQuote: .quoteRefused
    case .recordIntent: .intentRecorded
    case .recordNotSent: .notSent
    case .recordAccepted: .accepted
    case .recordRefused: .refusedDefinitely
    case .recordUnclear: .answerUnclear
    case .recordFound(_, let deal):
      switch deal.status {
      case .pending: .foundBooked
      case .completed: .foundCompleted
      case .failed: .foundFailed
      }
    case .recordNotBooked:
      trade.roundAttempts >= policy.maxAttempts ? .provenNotBookedExhausted : .provenNotBooked
    case .recordBookingEvidence: .bookingEvidenceFound
    case .recordSettled: .settled
    case .recordSettlementFailed: .settlementFailed
    case .escalate: nil
    case .resolve(.booked, _, _): .resolvedBooked
    case .resolve(.notBooked, _, _): .resolvedNotBooked
    case .cancel: .cancelled
    case .retry: .retried
    }
  }

  /// The attempt that an outcome speaks of.
  var attempt: Int? {
    switch self {
    case .recordNotSent(let attempt, _, _, _), .recordAccepted(let attempt, _),
      .recordRefused(let attempt, _), .recordUnclear(let attempt, _),
      .recordFound(let attempt, _), .recordSettled(let attempt, _),
      .recordSettlementFailed(let attempt, _), .escalate(let attempt):
      attempt
    case .recordNotBooked(let proof): proof.attempt
    // Evidence may speak of any attempt of the trade.
    case .recordBookingEvidence: nil
    case .take, .deferQuote, .refuseQuote, .recordIntent, .resolve, .cancel, .retry: nil
    }
  }

  /// Whether evidence of lost attempts has to be looked for: the step would say of the last attempt
  /// that nothing stands, and let the trade be tried again.
  public var readsLaterEvidence: Bool {
    switch self {
    case .recordNotBooked, .recordSettlementFailed: true
    case .recordFound(_, let deal): deal.status == .failed
    case .take, .deferQuote, .refuseQuote, .recordIntent, .recordNotSent, .recordAccepted,
      .recordRefused, .recordUnclear, .recordBookingEvidence, .recordSettled, .escalate, .resolve,
      .cancel, .retry:
      false
    }
  }

  /// The bank's reference that no other trade may carry; nil where none is given by a person.
  public var givenReference: String? {
    if case .resolve(.booked(let reference), _, _) = self { reference } else { nil }
  }

  /// Whether the client's other trades have to be looked at.
  public var readsClientBlock: Bool {
    switch self {
    case .take, .recordIntent: true
    case .deferQuote, .refuseQuote, .recordNotSent, .recordAccepted, .recordRefused,
      .recordUnclear, .recordFound, .recordNotBooked, .recordBookingEvidence, .recordSettled,
      .recordSettlementFailed, .escalate, .resolve, .cancel, .retry:
      false
    }
  }
}

/// The transactional core: every change of a trade or a batch, on every store, is decided here, on
/// rows that the store has read in the same transaction in which it writes the result.
public enum Ledger {
  /// Decides one step. On success `trade` and `batch` hold what is to be written; on a refusal
  /// neither has changed.
  public static func decide(
    _ step: TradeStep, trade: inout Trade, batch: inout Batch, facts: LedgerFacts
  ) throws(StepRefusal) -> LedgerEntry {
    try checkAuthority(step, batch: batch, now: facts.now)
    if let expected = step.expectedVersion, expected != trade.version {
      throw .staleVersion(present: trade.version)
    }
    if let attempt = step.command.attempt, attempt != trade.attempt {
      throw .staleAttempt(present: trade.attempt)
    }
    guard let event = step.command.event(for: trade, policy: batch.policy) else {
      return try escalating(step, trade: &trade, batch: &batch, now: facts.now)
    }
    let from = trade.status
    let to: TradeStatus
    do {
      to = try from.applying(event, cancelRequested: batch.isCancelRequested)
    } catch {
      throw .illegal(status: from)
    }
    try checkGuards(step.command, trade: trade, batch: batch, facts: facts)

    var entry = LedgerEntry(attempt: nil, events: [])
    batch.escalated.add(trade, times: -1)
    let counted = Usage(of: trade, in: batch)
    entry.attempt = record(step, in: &trade, batch: batch, to: to, now: facts.now)
    entry.events.append(
      JournalDraft(
        kind: .tradeTransition, trade: trade.key, from: from.rawValue, to: to.rawValue,
        attempt: trade.attempt > 0 ? trade.attempt : nil, actor: step.actor,
        code: to == .failed || to == .inDoubt || to == .pending || to == .cancelled
          ? trade.failure?.code : nil,
        bankTransactionID: step.command.bankTransactionID, note: step.command.note))
    if case .recordBookingEvidence = step.command {
      // No answer of the bank ends this doubt: a person is told at once.
      entry.events.append(escalated(trade, actor: step.actor))
    }
    batch.counts.move(from: from, to: to)
    batch.escalated.add(trade)
    batch.usage += Usage(of: trade, in: batch) - counted
    batch.updatedAt = facts.now
    entry.events += follow(from: from, to: to, batch: &batch, actor: step.actor, now: facts.now)
    return entry
  }

  private static func checkAuthority(
    _ step: TradeStep, batch: Batch, now: Timestamp
  ) throws(StepRefusal) {
    switch step.authority {
    case .lease(let generation):
      guard generation == batch.generation, batch.isLeased(at: now) else { throw .leaseLost }
    case .open:
      break
    }
  }

  /// The ladder of checks beyond the state machine; each answers with one named refusal.
  private static func checkGuards(
    _ command: TradeCommand, trade: Trade, batch: Batch, facts: LedgerFacts
  ) throws(StepRefusal) {
    switch command {
    case .take:
      try checkMayBook(batch: batch, facts: facts)
      if let due = trade.notBefore, !Trade.isDue(due, at: facts.now) { throw .notDue(due) }
    case .recordIntent(let intent, _):
      try checkMayBook(batch: batch, facts: facts)
      guard intent.number == trade.attempt + 1 else { throw .staleAttempt(present: trade.attempt) }
      guard trade.roundAttempts < batch.policy.maxAttempts else { throw .attemptsExhausted }
      if facts.canaryUnderWay { throw .canaryUnderWay }
      if let bank = facts.bank, bank != intent.bank { throw .otherBank(bank) }
      if let failure = facts.brokenRule { throw .ruleBroken(failure) }
    case .resolve(_, _, let margin):
      // A booked deal is the bank's to report, until that has taken so long that a person is asked.
      if trade.status == .booked, trade.escalatedAt == nil { throw .illegal(status: .booked) }
      if let until = trade.mayBeBookedUntil(marginMilliseconds: margin), facts.now <= until {
        throw .tooEarly(until: until)
      }
      if let other = facts.referenceHolder { throw .referenceTaken(by: other) }
    case .retry(let note):
      // A final batch is taken into a new round first, by the batch's own retry.
      guard !batch.status.isFinal else { throw .batchNotRunning(batch.status) }
      if batch.isCancelRequested { throw .cancelUnderWay }
      if trade.isRetriedSinglyOnly, note?.isEmpty ?? true { throw .noteRequired }
    case .recordNotBooked, .recordFound, .recordSettlementFailed:
      // What ends the last attempt that we know of says nothing of a later one, which may stand.
      if facts.hasLaterEvidence { throw .illegal(status: trade.status) }
    case .deferQuote, .refuseQuote, .recordNotSent, .recordAccepted, .recordRefused,
      .recordUnclear, .recordBookingEvidence, .recordSettled, .escalate, .cancel:
      break
    }
  }

  private static func checkMayBook(batch: Batch, facts: LedgerFacts) throws(StepRefusal) {
    if batch.isCancelRequested { throw .cancelRequested }
    guard batch.status == .running else { throw .batchNotRunning(batch.status) }
    if facts.killSwitchEngaged { throw .killSwitchEngaged }
    if facts.clientBlocked { throw .clientBlocked }
  }

  private static func escalating(
    _ step: TradeStep, trade: inout Trade, batch: inout Batch, now: Timestamp
  ) throws(StepRefusal) -> LedgerEntry {
    guard trade.status == .inDoubt || trade.status == .booked, trade.escalatedAt == nil else {
      throw .illegal(status: trade.status)
    }
    trade.escalatedAt = now
    trade.updatedAt = now
    trade.version += 1
    batch.escalated.add(trade)
    batch.updatedAt = now
    return LedgerEntry(attempt: nil, events: [escalated(trade, actor: step.actor)])
  }

  private static func escalated(_ trade: Trade, actor: Actor) -> JournalDraft {
    JournalDraft(
      kind: .tradeEscalated, trade: trade.key, attempt: trade.attempt, actor: actor,
      code: trade.failure?.code)
  }

  /// What a trade's step means for its batch: the end in the same transaction as the last trade's,
  /// or its reopening when evidence takes a trade of a final batch back into doubt.
  private static func follow(
    from: TradeStatus, to: TradeStatus, batch: inout Batch, actor: Actor, now: Timestamp
  ) -> [JournalDraft] {
    if batch.status.isFinal, !to.isFinal {
      batch.completedAt = nil
      batch.acceptedBy = nil
      batch.acceptedNote = nil
      return [transition(&batch, .reopened, actor: actor, now: now)]
    }
    guard !batch.status.isFinal else { return [] }
    guard let outcome = batch.counts.outcome else {
      return to == .failed ? followFailure(in: &batch, actor: actor, now: now) : []
    }
    batch.lease = nil
    batch.completedAt = now
    return [transition(&batch, .ended(outcome), actor: actor, now: now)]
  }

  /// Moves the batch along its table. The callers have made sure that the step exists.
  static func transition(
    _ batch: inout Batch, _ event: BatchEvent, actor: Actor, now: Timestamp, note: String? = nil
  ) -> JournalDraft {
    let from = batch.status
    do {
      batch.status = try from.applying(event)
    } catch {
      preconditionFailure("a batch that is \(from) was asked for \(event)")
    }
    if batch.status != .paused { batch.pauseCause = nil }
    batch.updatedAt = now
    batch.version += 1
    return JournalDraft(
      kind: .batchTransition, from: from.rawValue, to: batch.status.rawValue, actor: actor,
      note: note)
  }
}

extension Trade {
  /// Until then the bank may still book what is in doubt, and nobody can know; nil where nothing is
  /// in doubt, or no quote was dealt on.
  public func mayBeBookedUntil(marginMilliseconds: Int64) -> Timestamp? {
    guard status == .inDoubt else { return nil }
    return figures?.expiresAt.advanced(byMilliseconds: marginMilliseconds)
  }
}
