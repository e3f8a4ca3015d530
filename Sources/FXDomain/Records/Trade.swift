/// The bank's price for a trade and what follows from it, fixed by the intent.
public struct QuoteFigures: Hashable, Sendable {
  public var quoteID: Int64
  public var expiresAt: Timestamp
  public var priced: Priced

  public init(quoteID: Int64, expiresAt: Timestamp, priced: Priced) {
    self.quoteID = quoteID
    self.expiresAt = expiresAt
    self.priced = priced
  }
}

/// One client's deal with the bank.
public struct Trade: Hashable, Sendable {
  public var key: TradeKey
  public var id: Identifier
  public var batch: BatchKey
  public var batchID: Identifier
  /// Data row of the file, from 1.
  public var row: Int
  public var client: ClientKey
  public var cifNumber: String
  public var clientName: String
  public var deal: Deal
  public var delivery: Delivery
  /// As planned when the batch was taken in, and as dealt once there is an intent.
  public var valueDate: CivilDate?
  public var allowance: Allowance?
  public var externalRef: String?
  public var spread: Pips
  /// Given in the file: the trade is priced `fixed` whatever the batch's mode.
  public var fixedRate: Rate?

  public var status: TradeStatus
  /// Number of the last attempt, over all rounds; 0 before the first intent.
  public var attempt: Int
  /// Intents of the present round.
  public var roundAttempts: Int
  /// Quotes of the present round that failed for passing reasons.
  public var quoteTries: Int
  /// Not taken up before this moment.
  public var notBefore: Timestamp?
  public var figures: QuoteFigures?
  public var dealTransactionID: Identifier?
  /// The bank's `header.transactionId` of its booking answer.
  public var bankTransactionID: String?
  public var dealReference: String?
  public var failure: Failure?
  /// A person closed it, on their word alone: no proof of a look-up, and never retried in bulk.
  public var isResolvedByPerson: Bool
  public var bookedAt: Timestamp?
  public var doubtSince: Timestamp?
  public var escalatedAt: Timestamp?
  public var createdAt: Timestamp
  public var updatedAt: Timestamp
  public var completedAt: Timestamp?
  public var version: Int64
  /// In rands, as told when the trade was taken in; nil where no rate told it.
  public var value: Money?
  /// The desk's day on which it counts against limits and allowances, where that is not its batch's.
  public var usageDay: CivilDate?

  /// Whether a trade that waits for a moment may be taken up. One too far ahead was set by a clock
  /// that has been put back since, and counts as past.
  public static func isDue(_ notBefore: Timestamp?, at now: Timestamp) -> Bool {
    guard let notBefore else { return true }
    let ahead = notBefore.milliseconds(since: now)
    return ahead <= 0 || ahead > greatestDelayMilliseconds
  }

  /// What was asked for, as it was taken in.
  public var draft: TradeDraft {
    TradeDraft(
      row: row, client: client, deal: deal, delivery: delivery, valueDate: valueDate,
      allowance: allowance, externalRef: externalRef, spread: spread, fixedRate: fixedRate)
  }

  /// No delay before another try is longer.
  public static let greatestDelayMilliseconds: Int64 = 120_000

  public init(
    key: TradeKey, id: Identifier, batch: BatchKey, batchID: Identifier, client: Client,
    draft: TradeDraft, createdAt: Timestamp
  ) {
    self.key = key
    self.id = id
    self.batch = batch
    self.batchID = batchID
    self.row = draft.row
    self.client = client.key
    self.cifNumber = client.cifNumber
    self.clientName = client.name
    self.deal = draft.deal
    self.delivery = draft.delivery
    self.valueDate = draft.valueDate
    self.allowance = draft.allowance
    self.externalRef = draft.externalRef
    self.spread = draft.spread
    self.fixedRate = draft.fixedRate
    self.status = .pending
    self.attempt = 0
    self.roundAttempts = 0
    self.quoteTries = 0
    self.isResolvedByPerson = false
    self.createdAt = createdAt
    self.updatedAt = createdAt
    self.version = 1
  }
}

/// A trade before it is stored.
public struct TradeDraft: Hashable, Sendable {
  public var row: Int
  public var client: ClientKey
  public var deal: Deal
  public var delivery: Delivery
  public var valueDate: CivilDate?
  public var allowance: Allowance?
  public var externalRef: String?
  public var spread: Pips
  public var fixedRate: Rate?

  public init(
    row: Int, client: ClientKey, deal: Deal, delivery: Delivery = .spot,
    valueDate: CivilDate? = nil, allowance: Allowance? = nil, externalRef: String? = nil,
    spread: Pips = .zero, fixedRate: Rate? = nil
  ) {
    self.row = row
    self.client = client
    self.deal = deal
    self.delivery = delivery
    self.valueDate = valueDate
    self.allowance = allowance
    self.externalRef = externalRef
    self.spread = spread
    self.fixedRate = fixedRate
  }

  /// Equal for what the desk calls duplicates: client, side, pair, amount and external reference.
  /// Different trades may collide; whoever finds equal prints compares the trades themselves.
  public var fingerprint: Int64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    func mix(_ bytes: some Sequence<UInt8>) {
      for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
      hash = (hash ^ 0xff) &* 0x0000_0100_0000_01b3
    }
    mix(String(client.value).utf8)
    mix(deal.side.rawValue.utf8)
    mix(deal.pair.description.utf8)
    mix(deal.amount.description.utf8)
    mix((externalRef ?? "").utf8)
    return Int64(bitPattern: hash)
  }

  /// Whether the desk calls the two duplicates.
  public func isDuplicate(of other: TradeDraft) -> Bool {
    client == other.client && deal == other.deal
      && (externalRef ?? "") == (other.externalRef ?? "")
  }
}

/// A batch before it is stored.
public struct BatchDraft: Hashable, Sendable {
  public var id: Identifier
  public var name: String
  public var pricing: PricingMode
  public var priority: Int
  public var maxConcurrentTrades: Int
  public var policy: BatchPolicy

  public init(
    id: Identifier, name: String, pricing: PricingMode, priority: Int = 5,
    maxConcurrentTrades: Int = 5, policy: BatchPolicy = BatchPolicy()
  ) {
    self.id = id
    self.name = name
    self.pricing = pricing
    self.priority = min(10, max(1, priority))
    self.maxConcurrentTrades = maxConcurrentTrades
    self.policy = policy
  }
}
