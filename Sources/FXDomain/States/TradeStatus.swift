/// Where a trade stands.
public enum TradeStatus: String, Hashable, Sendable, CaseIterable {
  case pending
  case quoting
  /// The intent to book is durable; the call may have been sent.
  case booking
  case booked
  case completed
  /// Perhaps booked: the bank is asked, nothing is ever sent again.
  case inDoubt = "in_doubt"
  case failed
  case cancelled

  /// Nothing moves the trade from here but a person, or new evidence.
  public var isFinal: Bool {
    switch self {
    case .completed, .failed, .cancelled: true
    case .pending, .quoting, .booking, .booked, .inDoubt: false
    }
  }

  /// Whether the bank has the deal, for all that is known.
  public var isDealt: Bool {
    switch self {
    case .booked, .completed: true
    case .pending, .quoting, .booking, .inDoubt, .failed, .cancelled: false
    }
  }
}

extension TradeStatus {
  /// Whether the deal is, or may be, with the bank.
  var isWithBank: Bool {
    switch self {
    case .booking, .inDoubt, .booked, .completed: true
    case .pending, .quoting, .failed, .cancelled: false
    }
  }
}

/// What can happen to a trade.
public enum TradeEvent: Hashable, Sendable, CaseIterable {
  /// A lease holder takes the trade up.
  case taken
  /// The quote was refused for good, or a rule of the desk refused it.
  case quoteRefused
  /// A passing fault, or the node lets go of the trade before its intent.
  case quoteDeferred
  /// The intent became durable. Nothing has been sent before this.
  case intentRecorded
  case accepted
  /// This very process knows that the call never left.
  case notSent
  case refusedDefinitely
  /// No definite answer: it may or may not be booked.
  case answerUnclear
  /// The bank's status query, or appended evidence, showed the deal.
  case foundBooked
  case foundCompleted
  case foundFailed
  /// Proven that no booking exists and none can come any more.
  case provenNotBooked
  /// As before, and no attempt is left in this round.
  case provenNotBookedExhausted
  /// Evidence of a booking turned up where none should be.
  case bookingEvidenceFound
  case settled
  case settlementFailed
  /// A person closes a doubt, or a deal unconfirmed for too long.
  case resolvedBooked
  case resolvedNotBooked
  case cancelled
  /// An operator's retry.
  case retried
}

/// A state machine was asked for a step that its table does not have.
public struct IllegalTransition<State: Sendable, Event: Sendable>: Error, Sendable {
  public let state: State
  public let event: Event
}

