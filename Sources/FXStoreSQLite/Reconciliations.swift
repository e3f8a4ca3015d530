import FXDomain
import FXPorts

extension SQLiteStore {
  public func request(
    _ reconciliation: Reconciliation, receipt: Receipt?
  ) async throws(StoreError) -> Result<Reconciliation, ReconciliationRefusal> {
    try await write { transaction in
      if reconciliation.isScheduled,
        let known = try transaction.scheduledReconciliation(of: reconciliation.day)
      {
        return .success(known)
      }
      if !reconciliation.isScheduled, let open = try transaction.openReconciliation() {
        return .failure(.underWay(open.id))
      }
      do {
        return try transaction.once(receipt, subject: reconciliation.id) {
          .success(try transaction.insert(reconciliation))
        }
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }

  public func hasWaitingReconciliation() async throws(StoreError) -> Bool {
    try await read { try $0.waitingReconciliation() != nil }
  }

  public func takeReconciliation(
    by node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> Reconciliation? {
    try await write { transaction in
      while var waiting = try transaction.waitingReconciliation() {
        guard waiting.tries < Reconciliation.greatestTries else {
          try transaction.end(
            &waiting, by: node,
            ReconciliationResult(
              .incomplete, ReconciliationFigures(),
              reason: "every process that began it has ended before it was done."))
          continue
        }
        waiting.begin(by: node, now: transaction.now)
        try transaction.update(
          waiting, heldUntil: transaction.now.advanced(byMilliseconds: leaseMilliseconds))
        return waiting
      }
      return nil
    }
  }

  public func renewReconciliation(
    _ id: Identifier, by node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> Bool {
    try await write { transaction in
      guard let held = try transaction.reconciliation(id, heldBy: node) else { return false }
      try transaction.update(
        held, heldUntil: transaction.now.advanced(byMilliseconds: leaseMilliseconds))
      return true
    }
  }

  public func finish(
    _ id: Identifier, by node: NodeID, _ result: ReconciliationResult
  ) async throws(StoreError) -> Reconciliation? {
    try await write(weight: 1 + result.differences.count) { transaction in
      guard var held = try transaction.reconciliation(id, heldBy: node) else { return nil }
      try transaction.end(&held, by: node, result)
      return held
    }
  }

  public func reconciliations(
    before number: Int64?, limit: Int
  ) async throws(StoreError) -> [Reconciliation] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT number, id, day, is_scheduled, requested_at, requested_by, status, node, tries,
          started_at, ended_at, trades, attempts, statements, unexplained_lines, in_doubt,
          differences, too_early_until, reason
        FROM reconciliations WHERE number < ? ORDER BY number DESC LIMIT ?
        """, number ?? .max, limit, read: { try $0.reconciliation() })
    }
  }

  public func reconciliation(_ id: Identifier) async throws(StoreError) -> Reconciliation? {
    try await read { try $0.reconciliation(id) }
  }

  public func reconciliation(of day: CivilDate) async throws(StoreError) -> Reconciliation? {
    try await read { transaction in
      try transaction.first(
        """
        SELECT number, id, day, is_scheduled, requested_at, requested_by, status, node, tries,
          started_at, ended_at, trades, attempts, statements, unexplained_lines, in_doubt,
          differences, too_early_until, reason
        FROM reconciliations WHERE day = ? ORDER BY number DESC LIMIT 1
        """, day, read: { try $0.reconciliation() })
    }
  }

  public func differences(
    of reconciliation: Identifier
  ) async throws(StoreError) -> [ReconciliationDifference] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT d.kind, d.trade_id, d.sentence
        FROM reconciliations r CROSS JOIN reconciliation_differences d
          ON d.reconciliation = r.number
        WHERE r.id = ? ORDER BY d.number
        """, reconciliation,
        read: {
          ReconciliationDifference(
            kind: try $0.next(), trade: try $0.next(), sentence: try $0.next())
        })
    }
  }
}

extension Transaction {
  fileprivate func scheduledReconciliation(of day: CivilDate) throws -> Reconciliation? {
    try first(
      """
      SELECT number, id, day, is_scheduled, requested_at, requested_by, status, node, tries,
        started_at, ended_at, trades, attempts, statements, unexplained_lines, in_doubt,
        differences, too_early_until, reason
      FROM reconciliations WHERE day = ? AND is_scheduled = 1
      """, day, read: { try $0.reconciliation() })
  }

