import FXDomain
import FXPorts

extension ColumnReader {
  /// A row of the view `batch_rows`.
  mutating func batch() throws -> Batch {
    var batch = Batch(
      key: try next(), id: try next(), name: try next(), pricing: try next(),
      priority: try next(), queuePosition: try next(), maxConcurrentTrades: try next(),
      policy: try policy(), createdAt: try next(), createdBy: try next())
    batch.status = try next()
    batch.round = try next()
    batch.counts = try counts()
    batch.lease = try lease()
    batch.generation = try next()
    batch.cancelRequestedAt = try next()
    batch.pauseCause = try next()
    batch.approvedBy = try next()
    batch.approvedAt = try next()
    batch.rejectedBy = try next()
    batch.rejectedNote = try next()
    batch.acceptedBy = try next()
    batch.acceptedNote = try next()
    batch.decision = try decision()
    batch.queuedAt = try next()
    batch.startedAt = try next()
    batch.completedAt = try next()
    batch.updatedAt = try next()
    batch.chain = try chainHead()
    batch.version = try next()
    batch.escalated.inDoubt = try next()
    batch.escalated.booked = try next()
    batch.escalated.settlementFailed = try next()
    batch.termsHash = try next()
    batch.usage = try usage()
    batch.usageDay = try next()
    return batch
  }

  mutating func chainHead() throws -> ChainHead {
    ChainHead(length: try next(), digest: try next())
  }

  mutating func policy() throws -> BatchPolicy {
    BatchPolicy(
      onFailure: try next(), toleratedFailures: try next(), toleratedFailurePercent: try next(),
      maxAttempts: try next(),
      retries: QuoteRetries(
        transient: try retryRule(), permanent: try retryRule(), rule: try retryRule()),
      minimumMargin: try next(), approval: try next())
  }

  private mutating func retryRule() throws -> RetryRule {
    RetryRule(
      tries: try next(), firstDelayMilliseconds: try next(),
      greatestDelayMilliseconds: try next())
  }

  private mutating func decision() throws -> Decision? {
    let kind: Decision.Kind? = try next()
    let by: String? = try next()
    let at: Timestamp? = try next()
    guard let kind, let by, let at else { return nil }
    return Decision(kind, by: by, at: at)
  }

  private mutating func counts() throws -> TradeCounts {
    var counts = TradeCounts()
    counts.pending = try next()
    counts.quoting = try next()
    counts.booking = try next()
    counts.booked = try next()
    counts.inDoubt = try next()
    counts.completed = try next()
    counts.failed = try next()
    counts.cancelled = try next()
    return counts
  }

  private mutating func lease() throws -> Lease? {
    let owner: NodeID? = try next()
    let lockedAt: Timestamp? = try next()
    let expiresAt: Timestamp? = try next()
    guard let owner, let lockedAt, let expiresAt else { return nil }
    return Lease(owner: owner, lockedAt: lockedAt, expiresAt: expiresAt)
  }

  mutating func installation() throws -> Installation {
    let _: Int64 = try next()
    let id: Identifier = try next()
    let idEpoch: Int = try next()
    let engagedAt: Timestamp? = try next()
    let engagedBy: String? = try next()
    let reason: String? = try next()
    var killSwitch: KillSwitch?
    if let engagedAt, let engagedBy, let reason {
      killSwitch = KillSwitch(engagedAt: engagedAt, engagedBy: engagedBy, reason: reason)
    }
    var installation = Installation(
      id: id, idEpoch: idEpoch, killSwitch: killSwitch, bank: try next(), canary: try next(),
      changeCounter: try next())
    let detectedAt: Timestamp? = try next()
    let lostFrom: Int64? = try next()
    let firstEpoch: Int? = try next()
    let cause: String? = try next()
    let reconciledAt: Timestamp? = try next()
    if let detectedAt, let lostFrom, let firstEpoch, let cause {
      installation.rollback = Rollback(
        detectedAt: detectedAt, lostFrom: lostFrom, firstEpoch: firstEpoch, reason: cause,
        reconciledAt: reconciledAt)
    }
    return installation
  }
}

extension Transaction {
  /// Writes what steps change of a batch, and the head of its chain.
  func write(_ batch: Batch) throws {
    let counts = batch.counts
    try run(
      """
      UPDATE batches SET status = ?, round = ?, pending = ?, quoting = ?, booking = ?, booked = ?,
        in_doubt = ?, completed = ?, failed = ?, cancelled = ?, lease_owner = ?,
        lease_locked_at = ?, lease_expires_at = ?, generation = ?, cancel_requested_at = ?,
        pause_cause = ?, accepted_by = ?, accepted_note = ?, decided = ?, decided_by = ?,
        decided_at = ?, queued_at = ?, started_at = ?, completed_at = ?, updated_at = ?,
        version = ?, escalated_in_doubt = ?, escalated_booked = ?, unsettled = ?,
        needs_decision = ?, reserved = ?, used = ?, usage_day = ?
      WHERE key = ?
      """,
      batch.status, batch.round, counts.pending, counts.quoting, counts.booking, counts.booked,
      counts.inDoubt, counts.completed, counts.failed, counts.cancelled, batch.lease?.owner,
      batch.lease?.lockedAt, batch.lease?.expiresAt, batch.generation, batch.cancelRequestedAt,
      batch.pauseCause, batch.acceptedBy, batch.acceptedNote, batch.decision?.kind,
      batch.decision?.by, batch.decision?.at, batch.queuedAt, batch.startedAt, batch.completedAt,
      batch.updatedAt, batch.version, batch.escalated.inDoubt, batch.escalated.booked,
      batch.escalated.settlementFailed, !batch.needsDecision.isEmpty,
      Int64(clamping: batch.usage.reserved), Int64(clamping: batch.usage.used), batch.usageDay,
      batch.key)
    try write(batch.chain, of: batch.key)
  }

