import FXDomain
import FXPorts

/// A store read through glasses that change what is seen.
struct TamperedBooks: BookStore {
  let store: any BookStore
  var seenBatch: @Sendable (Batch) -> Batch? = { $0 }
  var seenTrade: @Sendable (Trade) -> Trade? = { $0 }
  var seenAttempts: @Sendable ([Attempt]) -> [Attempt] = { $0 }
  var seenEvent: @Sendable (JournalEvent) -> JournalEvent? = { $0 }
  var seenRecount: @Sendable (Recount) -> Recount = { $0 }
  var seenUsage: @Sendable (UsageRecount) -> UsageRecount = { $0 }
  var seenSeal: @Sendable (Seal) -> Seal? = { $0 }
  /// What another writer does before each page of trades is read.
  var meanwhile: @Sendable () async throws(StoreError) -> Void = { () async throws(StoreError) in }

  func batch(_ id: Identifier) async throws(StoreError) -> Batch? {
    try await store.batch(id).flatMap(seenBatch)
  }

  func batches(_ query: BatchQuery) async throws(StoreError) -> [Batch] {
    try await store.batches(query).compactMap(seenBatch)
  }

  func trades(_ query: TradeQuery) async throws(StoreError) -> [Trade] {
    try await meanwhile()
    return try await store.trades(query).compactMap(seenTrade)
  }

  func attempts(of trade: TradeKey) async throws(StoreError) -> [Attempt] {
    seenAttempts(try await store.attempts(of: trade))
  }

  func events(
    of batch: BatchKey?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [JournalEvent] {
    try await store.events(of: batch, after: sequence, limit: limit).compactMap(seenEvent)
  }

  func history(of trade: TradeKey, limit: Int) async throws(StoreError) -> [JournalEvent] {
    try await store.history(of: trade, limit: limit).compactMap(seenEvent)
  }

  func seals(after number: Int64, limit: Int) async throws(StoreError) -> [Seal] {
    try await store.seals(after: number, limit: limit).compactMap(seenSeal)
  }

  func digests(at places: [Seal.Head]) async throws(StoreError) -> [[UInt8]?] {
    try await store.digests(at: places)
  }

  func chainHead(of batch: BatchKey) async throws(StoreError) -> ChainHead? {
    try await store.chainHead(of: batch)
  }

  func trade(_ id: Identifier) async throws(StoreError) -> Trade? { try await store.trade(id) }

  func evidence(of trade: TradeKey) async throws(StoreError) -> [Evidence] {
    try await store.evidence(of: trade)
  }

  func summaries(of batches: [BatchKey]) async throws(StoreError) -> [BatchSummary] {
    try await store.summaries(of: batches)
  }

  func recount(_ batch: BatchKey) async throws(StoreError) -> Recount {
    seenRecount(try await store.recount(batch))
  }

  func standing(
    of client: ClientKey, on day: CivilDate
  ) async throws(StoreError) -> ClientStanding? {
    try await store.standing(of: client, on: day)
  }

  func breaches(
    startingOf batch: BatchKey, under rules: DeskRules
  ) async throws(StoreError) -> [RuleBreach] {
    try await store.breaches(startingOf: batch, under: rules)
  }

  func recountUsage(of clients: [ClientKey]) async throws(StoreError) -> UsageRecount {
    seenUsage(try await store.recountUsage(of: clients))
  }

  func recountDealerUsage() async throws(StoreError) -> UsageRecount {
    seenUsage(try await store.recountDealerUsage())
  }

  func create(
    _ request: CreateRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, CreateRefusal> {
    try await store.create(request, receipt: receipt)
  }

  func upsert(
    _ clients: [ClientRecord], receipt: Receipt?
  ) async throws(StoreError) -> Result<UpsertCounts, AlreadyCarriedOut> {
    try await store.upsert(clients, receipt: receipt)
  }

  func register(
    _ client: ClientRecord, receipt: Receipt?
  ) async throws(StoreError) -> Result<Client, ClientRefusal> {
    try await store.register(client, receipt: receipt)
  }

  func client(_ cifNumber: String) async throws(StoreError) -> Client? {
    try await store.client(cifNumber)
  }

  func clients(_ query: ClientQuery) async throws(StoreError) -> [Client] {
    try await store.clients(query)
  }

  func update(_ change: ClientChange, cifNumber: String) async throws(StoreError) -> Client? {
    try await store.update(change, cifNumber: cifNumber)
  }

  func deleteClient(
    _ cifNumber: String
  ) async throws(StoreError) -> Result<Client, ClientRefusal> {
    try await store.deleteClient(cifNumber)
  }

  func otcRates() async throws(StoreError) -> [OTCRate] { try await store.otcRates() }

  func restage(
    _ request: RestageRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, RestageRefusal> {
    try await store.restage(request, receipt: receipt)
  }

  func cleanUpLocks(actor: Actor) async throws(StoreError) -> [Batch] {
    try await store.cleanUpLocks(actor: actor)
  }

  func feed(
    of batch: Identifier?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [FeedEvent] {
    try await store.feed(of: batch, after: sequence, limit: limit)
  }

  func newestSequence() async throws(StoreError) -> Int64 { try await store.newestSequence() }

  func gauges() async throws(StoreError) -> StoreGauges { try await store.gauges() }

  func clients(withCIF numbers: Set<String>) async throws(StoreError) -> [Client] {
    try await store.clients(withCIF: numbers)
  }

  func sync(_ accounts: [SettlementAccount]) async throws(StoreError) -> UpsertCounts {
    try await store.sync(accounts)
  }

  func accounts(
    after cursor: AccountCursor?, cifNumber: String?, limit: Int
  ) async throws(StoreError) -> [SettlementAccount] {
    try await store.accounts(after: cursor, cifNumber: cifNumber, limit: limit)
  }

  func accounts(
    ofCIF numbers: Set<String>
  ) async throws(StoreError) -> [SettlementAccount] {
    try await store.accounts(ofCIF: numbers)
  }

  func otcRate(_ pair: CurrencyPair) async throws(StoreError) -> OTCRate? {
    try await store.otcRate(pair)
  }

  func setOTCRate(
    _ rate: Rate, for pair: CurrencyPair, by person: String, confirmed: Bool,
    jumpBasisPoints: Int
  ) async throws(StoreError) -> Result<OTCRate, RateJump> {
    try await store.setOTCRate(
      rate, for: pair, by: person, confirmed: confirmed, jumpBasisPoints: jumpBasisPoints)
  }
}

extension TamperedBooks {
  func declare(_ use: DeclaredUse, byCIF cifNumber: String) async throws(StoreError) -> Bool {
    try await store.declare(use, byCIF: cifNumber)
  }

  func declaredUses(
    ofCIF numbers: Set<String>
  ) async throws(StoreError) -> [String: [DeclaredUse]] {
    try await store.declaredUses(ofCIF: numbers)
  }

  func duplicates(
    of batch: BatchKey, withinMilliseconds window: Int64
  ) async throws(StoreError) -> [CreateRefusal.Duplicate] {
    try await store.duplicates(of: batch, withinMilliseconds: window)
  }
}
