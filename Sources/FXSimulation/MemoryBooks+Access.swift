import FXDomain
import FXPorts

/// Who may come in, what they did, and which requests were carried out already.
struct MemoryAccess: Sendable {
  var tokens: [Identifier: AccessToken] = [:]
  var sessions: [[UInt8]: Session] = [:]
  var audit: [AuditEntry] = []
  var carriedOutRequests: [RequestName: CarriedOutRequest] = [:]

  struct RequestName: Hashable, Sendable {
    var owner: Identifier
    var key: String

    init(owner: Identifier, key: String) {
      self.owner = owner
      self.key = key
    }

    init(_ receipt: Receipt) { self.init(owner: receipt.owner, key: receipt.key) }
  }
}

extension MemoryBooks {
  /// Makes a change and keeps its receipt with it, or refuses where that is there already.
  mutating func once<Value, Refusal>(
    _ receipt: Receipt?, subject: Identifier?, else refusal: Refusal,
    _ change: (inout MemoryBooks) throws(StoreError) -> Result<Value, Refusal>
  ) throws(StoreError) -> Result<Value, Refusal> {
    guard let receipt else { return try change(&self) }
    guard access.carriedOutRequests[.init(receipt)] == nil else { return .failure(refusal) }
    let result = try change(&self)
    if case .success = result {
      access.carriedOutRequests[.init(receipt)] = CarriedOutRequest(
        receipt: receipt, at: now, subject: subject, answer: nil)
    }
    return result
  }

  mutating func issue(
    _ token: AccessToken, receipt: Receipt?
  ) throws(StoreError) -> Result<AccessToken, AlreadyCarriedOut> {
    try once(receipt, subject: token.id, else: AlreadyCarriedOut()) { books in
      books.access.tokens[token.id] = token
      return .success(token)
    }
  }

  func token(digest: [UInt8]) -> AccessToken? {
    access.tokens.values.first { $0.digest == digest }
  }

  func tokens(after: Identifier?, limit: Int) -> [AccessToken] {
    access.tokens.values.sorted { $0.id < $1.id }
      .filter { token in after.map { token.id > $0 } ?? true }.prefix(limit).map { $0 }
  }

  mutating func revoke(_ token: Identifier) -> AccessToken? {
    guard var known = access.tokens[token] else { return nil }
    known.revokedAt = known.revokedAt ?? now
    access.tokens[token] = known
    access.sessions = access.sessions.filter { $0.value.token != token }
    house.changeCounter += 1
    return known
  }

  mutating func begin(_ session: Session, replacing: [UInt8]?) {
    let now = now
    access.sessions = access.sessions.filter { now < $0.value.expiresAt && $0.key != replacing }
    access.sessions[session.digest] = session
  }

  func session(digest: [UInt8]) -> SignedIn? {
    guard let session = access.sessions[digest], now < session.expiresAt,
      let token = access.tokens[session.token], token.isValid(at: now)
    else { return nil }
    return SignedIn(session: session, token: token)
  }

  mutating func record(_ entries: [AuditEntry]) {
    for var entry in entries {
      entry.number = Int64(access.audit.count) + 1
      access.audit.append(entry)
    }
  }

  func audit(_ query: AuditQuery) -> [AuditEntry] {
    access.audit.reversed().lazy.filter { entry in
      (query.before.map { entry.number < $0 } ?? true)
        && (query.person.map { entry.person == $0 } ?? true)
    }.prefix(query.limit).map { $0 }
  }

  mutating func keep(_ answer: KeptAnswer, for receipt: Receipt) {
    let none = CarriedOutRequest(receipt: receipt, at: now, subject: nil, answer: nil)
    if access.carriedOutRequests[.init(receipt), default: none].answer == nil {
      access.carriedOutRequests[.init(receipt), default: none].answer = answer
    }
  }
}

extension MemoryStore {
  public func issue(
    _ token: AccessToken, receipt: Receipt?
  ) async throws(StoreError) -> Result<AccessToken, AlreadyCarriedOut> {
    try transact { (books) throws(StoreError) in try books.issue(token, receipt: receipt) }
  }

  public func token(digest: [UInt8]) async throws(StoreError) -> AccessToken? {
    try transact { (books) throws(StoreError) in books.token(digest: digest) }
  }

  public func token(_ id: Identifier) async throws(StoreError) -> AccessToken? {
    try transact { (books) throws(StoreError) in books.access.tokens[id] }
  }

  public func tokens(after: Identifier?, limit: Int) async throws(StoreError) -> [AccessToken] {
    try transact { (books) throws(StoreError) in books.tokens(after: after, limit: limit) }
  }

  public func revoke(_ token: Identifier) async throws(StoreError) -> AccessToken? {
    try transact { (books) throws(StoreError) in books.revoke(token) }
  }

  public func noteUse(of token: Identifier) async throws(StoreError) {
    try transact { (books) throws(StoreError) in
      books.access.tokens[token]?.lastUsedAt = books.now
    }
  }

  public func begin(_ session: Session, replacing: [UInt8]?) async throws(StoreError) {
    try transact { (books) throws(StoreError) in books.begin(session, replacing: replacing) }
  }

  public func session(digest: [UInt8]) async throws(StoreError) -> SignedIn? {
    try transact { (books) throws(StoreError) in books.session(digest: digest) }
  }

  public func endSession(digest: [UInt8]) async throws(StoreError) {
    try transact { (books) throws(StoreError) in books.access.sessions[digest] = nil }
  }

  public func record(_ entries: [AuditEntry]) async throws(StoreError) {
    try transact { (books) throws(StoreError) in books.record(entries) }
  }

  public func audit(_ query: AuditQuery) async throws(StoreError) -> [AuditEntry] {
    try transact { (books) throws(StoreError) in books.audit(query) }
  }

  public func carriedOutRequest(owner: Identifier, key: String) async throws(StoreError)
    -> CarriedOutRequest?
  {
    try transact { (books) throws(StoreError) in
      books.access.carriedOutRequests[.init(owner: owner, key: key)]
    }
  }

  public func keep(_ answer: KeptAnswer, for receipt: Receipt) async throws(StoreError) {
    try transact { (books) throws(StoreError) in books.keep(answer, for: receipt) }
  }

  public func forgetCarriedOutRequests(before moment: Timestamp) async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in
      books.access.carriedOutRequests = books.access.carriedOutRequests.filter {
        $0.value.at >= moment
      }
      return false
    }
  }
}
