/// What a person may do; each role may do all that the one before may.
public enum Role: String, Hashable, Sendable, CaseIterable, Comparable {
  /// Looks.
  case viewer
  /// Submits and runs batches, keeps reference data.
  case dealer
  /// Releases what others submitted, resolves doubts, reads the audit.
  case approver
  /// Gives out tokens and releases the kill switch.
  case admin

  private var rank: Int {
    switch self {
    case .viewer: 0
    case .dealer: 1
    case .approver: 2
    case .admin: 3
    }
  }

  public static func < (left: Role, right: Role) -> Bool { left.rank < right.rank }
}

/// A bearer token as it is kept: its digest, never the token.
public struct AccessToken: Hashable, Sendable {
  public var id: Identifier
  /// What it is for, in its holder's words.
  public var name: String
  /// Who acts when it is used; four eyes are persons, not tokens.
  public var person: String
  public var role: Role
  /// SHA-256 of the token's 256 random bits.
  public var digest: [UInt8]
  public var createdAt: Timestamp
  public var createdBy: String
  /// Worth nothing from then on; nil for never.
  public var expiresAt: Timestamp?
  /// Written about once a minute while it is in use.
  public var lastUsedAt: Timestamp?
  public var revokedAt: Timestamp?

  public init(
    id: Identifier, name: String, person: String, role: Role, digest: [UInt8],
    createdAt: Timestamp, createdBy: String, expiresAt: Timestamp? = nil
  ) {
    self.id = id
    self.name = name
    self.person = person
    self.role = role
    self.digest = digest
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.expiresAt = expiresAt
  }

  public func isValid(at moment: Timestamp) -> Bool {
    revokedAt == nil && expiresAt.map { moment < $0 } ?? true
  }
}

/// A browser's sign-in, which lives at most as long as the token that it was made with.
public struct Session: Hashable, Sendable {
  /// SHA-256 of the cookie's 256 random bits.
  public var digest: [UInt8]
  public var token: Identifier
  public var createdAt: Timestamp
  public var expiresAt: Timestamp

  public init(digest: [UInt8], token: Identifier, createdAt: Timestamp, expiresAt: Timestamp) {
    self.digest = digest
    self.token = token
    self.createdAt = createdAt
    self.expiresAt = expiresAt
  }
}

/// Who did what, from where: one row for every call that was denied or that may change something.
public struct AuditEntry: Hashable, Sendable {
  /// Ascending, from 1.
  public var number: Int64
  public var at: Timestamp
  /// Nil when nobody was signed in.
  public var person: String?
  public var role: Role?
  public var token: Identifier?
  /// The peer's address, or what a trusted proxy says of it.
  public var address: String
  public var requestID: String
  /// Method and route, such as `POST /api/batches/{id}/pause`.
  public var call: String
  /// What it was about: the identifier in the path.
  public var object: String?
  /// The status of the answer.
  public var status: Int
  /// The object as JSON, before and after, where it was changed.
  public var before: String?
  public var after: String?

  public init(
    number: Int64 = 0, at: Timestamp, person: String? = nil, role: Role? = nil,
    token: Identifier? = nil, address: String, requestID: String, call: String,
    object: String? = nil, status: Int, before: String? = nil, after: String? = nil
  ) {
    self.number = number
    self.at = at
    self.person = person
    self.role = role
    self.token = token
    self.address = address
    self.requestID = requestID
    self.call = call
    self.object = object
    self.status = status
    self.before = before
    self.after = after
  }
}
