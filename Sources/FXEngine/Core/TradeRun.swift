import FXDomain
import FXPorts

/// One attempt to deal, from the moment a trade is taken until its slot is free again.
///
/// A pure machine: each answer from the store or the bank goes in, exactly one next action comes
/// out. It holds the order of things that the promise rests on: the intent is durable before the
/// call, the call is made once, its outcome is durable before the slot is freed.
public struct TradeRun: Hashable, Sendable {
  public enum Action: Hashable, Sendable {
    /// Ask the bank's status query; the answer comes back as `statusAnswered`.
    case ask(DealQuery)
    case createQuote(QuoteRequest)
    case latestQuote(quoteID: Int64)
    /// Write a step; its result comes back as `written`.
    case write(TradeCommand)
    /// The one call that moves money.
    case book(BookingOrder)
    /// Append what was seen by an owner whose write was refused.
    case witness(EvidenceKind, attempt: Int, summary: String, bankTransactionID: String?)
    /// The run is over; a quote that nobody will book is cancelled.
    case leave(cancelQuote: Int64?)
  }

  enum Stage: Hashable, Sendable {
    case askingEarlier(next: Int)
    case creatingQuote(valueDate: ValueDate)
    case fetchingRate(CreatedQuote, valueDate: ValueDate)
    case writingIntent(Intent)
    case calling(Intent)
    /// A definite refusal is believed only when the bank knows no deal under the id either.
    case confirmingRefusal(Intent, Failure)
    /// A step before the intent is being written; the quote dies with the run.
    case lettingGo(quoteID: Int64?)
    case writingOutcome(Intent, TradeCommand)
    case over
  }

  public let taken: TakenTrade
  public let hold: Hold
  public var trade: Trade { taken.trade }
  var stage: Stage
  let policy: BatchPolicy
  let pricing: PricingMode
  private let installation: Identifier
  private let idEpoch: Int
  public let isCanary: Bool
  /// Ids under which the bank must know no deal that stands: those of all earlier attempts, and the
  /// next ones where a lost time may have used them.
  let questions: [Identifier]
  /// What is to be written once the evidence for it is in the store.
  var evidenced: TradeCommand?

  /// - Parameter asksForLostIDs: the trade is older than what this process has seen of the store. One
  ///   that was restored without a trace gives out the ids of the lost time again: the bank tells.
  ///   A whole round of them is asked for, since the first may have been refused and a later one booked.
  public init(
    taken: TakenTrade, batch: Batch, installation: Installation, isCanary: Bool,
    asksForLostIDs: Bool = false
  ) {
    self.taken = taken
    self.hold = Hold(batch: batch.key, generation: batch.generation)
    self.stage = .over
    self.policy = batch.policy
    self.pricing = batch.pricing
    self.installation = installation.id
    self.idEpoch = installation.idEpoch
    self.isCanary = isCanary
    let round = asksForLostIDs ? batch.policy.maxAttempts : 0
    self.questions =
      taken.earlierAttempts
      + (0..<round).map {
        DealTransactionID.of(
          installation: installation.id, epoch: installation.idEpoch, batch: taken.trade.batchID,
          trade: taken.trade.id, attempt: taken.trade.attempt + 1 + $0)
      }
  }

  /// The call may be on its way: nobody but the bank can say how it ended.
  public var isCalling: Bool {
    switch stage {
    case .calling, .confirmingRefusal, .writingOutcome: true
    case .askingEarlier, .creatingQuote, .fetchingRate, .writingIntent, .lettingGo, .over: false
    }
  }

  /// The one call that moves money is out, and this process has not heard its end.
  public var isBooking: Bool {
    switch stage {
    case .calling: true
    case .askingEarlier, .creatingQuote, .fetchingRate, .writingIntent, .confirmingRefusal,
      .lettingGo, .writingOutcome, .over:
      false
    }
  }

  // MARK: Inputs

  public mutating func begin(at now: Moment, settings: EngineSettings) -> Action {
    if let failure = refusalBeforeQuote(at: now, settings: settings) {
      return failing(failure, quoteID: nil, at: now, settings: settings)
    }
    return askEarlier(from: 0, at: now, settings: settings)
  }

