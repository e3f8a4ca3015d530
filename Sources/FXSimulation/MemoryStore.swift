import FXDomain
import FXPorts
import Synchronization

/// A store that keeps its books in memory and forgets them with the process.
///
/// Each call is one transaction under one lock; calls wait for each other and for nothing else.
public final class MemoryStore: BatchStore {
  private let books: Mutex<MemoryBooks>
  private let clock: @Sendable () -> Timestamp

  /// An empty store.
  public init(installation: Identifier, clock: @escaping @Sendable () -> Timestamp) {
    self.books = Mutex(MemoryBooks(installation: installation, now: clock()))
    self.clock = clock
  }

  /// The content as it stands.
  public var snapshot: MemoryBooks { books.withLock { $0 } }

  func transact<Answer: Sendable>(
    _ body: (inout MemoryBooks) throws(StoreError) -> Answer
  ) throws(StoreError) -> Answer {
    try books.withLock { (books) throws(StoreError) -> Answer in
      books.now = clock()
      return try body(&books)
    }
  }
}

extension MemoryStore {
  public func installation() async throws(StoreError) -> Installation {
    try transact { (books) throws(StoreError) in try books.installation() }
  }

  public func pulse(
    _ node: NodeLife, confirmsKillSwitch: Bool, waitsFor: String?
  ) async throws(StoreError) -> Installation {
    try transact { (books) throws(StoreError) in
      try books.pulse(
        node, confirmsKillSwitch: confirmsKillSwitch, waitsFor: waitsFor)
    }
  }

  public func nodes() async throws(StoreError) -> [LiveNode] {
    try transact { (books) throws(StoreError) in try books.nodes() }
  }

  public func claim(_ request: ClaimRequest) async throws(StoreError) -> [Batch] {
    try transact { (books) throws(StoreError) in try books.claim(request) }
  }

  public func renew(_ holds: [Hold], node: NodeID, leaseMilliseconds: Int64)
    async throws(StoreError) -> [Batch]
  {
    try transact { (books) throws(StoreError) in
      try books.renew(holds, node: node, leaseMilliseconds: leaseMilliseconds)
    }
  }

  public func release(_ holds: [Hold], node: NodeID) async throws(StoreError) {
    try transact { (books) throws(StoreError) in try books.release(holds, node: node) }
  }

  public func forgetPredecessors() async throws(StoreError) {
    try transact { (books) throws(StoreError) in try books.forgetPredecessors() }
  }

  public func take(_ request: TakeRequest) async throws(StoreError) -> TakeAnswer {
    try transact { (books) throws(StoreError) in try books.take(request) }
  }

  public func trades(
    of batch: BatchKey, in statuses: Set<TradeStatus>, after: TradeKey?, limit: Int
  ) async throws(StoreError) -> [OpenTrade] {
    try transact { (books) throws(StoreError) in
      try books.trades(of: batch, in: statuses, after: after, limit: limit)
    }
  }

  public func perform(_ steps: [TradeStep]) async throws(StoreError) -> [StepResult] {
    try transact { (books) throws(StoreError) in try books.perform(steps) }
  }

