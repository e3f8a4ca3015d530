/// How one booking attempt ended, as far as known.
public enum AttemptOutcome: String, Hashable, Sendable, CaseIterable {
  /// The intent is durable, nothing is known of the call.
  case open
  /// This process knew that it had not sent the call.
  case notSent = "not_sent"
  case booked
  /// A definite refusal, or proof that nothing was booked and nothing will be.
  case notBooked = "not_booked"
  /// Booked, and failed to settle: the deal no longer stands.
  case settlementFailed = "settlement_failed"
}

/// One intent to book, and what became of it.
public struct Attempt: Hashable, Sendable {
  public var trade: TradeKey
  /// From 1, never starting again over all rounds.
  public var number: Int
  /// Our name of the deal towards the bank; unique.
  public var dealTransactionID: Identifier
  public var bank: BankIdentity
  public var quoteID: Int64
  public var quoteRate: Rate
  public var clientRate: Rate
  public var quoteExpiresAt: Timestamp
  /// Generation of the lease under which the intent was written.
  public var generation: Int64
  /// SHA-256 of the exact request body.
  public var requestDigest: [UInt8]
  public var intentAt: Timestamp
  public var outcome: AttemptOutcome
  public var bankTransactionID: String?
  public var endedAt: Timestamp?

  public init(
    trade: TradeKey, number: Int, intent: Intent, generation: Int64, intentAt: Timestamp
  ) {
    self.trade = trade
    self.number = number
    self.dealTransactionID = intent.dealTransactionID
    self.bank = intent.bank
    self.quoteID = intent.figures.quoteID
    self.quoteRate = intent.figures.priced.quoteRate
    self.clientRate = intent.figures.priced.clientRate
    self.quoteExpiresAt = intent.figures.expiresAt
    self.generation = generation
    self.requestDigest = intent.requestDigest
    self.intentAt = intentAt
    self.outcome = .open
  }

  /// For stores, which read attempts back.
  public init(
    trade: TradeKey, number: Int, dealTransactionID: Identifier, bank: BankIdentity,
    quoteID: Int64, quoteRate: Rate, clientRate: Rate, quoteExpiresAt: Timestamp,
    generation: Int64, requestDigest: [UInt8], intentAt: Timestamp, outcome: AttemptOutcome,
    bankTransactionID: String?, endedAt: Timestamp?
  ) {
    self.trade = trade
    self.number = number
    self.dealTransactionID = dealTransactionID
    self.bank = bank
    self.quoteID = quoteID
    self.quoteRate = quoteRate
    self.clientRate = clientRate
    self.quoteExpiresAt = quoteExpiresAt
    self.generation = generation
    self.requestDigest = requestDigest
    self.intentAt = intentAt
    self.outcome = outcome
    self.bankTransactionID = bankTransactionID
    self.endedAt = endedAt
  }
}

/// What is made durable before a booking call may leave.
public struct Intent: Hashable, Sendable {
  public var number: Int
  public var dealTransactionID: Identifier
  public var bank: BankIdentity
  public var figures: QuoteFigures
  /// The day on which money moves, as the quote was asked for.
  public var valueDate: ValueDate
  public var requestDigest: [UInt8]
  /// The attempt is the installation's canary: no other booking may be under way.
  public var isCanary: Bool

  public init(
    number: Int, dealTransactionID: Identifier, bank: BankIdentity, figures: QuoteFigures,
    valueDate: ValueDate, requestDigest: [UInt8], isCanary: Bool
  ) {
    self.number = number
    self.dealTransactionID = dealTransactionID
    self.bank = bank
    self.figures = figures
    self.valueDate = valueDate
    self.requestDigest = requestDigest
    self.isCanary = isCanary
  }
}

/// What kind of thing was learnt about an attempt.
public enum EvidenceKind: String, Hashable, Sendable, CaseIterable {
  /// An answer to a status query.
  case statusAnswer = "status_answer"
  /// The bank accepted the booking, seen by an owner that had lost the lease or could not write it.
  case bookingAccepted = "booking_accepted"
  /// Any other booking answer of such an owner.
  case bookingAnswer = "booking_answer"
  case statementLine = "statement_line"
  case personsNote = "persons_note"
}

/// Something learnt about an attempt; appended, never changed, by whoever learns it.
public struct Evidence: Hashable, Sendable {
  public var trade: TradeKey
  public var attempt: Int
  public var kind: EvidenceKind
  public var at: Timestamp
  public var actor: Actor
  /// One sentence for a person.
  public var summary: String
  public var bankTransactionID: String?

  public init(
    trade: TradeKey, attempt: Int, kind: EvidenceKind, at: Timestamp, actor: Actor,
    summary: String, bankTransactionID: String? = nil
  ) {
    self.trade = trade
    self.attempt = attempt
    self.kind = kind
    self.at = at
    self.actor = actor
    self.summary = summary
    self.bankTransactionID = bankTransactionID
  }
}