  public mutating func statusAnswered(
    _ answer: StatusAnswer, at now: Moment, settings: EngineSettings
  ) -> Action {
    switch stage {
    case .askingEarlier(let index):
      return earlierAnswered(answer, at: index, now, settings)
    case .confirmingRefusal(let intent, let failure):
      switch answer {
      case .notFound:
        return outcome(.recordRefused(attempt: intent.number, failure), of: intent)
      case .found, .refused, .trouble:
        return outcome(.recordUnclear(attempt: intent.number, failure), of: intent)
      }
    case .creatingQuote, .fetchingRate, .writingIntent, .calling, .lettingGo, .writingOutcome,
      .over:
      preconditionFailure("no status was asked for at this stage")
    }
  }

  public mutating func quoteCreated(
    _ answer: BankAnswer<CreatedQuote>, at now: Moment, settings: EngineSettings
  ) -> Action {
    guard case .creatingQuote(let valueDate) = stage else {
      preconditionFailure("no quote was asked for at this stage")
    }
    switch answer {
    case .success(let quote, _):
      stage = .fetchingRate(quote, valueDate: valueDate)
      return .latestQuote(quoteID: quote.quoteID)
    case .refused(let refusal, let receipt):
      return refused(refusal, receipt, quoteID: nil, at: now, settings: settings)
    case .trouble(let trouble):
      return failing(trouble.failure, quoteID: nil, at: now, settings: settings)
    }
  }

  public mutating func rateQuoted(
    _ answer: BankAnswer<QuotedRate>, look: LastLook, at now: Moment, settings: EngineSettings
  ) -> Action {
    guard case .fetchingRate(let created, let valueDate) = stage else {
      preconditionFailure("no rate was asked for at this stage")
    }
    switch answer {
    case .success(let quoted, _):
      return price(quoted, for: valueDate, look: look, at: now, settings: settings)
    case .refused(let refusal, let receipt):
      return refused(refusal, receipt, quoteID: created.quoteID, at: now, settings: settings)
    case .trouble(let trouble):
      return failing(trouble.failure, quoteID: created.quoteID, at: now, settings: settings)
    }
  }

  /// A step was decided by the store.
  ///
  /// - Parameter look: the last look before a call, in memory, taken at this very moment.
  public mutating func written(
    _ result: Result<Trade, StepRefusal>, look: LastLook, at now: Moment,
    settings: EngineSettings
  ) -> Action {
    switch stage {
    case .writingIntent(let intent):
      switch result {
      case .success:
        if let objection = look.objection(to: intent.figures, at: now, settings: settings) {
          return notSent(objection, intent, at: now, settings: settings)
        }
        stage = .calling(intent)
        return .book(intent.order)
      case .failure(let refusal):
        return intentRefused(refusal, intent, at: now, settings: settings)
      }
    case .writingOutcome(let intent, let command):
      stage = .over
      switch result {
      case .success: return .leave(cancelQuote: command.cancelsQuote ? intent.figures.quoteID : nil)
      case .failure: return witness(command, of: intent)
      }
    case .lettingGo(let quoteID):
      // Written or refused: either way the trade is no longer this run's.
      stage = .over
      return .leave(cancelQuote: quoteID)
    case .askingEarlier, .creatingQuote, .fetchingRate, .calling, .confirmingRefusal, .over:
      preconditionFailure("nothing was being written at this stage")
    }
  }

  public mutating func bookingAnswered(
    _ answer: BookingAnswer, at now: Moment, settings: EngineSettings
  ) -> Action {
    guard case .calling(let intent) = stage else {
      preconditionFailure("no booking call was out")
    }
    let number = intent.number
    switch answer {
    case .accepted(let receipt):
      return outcome(
        .recordAccepted(attempt: number, bankTransactionID: receipt.bankTransactionID), of: intent)
    case .refused(let refusal, let receipt):
      let failure = Failure(
        .bookingRefused, refusal.message, bankReasonCode: refusal.reasonCode,
        bankTransactionID: receipt.bankTransactionID)
      guard settings.definiteRefusals.contains(refusal.reasonCode) else {
        var unclear = failure
        unclear.code = .bookingUnclear
        return outcome(.recordUnclear(attempt: number, unclear), of: intent)
      }
      stage = .confirmingRefusal(intent, failure)
      return .ask(.dealTransactionID(intent.dealTransactionID))
    case .notSent(let trouble):
      return notSent(.failure(trouble.failure), intent, at: now, settings: settings)
    case .unclear(let trouble, let receipt):
      var failure = trouble.failure
      failure.bankTransactionID = receipt.bankTransactionID
      return outcome(.recordUnclear(attempt: number, failure), of: intent)
    }
  }

