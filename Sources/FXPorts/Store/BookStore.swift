import FXDomain

/// Reference data, new batches and everything that is only read.
public protocol BookStore: Sendable {
  // MARK: Reference data

  /// Creates clients and updates those whose CIF number is known, with their accounts; all or none.
  func upsert(
    _ clients: [ClientRecord], receipt: Receipt?
  ) async throws(StoreError) -> Result<UpsertCounts, AlreadyCarriedOut>
  /// Creates a client whose CIF number is not known yet, with the accounts.
  func register(
    _ client: ClientRecord, receipt: Receipt?
  ) async throws(StoreError) -> Result<Client, ClientRefusal>
  func client(_ cifNumber: String) async throws(StoreError) -> Client?
  /// Clients in the order of their CIF numbers.
  func clients(_ query: ClientQuery) async throws(StoreError) -> [Client]
  func clients(withCIF numbers: Set<String>) async throws(StoreError) -> [Client]
  /// Changes what is given of a client; nil where there is none.
  func update(_ change: ClientChange, cifNumber: String) async throws(StoreError) -> Client?
  /// Records what a client says to have used of an allowance elsewhere, instead of what was said
  /// before; an amount of zero takes it back. False where there is no such client.
  func declare(_ use: DeclaredUse, byCIF cifNumber: String) async throws(StoreError) -> Bool
  /// Everything that these clients have declared, by their CIF numbers, in the order of years.
  func declaredUses(
    ofCIF numbers: Set<String>
  ) async throws(StoreError) -> [String: [DeclaredUse]]
  /// Deletes a client who never had a trade, with the accounts.
  func deleteClient(
    _ cifNumber: String
  ) async throws(StoreError) -> Result<Client, ClientRefusal>

  /// Stores what the bank tells of accounts of known clients; answers how many were of unknown ones.
  func sync(_ accounts: [SettlementAccount]) async throws(StoreError) -> UpsertCounts
  func accounts(
    after cursor: AccountCursor?, cifNumber: String?, limit: Int
  ) async throws(StoreError) -> [SettlementAccount]
  /// The accounts of these customers, in the order of their CIF numbers and currencies.
  func accounts(ofCIF numbers: Set<String>) async throws(StoreError) -> [SettlementAccount]

  /// All rates, in the order of their pairs' currencies.
  func otcRates() async throws(StoreError) -> [OTCRate]
  func otcRate(_ pair: CurrencyPair) async throws(StoreError) -> OTCRate?
  /// Sets the rate, stamped by the store's clock. A jump beyond `jumpBasisPoints` of the present one
  /// is refused by answering that one, unless confirmed.
  func setOTCRate(
    _ rate: Rate, for pair: CurrencyPair, by person: String, confirmed: Bool,
    jumpBasisPoints: Int
  ) async throws(StoreError) -> Result<OTCRate, RateJump>

  // MARK: Batches

