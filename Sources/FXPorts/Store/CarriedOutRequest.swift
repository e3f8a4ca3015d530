import FXDomain

/// A wish of one request under an `Idempotency-Key`. A store that is given it with a change keeps it
/// in the same transaction, and refuses the change when it is there already.
public struct Receipt: Hashable, Sendable {
  /// The token under which the key counts.
  public var owner: Identifier
  public var key: String
  /// SHA-256 over what was asked for.
  public var digest: [UInt8]

  public init(owner: Identifier, key: String, digest: [UInt8]) {
    self.owner = owner
    self.key = key
    self.digest = digest
  }
}

/// The change was made before, by a request with the same owner and key.
public struct AlreadyCarriedOut: Error, Hashable, Sendable {
  public init() {}
}

/// A request that was carried out, and what was answered to it; no answer yet where the process
/// ended between the two.
public struct CarriedOutRequest: Hashable, Sendable {
  public var receipt: Receipt
  public var at: Timestamp
  /// Of the batch, trade or token that came of it.
  public var subject: Identifier?
  public var answer: KeptAnswer?

  public init(receipt: Receipt, at: Timestamp, subject: Identifier?, answer: KeptAnswer?) {
    self.receipt = receipt
    self.at = at
    self.subject = subject
    self.answer = answer
  }
}

public struct KeptAnswer: Hashable, Sendable {
  public var status: Int
  public var contentType: String
  public var location: String?
  public var body: [UInt8]

  public init(status: Int, contentType: String, location: String? = nil, body: [UInt8]) {
    self.status = status
    self.contentType = contentType
    self.location = location
    self.body = body
  }
}