  /// The witness is in the store: what follows from it is written, or the run ends.
  public mutating func witnessed() -> Action {
    guard let command = evidenced else { return .leave(cancelQuote: nil) }
    evidenced = nil
    return letGo(command, quoteID: nil)
  }
}

// MARK: - Steps inside

extension TradeRun {
  mutating func askEarlier(
    from index: Int, at now: Moment, settings: EngineSettings
  ) -> Action {
    if index < questions.count {
      stage = .askingEarlier(next: index)
      return .ask(.dealTransactionID(questions[index]))
    }
    do {
      let dated = try settings.valueDates.valueDate(
        for: trade.deal.pair, delivery: trade.delivery, at: now.wall, clock: settings.deskClock,
        cutOffs: settings.cutOffs)
      guard let accounts = taken.settlement else {
        return failing(taken.missingAccount, quoteID: nil, at: now, settings: settings)
      }
      stage = .creatingQuote(valueDate: dated)
      return .createQuote(
        QuoteRequest(
          cifNumber: trade.cifNumber, from: accounts.from, to: accounts.to, deal: trade.deal,
          delivery: trade.delivery, valueDate: dated.date, at: now.wall))
    } catch {
      let failure = Failure(.calendarUnknown, "No value date can be computed: \(error).")
      return failing(failure, quoteID: nil, at: now, settings: settings)
    }
  }

  private mutating func price(
    _ quoted: QuotedRate, for valueDate: ValueDate, look: LastLook, at now: Moment,
    settings: EngineSettings
  ) -> Action {
    let rules = RateRules(
      minimumMargin: policy.minimumMargin, collarBasisPoints: settings.collarBasisPoints)
    do {
      let priced = try trade.deal.priced(
        taken.terms(pricing), quoteRate: quoted.rate, otcRate: taken.otcRate?.rate, rules: rules)
      let figures = QuoteFigures(
        quoteID: quoted.quoteID, expiresAt: quoted.expiresAt, priced: priced)
      if let objection = look.objection(to: figures, at: now, settings: settings) {
        return lettingGo(for: objection, quoteID: quoted.quoteID, at: now, settings: settings)
      }
      let number = trade.attempt + 1
      let id = DealTransactionID.of(
        installation: installation, epoch: idEpoch, batch: trade.batchID, trade: trade.id,
        attempt: number)
      let order = BookingOrder(
        quoteID: quoted.quoteID, dealTransactionID: id, quoteRate: priced.quoteRate,
        clientRate: priced.clientRate)
      let intent = Intent(
        number: number, dealTransactionID: id, bank: settings.bank, figures: figures,
        valueDate: valueDate, requestDigest: look.digest(order), isCanary: isCanary)
      stage = .writingIntent(intent)
      return .write(.recordIntent(intent, rules: settings.rules))
    } catch {
      return failing(Failure(error), quoteID: quoted.quoteID, at: now, settings: settings)
    }
  }

  private mutating func intentRefused(
    _ refusal: StepRefusal, _ intent: Intent, at now: Moment, settings: EngineSettings
  ) -> Action {
    let quoteID = intent.figures.quoteID
    switch refusal {
    case .cancelRequested:
      return letGo(.cancel, quoteID: quoteID)
    case .batchNotRunning, .killSwitchEngaged:
      return letGo(.deferQuote(nil, notBefore: nil), quoteID: quoteID)
    case .clientBlocked, .canaryUnderWay, .otherBank:
      let later = now.wall.advanced(byMilliseconds: EngineBounds.blockedClientMilliseconds)
      return letGo(.deferQuote(nil, notBefore: later), quoteID: quoteID)
    case .attemptsExhausted:
      let failure = Failure(.attemptsExhausted, "No attempt is left in this round.")
      return letGo(.refuseQuote(failure), quoteID: quoteID)
    case .ruleBroken(let failure):
      return failing(failure, quoteID: quoteID, at: now, settings: settings)
    case .leaseLost, .illegal, .staleAttempt, .staleVersion, .unknownTrade, .notDue, .tooEarly,
      .referenceTaken,
      .noteRequired, .cancelUnderWay, .repeated:
      stage = .over
      return .leave(cancelQuote: quoteID)
    }
  }

