import FXDomain
import FXPorts

/// Sessions and carried-out requests that are forgotten in one transaction.
private let forgottenAtOnce = 500

extension SQLiteStore {
  public func issue(
    _ token: AccessToken, receipt: Receipt?
  ) async throws(StoreError) -> Result<AccessToken, AlreadyCarriedOut> {
    try await write { transaction in
      do {
        try transaction.once(receipt, subject: token.id) { try transaction.insert(token) }
        return .success(token)
      } catch let refusal as AlreadyCarriedOut {
        return .failure(refusal)
      }
    }
  }

  public func token(digest: [UInt8]) async throws(StoreError) -> AccessToken? {
    try await read { transaction in
      try transaction.first(
        "SELECT * FROM tokens WHERE digest = ?", digest, read: { try $0.token() })
    }
  }

  public func token(_ id: Identifier) async throws(StoreError) -> AccessToken? {
    try await read { try $0.token(id) }
  }

  public func tokens(
    after: Identifier?, limit: Int
  ) async throws(StoreError) -> [AccessToken] {
    try await read { transaction in
      try transaction.all(
        "SELECT * FROM tokens WHERE id > ? ORDER BY id LIMIT ?",
        after ?? Identifier(high: 0, low: 0), limit, read: { try $0.token() })
    }
  }

  public func revoke(_ token: Identifier) async throws(StoreError) -> AccessToken? {
    try await write { transaction in
      try transaction.run(
        "UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL", transaction.now,
        token)
      try transaction.run("DELETE FROM sessions WHERE token = ?", token)
      try transaction.updateInstallation { $0.changeCounter += 1 }
      return try transaction.token(token)
    }
  }

  public func noteUse(of token: Identifier) async throws(StoreError) {
    try await write { transaction in
      try transaction.run(
        "UPDATE tokens SET last_used_at = ? WHERE id = ?", transaction.now, token)
    }
  }

  // MARK: Sessions

  public func begin(_ session: Session, replacing: [UInt8]?) async throws(StoreError) {
    try await write { transaction in
      let ended = try transaction.all(
        "SELECT digest FROM sessions WHERE expires_at <= ? LIMIT ?", transaction.now,
        forgottenAtOnce, read: { try $0.next() as [UInt8] })
      for digest in ended + (replacing.map { [$0] } ?? []) {
        try transaction.run("DELETE FROM sessions WHERE digest = ?", digest)
      }
      try transaction.run(
        "INSERT INTO sessions (digest, token, created_at, expires_at) VALUES (?, ?, ?, ?)",
        session.digest, session.token, session.createdAt, session.expiresAt)
    }
  }

  public func session(digest: [UInt8]) async throws(StoreError) -> SignedIn? {
    try await read { transaction in
      let session = try transaction.first(
        "SELECT digest, token, created_at, expires_at FROM sessions WHERE digest = ?", digest,
        read: {
          Session(
            digest: try $0.next(), token: try $0.next(), createdAt: try $0.next(),
            expiresAt: try $0.next())
        })
      guard let session, transaction.now < session.expiresAt,
        let token = try transaction.token(session.token), token.isValid(at: transaction.now)
      else { return nil }
      return SignedIn(session: session, token: token)
    }
  }

  public func endSession(digest: [UInt8]) async throws(StoreError) {
    try await write { try $0.run("DELETE FROM sessions WHERE digest = ?", digest) }
  }

  // MARK: The audit

