import FXDomain

/// What the engine needs of a store: queue, leases, steps of trades, evidence.
///
/// Every method is one transaction. The store's own clock decides about leases and stamps every
/// event. Steps are decided by `Ledger` on rows read in the same transaction.
public protocol EngineStore: Sendable {
  func installation() async throws(StoreError) -> Installation

  /// A sign of life, asked for every few hundred milliseconds: what running engines must hear of.
  ///
  /// - Parameters:
  ///   - confirmsKillSwitch: the node knows that the kill switch is engaged, and none of its booking
  ///     calls is out. Kept until the kill switch is next engaged or released.
  ///   - waitsFor: what the node has waited for, for long, in a sentence for persons.
  func pulse(
    _ node: NodeLife, confirmsKillSwitch: Bool, waitsFor: String?
  ) async throws(StoreError) -> Installation

  /// Every node that was heard of within a day, in the order of their names.
  func nodes() async throws(StoreError) -> [LiveNode]

  /// Claims free batches in the order of the queue, raising each one's generation.
  func claim(_ request: ClaimRequest) async throws(StoreError) -> [Batch]

  /// Prolongs holds; answers each batch as it stands now, without those whose hold is lost.
  func renew(
    _ holds: [Hold], node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> [Batch]

  /// Ends holds that are still these.
  func release(_ holds: [Hold], node: NodeID) async throws(StoreError)

  /// Ends all leases and forgets all nodes. For whoever knows by other means that no engine lives on
  /// this store, before starting one: nobody need then wait for the end of a dead node's lease.
  func forgetPredecessors() async throws(StoreError)

  /// Takes up to `limit` due trades of unblocked clients for quoting, in the order of their rows.
  func take(_ request: TakeRequest) async throws(StoreError) -> TakeAnswer

  /// The batch's trades in these statuses, after a key, in the order of their keys.
  func trades(
    of batch: BatchKey, in statuses: Set<TradeStatus>, after: TradeKey?, limit: Int
  ) async throws(StoreError) -> [OpenTrade]

  /// Decides and writes steps, each by itself: one may be refused and the next written. All that
  /// were accepted are durable when this returns. Callers at the same time share one commit.
  func perform(_ steps: [TradeStep]) async throws(StoreError) -> [StepResult]

  func perform(
    _ step: BatchStep, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, BatchRefusal>

  /// A person's step, once for its receipt.
  func perform(
    _ step: TradeStep, receipt: Receipt
  ) async throws(StoreError) -> Result<Trade, StepRefusal>

  /// Cancels up to `limit` pending trades of a batch that is flagged; answers how many are left.
  func sweepCancelled(
    _ batch: BatchKey, limit: Int, actor: Actor
  ) async throws(StoreError) -> Int

  func append(_ evidence: [Evidence]) async throws(StoreError)

  /// The newest deal that we know is booked with this bank, by its answer or its status, never by a
  /// person's word alone; booked before a moment, where one is given.
  func controlDeal(
    with bank: BankIdentity, bookedBefore: Timestamp?
  ) async throws(StoreError) -> ControlDeal?

  /// Ends the canary's turn: others may book.
  func clearCanary(_ trade: TradeKey) async throws(StoreError)

  /// Engages or releases the kill switch. Not released while a reconciliation is due.
  func setKillSwitch(
    engaged: Bool, reason: String, actor: Actor
  ) async throws(StoreError) -> Result<Installation, KillSwitchRefusal>

  /// The newest durable event, for a mark outside the store.
  func logMark() async throws(StoreError) -> LogMark

  /// Begins a new id epoch, engages the kill switch and ends all holds, since the log lacks what a
  /// mark outside the store says was durable. Changes nothing where this loss is known.
  func recordLoss(_ loss: LogLoss) async throws(StoreError) -> Installation

  /// After a loss: the bank has been asked for everything that may have been booked since. Changes
  /// nothing where no reconciliation is due.
  func recordReconciled(note: String, actor: Actor) async throws(StoreError) -> Installation

  /// Writes the heads of all chains that moved since the last seal into the seals' own chain.
  func seal() async throws(StoreError)
}

extension EngineStore {
  public func pulse(
    _ node: NodeLife, confirmsKillSwitch: Bool
  ) async throws(StoreError) -> Installation {
    try await pulse(node, confirmsKillSwitch: confirmsKillSwitch, waitsFor: nil)
  }

  public func perform(_ step: BatchStep) async throws(StoreError) -> Result<Batch, BatchRefusal> {
    try await perform(step, receipt: nil)
  }
}

/// A node that is alive, and what must be equal on all that are.
public struct NodeLife: Hashable, Sendable {
  public var node: NodeID
  public var bank: BankIdentity
  public var leaseMilliseconds: Int64
  public var bankTimeoutMilliseconds: Int64
  public var doubtMarginMilliseconds: Int64

  public init(
    node: NodeID, bank: BankIdentity, leaseMilliseconds: Int64, bankTimeoutMilliseconds: Int64,
    doubtMarginMilliseconds: Int64
  ) {
    self.node = node
    self.bank = bank
    self.leaseMilliseconds = leaseMilliseconds
    self.bankTimeoutMilliseconds = bankTimeoutMilliseconds
    self.doubtMarginMilliseconds = doubtMarginMilliseconds
  }
}

/// A node as the store has last heard of it; its moments are by the store's clock.
public struct LiveNode: Hashable, Sendable {
  public var node: NodeID
  public var lastSeenAt: Timestamp
  /// Until then it may act under what it holds; the later of its own lease and those of its batches.
  public var leaseUntil: Timestamp
  /// It has said that nothing leaves it any more.
  public var confirmsKillSwitch: Bool
  public var isAlive: Bool
  /// What it has waited for, for long, in a sentence for persons; nil while it gets on.
  public var waitsFor: String?

  public init(
    node: NodeID, lastSeenAt: Timestamp, leaseUntil: Timestamp, confirmsKillSwitch: Bool,
    isAlive: Bool, waitsFor: String? = nil
  ) {
    self.node = node
    self.lastSeenAt = lastSeenAt
    self.leaseUntil = leaseUntil
    self.confirmsKillSwitch = confirmsKillSwitch
    self.isAlive = isAlive
    self.waitsFor = waitsFor
  }
}

/// A hold on a batch as its owner knows it.
public struct Hold: Hashable, Sendable {
  public var batch: BatchKey
  public var generation: Int64

  public init(batch: BatchKey, generation: Int64) {
    self.batch = batch
    self.generation = generation
  }
}

public struct ClaimRequest: Hashable, Sendable {
  public var node: NodeID
  public var leaseMilliseconds: Int64
  /// How many batches with something to book may be claimed.
  public var bookingRoom: Int
  /// How many batches with only doubts, polls or cancellations left.
  public var watchingRoom: Int
  /// Only these, where given: `run` drives its own batch and no other's.
  public var only: Set<BatchKey>?

  public init(
    node: NodeID, leaseMilliseconds: Int64, bookingRoom: Int, watchingRoom: Int,
    only: Set<BatchKey>? = nil
  ) {
    self.node = node
    self.leaseMilliseconds = leaseMilliseconds
    self.bookingRoom = bookingRoom
    self.watchingRoom = watchingRoom
    self.only = only
  }
}

public struct TakeRequest: Hashable, Sendable {
  public var hold: Hold
  public var limit: Int
  public var actor: Actor

  public init(hold: Hold, limit: Int, actor: Actor) {
    self.hold = hold
    self.limit = limit
    self.actor = actor
  }
}

public struct TakeAnswer: Hashable, Sendable {
  public var trades: [TakenTrade]
  public var batch: Batch
  /// When the next pending trade of an unblocked client is due, if none was left to take.
  public var nextDue: Timestamp?
  /// Pending trades wait for a blocked client.
  public var blockedClients: Bool

  public init(
    trades: [TakenTrade], batch: Batch, nextDue: Timestamp? = nil, blockedClients: Bool = false
  ) {
    self.trades = trades
    self.batch = batch
    self.nextDue = nextDue
    self.blockedClients = blockedClients
  }
}

/// A trade with what its quote needs.
public struct TakenTrade: Hashable, Sendable {
  public var trade: Trade
  public var isClientActive: Bool
  public var accounts: [SettlementAccount]
  /// Ids of all earlier attempts: the bank is asked for them before a further one.
  public var earlierAttempts: [Identifier]
  public var otcRate: OTCRate?

  public init(
    trade: Trade, isClientActive: Bool, accounts: [SettlementAccount],
    earlierAttempts: [Identifier] = [], otcRate: OTCRate? = nil
  ) {
    self.trade = trade
    self.isClientActive = isClientActive
    self.accounts = accounts
    self.earlierAttempts = earlierAttempts
    self.otcRate = otcRate
  }
}

/// A trade that is under way, with its last attempt.
public struct OpenTrade: Hashable, Sendable {
  public var trade: Trade
  public var attempt: Attempt?

  public init(trade: Trade, attempt: Attempt? = nil) {
    self.trade = trade
    self.attempt = attempt
  }
}

/// What became of a step, and the batch as it stands after it: flags are heard of with every write.
public struct StepResult: Hashable, Sendable {
  public var result: Result<Trade, StepRefusal>
  public var batch: Batch?

  public init(result: Result<Trade, StepRefusal>, batch: Batch?) {
    self.result = result
    self.batch = batch
  }
}

/// A deal that is known to be booked, for the positive control.
public struct ControlDeal: Hashable, Sendable {
  public var trade: TradeKey
  public var dealTransactionID: Identifier
  public var bookedAt: Timestamp

  public init(trade: TradeKey, dealTransactionID: Identifier, bookedAt: Timestamp) {
    self.trade = trade
    self.dealTransactionID = dealTransactionID
    self.bookedAt = bookedAt
  }
}
