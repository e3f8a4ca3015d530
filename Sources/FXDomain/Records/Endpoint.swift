/// The key that a receiver checks our messages with. It never shows itself in texts or logs.
public struct SigningSecret: Hashable, Sendable, CustomStringConvertible, CustomReflectable {
  /// For the signature, the store, and the one answer that shows it.
  public let bytes: [UInt8]

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  public var description: String { "<hidden>" }
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// Where messages are sent: a webhook of the installation, or one batch's callback.
public struct Endpoint: Hashable, Sendable {
  public var id: Identifier
  /// Nil for a webhook of the installation.
  public var batch: BatchKey?
  public var url: String
  /// What it is told of; not empty.
  public var kinds: Set<NoticeKind>
  public var note: String?
  public var isEnabled: Bool
  /// Why it was disabled where nobody did it; nil otherwise.
  public var disabledReason: String?
  public var secret: SigningSecret
  /// Signs too, until its moment.
  public var previousSecret: SigningSecret?
  public var previousUntil: Timestamp?
  public var createdAt: Timestamp
  public var createdBy: String
  public var updatedAt: Timestamp

  public init(
    id: Identifier, batch: BatchKey? = nil, url: String, kinds: Set<NoticeKind>,
    note: String? = nil, isEnabled: Bool = true, disabledReason: String? = nil,
    secret: SigningSecret, previousSecret: SigningSecret? = nil, previousUntil: Timestamp? = nil,
    createdAt: Timestamp, createdBy: String, updatedAt: Timestamp
  ) {
    self.id = id
    self.batch = batch
    self.url = url
    self.kinds = kinds
    self.note = note
    self.isEnabled = isEnabled
    self.disabledReason = disabledReason
    self.secret = secret
    self.previousSecret = previousSecret
    self.previousUntil = previousUntil
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.updatedAt = updatedAt
  }

  /// What signs at a moment; the present one first.
  public func secrets(at now: Timestamp) -> [SigningSecret] {
    guard let previousSecret, let previousUntil, now < previousUntil else { return [secret] }
    return [secret, previousSecret]
  }
}

/// How the sending of a message came to its end.
public enum DeliveryOutcome: String, Hashable, Sendable, CaseIterable {
  case delivered
  case failed
}

/// One message to one endpoint: the same id and the same body at every try.
public struct MessageDelivery: Hashable, Sendable {
  public var id: Identifier
  public var endpoint: Identifier
  /// Such as `batch.success`.
  public var type: String
  public var body: [UInt8]
  public var createdAt: Timestamp
  /// Tries since it was last put into the outbox.
  public var tries: Int
  /// When it is tried next; nil once it has ended.
  public var dueAt: Timestamp?
  public var outcome: DeliveryOutcome?
  public var endedAt: Timestamp?

  public init(
    id: Identifier, endpoint: Identifier, type: String, body: [UInt8], createdAt: Timestamp,
    tries: Int = 0, dueAt: Timestamp?, outcome: DeliveryOutcome? = nil, endedAt: Timestamp? = nil
  ) {
    self.id = id
    self.endpoint = endpoint
    self.type = type
    self.body = body
    self.createdAt = createdAt
    self.tries = tries
    self.dueAt = dueAt
    self.outcome = outcome
    self.endedAt = endedAt
  }
}

/// One try to deliver.
public struct DeliveryAttempt: Hashable, Sendable {
  /// From 1, over all tries of the delivery.
  public var number: Int
  public var at: Timestamp
  public var milliseconds: Int64
  /// Of the answer; nil where none came.
  public var status: Int?
  /// Why it did not succeed, for a person.
  public var error: String?

  public init(
    number: Int = 0, at: Timestamp, milliseconds: Int64, status: Int?, error: String?
  ) {
    self.number = number
    self.at = at
    self.milliseconds = milliseconds
    self.status = status
    self.error = error
  }
}

/// Bounds of what is told to whom.
public enum NoticeBounds {
  public static let webhooks = 50
  public static let callbacksOfABatch = 10
  public static let urlCharacters = 1...2_000
  /// Unread notices are counted up to here.
  public static let countedUnread = 1_000
  public static let secretBytes = 32
  /// What a caller may give as the secret of a callback, decoded.
  public static let givenSecretBytes = 24...64
  /// How long the secret before the present one signs too.
  public static let previousSecretMilliseconds: Int64 = 86_400_000
}
