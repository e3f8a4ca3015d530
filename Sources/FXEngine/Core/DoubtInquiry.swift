import FXDomain
import FXPorts

/// What this session knows of the bank's status query.
public enum LookUp: Hashable, Sendable {
  /// Nothing has been found by our id yet.
  case unproven
  /// A booked deal was found by our id.
  case byDealTransactionID
  /// A booked deal was not found by our id within the doubt margin: `NOT_FOUND` proves nothing.
  case blind
}

/// The questions about one trade in doubt, until the bank's word or a proof ends it.
///
/// A pure machine. Doubt is never ended by time alone: a person is told after a while, and the
/// questions go on.
public struct DoubtInquiry: Hashable, Sendable {
  public enum Action: Hashable, Sendable {
    /// Look for evidence that a fenced owner appended, then ask the bank.
    case readEvidence
    case ask(DealQuery)
    /// A known deal booked before this moment must be found by the same query, now.
    case findControl(bookedBefore: Timestamp)
    case write(TradeCommand)
    case wait(untilUptime: Int64)
  }

  /// A question to the bank that is out. Its answer is told from that to any other by both.
  public struct Question: Hashable, Sendable {
    public var query: DealQuery
    /// When it began.
    public var askedAt: Timestamp
  }

  public let open: OpenTrade
  public let attempt: Attempt
  private(set) var firstNotFound: NotFoundAnswer?
  private(set) var asked: Question?
  /// The bank's own id of its unclear answer to the booking, where it gave one: the second means to
  /// ask by.
  private(set) var bankTransactionID: String?
  /// The bank does not find our id; what that proves waits for the answer by its own.
  private(set) var notFoundByOurs: NotFoundAnswer?
  private var rounds = 0
  private(set) var isEscalated: Bool
  /// Evidence turned up against an attempt that had ended, or of one that our books have lost: only
  /// a person may close it.
  private(set) var isForPerson: Bool

  public init(_ open: OpenTrade, attempt: Attempt) {
    self.open = open
    self.attempt = attempt
    self.bankTransactionID = open.trade.bankTransactionID
    self.isEscalated = open.trade.escalatedAt != nil
    self.isForPerson = attempt.outcome != .open
  }

  public mutating func due(at now: Moment, lookUp: LookUp, settings: EngineSettings) -> Action {
    let lasting = now.wall.milliseconds(since: open.trade.doubtSince ?? now.wall)
    let isHopeless = isForPerson || lookUp == .blind && hasPassedMargin(at: now, settings)
    if !isEscalated, isHopeless || lasting > settings.escalationMilliseconds {
      isEscalated = true
      return .write(.escalate(attempt: attempt.number))
    }
    return .readEvidence
  }

  /// - Parameter evidence: what was appended to this trade, a fenced owner's answers among it.
  public mutating func evidenceRead(
    _ evidence: [Evidence], controls: [ControlAnswer], at now: Moment,
    settings: EngineSettings
  ) -> Action {
    // A proof about this attempt would say nothing of a later one.
    if evidence.contains(where: { $0.attempt > attempt.number }) { isForPerson = true }
    if isForPerson, !isEscalated {
      isEscalated = true
      return .write(.escalate(attempt: attempt.number))
    }
    let own = evidence.filter { $0.attempt == attempt.number }
    bankTransactionID =
      bankTransactionID
      ?? own.lazy.filter { $0.kind == .bookingAnswer }.compactMap(\.bankTransactionID).first
    let seen = own.first { $0.kind == .bookingAccepted }
    if let seen, !isForPerson {
      let deal = FoundDeal(status: .pending, bankTransactionID: seen.bankTransactionID)
      return .write(.recordFound(attempt: attempt.number, deal))
    }
    if let first = firstNotFound,
      control(among: controls, after: first, at: now, settings: settings) == nil
    {
      return .findControl(bookedBefore: attempt.intentAt)
    }
    return askByOurs(at: now)
  }

  /// The control was looked for. Without one, the question is asked all the same: the bank may know
  /// the deal by now.
  public mutating func controlSought(at now: Moment) -> Action { askByOurs(at: now) }

