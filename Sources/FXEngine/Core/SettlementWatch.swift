import FXDomain
import FXPorts

/// The polling of one booked deal until the bank calls it completed or failed. A pure machine.
public struct SettlementWatch: Hashable, Sendable {
  public enum Action: Hashable, Sendable {
    case ask(DealQuery)
    case write(TradeCommand)
    case wait(untilUptime: Int64)
    /// The bank found the deal by our id: a positive control, and the canary's end.
    case foundByOurID(then: Follow)
    /// Booked, and not found by our id within the doubt margin: this bank has no such look-up.
    case blind(untilUptime: Int64)
  }

  /// What comes after the good news.
  public enum Follow: Hashable, Sendable {
    case write(TradeCommand)
    case wait(untilUptime: Int64)
  }

  let name: TradeName
  public let attempt: Int
  public let dealTransactionID: Identifier
  public let bankTransactionID: String?
  public let bookedAt: Timestamp
  /// When the last question began.
  private(set) var askedAt: Timestamp
  private var polls = 0
  private(set) var asksByBankID = false
  private(set) var isEscalated: Bool

  /// Nil for a trade that has no deal to ask for.
  public init?(_ trade: Trade) {
    guard trade.status == .booked, let id = trade.dealTransactionID, let at = trade.bookedAt
    else { return nil }
    self.name = TradeName(trade)
    self.attempt = trade.attempt
    self.dealTransactionID = id
    self.bankTransactionID = trade.bankTransactionID
    self.bookedAt = at
    self.askedAt = at
    self.isEscalated = trade.escalatedAt != nil
  }

  public var batch: BatchKey { name.batch }
  public var trade: TradeKey { name.key }

  public mutating func due(at now: Moment, settings: EngineSettings) -> Action {
    if !isEscalated, now.wall.milliseconds(since: bookedAt) > settings.unconfirmedMilliseconds {
      isEscalated = true
      return .write(.escalate(attempt: attempt))
    }
    askedAt = now.wall
    if asksByBankID, let bankTransactionID {
      return .ask(.bankTransactionID(bankTransactionID))
    }
    return .ask(.dealTransactionID(dealTransactionID))
  }

  /// - Parameter isCanary: this deal is the one that shows whether the bank knows our ids.
  public mutating func answered(
    _ answer: StatusAnswer, isCanary: Bool, at now: Moment, settings: EngineSettings
  ) -> Action {
    let wasByOurID = !(asksByBankID && bankTransactionID != nil)
    switch answer {
    case .found(let deal, _):
      let follow: Follow
      switch deal.status {
      case .pending: follow = .wait(untilUptime: next(at: now, settings: settings))
      case .completed:
        follow = .write(.recordSettled(attempt: attempt, dealReference: deal.dealReference))
      case .failed:
        let failure = Failure(
          .settlementFailed, "The bank says that the deal failed to settle.",
          bankTransactionID: deal.bankTransactionID)
        follow = .write(.recordSettlementFailed(attempt: attempt, failure))
      }
      if wasByOurID { return .foundByOurID(then: follow) }
      switch follow {
      case .write(let command): return .write(command)
      case .wait(let until): return .wait(untilUptime: until)
      }
    case .notFound:
      let until = next(at: now, settings: settings)
      let sinceBooked = now.wall.milliseconds(since: bookedAt)
      let isPastMargin = sinceBooked > settings.proof.doubtMarginMilliseconds
      // The canary shows whether the bank knows our ids: it is asked for by nothing else before.
      if isCanary, !isPastMargin { return .wait(untilUptime: until) }
      // Ours first, then the bank's, in turn, until one of them works.
      if bankTransactionID != nil { asksByBankID.toggle() }
      if isCanary, wasByOurID { return .blind(untilUptime: until) }
      return .wait(untilUptime: until)
    case .refused, .trouble:
      return .wait(untilUptime: next(at: now, settings: settings))
    }
  }

  /// The write was refused: what the bank says of this attempt does not end the trade, since there is
  /// evidence of a later one that our books have lost. A person decides.
  public mutating func refused(at now: Moment, settings: EngineSettings) -> Action {
    guard isEscalated else {
      isEscalated = true
      return .write(.escalate(attempt: attempt))
    }
    return unchanged(at: now, settings: settings)
  }

  public mutating func unchanged(at now: Moment, settings: EngineSettings) -> Action {
    .wait(untilUptime: next(at: now, settings: settings))
  }

  private mutating func next(at now: Moment, settings: EngineSettings) -> Int64 {
    polls += 1
    return now.uptime
      + settings.backoff(
        first: settings.statusPollMilliseconds, greatest: EngineBounds.greatestPollMilliseconds,
        tries: polls - 1, of: trade)
  }
}