extension TradeStatus {
  /// The only way a trade changes status.
  ///
  /// - Parameter cancelRequested: the batch's durable flag. From the moment it is set, whatever would
  ///   be or return to `pending` becomes `cancelled`.
  public func applying(
    _ event: TradeEvent, cancelRequested: Bool
  ) throws(IllegalTransition<TradeStatus, TradeEvent>) -> TradeStatus {
    let pending: TradeStatus = cancelRequested ? .cancelled : .pending
    switch (self, event) {
    case (.pending, .taken): return .quoting
    case (.quoting, .quoteRefused): return .failed
    case (.quoting, .quoteDeferred): return pending
    case (.quoting, .intentRecorded): return .booking
    case (.pending, .cancelled), (.quoting, .cancelled): return .cancelled

    case (.booking, .accepted): return .booked
    case (.booking, .notSent): return pending
    case (.booking, .refusedDefinitely): return .failed
    case (.booking, .answerUnclear): return .inDoubt

    case (.inDoubt, .foundBooked): return .booked
    case (.inDoubt, .foundCompleted): return .completed
    case (.inDoubt, .foundFailed): return .failed
    case (.inDoubt, .provenNotBooked): return pending
    case (.inDoubt, .provenNotBookedExhausted): return .failed
    case (.inDoubt, .resolvedBooked): return .completed
    case (.inDoubt, .resolvedNotBooked): return .failed

    case (.pending, .bookingEvidenceFound), (.quoting, .bookingEvidenceFound),
      (.failed, .bookingEvidenceFound), (.cancelled, .bookingEvidenceFound):
      return .inDoubt

    case (.booked, .settled): return .completed
    case (.booked, .settlementFailed): return .failed
    case (.booked, .resolvedBooked): return .completed
    case (.booked, .resolvedNotBooked): return .failed

    case (.failed, .retried), (.cancelled, .retried): return .pending

    case (.pending, .quoteRefused), (.pending, .quoteDeferred), (.pending, .intentRecorded),
      (.pending, .accepted), (.pending, .notSent), (.pending, .refusedDefinitely),
      (.pending, .answerUnclear), (.pending, .foundBooked), (.pending, .foundCompleted),
      (.pending, .foundFailed), (.pending, .provenNotBooked),
      (.pending, .provenNotBookedExhausted), (.pending, .settled), (.pending, .settlementFailed),
      (.pending, .resolvedBooked), (.pending, .resolvedNotBooked), (.pending, .retried),
      (.quoting, .taken), (.quoting, .accepted), (.quoting, .notSent),
      (.quoting, .refusedDefinitely), (.quoting, .answerUnclear), (.quoting, .foundBooked),
      (.quoting, .foundCompleted), (.quoting, .foundFailed), (.quoting, .provenNotBooked),
      (.quoting, .provenNotBookedExhausted), (.quoting, .settled), (.quoting, .settlementFailed),
      (.quoting, .resolvedBooked), (.quoting, .resolvedNotBooked), (.quoting, .retried),
      (.booking, .taken), (.booking, .quoteRefused), (.booking, .quoteDeferred),
      (.booking, .intentRecorded), (.booking, .foundBooked), (.booking, .foundCompleted),
      (.booking, .foundFailed), (.booking, .provenNotBooked),
      (.booking, .provenNotBookedExhausted), (.booking, .bookingEvidenceFound),
      (.booking, .settled), (.booking, .settlementFailed), (.booking, .resolvedBooked),
      (.booking, .resolvedNotBooked), (.booking, .cancelled), (.booking, .retried),
      (.booked, .taken), (.booked, .quoteRefused), (.booked, .quoteDeferred),
      (.booked, .intentRecorded), (.booked, .accepted), (.booked, .notSent),
      (.booked, .refusedDefinitely), (.booked, .answerUnclear), (.booked, .foundBooked),
      (.booked, .foundCompleted), (.booked, .foundFailed), (.booked, .provenNotBooked),
      (.booked, .provenNotBookedExhausted), (.booked, .bookingEvidenceFound),
      (.booked, .cancelled), (.booked, .retried),
      (.inDoubt, .taken), (.inDoubt, .quoteRefused), (.inDoubt, .quoteDeferred),
      (.inDoubt, .intentRecorded), (.inDoubt, .accepted), (.inDoubt, .notSent),
      (.inDoubt, .refusedDefinitely), (.inDoubt, .answerUnclear),
      (.inDoubt, .bookingEvidenceFound), (.inDoubt, .settled), (.inDoubt, .settlementFailed),
      (.inDoubt, .cancelled), (.inDoubt, .retried),
      (.completed, .taken), (.completed, .quoteRefused), (.completed, .quoteDeferred),
      (.completed, .intentRecorded), (.completed, .accepted), (.completed, .notSent),
      (.completed, .refusedDefinitely), (.completed, .answerUnclear), (.completed, .foundBooked),
      (.completed, .foundCompleted), (.completed, .foundFailed), (.completed, .provenNotBooked),
      (.completed, .provenNotBookedExhausted), (.completed, .bookingEvidenceFound),
      (.completed, .settled), (.completed, .settlementFailed), (.completed, .resolvedBooked),
      (.completed, .resolvedNotBooked), (.completed, .cancelled), (.completed, .retried),
      (.failed, .taken), (.failed, .quoteRefused), (.failed, .quoteDeferred),
      (.failed, .intentRecorded), (.failed, .accepted), (.failed, .notSent),
      (.failed, .refusedDefinitely), (.failed, .answerUnclear), (.failed, .foundBooked),
      (.failed, .foundCompleted), (.failed, .foundFailed), (.failed, .provenNotBooked),
      (.failed, .provenNotBookedExhausted), (.failed, .settled), (.failed, .settlementFailed),
      (.failed, .resolvedBooked), (.failed, .resolvedNotBooked), (.failed, .cancelled),
      (.cancelled, .taken), (.cancelled, .quoteRefused), (.cancelled, .quoteDeferred),
      (.cancelled, .intentRecorded), (.cancelled, .accepted), (.cancelled, .notSent),
      (.cancelled, .refusedDefinitely), (.cancelled, .answerUnclear), (.cancelled, .foundBooked),
      (.cancelled, .foundCompleted), (.cancelled, .foundFailed), (.cancelled, .provenNotBooked),
      (.cancelled, .provenNotBookedExhausted), (.cancelled, .settled),
      (.cancelled, .settlementFailed), (.cancelled, .resolvedBooked),
      (.cancelled, .resolvedNotBooked), (.cancelled, .cancelled):
      throw IllegalTransition(state: self, event: event)
    }
  }
}
