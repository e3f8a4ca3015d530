import FXDomain
import FXPorts

extension SQLiteStore {
  public func perform(_ steps: [TradeStep]) async throws(StoreError) -> [StepResult] {
    try await write(weight: steps.count) { transaction in
      try steps.map { try transaction.perform($0) }
    }
  }

  public func perform(
    _ step: TradeStep, receipt: Receipt
  ) async throws(StoreError) -> Result<Trade, StepRefusal> {
    try await write { transaction in
      do {
        guard let trade = try transaction.trade(step.trade) else {
          return .failure(.unknownTrade)
        }
        return .success(
          try transaction.once(receipt, subject: trade.id) {
            try transaction.perform(step).result.get()
          })
      } catch let refusal as StepRefusal {
        return .failure(refusal)
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }

  public func sweepCancelled(
    _ batch: BatchKey, limit: Int, actor: Actor
  ) async throws(StoreError) -> Int {
    try await write(weight: limit) { try $0.sweepCancelled(batch, limit: limit, actor) }
  }
}

extension Transaction {
  /// Answers how many are left.
  func sweepCancelled(_ batch: BatchKey, limit: Int, _ actor: Actor) throws -> Int {
    guard let present = try self.batch(batch), present.isCancelRequested else { return 0 }
    let pending = try all(
      "SELECT * FROM trade_rows WHERE status = 'pending' AND batch_key = ? ORDER BY key LIMIT ?",
      batch, limit, read: { try $0.trade() })
    for trade in pending {
      let step = TradeStep(
        batch: batch, trade: trade.key, authority: .open, actor: actor, command: .cancel)
      _ = try take(step, on: trade).get()
    }
    return try self.batch(batch)?.counts.pending ?? 0
  }

  func perform(_ step: TradeStep) throws -> StepResult {
    guard let trade = try trade(step.trade), trade.batch == step.batch else {
      return StepResult(result: .failure(.unknownTrade), batch: try batch(step.batch))
    }
    let result = try take(step, on: trade)
    return StepResult(result: result, batch: try batch(step.batch))
  }

  /// Lets the ledger decide a step on rows of this transaction, and writes what it says.
  ///
  /// - Parameter isBlocked: whether the trade's client is, where the caller has just looked.
  func take(
    _ step: TradeStep, on present: Trade, isBlocked: Bool? = nil
  ) throws -> Result<Trade, StepRefusal> {
    let facts = try facts(for: step.command, on: present, isBlocked: isBlocked)
    var trade = present
    let entry: LedgerEntry
    do {
      entry = try update(step.batch) { batch in
        let entry = try Ledger.decide(step, trade: &trade, batch: &batch, facts: facts)
        usage.move(from: present, to: trade, of: batch)
        return entry
      }
    } catch let refusal as StepRefusal {
      return .failure(refusal)
    }
    switch entry.attempt {
    case .insert(let attempt):
      try write(trade, intentGeneration: attempt.generation)
      try insert(attempt)
    case .end(let number, let outcome, let bankTransactionID):
      try write(trade, intentGeneration: nil)
      try end(
        number, of: trade, outcome, bankTransactionID: bankTransactionID,
        isKnownByBank: step.command.isBanksWord)
    case nil:
      try write(trade, intentGeneration: nil)
    }
    try summarize(step.batch) { $0.move(from: present, to: trade) }
    try log(entry.events, of: step.batch)
    try follow(step.command, from: present.status, to: trade)
    return .success(trade)
  }

  private func end(
    _ number: Int, of trade: Trade, _ outcome: AttemptOutcome, bankTransactionID: String?,
    isKnownByBank: Bool
  ) throws {
    try run(
      """
      UPDATE attempts SET outcome = ?1, bank_transaction_id = coalesce(?2, bank_transaction_id),
        ended_at = ?3, is_known_by_bank = (?1 = 'booked' AND ?4)
      WHERE trade_key = ?5 AND number = ?6
      """
    ) { row in
      row.add(outcome)
      row.add(bankTransactionID)
      row.add(now)
      row.add(isKnownByBank)
      row.add(trade.key)
      row.add(number)
    }
  }

  /// What a step means for the installation: its bank, and whose turn the canary's is.
  private func follow(
    _ command: TradeCommand, from: TradeStatus, to trade: Trade
  ) throws {
    if case .recordIntent(let intent, _) = command {
      let installation = try installation()
      if installation.bank != intent.bank || intent.isCanary {
        try updateInstallation {
          $0.bank = intent.bank
          if intent.isCanary { $0.canary = trade.key }
        }
      }
    }
    // Its turn ends with the deal, even one that ended without having been found by our id.
    guard from == .booking || from == .inDoubt || from == .booked,
      try installation().canary == trade.key
    else { return }
    switch trade.status {
    case .booking, .inDoubt, .booked: break
    case .pending, .quoting, .completed, .failed, .cancelled:
      try updateInstallation { $0.canary = nil }
    }
  }

  // MARK: Facts

  private func facts(
    for command: TradeCommand, on trade: Trade, isBlocked: Bool?
  ) throws -> LedgerFacts {
    var facts = LedgerFacts(now: now)
    if command.readsLaterEvidence {
      facts.hasLaterEvidence = try exists(
        "SELECT 1 FROM evidence WHERE trade_key = ? AND attempt > ?", trade.key, trade.attempt)
    }
    if let reference = command.givenReference {
      facts.referenceHolder = try value(
        "SELECT id FROM trades WHERE deal_reference = ? COLLATE NOCASE AND key <> ? LIMIT 1",
        reference, trade.key)
    }
    guard command.readsClientBlock else { return facts }
    let installation = try installation()
    facts.killSwitchEngaged = installation.killSwitch != nil
    facts.clientBlocked = try isBlocked ?? self.isBlocked(trade.client)
    if case .recordIntent(let intent, let rules) = command {
      facts.canaryUnderWay = try isCanaryUnderWay(
        besides: trade.key, isCanary: intent.isCanary, installation)
      if installation.bank != intent.bank, try hasOpenDeals() { facts.bank = installation.bank }
      facts.brokenRule = try brokenRule(for: trade, under: rules)
    }
    return facts
  }

  /// Whether a trade of the client may have been booked without our knowing: one in doubt, or one in
  /// `booking` whose call no living lease holder has.
  func isBlocked(_ client: ClientKey) throws -> Bool {
    if try mayHoldDoubts(),
      try exists("SELECT 1 FROM trades WHERE client_key = ? AND status = 'in_doubt'", client)
    {
      return true
    }
    var hold = Hold(batch: BatchKey(0), generation: 0)
    // A client's calls belong to few holds; the index leads from one to the next.
    while let next = try first(
      """
      SELECT batch_key, intent_generation FROM trades WHERE client_key = ? AND status = 'booking'
        AND (batch_key, intent_generation) > (?, ?) ORDER BY batch_key, intent_generation LIMIT 1
      """, client, hold.batch, hold.generation,
      read: { Hold(batch: try $0.next(), generation: try $0.next()) })
    {
      guard let batch = try batch(next.batch), batch.generation == next.generation,
        batch.isLeased(at: now)
      else { return true }
      hold = next
    }
    return false
  }

  private func isCanaryUnderWay(
    besides trade: TradeKey, isCanary: Bool, _ installation: Installation
  ) throws -> Bool {
    if let canary = installation.canary, canary != trade { return true }
    guard isCanary else { return false }
    return try exists(
      "SELECT 1 FROM trades WHERE status = 'booking' AND is_removed = 0 AND key <> ? LIMIT 1", trade
    )
  }

  private func hasOpenDeals() throws -> Bool {
    try exists(
      """
      SELECT 1 FROM trades WHERE status IN ('booking', 'in_doubt', 'booked') AND is_removed = 0
      LIMIT 1
      """)
  }
}

extension TradeCommand {
  /// Whether the bank itself says what this step reports, and not a person.
  fileprivate var isBanksWord: Bool {
    if case .resolve = self { return false }
    return true
  }
}
