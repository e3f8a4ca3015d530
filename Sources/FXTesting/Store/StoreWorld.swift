import FXDomain
import FXPorts
import Synchronization
import Testing

/// A store with a few clients in it, and short words for what tests do with it.
public struct StoreWorld: Sendable {
  public let store: any BatchStore
  public let clock: ManualClock
  let clients: [Client]
  let node = NodeID("desk-1:a")
  let other = NodeID("desk-2:b")
  let person = Actor.person("thandi")
  let bank = BankIdentity("bank-a")
  let leaseMilliseconds: Int64 = 300_000
  private let names: Names

  /// Gives out identifiers one after another.
  private final class Names: Sendable {
    private let last = Mutex<UInt64>(0)
    func next() -> Identifier {
      Identifier(
        high: 0xabcd,
        low: last.withLock {
          $0 += 1
          return $0
        })
    }
  }

  public init(store: any BatchStore, clock: ManualClock) async throws {
    self.store = store
    self.clock = clock
    self.names = Names()
    let records = (1...4).map { number in
      ClientRecord(
        name: "Client \(number)", cifNumber: "10\(number)", spread: Pips(rateUnits: 3_580_000),
        accounts: [Currency.zar, .usd].map {
          SettlementAccount(
            cifNumber: "10\(number)", currency: $0, accountNumber: "77\(number)\($0)")
        })
    }
    _ = try await store.upsert(records)
    self.clients = try await store.clients(after: nil, limit: 10)
  }

  func identifier() -> Identifier { names.next() }

  // MARK: Batches

  /// Trades of the clients with these numbers, in the order of rows.
  func drafts(_ numbers: [Int], reference: String? = nil) -> [TradeDraft] {
    numbers.enumerated().map { index, number in
      TradeDraft(
        row: index + 1, client: clients[number].key, deal: deal(rands: 100_000 + index),
        externalRef: reference, spread: clients[number].spread)
    }
  }

  func deal(rands: Int) -> Deal {
    guard let pair = CurrencyPair(base: .usd, quote: .zar),
      let deal = Deal(
        pair: pair, side: .buy, amount: Money(minorUnits: Int64(rands) * 100, currency: .zar))
    else { preconditionFailure("rands are of the pair") }
    return deal
  }

  func request(
    _ drafts: [TradeDraft], name: String = "Batch", priority: Int = 5,
    policy: BatchPolicy = BatchPolicy(), starts: Bool = true, window: Int64? = nil
  ) -> CreateRequest {
    CreateRequest(
      batch: BatchDraft(
        id: identifier(), name: name, pricing: .bank, priority: priority, policy: policy),
      trades: drafts, tradeIDs: drafts.map { _ in identifier() }, actor: person, starts: starts,
      duplicateWindowMilliseconds: window)
  }

  func create(
    _ numbers: [Int], name: String = "Batch", priority: Int = 5,
    policy: BatchPolicy = BatchPolicy(), starts: Bool = true
  ) async throws -> Batch {
    try await store.create(
      request(
        drafts(numbers), name: name, priority: priority, policy: policy, starts: starts)
    ).get()
  }

  func claim(
    by node: NodeID? = nil, booking: Int = 1, watching: Int = 1, only: Set<BatchKey>? = nil
  ) async throws -> [Batch] {
    try await store.claim(
      ClaimRequest(
        node: node ?? self.node, leaseMilliseconds: leaseMilliseconds, bookingRoom: booking,
        watchingRoom: watching, only: only))
  }

  /// A new batch in the hands of a node.
  func running(
    _ numbers: [Int], policy: BatchPolicy = BatchPolicy()
  ) async throws -> Batch {
    let batch = try await create(numbers, policy: policy)
    return try #require(try await claim(only: [batch.key]).first)
  }

  func present(_ batch: Batch) async throws -> Batch {
    try #require(try await store.batch(batch.id))
  }

  func trades(_ batch: Batch) async throws -> [Trade] {
    try await store.trades(TradeQuery(batch: batch.key, limit: 10_000))
  }

  func command(
    _ command: BatchCommand, _ batch: Batch, version: Int64? = nil
  ) async throws -> Result<Batch, BatchRefusal> {
    try await store.perform(
      BatchStep(batch: batch.key, actor: person, command: command, expectedVersion: version))
  }

  // MARK: Trades

  func take(_ batch: Batch, limit: Int = 100) async throws -> [Trade] {
    try await store.take(
      TakeRequest(hold: hold(batch), limit: limit, actor: .node(node))
    ).trades.map(\.trade)
  }

  func hold(_ batch: Batch) -> Hold { Hold(batch: batch.key, generation: batch.generation) }

  /// A step under the batch's lease as it was handed in.
  func step(_ command: TradeCommand, _ trade: Trade, under batch: Batch) -> TradeStep {
    TradeStep(
      batch: trade.batch, trade: trade.key, authority: .lease(generation: batch.generation),
      actor: .node(node), command: command)
  }

  func step(openly command: TradeCommand, _ trade: Trade) -> TradeStep {
    TradeStep(
      batch: trade.batch, trade: trade.key, authority: .open, actor: person, command: command)
  }

  func perform(_ step: TradeStep) async throws -> Result<Trade, StepRefusal> {
    try #require(try await store.perform([step]).first).result
  }

  /// Writes a step that must be accepted.
  @discardableResult
  func perform(
    _ command: TradeCommand, _ trade: Trade, under batch: Batch
  ) async throws -> Trade {
    try await perform(step(command, trade, under: batch)).get()
  }

  func intent(
    _ trade: Trade, number: Int? = nil, bank: BankIdentity? = nil,
    valueDate: ValueDate = ValueDate(date: CivilDate(dayNumber: 20_769)), isCanary: Bool = false
  ) throws -> Intent {
    let quoteRate = Rate(units: 1_779_300_000)
    let priced = try trade.deal.priced(
      .bank(spread: trade.spread), quoteRate: quoteRate, otcRate: nil, rules: RateRules())
    return Intent(
      number: number ?? trade.attempt + 1, dealTransactionID: identifier(),
      bank: bank ?? self.bank,
      figures: QuoteFigures(
        quoteID: 4711, expiresAt: clock.now.advanced(byMilliseconds: 30_000), priced: priced),
      valueDate: valueDate, requestDigest: Array(repeating: 7, count: 32),
      isCanary: isCanary)
  }

  /// Takes a pending trade, or one that is quoting, to `booking`.
  func book(_ trade: Trade, under batch: Batch, isCanary: Bool = false) async throws -> Trade {
    var trade = trade
    if trade.status == .pending { trade = try await perform(.take, trade, under: batch) }
    return try await perform(
      .recordIntent(try intent(trade, isCanary: isCanary)), trade, under: batch)
  }

  func proof(of trade: Trade) async throws -> NotBookedProof {
    let attempt = try #require(try await store.attempts(of: trade.key).last)
    let asked = attempt.quoteExpiresAt.advanced(byMilliseconds: 61_000)
    let again = asked.advanced(byMilliseconds: 5_000)
    return try #require(
      NotBookedProof(
        attempt: attempt, first: NotFoundAnswer(askedAt: asked, bankDate: asked),
        second: NotFoundAnswer(askedAt: again, bankDate: again),
        control: ControlAnswer(
          foundAt: again, dealBookedAt: attempt.intentAt.advanced(byMilliseconds: -1)),
        rules: ProofRules()))
  }
}
