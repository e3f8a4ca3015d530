import FXDomain
import FXPorts

/// Steps of trades and batches: the ledger decides, the books write.
extension MemoryBooks {
  /// See `EngineStore.perform(_:)`. A fault ends the call at its step; those before it stay.
  public mutating func perform(_ steps: [TradeStep]) throws(StoreError) -> [StepResult] {
    var results: [StepResult] = []
    results.reserveCapacity(steps.count)
    for step in steps {
      let result = try write(step)
      results.append(
        StepResult(result: result, batch: index(of: step.batch).map { batches[$0] }))
    }
    return results
  }

  /// See `EngineStore.perform(_:)`.
  public mutating func perform(
    _ step: BatchStep
  ) throws(StoreError) -> Result<Batch, BatchRefusal> {
    guard let index = index(of: step.batch) else { return .failure(.unknownBatch) }
    var batch = batches[index]
    let drafts: [JournalDraft]
    var retried: [TradeKey] = []
    do throws(BatchRefusal) {
      drafts = try Ledger.decide(
        step, batch: &batch,
        facts: BatchFacts(
          now: now, contentHash: batch.contentHash,
          isEditor: hasEdited(batch.key, step.actor), hasRecords: hasRecords(index)))
      retried = try putUnderWay(by: step.command, &batch)
    } catch {
      return .failure(error)
    }
    write(&batch, drafts)
    if case .retry(_, let note, _, _) = step.command {
      for trade in retried {
        try writeAllowed(.retry(note: note), trade: trade, batch: step.batch, actor: step.actor)
      }
    }
    // No engine holds what was never started.
    if batch.status == .staged, case .requestCancel = step.command {
      _ = try sweepCancelled(step.batch, limit: .max, actor: step.actor)
    }
    if batch.deletedAt != nil {
      batchesByID[batch.id] = nil
      for trade in trades(at: index) { tradesByID[trade.id] = nil }
    }
    house.changeCounter += 1
    return .success(batches[index])
  }

  /// Looks at what a start or a retry puts under way, and counts it; answers what is tried again.
  private mutating func putUnderWay(
    by command: BatchCommand, _ batch: inout Batch
  ) throws(BatchRefusal) -> [TradeKey] {
    switch command {
    case .start(_, let rules):
      let asked = pending(in: batch)
      let broken = errors(by: asked, in: batch, rules)
      if !broken.isEmpty { throw .rulesBroken(broken) }
      Ledger.reserve(asked, in: &batch)
      usage.reserve(asked, of: batch)
      return []
    case .retry(let selection, let note, let byApprover, let rules):
      let retried = try Ledger.retriable(
        selection, of: ended(in: batch.key.index), note: note, byApprover: byApprover)
      let asked = retried.map { key in
        var trade = AskedTrade(trades[key.index])
        trade.day = nil
        return trade
      }
      let broken = errors(by: asked, in: batch, rules)
      if !broken.isEmpty { throw .rulesBroken(broken) }
      return retried
    case .approve, .reject, .demandApproval, .pause, .resume, .requestCancel, .setPriority,
      .change, .accept, .delete:
      return []
    }
  }

  /// Whether anything is known of a booking of one of the batch's trades.
  private func hasRecords(_ batch: Int) -> Bool {
    trades(at: batch).contains { trade in
      trade.attempt > 0 || trade.bookedAt != nil || trade.isResolvedByPerson
        || !evidence[trade.key.index].isEmpty
    }
  }

  private func hasEdited(_ batch: BatchKey, _ actor: Actor) -> Bool {
    events.contains {
      $0.batch == batch && $0.entry.kind == .batchEdited && $0.entry.actor == actor
    }
  }

  private func ended(in batch: Int) -> [EndedTrade] {
    trades(at: batch).filter { $0.status == .failed || $0.status == .cancelled }.map {
      EndedTrade(
        key: $0.key, code: $0.failure?.code, isResolvedByPerson: $0.isResolvedByPerson,
        version: $0.version)
    }
  }

  /// See `EngineStore.sweepCancelled`. A batch that is not flagged has nothing to sweep.
  public mutating func sweepCancelled(
    _ batch: BatchKey, limit: Int, actor: Actor
  ) throws(StoreError) -> Int {
    guard let batchIndex = index(of: batch), batches[batchIndex].isCancelRequested else {
      return 0
    }
    var room = limit
    for index in rows[batchIndex] where trades[index].status == .pending {
      guard room > 0 else { break }
      room -= 1
      try writeAllowed(.cancel, trade: trades[index].key, batch: batch, actor: actor)
    }
    return batches[batchIndex].counts.pending
  }

