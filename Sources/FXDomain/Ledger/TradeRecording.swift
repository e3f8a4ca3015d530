extension Ledger {
  /// Writes what a step says into the trade. Returns what becomes of the attempt.
  static func record(
    _ step: TradeStep, in trade: inout Trade, batch: Batch, to: TradeStatus, now: Timestamp
  ) -> LedgerEntry.AttemptWrite? {
    trade.status = to
    trade.updatedAt = now
    trade.version += 1
    trade.completedAt = to.isFinal ? now : nil
    if to != .inDoubt {
      trade.doubtSince = nil
      trade.escalatedAt = nil
    }
    let write = recordDetails(of: step.command, in: &trade, batch: batch, to: to, now: now)
    if to == .cancelled, trade.failure == nil {
      trade.failure = Failure(.cancelledByUser, "Cancelled before anything was booked.")
    }
    if to == .inDoubt { trade.doubtSince = now }
    // A deal of a batch that was never started counts all the same.
    if to.isWithBank, trade.usageDay ?? batch.usageDay == nil { trade.usageDay = day(of: now) }
    return write
  }

  /// Writes what the command itself tells.
  private static func recordDetails(
    of command: TradeCommand, in trade: inout Trade, batch: Batch, to: TradeStatus, now: Timestamp
  ) -> LedgerEntry.AttemptWrite? {
    switch command {
    case .take:
      trade.notBefore = nil
      return nil
    case .deferQuote(let failure, let notBefore):
      trade.notBefore = notBefore
      if let failure {
        trade.failure = failure
        trade.quoteTries += 1
      }
      if to == .cancelled { trade.failure = nil }
      return nil
    case .refuseQuote(let failure):
      trade.failure = failure
      return nil
    case .recordIntent(let intent, _):
      return recordIntent(intent, in: &trade, generation: batch.generation, now: now)
    case .recordNotSent(_, let failure, _, let notBefore):
      trade.failure = to == .cancelled ? nil : failure
      trade.notBefore = notBefore
      return .end(number: trade.attempt, .notSent, bankTransactionID: nil)
    case .recordAccepted(_, let bankTransactionID):
      return recordBooked(in: &trade, bankTransactionID: bankTransactionID, now: now)
    case .recordRefused(_, let failure):
      trade.failure = failure
      trade.bankTransactionID = failure.bankTransactionID
      return .end(
        number: trade.attempt, .notBooked, bankTransactionID: failure.bankTransactionID)
    case .recordUnclear(_, let failure):
      trade.failure = failure
      // An unclear answer may name what the bank can be asked by.
      trade.bankTransactionID = failure.bankTransactionID
      return nil
    case .recordFound(_, let deal):
      return recordFound(deal, in: &trade, now: now)
    case .recordNotBooked(let proof):
      trade.failure =
        to == .failed
        ? Failure(.attemptsExhausted, "Not booked, and no attempt is left in this round.") : nil
      return .end(
        number: proof.attempt, .notBooked, bankTransactionID: trade.bankTransactionID)
    case .recordBookingEvidence(_, let note):
      trade.failure = Failure(.bookingUnclear, note)
      trade.escalatedAt = now
      return nil
    case .recordSettled(_, let reference):
      trade.dealReference = reference ?? trade.dealReference
      trade.failure = nil
      return nil
    case .recordSettlementFailed(_, let failure):
      trade.failure = failure
      return .end(
        number: trade.attempt, .settlementFailed, bankTransactionID: failure.bankTransactionID)
    case .resolve(let resolution, _, _):
      return recordResolution(resolution, in: &trade, now: now)
    case .cancel:
      trade.failure = nil
      return nil
    case .retry:
      reset(&trade)
      trade.usageDay = day(of: now)
      return nil
    case .escalate:
      return nil
    }
  }

  private static func recordIntent(
    _ intent: Intent, in trade: inout Trade, generation: Int64, now: Timestamp
  ) -> LedgerEntry.AttemptWrite {
    trade.attempt = intent.number
    trade.roundAttempts += 1
    trade.figures = intent.figures
    trade.valueDate = intent.valueDate.date
    trade.dealTransactionID = intent.dealTransactionID
    trade.bankTransactionID = nil
    trade.dealReference = nil
    trade.failure = nil
    return .insert(
      Attempt(
        trade: trade.key, number: intent.number, intent: intent, generation: generation,
        intentAt: now))
  }

  private static func recordBooked(
    in trade: inout Trade, bankTransactionID: String?, now: Timestamp
  ) -> LedgerEntry.AttemptWrite {
    trade.bankTransactionID = bankTransactionID ?? trade.bankTransactionID
    trade.bookedAt = now
    trade.isResolvedByPerson = false
    trade.failure = nil
    return .end(
      number: trade.attempt, .booked, bankTransactionID: trade.bankTransactionID)
  }

  private static func recordFound(
    _ deal: FoundDeal, in trade: inout Trade, now: Timestamp
  ) -> LedgerEntry.AttemptWrite {
    trade.dealReference = deal.dealReference ?? trade.dealReference
    let write = recordBooked(in: &trade, bankTransactionID: deal.bankTransactionID, now: now)
    guard deal.status == .failed else { return write }
    trade.failure = Failure(.settlementFailed, "The bank says that the deal failed.")
    return .end(
      number: trade.attempt, .settlementFailed, bankTransactionID: trade.bankTransactionID)
  }

  private static func recordResolution(
    _ resolution: Resolution, in trade: inout Trade, now: Timestamp
  ) -> LedgerEntry.AttemptWrite {
    trade.isResolvedByPerson = true
    switch resolution {
    case .booked(let reference):
      trade.dealReference = reference
      trade.bookedAt = trade.bookedAt ?? now
      trade.failure = nil
      return .end(number: trade.attempt, .booked, bankTransactionID: nil)
    case .notBooked:
      trade.failure = Failure(.notBooked, "A person found that the bank has no such deal.")
      return .end(number: trade.attempt, .notBooked, bankTransactionID: nil)
    }
  }

  /// A new round begins from a clean slate; attempts and their numbers stay.
  private static func reset(_ trade: inout Trade) {
    trade.roundAttempts = 0
    trade.quoteTries = 0
    trade.notBefore = nil
    trade.bankTransactionID = nil
    trade.dealReference = nil
    trade.bookedAt = nil
    trade.failure = nil
    trade.isResolvedByPerson = false
  }
}