  private mutating func refused(
    _ refusal: BankRefusal, _ receipt: BankReceipt, quoteID: Int64?, at now: Moment,
    settings: EngineSettings
  ) -> Action {
    if settings.passingRefusals.contains(refusal.reasonCode) {
      return failing(passing(refusal, receipt), quoteID: quoteID, at: now, settings: settings)
    }
    let failure = Failure(
      .quoteRefused, refusal.message, bankReasonCode: refusal.reasonCode,
      bankTransactionID: receipt.bankTransactionID)
    return failing(failure, quoteID: quoteID, at: now, settings: settings)
  }

  func passing(_ refusal: BankRefusal, _ receipt: BankReceipt) -> Failure {
    Failure(
      .bankUnavailable, refusal.message, bankReasonCode: refusal.reasonCode,
      bankTransactionID: receipt.bankTransactionID)
  }

  /// Back to the queue after a delay, or failed once the round's tries for such failures are used up.
  /// What has no attempt left is never quoted again.
  mutating func failing(
    _ failure: Failure, quoteID: Int64?, at now: Moment, settings: EngineSettings
  ) -> Action {
    let rule = policy.retries[failure.code.category]
    guard failure.code != .attemptsExhausted, trade.quoteTries + 1 < rule.tries else {
      return letGo(.refuseQuote(failure), quoteID: quoteID)
    }
    let delay = settings.backoff(
      first: rule.firstDelayMilliseconds, greatest: rule.greatestDelayMilliseconds,
      tries: trade.quoteTries, of: trade.key)
    return letGo(
      .deferQuote(failure, notBefore: now.wall.advanced(byMilliseconds: delay)), quoteID: quoteID)
  }

  func later(tries: Int, at now: Moment, settings: EngineSettings) -> Timestamp {
    let delay = settings.backoff(
      first: EngineBounds.firstBackoffMilliseconds,
      greatest: EngineBounds.greatestBackoffMilliseconds, tries: tries, of: trade.key)
    return now.wall.advanced(byMilliseconds: delay)
  }

  mutating func letGo(_ command: TradeCommand, quoteID: Int64?) -> Action {
    stage = .lettingGo(quoteID: quoteID)
    return .write(command)
  }

  mutating func outcome(_ command: TradeCommand, of intent: Intent) -> Action {
    stage = .writingOutcome(intent, command)
    return .write(command)
  }

  /// The write of an outcome was refused: what was seen is kept as evidence for whoever decides.
  private func witness(_ command: TradeCommand, of intent: Intent) -> Action {
    switch command {
    case .recordAccepted(let attempt, let bankTransactionID):
      return .witness(
        .bookingAccepted, attempt: attempt, summary: "The bank accepted this booking.",
        bankTransactionID: bankTransactionID)
    case .recordRefused(let attempt, let failure), .recordUnclear(let attempt, let failure):
      return .witness(
        .bookingAnswer, attempt: attempt, summary: "\(failure.code.rawValue): \(failure.message)",
        bankTransactionID: failure.bankTransactionID)
    case .recordNotSent(let attempt, let failure, let note, _):
      let why = failure?.message ?? note ?? ""
      return .witness(
        .bookingAnswer, attempt: attempt, summary: "The call was not sent. \(why)",
        bankTransactionID: nil)
    case .take, .deferQuote, .refuseQuote, .recordIntent, .recordFound, .recordNotBooked,
      .recordBookingEvidence, .recordSettled, .recordSettlementFailed, .escalate, .resolve,
      .cancel, .retry:
      preconditionFailure("not an outcome of a call")
    }
  }
}

extension TradeCommand {
  /// The quote was not used and nobody else will use it.
  fileprivate var cancelsQuote: Bool {
    if case .recordNotSent = self { true } else { false }
  }
}