  /// See `EngineStore.append`.
  public mutating func append(_ evidence: [Evidence]) throws(StoreError) {
    for item in evidence where index(of: item.trade) == nil {
      throw .inconsistent("There is no trade with the key \(item.trade).")
    }
    for item in evidence { self.evidence[item.trade.index].append(item) }
  }

  /// Writes a step that the ledger must allow, since all that it asks has been looked at.
  private mutating func writeAllowed(
    _ command: TradeCommand, trade: TradeKey, batch: BatchKey, actor: Actor
  ) throws(StoreError) {
    let step = TradeStep(
      batch: batch, trade: trade, authority: .open, actor: actor, command: command)
    if case .failure(let refusal) = try write(step) {
      throw .inconsistent("The ledger refused a step on trade \(trade): \(refusal).")
    }
  }

  /// Decides one step, and writes all that follows from it, or nothing.
  mutating func write(_ step: TradeStep) throws(StoreError) -> Result<Trade, StepRefusal> {
    guard let index = index(of: step.trade), trades[index].batch == step.batch else {
      return .failure(.unknownTrade)
    }
    let before = trades[index]
    var trade = before
    var batch = batches[trade.batch.index]
    let entry: LedgerEntry
    do throws(StepRefusal) {
      entry = try Ledger.decide(
        step, trade: &trade, batch: &batch, facts: facts(for: step.command, of: trade))
    } catch {
      return .failure(error)
    }
    try write(entry.attempt, at: index)
    trades[index] = trade
    tally(trade, from: before.status)
    summaries[trade.batch.index].move(from: before, to: trade)
    usage.move(from: before, to: trade, of: batch)
    if let bookedAt = trade.bookedAt, bookedAt != before.bookedAt { file(trade.key, at: bookedAt) }
    follow(step.command, trade: trade, from: before.status)
    write(&batch, entry.events)
    return .success(trade)
  }

  private func facts(for command: TradeCommand, of trade: Trade) -> LedgerFacts {
    var facts = LedgerFacts(now: now, killSwitchEngaged: house.killSwitch != nil)
    if command.readsLaterEvidence {
      facts.hasLaterEvidence = evidence[trade.key.index].contains { $0.attempt > trade.attempt }
    }
    if let reference = command.givenReference?.lowercased() {
      facts.referenceHolder =
        trades.first { $0.dealReference?.lowercased() == reference && $0.key != trade.key }?.id
    }
    if command.readsClientBlock {
      facts.clientBlocked = isBlocked(trade.client, besides: trade.key)
    }
    if case .recordIntent(let intent, let rules) = command {
      let isHeldByOther = house.canary.map { $0 != trade.key } ?? false
      facts.canaryUnderWay = isHeldByOther || intent.isCanary && callsOut > 0
      facts.bank = openDeals > 0 ? house.bank : nil
      facts.brokenRule = brokenRule(for: trade, under: rules)
    }
    return facts
  }

  private mutating func write(
    _ write: LedgerEntry.AttemptWrite?, at index: Int
  ) throws(StoreError) {
    switch write {
    case .insert(let attempt):
      guard dealTransactionIDs.insert(attempt.dealTransactionID).inserted else {
        throw .inconsistent("The deal \(attempt.dealTransactionID) was recorded before.")
      }
      attempts[index].append(attempt)
    case .end(let number, let outcome, let bankTransactionID):
      // A trade that evidence put in doubt before its first intent has no attempt to end.
      guard let last = attempts[index].lastIndex(where: { $0.number == number }) else { return }
      attempts[index][last].outcome = outcome
      attempts[index][last].endedAt = now
      if let bankTransactionID { attempts[index][last].bankTransactionID = bankTransactionID }
    case nil:
      break
    }
  }

  /// Keeps the bookings in the order of their moments, also when the clock was set back.
  private mutating func file(_ trade: TradeKey, at moment: Timestamp) {
    let place = (bookings.lastIndex { $0.at <= moment } ?? -1) + 1
    bookings.insert(Booking(at: moment, trade: trade), at: place)
  }

  /// What a step means for the installation.
  private mutating func follow(
    _ command: TradeCommand, trade: Trade, from: TradeStatus
  ) {
    if case .recordIntent(let intent, _) = command {
      house.bank = intent.bank
      if intent.isCanary { house.canary = trade.key }
    }
    // Its turn ends with the deal, even one that ended without having been found by our id.
    if house.canary == trade.key, from.isOpenDeal, !trade.status.isOpenDeal { house.canary = nil }
  }
}