  /// Stores a batch with all its trades, or nothing.
  func create(
    _ request: CreateRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, CreateRefusal>
  /// Changes the trades of a staged batch, all as asked for or nothing.
  func restage(
    _ request: RestageRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, RestageRefusal>
  /// Ends the leases that are over by the store's clock; answers their batches.
  func cleanUpLocks(actor: Actor) async throws(StoreError) -> [Batch]
  /// Pending trades of this batch that repeat one of another, which was stored within so long and has
  /// neither failed nor been cancelled. The first thousand, in the order of their rows.
  func duplicates(
    of batch: BatchKey, withinMilliseconds window: Int64
  ) async throws(StoreError) -> [CreateRefusal.Duplicate]
  func batch(_ id: Identifier) async throws(StoreError) -> Batch?
  func batches(_ query: BatchQuery) async throws(StoreError) -> [Batch]
  func trade(_ id: Identifier) async throws(StoreError) -> Trade?
  func trades(_ query: TradeQuery) async throws(StoreError) -> [Trade]
  func attempts(of trade: TradeKey) async throws(StoreError) -> [Attempt]
  func evidence(of trade: TradeKey) async throws(StoreError) -> [Evidence]
  /// What is kept of batches beside their own rows, in the order asked for and at one moment; empty
  /// for a batch that is not there. No trade is counted for it.
  func summaries(of batches: [BatchKey]) async throws(StoreError) -> [BatchSummary]
  /// Counts a batch's trades anew, for the check.
  func recount(_ batch: BatchKey) async throws(StoreError) -> Recount

  // MARK: Limits and allowances

  /// Where a client stands on a day, and in the calendar year of it; nil for one that is not there.
  func standing(
    of client: ClientKey, on day: CivilDate
  ) async throws(StoreError) -> ClientStanding?
  /// What a staged batch would break if it were started now, warnings too; nothing for any other.
  func breaches(
    startingOf batch: BatchKey, under rules: DeskRules
  ) async throws(StoreError) -> [RuleBreach]
  /// Counts what is used and under way of these clients anew, for the check.
  func recountUsage(of clients: [ClientKey]) async throws(StoreError) -> UsageRecount
  /// The same by the persons who submitted.
  func recountDealerUsage() async throws(StoreError) -> UsageRecount

  // MARK: The log

  /// Events after a sequence number, over the installation or of one batch.
  func events(
    of batch: BatchKey?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [JournalEvent]
  /// The newest events of one trade, in their order.
  func history(of trade: TradeKey, limit: Int) async throws(StoreError) -> [JournalEvent]
  /// Events for the outside, by identifiers; events of deleted batches are among them.
  func feed(
    of batch: Identifier?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [FeedEvent]
  /// Number of the newest event; 0 for an empty log.
  func newestSequence() async throws(StoreError) -> Int64
  func gauges() async throws(StoreError) -> StoreGauges
  func seals(after number: Int64, limit: Int) async throws(StoreError) -> [Seal]
  /// The digests that the log has at these places, each a chain and a number in it; nil where it has
  /// no such event. The digests of the places are not looked at.
  func digests(at places: [Seal.Head]) async throws(StoreError) -> [[UInt8]?]
  /// Every chain's head as its batch keeps it, the installation's among them.
  func chainHead(of batch: BatchKey) async throws(StoreError) -> ChainHead?
}

/// Everything that a store does.
public typealias BatchStore = EngineStore & BookStore & AccessStore & NoticeStore & TemplateStore
  & ReportStore & DayStore

extension BookStore {
  public func summary(of batch: BatchKey) async throws(StoreError) -> BatchSummary {
    try await summaries(of: [batch]).first ?? BatchSummary()
  }

  public func create(
    _ request: CreateRequest
  ) async throws(StoreError) -> Result<Batch, CreateRefusal> {
    try await create(request, receipt: nil)
  }

  public func restage(
    _ request: RestageRequest
  ) async throws(StoreError) -> Result<Batch, RestageRefusal> {
    try await restage(request, receipt: nil)
  }

  public func upsert(_ clients: [ClientRecord]) async throws(StoreError) -> UpsertCounts {
    switch try await upsert(clients, receipt: nil) {
    case .success(let counts): return counts
    case .failure: throw .inconsistent("A change without a receipt was refused for its receipt.")
    }
  }

  /// Clients in the order of their CIF numbers, after one.
  public func clients(
    after cifNumber: String?, limit: Int
  ) async throws(StoreError) -> [Client] {
    try await clients(ClientQuery(after: cifNumber, limit: limit))
  }

  public func setActive(
    _ active: Bool, cifNumber: String
  ) async throws(StoreError) -> Client? {
    try await update(ClientChange(isActive: active), cifNumber: cifNumber)
  }
}

public struct ClientRecord: Hashable, Sendable {
  public var name: String
  public var cifNumber: String
  public var spread: Pips
  public var accounts: [SettlementAccount]

  public init(name: String, cifNumber: String, spread: Pips, accounts: [SettlementAccount]) {
    self.name = name
    self.cifNumber = cifNumber
    self.spread = spread
    self.accounts = accounts
  }
}

public struct UpsertCounts: Hashable, Sendable {
  public var created: Int
  public var updated: Int
  public var unknown: Int

  public init(created: Int = 0, updated: Int = 0, unknown: Int = 0) {
    self.created = created
    self.updated = updated
    self.unknown = unknown
  }
}

public struct AccountCursor: Hashable, Sendable {
  public var cifNumber: String
  public var currency: Currency

  public init(cifNumber: String, currency: Currency) {
    self.cifNumber = cifNumber
    self.currency = currency
  }
}

/// A new OTC rate that lies too far from the present one to be taken without confirmation.
public struct RateJump: Error, Hashable, Sendable {
  public var present: OTCRate

  public init(present: OTCRate) { self.present = present }
}

public struct CreateRequest: Hashable, Sendable {
  public var batch: BatchDraft
  /// In the order of the file; one identifier each.
  public var trades: [TradeDraft]
  /// One per trade; made outside, so that a store takes no randomness from the air.
  public var tradeIDs: [Identifier]
  public var actor: Actor
  /// Puts the batch into the queue in the same transaction.
  public var starts: Bool
  /// By which what is started is looked at.
  public var rules: DeskRules
  /// Trades whose value date a missed cut-off has put a business day on; for the log.
  public var movedByCutOff: Int
  /// How far back a trade counts as a duplicate; nil when duplicates are wanted.
  public var duplicateWindowMilliseconds: Int64?
  /// Who is told what becomes of it; stored in the same transaction.
  public var callbacks: [Endpoint]

  public init(
    batch: BatchDraft, trades: [TradeDraft], tradeIDs: [Identifier], actor: Actor, starts: Bool,
    rules: DeskRules = DeskRules(), movedByCutOff: Int = 0, duplicateWindowMilliseconds: Int64?,
    callbacks: [Endpoint] = []
  ) {
    self.batch = batch
    self.trades = trades
    self.tradeIDs = tradeIDs
    self.actor = actor
    self.starts = starts
    self.rules = rules
    self.movedByCutOff = movedByCutOff
    self.duplicateWindowMilliseconds = duplicateWindowMilliseconds
    self.callbacks = callbacks
  }
}

extension CreateRequest {
  /// What the log says of the new batch.
  public var note: String {
    let count = "\(trades.count) \(trades.count == 1 ? "trade" : "trades")"
    guard movedByCutOff > 0 else { return count }
    return "\(count), \(movedByCutOff) of them a business day later: their cut-off has passed"
  }
}

/// Why a batch was not stored.
public enum CreateRefusal: Error, Hashable, Sendable {
  /// A batch without trades would never end.
  case empty
  /// Rows that stand in another batch of the window: row, and that batch. The first thousand.
  case duplicates([Duplicate])
  /// Rows whose client is gone or no longer active.
  case clients(rows: [Int])
  case approvalRequired
  /// Rules of the desk that the batch would break if it were started, weighing as errors.
  case rulesBroken([RuleBreach])
  /// The same request has made this batch before.
  case repeated

  public struct Duplicate: Hashable, Sendable {
    public var row: Int
    public var batchID: Identifier
    public var createdAt: Timestamp

    public init(row: Int, batchID: Identifier, createdAt: Timestamp) {
      self.row = row
      self.batchID = batchID
      self.createdAt = createdAt
    }
  }
}

/// One link of the seals' chain.
public struct Seal: Hashable, Sendable {
  public struct Head: Hashable, Sendable {
    public var batch: BatchKey
    public var head: ChainHead

    public init(batch: BatchKey, head: ChainHead) {
      self.batch = batch
      self.head = head
    }
  }

  public var number: Int64
  public var at: Timestamp
  /// In the order of batch keys.
  public var heads: [Head]
  public var digest: [UInt8]

  public init(number: Int64, at: Timestamp, heads: [Head], digest: [UInt8]) {
    self.number = number
    self.at = at
    self.heads = heads
    self.digest = digest
  }
}
