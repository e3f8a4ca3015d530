/// A node's hold on a batch: who, since when, and until when by the store's clock.
public struct Lease: Hashable, Sendable {
  public var owner: NodeID
  public var lockedAt: Timestamp
  public var expiresAt: Timestamp

  public init(owner: NodeID, lockedAt: Timestamp, expiresAt: Timestamp) {
    self.owner = owner
    self.lockedAt = lockedAt
    self.expiresAt = expiresAt
  }
}

/// The last link of a batch's chain of events.
public struct ChainHead: Hashable, Sendable {
  /// Events of this batch so far.
  public var length: Int64
  /// SHA-256 of the last event and of the link before it; 32 zero bytes at the start.
  public var digest: [UInt8]

  public init(length: Int64, digest: [UInt8]) {
    self.length = length
    self.digest = digest
  }

  public static let start = ChainHead(length: 0, digest: Array(repeating: 0, count: 32))
}

/// A list of trades that the desk runs as one.
public struct Batch: Hashable, Sendable {
  public var key: BatchKey
  public var id: Identifier
  public var name: String
  public var status: BatchStatus
  public var pricing: PricingMode
  /// 1–10, highest first.
  public var priority: Int
  /// Lowest first among equal priorities.
  public var queuePosition: Int64
  public var maxConcurrentTrades: Int
  public var policy: BatchPolicy
  /// From 1; each retry of a final batch opens the next.
  public var round: Int
  public var counts: TradeCounts
  /// Of these, how many were put before a person.
  public var escalated: EscalatedCounts
  public var lease: Lease?
  /// Raised by every claim; a write that carries an older one is refused.
  public var generation: Int64
  /// From then on what would be or return to `pending` becomes `cancelled`.
  public var cancelRequestedAt: Timestamp?
  /// Why it is paused; nil in every other status.
  public var pauseCause: PauseCause?
  /// Who released a batch that asks for approval, and when.
  public var approvedBy: String?
  public var approvedAt: Timestamp?
  /// Who sent a staged batch back, and what they said.
  public var rejectedBy: String?
  public var rejectedNote: String?
  /// Who signed off a partial or failed outcome, and what they said.
  public var acceptedBy: String?
  public var acceptedNote: String?
  /// What was last decided about it.
  public var decision: Decision?
  /// Set by a deletion, after which no list and no look-up has the batch.
  public var deletedAt: Timestamp?
  public var deletedBy: String?
  /// SHA-256 over the terms of its trades in the order of their rows.
  public var termsHash: [UInt8]
  public var createdAt: Timestamp
  public var createdBy: String
  public var queuedAt: Timestamp?
  public var startedAt: Timestamp?
  public var completedAt: Timestamp?
  public var updatedAt: Timestamp
  public var chain: ChainHead
  /// What its trades count, in rands.
  public var usage: Usage
  /// The desk's day on which it was first put into the queue, and on which its trades count against
  /// limits and allowances; nil before.
  public var usageDay: CivilDate?
  /// Counts the changes of the batch's own row, for optimistic concurrency.
  public var version: Int64

  public init(
    key: BatchKey, id: Identifier, name: String, pricing: PricingMode, priority: Int,
    queuePosition: Int64, maxConcurrentTrades: Int, policy: BatchPolicy, createdAt: Timestamp,
    createdBy: String
  ) {
    self.key = key
    self.id = id
    self.name = name
    self.status = .staged
    self.pricing = pricing
    self.priority = priority
    self.queuePosition = queuePosition
    self.maxConcurrentTrades = maxConcurrentTrades
    self.policy = policy
    self.round = 1
    self.counts = TradeCounts()
    self.escalated = EscalatedCounts()
    self.generation = 0
    self.usage = Usage()
    self.termsHash = Array(repeating: 0, count: 32)
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.updatedAt = createdAt
    self.chain = .start
    self.version = 1
  }

  public var isCancelRequested: Bool { cancelRequestedAt != nil }

  /// Whether a holder would book, and not only watch what is under way or sweep what is cancelled.
  public var wantsToBook: Bool {
    status != .paused && !isCancelRequested && counts.bookable > 0
  }

  /// Whether a node holds it at this moment of the store's clock.
  public func isLeased(at now: Timestamp) -> Bool {
    guard let lease else { return false }
    return now < lease.expiresAt
  }

  /// The order of the queue: priority descending, then position, then age.
  public static func precedes(_ left: Batch, _ right: Batch) -> Bool {
    if left.priority != right.priority { return left.priority > right.priority }
    if left.queuePosition != right.queuePosition {
      return left.queuePosition < right.queuePosition
    }
    if left.createdAt != right.createdAt { return left.createdAt < right.createdAt }
    return left.key < right.key
  }
}