  fileprivate func openReconciliation() throws -> Reconciliation? {
    try first(
      """
      SELECT number, id, day, is_scheduled, requested_at, requested_by, status, node, tries,
        started_at, ended_at, trades, attempts, statements, unexplained_lines, in_doubt,
        differences, too_early_until, reason
      FROM reconciliations WHERE status IN ('requested', 'running') ORDER BY number LIMIT 1
      """, read: { try $0.reconciliation() })
  }

  fileprivate func waitingReconciliation() throws -> Reconciliation? {
    try first(
      """
      SELECT number, id, day, is_scheduled, requested_at, requested_by, status, node, tries,
        started_at, ended_at, trades, attempts, statements, unexplained_lines, in_doubt,
        differences, too_early_until, reason
      FROM reconciliations WHERE status IN ('requested', 'running')
        AND (status = 'requested' OR held_until <= ?) ORDER BY number LIMIT 1
      """, now, read: { try $0.reconciliation() })
  }

  fileprivate func reconciliation(_ id: Identifier) throws -> Reconciliation? {
    try first(
      """
      SELECT number, id, day, is_scheduled, requested_at, requested_by, status, node, tries,
        started_at, ended_at, trades, attempts, statements, unexplained_lines, in_doubt,
        differences, too_early_until, reason
      FROM reconciliations WHERE id = ?
      """, id, read: { try $0.reconciliation() })
  }

  fileprivate func reconciliation(
    _ id: Identifier, heldBy node: NodeID
  ) throws -> Reconciliation? {
    guard let found = try reconciliation(id), found.status == .running, found.node == node else {
      return nil
    }
    return found
  }

  fileprivate func insert(_ reconciliation: Reconciliation) throws -> Reconciliation {
    try run(
      """
      INSERT INTO reconciliations (id, day, is_scheduled, requested_at, requested_by, status, tries)
      VALUES (?, ?, ?, ?, ?, ?, 0)
      """,
      reconciliation.id, reconciliation.day, reconciliation.isScheduled,
      reconciliation.requestedAt, reconciliation.requestedBy, reconciliation.status)
    guard let inserted = try self.reconciliation(reconciliation.id) else {
      throw StoreError.inconsistent("A reconciliation was written and is not there.")
    }
    return inserted
  }

  fileprivate func update(_ reconciliation: Reconciliation, heldUntil: Timestamp?) throws {
    let figures = reconciliation.figures
    try run(
      """
      UPDATE reconciliations SET status = ?, node = ?, tries = ?, started_at = ?, ended_at = ?,
        trades = ?, attempts = ?, statements = ?, unexplained_lines = ?, in_doubt = ?,
        differences = ?, too_early_until = ?, reason = ?, held_until = ?
      WHERE number = ?
      """,
      reconciliation.status, reconciliation.node, reconciliation.tries, reconciliation.startedAt,
      reconciliation.endedAt, figures.trades, figures.attempts, figures.statements,
      figures.unexplainedLines, figures.inDoubt, figures.differences, figures.tooEarlyUntil,
      reconciliation.reason, heldUntil, reconciliation.number)
  }

  fileprivate func end(
    _ reconciliation: inout Reconciliation, by node: NodeID, _ result: ReconciliationResult
  ) throws {
    let entry = reconciliation.end(
      result.status, result.figures, reason: result.reason, by: node, now: now)
    try update(reconciliation, heldUntil: nil)
    for (place, difference) in result.differences.enumerated() {
      try run(
        """
        INSERT INTO reconciliation_differences (reconciliation, number, kind, trade_id, sentence)
        VALUES (?, ?, ?, ?, ?)
        """, reconciliation.number, place + 1, difference.kind, difference.trade,
        difference.sentence)
    }
    try logInstallation(entry)
  }
}

extension ColumnReader {
  fileprivate mutating func reconciliation() throws -> Reconciliation {
    Reconciliation(
      number: try next(), id: try next(), day: try next(), isScheduled: try next(),
      requestedAt: try next(), requestedBy: try next(), status: try next(), node: try next(),
      tries: try next(), startedAt: try next(), endedAt: try next(),
      figures: ReconciliationFigures(
        trades: try next(), attempts: try next(), statements: try next(),
        unexplainedLines: try next(), inDoubt: try next(), differences: try next(),
        tooEarlyUntil: try next()),
      reason: try next())
  }
}
