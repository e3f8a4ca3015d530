import FXDomain
import FXEngine
import FXPorts

/// What is counted, and what is told to an observer.
extension SimulatedWorld {
  /// One step of a node. No write under a hold that has passed on may be accepted.
  mutating func perform(_ step: TradeStep) throws(StoreError) -> StepResult? {
    let before = books.batches[step.batch.index]
    guard let result = try books.perform([asPlanted(step)]).first else { return nil }
    if case .success = result.result, case .lease(let generation) = step.authority,
      generation != before.generation
    {
      violation = violation ?? "a fenced node's write on trade \(step.trade) was accepted"
    }
    note(step.command, result.result)
    notePolicy(before, result.batch)
    if temper.planted == .countOutsideTransaction, isFaulty, chance.happens(perMille: 20) {
      // The process ends between the two transactions.
      books.batches[step.batch.index].counts = before.counts
    }
    if !books.countsAgree(step.batch) {
      violation = violation ?? "the counts of batch \(step.batch) differ from its trades"
    }
    return result
  }

  private mutating func note(_ command: TradeCommand, _ result: Result<Trade, StepRefusal>) {
    switch result {
    case .success(let trade): noteAccepted(command, trade)
    case .failure(.leaseLost): occurrences[.fencedWrite] += 1
    case .failure(.clientBlocked): occurrences[.clientBlocked] += 1
    case .failure(.ruleBroken): occurrences[.bookingBeyondLimit] += 1
    case .failure(.canaryUnderWay): occurrences[.canaryAlone] += 1
    case .failure: break
    }
  }

  private mutating func noteAccepted(_ command: TradeCommand, _ trade: Trade) {
    switch command {
    case .recordIntent(let intent, let rules):
      checkIntent(of: trade, rules)
      occurrences[.booking] += 1
      if intent.number > 1 { occurrences[.secondAttempt] += 1 }
    case .recordNotSent(_, let failure, _, _), .deferQuote(let failure, _):
      if failure?.code == .quoteExpired { occurrences[.quoteTooOld] += 1 }
    case .recordRefused: occurrences[.definiteRefusal] += 1
    case .recordUnclear: occurrences[.doubt] += 1
    case .recordBookingEvidence:
      occurrences[.doubt] += 1
      isExceededByEvidence = true
    case .recordFound: occurrences[.doubtFound] += 1
    case .recordNotBooked:
      occurrences[.doubtDisproven] += 1
      if trade.status == .failed { occurrences[.attemptsExhausted] += 1 }
    case .recordSettlementFailed: occurrences[.settlementFailed] += 1
    case .escalate: occurrences[.escalation] += 1
    case .refuseQuote(let failure):
      if failure.code == .attemptsExhausted { occurrences[.attemptsExhausted] += 1 }
    case .take, .recordAccepted, .recordSettled, .resolve, .cancel, .retry: break
    }
  }

  /// What a batch has done by itself about a failure. No failure beyond its bound may leave it running.
  private mutating func notePolicy(_ before: Batch, _ after: Batch?) {
    guard let after else { return }
    if after.status == .paused, before.status != .paused { occurrences[.policyPause] += 1 }
    if after.isCancelRequested, !before.isCancelRequested { occurrences[.policyCancel] += 1 }
    guard after.counts.failed > before.counts.failed, after.policy.breach(of: after.counts) != nil,
      after.status == .running, !after.isCancelRequested
    else { return }
    violation = violation ?? "batch \(after.key) runs on with more failures than it tolerates"
  }

  /// An action of a node whose hold on the trade's batch has passed on.
  mutating func noteZombie(_ action: EngineAction, by node: NodeIndex) {
    let trade: TradeKey
    let generation: Int64
    switch action {
    case .createQuote(_, let key, let held), .latestQuote(_, let key, let held),
      .book(_, let key, let held):
      (trade, generation) = (key, held)
    case .step(let step, _, let held): (trade, generation) = (step.trade, held)
    case .pulse, .claim, .renew, .release, .take, .load, .sweep, .evidence, .readEvidence,
      .findControl, .clearCanary, .seal, .cancelQuote, .askStatus, .report, .finish:
      return
    }
    guard books.batches[books.trades[trade.index].batch.index].generation != generation else {
      return
    }
    occurrences[.zombie] += 1
    if case .book = action { occurrences[.zombieCall] += 1 }
  }

  mutating func noteRefusal(_ answer: BookingAnswer) {
    guard case .refused(let refusal, _) = answer else { return }
    if refusal.reasonCode == "QUOTE_EXPIRED" { occurrences[.quoteExpired] += 1 }
    if refusal.reasonCode == "ODD" { occurrences[.unlistedRefusal] += 1 }
  }

  mutating func noteForgotten(_ query: DealQuery, _ answer: StatusAnswer) {
    guard case .notFound = answer, case .dealTransactionID(let id) = query,
      let deal = bank.deal(id), now - deal.bookedAt >= temper.bank.remembersMilliseconds
    else { return }
    occurrences[.forgottenDeal] += 1
  }

  mutating func noteFoundByBankID(_ query: DealQuery, _ answer: StatusAnswer, _ caller: Caller) {
    guard case .inquiry = caller, case .bankTransactionID = query, case .found = answer else {
      return
    }
    occurrences[.doubtFoundByBankID] += 1
  }

  // MARK: For an observer

  func observe(_ node: NodeIndex, _ action: EngineAction) {
    guard let observer else { return }
    switch action {
    case .pulse, .claim, .renew, .seal: return
    case .release, .take, .load, .sweep, .step, .evidence, .readEvidence, .findControl,
      .clearCanary, .createQuote, .latestQuote, .cancelQuote, .book, .askStatus, .report,
      .finish:
      observer(now - Self.beginning, "node \(node) does \(action)")
    }
  }

  func observe(_ node: NodeIndex, _ input: EngineInput) {
    guard let observer else { return }
    switch input {
    case .booked, .statusAnswered, .quoteCreated, .rateQuoted, .evidenceRead, .controlFound:
      observer(now - Self.beginning, "node \(node) hears \(input)")
    case .stepped(let result, _, let generation):
      let outcome: String
      switch result.result {
      case .success(let trade): outcome = "trade \(trade.key) is \(trade.status.rawValue)"
      case .failure(let refusal): outcome = "refused: \(refusal)"
      }
      observer(now - Self.beginning, "node \(node) hears, under \(generation): \(outcome)")
    case .begin, .tick, .nudge, .pulsed, .claimed, .renewed, .released, .taken, .loaded, .swept,
      .evidenceWritten, .shutDown:
      return
    }
  }
}

extension MemoryBooks {
  fileprivate func countsAgree(_ batch: BatchKey) -> Bool {
    var counts = TradeCounts()
    for trade in trades(at: batch.index) { counts[trade.status] += 1 }
    return counts == batches[batch.index].counts
  }
}
