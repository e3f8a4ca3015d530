import FXDomain
import FXPorts

extension SQLiteStore {
  public func put(_ delivery: MessageDelivery) async throws(StoreError) -> Bool {
    try await write { transaction in
      guard try transaction.endpoint(delivery.endpoint) != nil else { return false }
      try transaction.insert(delivery)
      return true
    }
  }

  public func deliveries(
    of endpoint: Identifier, before: DeliveryCursor?, limit: Int
  ) async throws(StoreError) -> [LoggedDelivery] {
    try await read { transaction in
      let found = try transaction.all(
        """
        SELECT key, id, endpoint, type, body, created_at, tries, due_at, outcome, ended_at
        FROM deliveries WHERE endpoint = ? AND key < ? ORDER BY key DESC LIMIT ?
        """, endpoint, before?.key ?? .max, limit, read: { try $0.keyedDelivery() })
      return try found.map { try transaction.logged($0) }
    }
  }

  public func redeliver(
    _ delivery: Identifier, to endpoint: Identifier
  ) async throws(StoreError) -> LoggedDelivery? {
    try await write { transaction in
      guard let known = try transaction.delivery(delivery), known.delivery.endpoint == endpoint
      else { return nil }
      var found = known.delivery
      (found.tries, found.dueAt, found.outcome, found.endedAt) = (0, transaction.now, nil, nil)
      try transaction.update(found, key: known.key)
      return try transaction.logged((known.key, found))
    }
  }

  public func takeDue(
    limit: Int, leaseMilliseconds: Int64
  ) async throws(StoreError) -> [DueDelivery] {
    // Looked for beside the writes, which are not disturbed while nothing is due.
    guard try await read({ try !$0.wakeful(limit: 1).isEmpty }) else { return [] }
    return try await write(weight: limit) { transaction in
      let until = transaction.now.advanced(byMilliseconds: leaseMilliseconds)
      return try transaction.wakeful(limit: limit).compactMap { endpoint in
        let due = try transaction.first(
          """
          SELECT key, id, endpoint, type, body, created_at, tries, due_at, outcome, ended_at
          FROM deliveries WHERE endpoint = ? AND due_at <= ? ORDER BY due_at LIMIT 1
          """, endpoint.id, transaction.now, read: { try $0.keyedDelivery() })
        guard let due else {
          try transaction.wake(endpoint.id)
          return nil
        }
        try transaction.run(
          "UPDATE endpoints SET busy_until = ?1, wakes_at = ?1 WHERE id = ?2", until,
          endpoint.id)
        return DueDelivery(delivery: due.delivery, endpoint: endpoint)
      }
    }
  }

  public func note(_ report: DeliveryReport) async throws(StoreError) {
    try await write { transaction in
      guard let (key, known) = try transaction.delivery(report.delivery) else { return }
      var delivery = known
      let last: Int =
        try transaction.value(
          "SELECT max(number) FROM delivery_attempts WHERE delivery = ?", key) ?? 0
      try transaction.run(
        """
        INSERT INTO delivery_attempts (delivery, number, at, milliseconds, status, error)
        VALUES (?, ?, ?, ?, ?, ?)
        """,
        key, last + 1, report.attempt.at, report.attempt.milliseconds, report.attempt.status,
        report.attempt.error)
      try transaction.run(
        "UPDATE endpoints SET busy_until = NULL WHERE id = ?", delivery.endpoint)
      delivery.take(report.next, now: transaction.now)
      try transaction.update(delivery, key: key)
      if let reason = report.disables, var endpoint = try transaction.endpoint(delivery.endpoint) {
        endpoint.disable(reason, now: transaction.now)
        try transaction.update(endpoint)
      }
    }
  }
}

extension Transaction {
  /// Endpoints that have something to send, the longest-waiting first.
  fileprivate func wakeful(limit: Int) throws -> [Endpoint] {
    try all(
      """
      SELECT id, batch_key, url, kinds, note, is_enabled, disabled_reason, secret,
        previous_secret, previous_until, created_at, created_by, updated_at
      FROM endpoints WHERE wakes_at <= ? ORDER BY wakes_at LIMIT ?
      """, now, limit, read: { try $0.endpoint() })
  }

  func insert(_ delivery: MessageDelivery) throws {
    try run(
      """
      INSERT INTO deliveries (id, endpoint, type, body, created_at, tries, due_at, outcome, ended_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      delivery.id, delivery.endpoint, delivery.type, delivery.body, delivery.createdAt,
      delivery.tries, delivery.dueAt, delivery.outcome, delivery.endedAt)
    try wake(delivery.endpoint)
  }

  fileprivate func delivery(_ id: Identifier) throws -> (key: Int64, delivery: MessageDelivery)? {
    try first(
      """
      SELECT key, id, endpoint, type, body, created_at, tries, due_at, outcome, ended_at
      FROM deliveries WHERE id = ?
      """, id, read: { try $0.keyedDelivery() })
  }

  fileprivate func update(_ delivery: MessageDelivery, key: Int64) throws {
    try run(
      "UPDATE deliveries SET tries = ?, due_at = ?, outcome = ?, ended_at = ? WHERE key = ?",
      delivery.tries, delivery.dueAt, delivery.outcome, delivery.endedAt, key)
    try wake(delivery.endpoint)
  }

  fileprivate func logged(_ found: (key: Int64, delivery: MessageDelivery)) throws -> LoggedDelivery
  {
    let attempts = try all(
      """
      SELECT number, at, milliseconds, status, error FROM delivery_attempts
      WHERE delivery = ? ORDER BY number
      """, found.key,
      read: {
        DeliveryAttempt(
          number: try $0.next(), at: try $0.next(), milliseconds: try $0.next(),
          status: try $0.next(), error: try $0.next())
      })
    return LoggedDelivery(
      cursor: DeliveryCursor(key: found.key), delivery: found.delivery, attempts: attempts)
  }
}

extension ColumnReader {
  fileprivate mutating func keyedDelivery() throws -> (key: Int64, delivery: MessageDelivery) {
    let key: Int64 = try next()
    let delivery = MessageDelivery(
      id: try next(), endpoint: try next(), type: try next(), body: try next(),
      createdAt: try next(), tries: try next(), dueAt: try next(), outcome: try next(),
      endedAt: try next())
    return (key, delivery)
  }
}