  public mutating func answered(
    _ answer: StatusAnswer, controls: [ControlAnswer], at now: Moment, lookUp: LookUp,
    settings: EngineSettings
  ) -> Action {
    // An answer to a question of an inquiry that was begun anew says nothing about when it began.
    guard let question = asked else { return pause(at: now, settings: settings) }
    asked = nil
    let byOurs = notFoundByOurs
    notFoundByOurs = nil
    switch answer {
    case .found(let deal, _):
      // The receipt's id is the status query's own, by which no deal is ever found.
      return isForPerson
        ? pause(at: now, settings: settings)
        : .write(.recordFound(attempt: attempt.number, deal))
    case .notFound(let receipt):
      let this =
        byOurs
        ?? NotFoundAnswer(
          askedAt: question.askedAt, answeredAt: now.wall, bankDate: receipt.bankDate)
      // Ours first, then the bank's: every means is asked before anything is concluded.
      if byOurs == nil, let bankTransactionID {
        notFoundByOurs = this
        return ask(.bankTransactionID(bankTransactionID), at: now)
      }
      return notFound(this, controls: controls, at: now, lookUp: lookUp, settings: settings)
    case .refused, .trouble:
      // Proves nothing, in either direction.
      return pause(at: now, settings: settings)
    }
  }

  private mutating func notFound(
    _ answer: NotFoundAnswer, controls: [ControlAnswer], at now: Moment, lookUp: LookUp,
    settings: EngineSettings
  ) -> Action {
    guard !isForPerson, lookUp != .blind else { return pause(at: now, settings: settings) }
    if let first = firstNotFound,
      let control = control(among: controls, after: first, at: now, settings: settings),
      let proof = NotBookedProof(
        attempt: attempt, first: first, second: answer, control: control, rules: settings.proof)
    {
      return .write(.recordNotBooked(proof))
    }
    // Only answers to questions that began after expiry plus margin count, by both clocks.
    let deadline = provableFrom(settings)
    if firstNotFound == nil, answer.askedAt > deadline, let date = answer.bankDate,
      date > deadline
    {
      firstNotFound = answer
      return .wait(untilUptime: now.uptime + settings.proof.spacingMilliseconds)
    }
    if answer.askedAt <= deadline {
      let untilProvable = deadline.milliseconds(since: now.wall) + 1
      return .wait(
        untilUptime: now.uptime + min(untilProvable, delay(settings)))
    }
    return pause(at: now, settings: settings)
  }

  /// The write was refused or has changed nothing: look again later.
  public mutating func unchanged(at now: Moment, settings: EngineSettings) -> Action {
    pause(at: now, settings: settings)
  }

  private mutating func askByOurs(at now: Moment) -> Action {
    notFoundByOurs = nil
    return ask(.dealTransactionID(attempt.dealTransactionID), at: now)
  }

  private mutating func ask(_ query: DealQuery, at now: Moment) -> Action {
    asked = Question(query: query, askedAt: now.wall)
    return .ask(query)
  }

  private mutating func pause(at now: Moment, settings: EngineSettings) -> Action {
    .wait(untilUptime: now.uptime + delay(settings))
  }

  private mutating func delay(_ settings: EngineSettings) -> Int64 {
    rounds += 1
    return settings.backoff(
      first: EngineBounds.firstInquiryMilliseconds,
      greatest: EngineBounds.greatestInquiryMilliseconds, tries: rounds - 1,
      of: open.trade.key)
  }

  private func provableFrom(_ settings: EngineSettings) -> Timestamp {
    attempt.quoteExpiresAt.advanced(
      byMilliseconds: settings.proof.doubtMarginMilliseconds)
  }

  private func hasPassedMargin(at now: Moment, _ settings: EngineSettings) -> Bool {
    now.wall > provableFrom(settings)
  }

  /// A control that is fresh enough, asked for after the first answer, and whose deal is older than
  /// this attempt.
  private func control(
    among controls: [ControlAnswer], after first: NotFoundAnswer, at now: Moment,
    settings: EngineSettings
  ) -> ControlAnswer? {
    controls.first {
      $0.dealBookedAt < attempt.intentAt
        && $0.askedAt > first.answeredAt
        && now.wall.milliseconds(since: $0.foundAt) < settings.proof.controlAgeMilliseconds
    }
  }
}