  /// Writes what only persons' commands change: what is asked of a batch, and its release.
  func writeTerms(of batch: Batch) throws {
    let (policy, retries) = (batch.policy, batch.policy.retries)
    try run(
      """
      UPDATE batches SET name = ?, priority = ?, queue_position = ?, max_concurrent_trades = ?,
        on_failure = ?, tolerated_failures = ?, tolerated_failure_percent = ?, max_attempts = ?,
        transient_tries = ?, transient_first_delay = ?, transient_greatest_delay = ?,
        permanent_tries = ?, permanent_first_delay = ?, permanent_greatest_delay = ?,
        rule_tries = ?, rule_first_delay = ?, rule_greatest_delay = ?, minimum_margin = ?,
        approval = ?, approved_by = ?, approved_at = ?, rejected_by = ?, rejected_note = ?
      WHERE key = ?
      """,
      batch.name, batch.priority, batch.queuePosition, batch.maxConcurrentTrades,
      policy.onFailure, policy.toleratedFailures, policy.toleratedFailurePercent,
      policy.maxAttempts, retries.transient.tries, retries.transient.firstDelayMilliseconds,
      retries.transient.greatestDelayMilliseconds, retries.permanent.tries,
      retries.permanent.firstDelayMilliseconds, retries.permanent.greatestDelayMilliseconds,
      retries.rule.tries, retries.rule.firstDelayMilliseconds,
      retries.rule.greatestDelayMilliseconds, policy.minimumMargin, policy.approval,
      batch.approvedBy, batch.approvedAt, batch.rejectedBy, batch.rejectedNote,
      batch.key)
  }

  func write(_ head: ChainHead, of chain: BatchKey) throws {
    try run(
      "UPDATE chains SET length = ?, digest = ? WHERE key = ?", head.length, head.digest, chain)
  }

  /// Writes what only a deletion and a change of its trades change.
  func writeContent(of batch: Batch) throws {
    try run(
      "UPDATE batches SET terms_hash = ?, total = ?, deleted_at = ?, deleted_by = ? WHERE key = ?",
      batch.termsHash, batch.counts.total, batch.deletedAt, batch.deletedBy, batch.key)
  }

  /// A new batch, all trades of which are pending.
  func insert(_ batch: Batch) throws {
    let entered: Timestamp? = try value(
      "SELECT entered_at FROM batches WHERE key < ? ORDER BY key DESC LIMIT 1", batch.key)
    try run("INSERT INTO chains (key) VALUES (?)", batch.key)
    try run(
      """
      INSERT INTO batches (key, id, name, status, pricing, priority, queue_position,
        max_concurrent_trades, on_failure, max_attempts, transient_tries, minimum_margin, approval,
        round, pending, quoting, booking, booked, in_doubt, completed, failed, cancelled,
        generation, created_at, created_by, updated_at, version, needs_decision, total, entered_at,
        terms_hash)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0, 0, ?, ?, ?, ?, ?, ?, ?, ?,
        ?)
      """,
      batch.key, batch.id, batch.name, batch.status, batch.pricing, batch.priority,
      batch.queuePosition, batch.maxConcurrentTrades, batch.policy.onFailure,
      batch.policy.maxAttempts, batch.policy.retries.transient.tries, batch.policy.minimumMargin,
      batch.policy.approval, batch.round, batch.counts.pending, batch.generation,
      batch.createdAt, batch.createdBy, batch.updatedAt, batch.version,
      !batch.needsDecision.isEmpty, batch.counts.total,
      max(entered ?? batch.createdAt, batch.createdAt),
      batch.termsHash)
    // The rest of its policy.
    try writeTerms(of: batch)
    try insertGrams(of: batch.key, batch.name)
  }

  func write(_ installation: Installation) throws {
    try run(
      """
      UPDATE installation SET id_epoch = ?, kill_engaged_at = ?, kill_engaged_by = ?,
        kill_reason = ?, bank = ?, canary = ?, change_counter = ?, rollback_detected_at = ?,
        rollback_lost_from = ?, rollback_first_epoch = ?, rollback_reason = ?,
        rollback_reconciled_at = ?
      """,
      installation.idEpoch, installation.killSwitch?.engagedAt, installation.killSwitch?.engagedBy,
      installation.killSwitch?.reason, installation.bank, installation.canary,
      installation.changeCounter, installation.rollback?.detectedAt,
      installation.rollback?.lostFrom, installation.rollback?.firstEpoch,
      installation.rollback?.reason, installation.rollback?.reconciledAt)
  }
}

/// What `writeTerms` writes, to tell whether it has to.
struct BatchTerms: Hashable {
  private let name: String
  private let places: [Int64]
  private let policy: BatchPolicy
  private let approvedAt: Timestamp?
  private let persons: [String?]

  init(_ batch: Batch) {
    name = batch.name
    places = [Int64(batch.priority), batch.queuePosition, Int64(batch.maxConcurrentTrades)]
    policy = batch.policy
    approvedAt = batch.approvedAt
    persons = [batch.approvedBy, batch.rejectedBy, batch.rejectedNote]
  }
}