extension Intent {
  /// What the log says of it: our name of the deal, the day on which money moves, and why that is not
  /// the ordinary one.
  fileprivate var note: String {
    let dealt = "\(dealTransactionID), value date \(valueDate.date)"
    guard let currency = valueDate.missedCutOff else { return dealt }
    return "\(dealt), a business day later: the cut-off of \(currency) has passed"
  }
}

extension TradeCommand {
  /// The bank's transaction id of the answer that a step reports.
  var bankTransactionID: String? {
    switch self {
    case .recordAccepted(_, let id): id
    case .recordFound(_, let deal): deal.bankTransactionID
    case .recordRefused(_, let failure), .recordUnclear(_, let failure),
      .recordSettlementFailed(_, let failure), .refuseQuote(let failure):
      failure.bankTransactionID
    case .deferQuote(let failure, _), .recordNotSent(_, let failure, _, _):
      failure?.bankTransactionID
    case .take, .recordIntent, .recordNotBooked, .recordBookingEvidence, .recordSettled,
      .escalate, .resolve, .cancel, .retry:
      nil
    }
  }

  /// What the log says beside the transition.
  var note: String? {
    switch self {
    case .resolve(_, let note, _): note
    case .retry(let note): note
    case .recordBookingEvidence(_, let note): note
    case .recordNotSent(_, _, let note, _): note
    case .recordIntent(let intent, _): intent.note
    case .recordNotBooked(let proof):
      "asked at \(proof.first.askedAt) and \(proof.second.askedAt), "
        + "control found at \(proof.control.foundAt)"
    case .take, .deferQuote, .refuseQuote, .recordAccepted, .recordRefused, .recordUnclear,
      .recordFound, .recordSettled, .recordSettlementFailed, .escalate, .cancel:
      nil
    }
  }
}