  public func record(_ entries: [AuditEntry]) async throws(StoreError) {
    try await write(weight: entries.count) { transaction in
      for entry in entries {
        try transaction.run(
          """
          INSERT INTO audit (at, person, role, token, address, request_id, call, object, status,
            before, after) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
          entry.at, entry.person, entry.role, entry.token, entry.address, entry.requestID,
          entry.call, entry.object, entry.status, entry.before, entry.after)
      }
    }
  }

  public func audit(_ query: AuditQuery) async throws(StoreError) -> [AuditEntry] {
    try await read { transaction in
      let before = query.before ?? .max
      if let person = query.person {
        return try transaction.all(
          "SELECT * FROM audit WHERE person = ? AND number < ? ORDER BY number DESC LIMIT ?",
          person, before, query.limit, read: { try $0.auditEntry() })
      }
      return try transaction.all(
        "SELECT * FROM audit WHERE number < ? ORDER BY number DESC LIMIT ?", before, query.limit,
        read: { try $0.auditEntry() })
    }
  }

  // MARK: Requests with a key

  public func carriedOutRequest(owner: Identifier, key: String) async throws(StoreError)
    -> CarriedOutRequest?
  {
    try await read { transaction in
      try transaction.first(
        """
        SELECT owner, key, digest, at, subject, status, content_type, location, body
        FROM exchanges WHERE owner = ? AND key = ?
        """, owner, key, read: { try $0.carriedOutRequest() })
    }
  }

  public func keep(_ answer: KeptAnswer, for receipt: Receipt) async throws(StoreError) {
    try await write { transaction in
      try transaction.run(
        """
        INSERT INTO exchanges (owner, key, digest, at, status, content_type, location, body)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET status = excluded.status, content_type = excluded.content_type,
          location = excluded.location, body = excluded.body WHERE exchanges.status IS NULL
        """,
        receipt.owner, receipt.key, receipt.digest, transaction.now, answer.status,
        answer.contentType, answer.location, answer.body)
    }
  }

  public func forgetCarriedOutRequests(before moment: Timestamp) async throws(StoreError) -> Bool {
    try await write { transaction in
      let old = try transaction.all(
        "SELECT owner, key FROM exchanges WHERE at < ? LIMIT ?", moment, forgottenAtOnce,
        read: { (owner: try $0.next() as Identifier, key: try $0.next() as String) })
      for request in old {
        try transaction.run(
          "DELETE FROM exchanges WHERE owner = ? AND key = ?", request.owner, request.key)
      }
      return old.count == forgottenAtOnce
    }
  }
}

extension Transaction {
  /// Makes a change and keeps its receipt with it; throws `AlreadyCarriedOut` where that is there.
  /// A change that throws leaves no receipt.
  func once<Answer>(
    _ receipt: Receipt?, subject: Identifier?, _ change: () throws -> Answer
  ) throws -> Answer {
    guard let receipt else { return try change() }
    let isKnown = try exists(
      "SELECT 1 FROM exchanges WHERE owner = ? AND key = ?", receipt.owner, receipt.key)
    guard !isKnown else { throw AlreadyCarriedOut() }
    let answer = try change()
    try run(
      "INSERT INTO exchanges (owner, key, digest, at, subject) VALUES (?, ?, ?, ?, ?)",
      receipt.owner, receipt.key, receipt.digest, now, subject)
    return answer
  }

  fileprivate func insert(_ token: AccessToken) throws {
    try run(
      """
      INSERT INTO tokens (id, name, person, role, digest, created_at, created_by, expires_at,
        last_used_at, revoked_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """,
      token.id, token.name, token.person, token.role, token.digest, token.createdAt,
      token.createdBy, token.expiresAt, token.lastUsedAt, token.revokedAt)
  }

  fileprivate func token(_ id: Identifier) throws -> AccessToken? {
    try first("SELECT * FROM tokens WHERE id = ?", id, read: { try $0.token() })
  }
}

extension ColumnReader {
  /// A row of the table `tokens`.
  fileprivate mutating func token() throws -> AccessToken {
    var token = AccessToken(
      id: try next(), name: try next(), person: try next(), role: try next(),
      digest: try next(), createdAt: try next(), createdBy: try next(), expiresAt: try next())
    token.lastUsedAt = try next()
    token.revokedAt = try next()
    return token
  }

  /// A row of the table `audit`.
  fileprivate mutating func auditEntry() throws -> AuditEntry {
    AuditEntry(
      number: try next(), at: try next(), person: try next(), role: try next(),
      token: try next(), address: try next(), requestID: try next(), call: try next(),
      object: try next(), status: try next(), before: try next(), after: try next())
  }

  fileprivate mutating func carriedOutRequest() throws -> CarriedOutRequest {
    let receipt = Receipt(owner: try next(), key: try next(), digest: try next())
    let at: Timestamp = try next()
    let subject: Identifier? = try next()
    let status: Int? = try next()
    let contentType: String? = try next()
    let location: String? = try next()
    let body: [UInt8]? = try next()
    var answer: KeptAnswer?
    if let status, let contentType, let body {
      answer = KeptAnswer(
        status: status, contentType: contentType, location: location, body: body)
    }
    return CarriedOutRequest(receipt: receipt, at: at, subject: subject, answer: answer)
  }
}
