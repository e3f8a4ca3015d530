import FXDomain
import FXPorts

extension SQLiteStore {
  public func webhooks() async throws(StoreError) -> [Endpoint] {
    try await read { try $0.webhooks() }
  }

  public func callbacks(of batch: BatchKey) async throws(StoreError) -> [Endpoint] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT id, batch_key, url, kinds, note, is_enabled, disabled_reason, secret,
          previous_secret, previous_until, created_at, created_by, updated_at
        FROM endpoints WHERE batch_key = ? ORDER BY id
        """, batch, read: { try $0.endpoint() })
    }
  }

  public func endpoint(_ id: Identifier) async throws(StoreError) -> Endpoint? {
    try await read { try $0.endpoint(id) }
  }

  public func add(
    _ webhook: Endpoint, receipt: Receipt?
  ) async throws(StoreError) -> Result<Endpoint, EndpointRefusal> {
    try await write { transaction in
      guard try transaction.webhooks().count < NoticeBounds.webhooks else {
        return .failure(.tooMany)
      }
      do {
        try transaction.once(receipt, subject: webhook.id) {
          try transaction.insert(webhook, of: nil)
        }
        return .success(webhook)
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }

  public func change(
    _ endpoint: Identifier, _ change: EndpointChange
  ) async throws(StoreError) -> Endpoint? {
    try await write { transaction in
      guard var changed = try transaction.endpoint(endpoint) else { return nil }
      change.apply(to: &changed, now: transaction.now)
      try transaction.update(changed)
      return changed
    }
  }

  public func deleteEndpoint(_ id: Identifier) async throws(StoreError) -> Endpoint? {
    try await write { transaction in
      let endpoint = try transaction.endpoint(id)
      try transaction.run(
        "UPDATE endpoints SET deleted_at = ?, wakes_at = NULL WHERE id = ? AND deleted_at IS NULL",
        transaction.now, id)
      return endpoint
    }
  }
}

extension Transaction {
  fileprivate func webhooks() throws -> [Endpoint] {
    try all(
      """
      SELECT id, batch_key, url, kinds, note, is_enabled, disabled_reason, secret,
        previous_secret, previous_until, created_at, created_by, updated_at
      FROM endpoints INDEXED BY endpoints_webhooks
      WHERE batch_key IS NULL AND deleted_at IS NULL ORDER BY id
      """, read: { try $0.endpoint() })
  }

  func endpoint(_ id: Identifier) throws -> Endpoint? {
    try first(
      """
      SELECT id, batch_key, url, kinds, note, is_enabled, disabled_reason, secret,
        previous_secret, previous_until, created_at, created_by, updated_at
      FROM endpoints WHERE id = ? AND deleted_at IS NULL
      """, id, read: { try $0.endpoint() })
  }

  func insert(_ endpoint: Endpoint, of batch: BatchKey?) throws {
    try run(
      """
      INSERT INTO endpoints (id, batch_key, url, kinds, note, is_enabled, disabled_reason, secret,
        previous_secret, previous_until, created_at, created_by, updated_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      endpoint.id, batch, endpoint.url, endpoint.kinds, endpoint.note, endpoint.isEnabled,
      endpoint.disabledReason, endpoint.secret, endpoint.previousSecret, endpoint.previousUntil,
      endpoint.createdAt, endpoint.createdBy, endpoint.updatedAt)
  }

  /// Writes what may change of it, and looks anew when it wakes.
  func update(_ endpoint: Endpoint) throws {
    try run(
      """
      UPDATE endpoints SET url = ?, kinds = ?, note = ?, is_enabled = ?, disabled_reason = ?,
        secret = ?, previous_secret = ?, previous_until = ?, updated_at = ?, wakes_at = NULL
      WHERE id = ?
      """,
      endpoint.url, endpoint.kinds, endpoint.note, endpoint.isEnabled, endpoint.disabledReason,
      endpoint.secret, endpoint.previousSecret, endpoint.previousUntil, endpoint.updatedAt,
      endpoint.id)
    try wake(endpoint.id)
  }

  /// Sets when the endpoint wakes: at the end of the time for which somebody has it in hand, or when
  /// its first message is due; never where nothing may go there.
  func wake(_ endpoint: Identifier) throws {
    let due: Timestamp? = try value(
      "SELECT min(due_at) FROM deliveries WHERE endpoint = ? AND due_at IS NOT NULL", endpoint)
    try run(
      """
      UPDATE endpoints SET wakes_at = CASE WHEN is_enabled = 0 OR deleted_at IS NOT NULL THEN NULL
        WHEN busy_until > ?1 AND ?2 IS NOT NULL THEN max(busy_until, ?2) ELSE ?2 END
      WHERE id = ?3
      """, now, due, endpoint)
  }
}

extension ColumnReader {
  mutating func endpoint() throws -> Endpoint {
    Endpoint(
      id: try next(), batch: try next(), url: try next(), kinds: try next(), note: try next(),
      isEnabled: try next(), disabledReason: try next(), secret: try next(),
      previousSecret: try next(), previousUntil: try next(), createdAt: try next(),
      createdBy: try next(), updatedAt: try next())
  }
}
