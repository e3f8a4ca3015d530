import FXDomain
import FXPorts

extension SQLiteStore {
  public func perform(
    _ step: BatchStep, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, BatchRefusal> {
    try await write(weight: step.command.weight) { transaction in
      do {
        guard let batch = try transaction.batch(step.batch) else {
          return .failure(.unknownBatch)
        }
        return .success(
          try transaction.once(receipt, subject: batch.id) { try transaction.perform(step) })
      } catch let refusal as BatchRefusal {
        return .failure(refusal)
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }
}

extension BatchCommand {
  /// An answer to a request for approval, which nobody gives to what is their own.
  fileprivate var isRelease: Bool {
    switch self {
    case .approve, .reject: true
    case .start, .demandApproval, .pause, .resume, .requestCancel, .setPriority, .change, .retry,
      .accept, .delete:
      false
    }
  }

  /// What may write all of a batch's trades goes without company.
  fileprivate var weight: Int {
    switch self {
    case .retry, .delete, .requestCancel: GroupCommit.greatestWeight
    case .start, .approve, .reject, .demandApproval, .pause, .resume, .setPriority, .change,
      .accept:
      1
    }
  }
}

extension Transaction {
  /// Throws a `BatchRefusal` before anything has changed.
  fileprivate func perform(_ step: BatchStep) throws -> Batch {
    guard var batch = try batch(step.batch) else { throw BatchRefusal.unknownBatch }
    let name = batch.name
    let facts = BatchFacts(
      now: now, contentHash: batch.contentHash,
      isEditor: step.command.isRelease ? try hasEdited(batch.key, step.actor) : false,
      hasRecords: step.command == .delete ? try hasRecords(batch.key) : false)
    let wasStaged = batch.status == .staged
    let events = try Ledger.decide(step, batch: &batch, facts: facts)
    var retried: [TradeKey] = []
    switch step.command {
    case .start(_, let rules):
      let asked = try pending(in: batch.key)
      try demandKept(rules, by: asked, in: batch)
      Ledger.reserve(asked, in: &batch)
      usage.reserve(asked, of: batch)
    case .retry(let selection, let note, let byApprover, let rules):
      let ended = try ended(in: batch.key)
      retried = try Ledger.retriable(
        selection, of: ended.map(\.trade), note: note, byApprover: byApprover)
      let chosen = Set(retried)
      try demandKept(
        rules, by: ended.filter { chosen.contains($0.trade.key) }.map(\.asked), in: batch)
    case .approve, .reject, .demandApproval, .pause, .resume, .requestCancel, .setPriority,
      .change, .accept, .delete:
      break
    }
    try update(step.batch) { $0 = batch }
    try log(events, of: step.batch)
    for key in retried { try retry(key, in: step) }
    // No engine holds what was never started.
    if wasStaged, case .requestCancel = step.command {
      try cancelPending(of: batch.key, step.actor)
    }
    if batch.name != name || batch.deletedAt != nil { try deleteGrams(of: batch.key, name) }
    if batch.deletedAt != nil {
      try hide(batch)
    } else if batch.name != name {
      try insertGrams(of: batch.key, batch.name)
    }
    try updateInstallation { $0.changeCounter += 1 }
    return try update(step.batch) { $0 }
  }

  /// Takes a deleted batch and its trades out of all lists.
  private func hide(_ batch: Batch) throws {
    openTrades?.forgetAll()
    try run(
      "UPDATE trades SET is_removed = 1 WHERE batch_key = ? AND is_removed = 0", batch.key)
    try writeContent(of: batch)
    try deleteSummary(of: batch.key)
  }

  /// Whether anything is known of a booking of one of the batch's trades.
  private func hasRecords(_ batch: BatchKey) throws -> Bool {
    try exists(
      """
      SELECT 1 FROM trades WHERE batch_key = ? AND is_removed = 0
        AND (attempt > 0 OR booked_at IS NOT NULL OR is_resolved_by_person
          OR EXISTS (SELECT 1 FROM evidence WHERE trade_key = trades.key)) LIMIT 1
      """, batch)
  }

  private func retry(_ key: TradeKey, in step: BatchStep) throws {
    guard case .retry(_, let note, _, _) = step.command, let trade = try trade(key) else {
      throw StoreError.inconsistent("There is no trade \(key) to retry.")
    }
    let retry = TradeStep(
      batch: step.batch, trade: key, authority: .open, actor: step.actor,
      command: .retry(note: note))
    if case .failure(let refusal) = try take(retry, on: trade) {
      throw StoreError.inconsistent("Trade \(key) was chosen for a retry and refused: \(refusal).")
    }
  }

  /// Refuses to put trades under way that break a rule.
  private func demandKept(
    _ rules: DeskRules, by asked: [AskedTrade], in batch: Batch
  ) throws {
    let broken = try breaches(
      of: asked, batch: batch.usage, dealer: batch.createdBy, rules
    ).errors
    if !broken.isEmpty { throw BatchRefusal.rulesBroken(broken) }
  }

  private func cancelPending(of batch: BatchKey, _ actor: Actor) throws {
    while try sweepCancelled(batch, limit: GroupCommit.greatestWeight, actor) > 0 {}
  }

  private func hasEdited(_ batch: BatchKey, _ actor: Actor) throws -> Bool {
    try exists(
      "SELECT 1 FROM events WHERE batch_key = ? AND kind = ? AND actor = ? LIMIT 1", batch,
      JournalKind.batchEdited, actor)
  }

  private func ended(
    in batch: BatchKey
  ) throws -> [(trade: EndedTrade, asked: AskedTrade)] {
    try all(
      """
      SELECT key, failure_code, is_resolved_by_person, version, row, client_key, allowance, value,
        NULL FROM trades
      WHERE status IN ('failed', 'cancelled') AND batch_key = ? AND is_removed = 0
      """, batch,
      read: {
        let trade = EndedTrade(
          key: try $0.next(), code: try $0.next(), isResolvedByPerson: try $0.next(),
          version: try $0.next())
        return (trade, try $0.askedTrade())
      }
    ).sorted { $0.trade.key < $1.trade.key }
  }
}
