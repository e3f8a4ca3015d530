import FXDomain

/// Who may come in, what they did, and which requests were carried out already.
public protocol AccessStore: Sendable {
  // MARK: Tokens

  /// Stores a new token.
  func issue(
    _ token: AccessToken, receipt: Receipt?
  ) async throws(StoreError) -> Result<AccessToken, AlreadyCarriedOut>
  func token(digest: [UInt8]) async throws(StoreError) -> AccessToken?
  func token(_ id: Identifier) async throws(StoreError) -> AccessToken?
  /// In the order of their identifiers, which is that of their making; revoked ones too.
  func tokens(after: Identifier?, limit: Int) async throws(StoreError) -> [AccessToken]
  /// Ends a token and every session made with it, for good; nil where there is no such token.
  func revoke(_ token: Identifier) async throws(StoreError) -> AccessToken?
  func noteUse(of token: Identifier) async throws(StoreError)

  // MARK: Sessions

  /// Begins a session, in place of another one where given. Forgets those that have ended.
  func begin(_ session: Session, replacing: [UInt8]?) async throws(StoreError)
  /// A session that has not ended, with its token.
  func session(digest: [UInt8]) async throws(StoreError) -> SignedIn?
  func endSession(digest: [UInt8]) async throws(StoreError)

  // MARK: The audit

  /// Appends entries, numbering them.
  func record(_ entries: [AuditEntry]) async throws(StoreError)
  func audit(_ query: AuditQuery) async throws(StoreError) -> [AuditEntry]

  // MARK: Requests with a key

  /// What is known of the request that came under this owner's key.
  func carriedOutRequest(owner: Identifier, key: String) async throws(StoreError)
    -> CarriedOutRequest?
  /// Keeps the answer to a request, so that its repetition gets the same one.
  func keep(_ answer: KeptAnswer, for receipt: Receipt) async throws(StoreError)
  /// Forgets a bounded number of the requests that are older than a moment; answers whether there
  /// may be more of them.
  func forgetCarriedOutRequests(before moment: Timestamp) async throws(StoreError) -> Bool
}

/// A person's session and the token it stands on.
public struct SignedIn: Hashable, Sendable {
  public var session: Session
  public var token: AccessToken

  public init(session: Session, token: AccessToken) {
    self.session = session
    self.token = token
  }
}

/// Newest first.
public struct AuditQuery: Hashable, Sendable {
  public var person: String?
  /// Entries with a lower number only.
  public var before: Int64?
  public var limit: Int

  public init(person: String? = nil, before: Int64? = nil, limit: Int = 50) {
    self.person = person
    self.before = before
    self.limit = limit
  }
}
