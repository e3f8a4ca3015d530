/// What somebody wants to happen to one trade.
public enum TradeCommand: Hashable, Sendable {
  /// Take the trade up for quoting.
  case take
  /// Let go of it before its intent: a passing fault with its failure and delay, or no failure when
  /// the node merely lets go.
  case deferQuote(Failure?, notBefore: Timestamp?)
  case refuseQuote(Failure)
  /// Under the rules that the store looks at once more.
  case recordIntent(Intent, rules: DeskRules = DeskRules())
  /// The call never left, for a passing fault or, as the note says, since the desk held it back, which
  /// is no failure. The trade comes up again after the delay, if one is given.
  case recordNotSent(
    attempt: Int, Failure?, note: String? = nil, notBefore: Timestamp? = nil)
  case recordAccepted(attempt: Int, bankTransactionID: String?)
  case recordRefused(attempt: Int, Failure)
  case recordUnclear(attempt: Int, Failure)
  /// The bank, or appended evidence, showed the deal of a trade in doubt.
  case recordFound(attempt: Int, FoundDeal)
  case recordNotBooked(NotBookedProof)
  /// A booking turned up for a trade that should have none.
  case recordBookingEvidence(attempt: Int, note: String)
  case recordSettled(attempt: Int, dealReference: String?)
  case recordSettlementFailed(attempt: Int, Failure)
  /// A doubt has lasted too long: a person is told.
  case escalate(attempt: Int)
  /// A person closes a doubt, or a booked deal that has been put before them. `marginMilliseconds`
  /// is the doubt margin, before which a doubt is not closed.
  case resolve(Resolution, note: String, marginMilliseconds: Int64)
  case cancel
  case retry(note: String?)
}

/// A deal as the bank's status query shows it.
public struct FoundDeal: Hashable, Sendable {
  public var status: DealStatus
  public var dealReference: String?
  public var bankTransactionID: String?

  public init(
    status: DealStatus, dealReference: String? = nil, bankTransactionID: String? = nil
  ) {
    self.status = status
    self.dealReference = dealReference
    self.bankTransactionID = bankTransactionID
  }
}

/// The bank's status of a deal that it knows.
public enum DealStatus: String, Hashable, Sendable, CaseIterable {
  case pending = "PENDING"
  case completed = "COMPLETED"
  case failed = "FAILED"
}

/// A person's word on a trade in doubt, or unconfirmed for too long.
public enum Resolution: Hashable, Sendable {
  case booked(dealReference: String)
  case notBooked
}

/// On whose authority a step is taken.
public enum Authority: Hashable, Sendable {
  /// A node under its lease; refused once the generation has moved on or the lease has ended.
  case lease(generation: Int64)
  /// A person, or the bank's word found by anybody: no lease is needed.
  case open
}

/// One wish to change one trade.
public struct TradeStep: Hashable, Sendable {
  public var batch: BatchKey
  public var trade: TradeKey
  public var authority: Authority
  public var actor: Actor
  public var command: TradeCommand
  /// The version that a person saw; nil when they do not say.
  public var expectedVersion: Int64?

  public init(
    batch: BatchKey, trade: TradeKey, authority: Authority, actor: Actor, command: TradeCommand,
    expectedVersion: Int64? = nil
  ) {
    self.batch = batch
    self.trade = trade
    self.authority = authority
    self.actor = actor
    self.command = command
    self.expectedVersion = expectedVersion
  }
}

/// Why a step was refused. A refusal changes nothing.
public enum StepRefusal: Error, Hashable, Sendable {
  case unknownTrade
  /// The lease has passed to another owner, or has ended.
  case leaseLost
  case staleVersion(present: Int64)
  /// The status has no such step.
  case illegal(status: TradeStatus)
  /// The outcome belongs to an attempt that is not the last one.
  case staleAttempt(present: Int)
  case batchNotRunning(BatchStatus)
  case cancelRequested
  case killSwitchEngaged
  /// Another trade of this client may have been booked without our knowing.
  case clientBlocked
  /// Bookings go one at a time until the bank has shown that it can look deals up.
  case canaryUnderWay
  /// The installation's deals are with another bank.
  case otherBank(BankIdentity)
  case attemptsExhausted
  case notDue(Timestamp)
  /// A doubt is not resolved by hand before the quote's expiry plus the margin.
  case tooEarly(until: Timestamp)
  /// The bank's reference that a person gave is another trade's already.
  case referenceTaken(by: Identifier)
  /// A rule of the desk that the trade would break by now, for which it fails.
  case ruleBroken(Failure)
  /// Never retried without a person's note.
  case noteRequired
  case cancelUnderWay
  /// The same request has made this change before.
  case repeated
}