  public func perform(
    _ step: BatchStep, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, BatchRefusal> {
    try transact { (books) throws(StoreError) in
      guard let batch = books.index(of: step.batch) else { return .failure(.unknownBatch) }
      let id = books.batches[batch].id
      return try books.once(receipt, subject: id, else: .repeated) {
        (books) throws(StoreError) in try books.perform(step)
      }
    }
  }

  public func perform(
    _ step: TradeStep, receipt: Receipt
  ) async throws(StoreError) -> Result<Trade, StepRefusal> {
    try transact { (books) throws(StoreError) in
      guard let trade = books.index(of: step.trade) else { return .failure(.unknownTrade) }
      let id = books.trades[trade].id
      return try books.once(receipt, subject: id, else: .repeated) {
        (books) throws(StoreError) in try books.perform([step])[0].result
      }
    }
  }

  public func sweepCancelled(_ batch: BatchKey, limit: Int, actor: Actor) async throws(StoreError)
    -> Int
  {
    try transact { (books) throws(StoreError) in
      try books.sweepCancelled(batch, limit: limit, actor: actor)
    }
  }

  public func append(_ evidence: [Evidence]) async throws(StoreError) {
    try transact { (books) throws(StoreError) in try books.append(evidence) }
  }

  public func controlDeal(with bank: BankIdentity, bookedBefore: Timestamp?)
    async throws(StoreError) -> ControlDeal?
  {
    try transact { (books) throws(StoreError) in
      try books.controlDeal(with: bank, bookedBefore: bookedBefore)
    }
  }

  public func clearCanary(_ trade: TradeKey) async throws(StoreError) {
    try transact { (books) throws(StoreError) in try books.clearCanary(trade) }
  }

  public func logMark() async throws(StoreError) -> LogMark {
    try transact { (books) throws(StoreError) in books.logMark() }
  }

  public func recordLoss(_ loss: LogLoss) async throws(StoreError) -> Installation {
    try transact { (books) throws(StoreError) in try books.recordLoss(loss) }
  }

  public func recordReconciled(
    note: String, actor: Actor
  ) async throws(StoreError) -> Installation {
    try transact { (books) throws(StoreError) in
      try books.recordReconciled(note: note, actor: actor)
    }
  }

  public func setKillSwitch(engaged: Bool, reason: String, actor: Actor) async throws(StoreError)
    -> Result<Installation, KillSwitchRefusal>
  {
    try transact { (books) throws(StoreError) in
      try books.setKillSwitch(engaged: engaged, reason: reason, actor: actor)
    }
  }

  public func seal() async throws(StoreError) {
    try transact { (books) throws(StoreError) in try books.seal() }
  }

  public func clients(withCIF numbers: Set<String>) async throws(StoreError) -> [Client] {
    try transact { (books) throws(StoreError) in try books.clients(withCIF: numbers) }
  }

  public func sync(_ accounts: [SettlementAccount]) async throws(StoreError) -> UpsertCounts {
    try transact { (books) throws(StoreError) in try books.sync(accounts) }
  }

  public func accounts(after cursor: AccountCursor?, cifNumber: String?, limit: Int)
    async throws(StoreError) -> [SettlementAccount]
  {
    try transact { (books) throws(StoreError) in
      try books.accounts(after: cursor, cifNumber: cifNumber, limit: limit)
    }
  }

  public func accounts(
    ofCIF numbers: Set<String>
  ) async throws(StoreError) -> [SettlementAccount] {
    try transact { (books) throws(StoreError) in try books.accounts(ofCIF: numbers) }
  }

  public func otcRate(_ pair: CurrencyPair) async throws(StoreError) -> OTCRate? {
    try transact { (books) throws(StoreError) in try books.otcRate(pair) }
  }

  public func setOTCRate(
    _ rate: Rate, for pair: CurrencyPair, by person: String, confirmed: Bool, jumpBasisPoints: Int
  ) async throws(StoreError) -> Result<OTCRate, RateJump> {
    try transact { (books) throws(StoreError) in
      try books.setOTCRate(
        rate, for: pair, by: person, confirmed: confirmed, jumpBasisPoints: jumpBasisPoints)
    }
  }

  public func create(
    _ request: CreateRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, CreateRefusal> {
    try transact { (books) throws(StoreError) in
      try books.once(receipt, subject: request.batch.id, else: .repeated) {
        (books) throws(StoreError) in try books.create(request)
      }
    }
  }

  public func batch(_ id: Identifier) async throws(StoreError) -> Batch? {
    try transact { (books) throws(StoreError) in try books.batch(id) }
  }

  public func batches(_ query: BatchQuery) async throws(StoreError) -> [Batch] {
    try transact { (books) throws(StoreError) in try books.batches(query) }
  }

  public func trade(_ id: Identifier) async throws(StoreError) -> Trade? {
    try transact { (books) throws(StoreError) in try books.trade(id) }
  }

  public func trades(_ query: TradeQuery) async throws(StoreError) -> [Trade] {
    try transact { (books) throws(StoreError) in try books.trades(query) }
  }

  public func attempts(of trade: TradeKey) async throws(StoreError) -> [Attempt] {
    try transact { (books) throws(StoreError) in try books.attempts(of: trade) }
  }

  public func evidence(of trade: TradeKey) async throws(StoreError) -> [Evidence] {
    try transact { (books) throws(StoreError) in try books.evidence(of: trade) }
  }

  public func summaries(
    of batches: [BatchKey]
  ) async throws(StoreError) -> [BatchSummary] {
    try transact { (books) throws(StoreError) in try books.summaries(of: batches) }
  }

  public func standing(
    of client: ClientKey, on day: CivilDate
  ) async throws(StoreError) -> ClientStanding? {
    try transact { (books) throws(StoreError) in try books.standing(of: client, on: day) }
  }

  public func breaches(
    startingOf batch: BatchKey, under rules: DeskRules
  ) async throws(StoreError) -> [RuleBreach] {
    try transact { (books) throws(StoreError) in
      try books.breaches(startingOf: batch, under: rules)
    }
  }

  public func recountUsage(
    of clients: [ClientKey]
  ) async throws(StoreError) -> UsageRecount {
    try transact { (books) throws(StoreError) in try books.recountUsage(of: clients) }
  }

  public func recountDealerUsage() async throws(StoreError) -> UsageRecount {
    try transact { (books) throws(StoreError) in try books.recountDealerUsage() }
  }

  public func recount(_ batch: BatchKey) async throws(StoreError) -> Recount {
    try transact { (books) throws(StoreError) in try books.recount(batch) }
  }

  public func events(of batch: BatchKey?, after sequence: Int64, limit: Int)
    async throws(StoreError) -> [JournalEvent]
  {
    try transact { (books) throws(StoreError) in
      try books.events(of: batch, after: sequence, limit: limit)
    }
  }

  public func history(of trade: TradeKey, limit: Int) async throws(StoreError) -> [JournalEvent] {
    try transact { (books) throws(StoreError) in books.history(of: trade, limit: limit) }
  }

  public func seals(after number: Int64, limit: Int) async throws(StoreError) -> [Seal] {
    try transact { (books) throws(StoreError) in try books.seals(after: number, limit: limit) }
  }

  public func digests(at places: [Seal.Head]) async throws(StoreError) -> [[UInt8]?] {
    try transact { (books) throws(StoreError) in try books.digests(at: places) }
  }

  public func chainHead(of batch: BatchKey) async throws(StoreError) -> ChainHead? {
    try transact { (books) throws(StoreError) in try books.chainHead(of: batch) }
  }
}
