import FXDomain
import FXPorts
import FXSimulation
import Testing

@Suite struct `The memory store` {
  @Test func `books a deal from the queue to its end`() throws {
    var desk = try Desk()
    let batch = try desk.create(rows: [1])
    let (claimed, taken) = try desk.takeAll()
    #expect(claimed.map(\.key) == [batch.key])
    let trade = try #require(taken.first)
    #expect(trade.accounts.map(\.currency) == [.usd, .zar])
    try desk.step(trade.trade, desk.intent(for: trade.trade))
    try desk.step(trade.trade, .recordAccepted(attempt: 1, bankTransactionID: "T1"))
    let control = try desk.books.controlDeal(with: Desk.bank, bookedBefore: nil)
    #expect(control?.trade == trade.trade.key)
    try desk.step(trade.trade, .recordSettled(attempt: 1, dealReference: "FX1"))
    #expect(try desk.books.batch(batch.id)?.status == .success)
    let totals = try #require(try desk.books.summaries(of: [batch.key]).first).totals
    #expect(totals.requested == totals.dealt)
    #expect(desk.books.verifyInvariants() == [])
  }

  @Test func `a doubt blocks the client's other trades and nobody else's`() throws {
    var desk = try Desk()
    try desk.create(rows: [1, 1, 2])
    let first = try desk.takeAll(limit: 1).taken[0].trade
    try desk.step(first, desk.intent(for: first))
    try desk.step(first, .recordUnclear(attempt: 1, Failure(.bankTimeout, "late")))
    let answer = try desk.take(first.batch, limit: 5)
    #expect(answer.trades.map(\.trade.row) == [3])
    #expect(answer.blockedClients)
  }

  @Test func `a booking under a lease that ended blocks its client`() throws {
    var desk = try Desk()
    try desk.create(rows: [1])
    let first = try desk.takeAll().taken[0].trade
    try desk.step(first, desk.intent(for: first))
    try desk.create(rows: [1])
    #expect(try desk.takeAll().taken.count == 1)
    desk.books.now = desk.books.now.advanced(byMilliseconds: Desk.lease)
    try desk.create(rows: [1])
    #expect(try desk.takeAll().taken.isEmpty)
  }

  @Test func `a canary books alone, and frees the way when it was not sent`() throws {
    var desk = try Desk()
    try desk.create(rows: [1, 2])
    let taken = try desk.takeAll().taken.map(\.trade)
    try desk.step(taken[0], desk.intent(for: taken[0], isCanary: true))
    let refused = try desk.perform(taken[1], desk.intent(for: taken[1]))
    #expect(refused == .failure(.canaryUnderWay))
    try desk.step(taken[0], .recordNotSent(attempt: 1, Failure(.bankUnavailable, "refused")))
    #expect(try desk.books.installation().canary == nil)
    try desk.step(taken[1], desk.intent(for: taken[1]))
  }

  @Test func `a bulk retry leaves alone what is retried singly`() throws {
    var desk = try Desk()
    let batch = try desk.create(rows: [1, 2])
    for trade in try desk.takeAll().taken.map(\.trade) {
      try desk.step(trade, desk.intent(for: trade))
      try desk.step(trade, .recordAccepted(attempt: 1, bankTransactionID: nil))
      try desk.step(trade, .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "no")))
    }
    let keys = try desk.trades(of: batch.key).map(\.key)
    let retry = { (selection: RetrySelection, note: String?) in
      BatchStep(
        batch: batch.key, actor: Desk.person, command: .retry(selection, note: note))
    }
    let before = try desk.books.batch(batch.id)
    #expect(try desk.books.perform(retry(.all, "again")) == .failure(.nothingToRetry))
    #expect(
      try desk.books.perform(retry(.trades(Set(keys)), "again"))
        == .failure(.singlyOnly(count: 2)))
    #expect(
      try desk.books.perform(retry(.trades([keys[0]]), nil)) == .failure(.singlyOnly(count: 1)))
    #expect(try desk.books.batch(batch.id) == before)
    let retried = try desk.books.perform(retry(.trades([keys[0]]), "the bank agreed")).get()
    #expect(retried.counts.pending == 1)
    #expect(retried.round == 2)
    #expect(desk.books.verifyInvariants() == [])
  }

  @Test func `a deal that a person closed is no control`() throws {
    var desk = try Desk()
    try desk.create(rows: [1])
    let trade = try desk.takeAll().taken[0].trade
    try desk.step(trade, desk.intent(for: trade))
    try desk.step(trade, .recordUnclear(attempt: 1, Failure(.bankTimeout, "late")))
    desk.books.now = desk.books.now.advanced(byMilliseconds: 200_000)
    let resolution = TradeCommand.resolve(
      .booked(dealReference: "FX1"), note: "seen on the statement", marginMilliseconds: 60_000)
    #expect(try desk.perform(trade, resolution, authority: .open).get().status == .completed)
    #expect(try desk.books.controlDeal(with: Desk.bank, bookedBefore: nil) == nil)
  }

  @Test func `rows that repeat an earlier batch are named, failed ones are not`() throws {
    var desk = try Desk()
    try desk.create(rows: [1, 2])
    let taken = try desk.takeAll().taken.map(\.trade)
    try desk.step(taken[0], .refuseQuote(Failure(.rateCheck, "too thin")))
    let refusal = try desk.books.create(desk.request(rows: [1, 2, 3], window: 1000))
    guard case .failure(.duplicates(let found)) = refusal else {
      Issue.record("the repeated row was let pass")
      return
    }
    #expect(found.map(\.row) == [2])
    desk.books.now = desk.books.now.advanced(byMilliseconds: 1001)
    #expect(throws: Never.self) {
      try desk.books.create(desk.request(rows: [1, 2, 3], window: 1000)).get()
    }
  }

  @Test func `a node with another bank is refused while the first is alive`() throws {
    var desk = try Desk()
    let life = { (name: String, bank: String) in
      NodeLife(
        node: NodeID(name), bank: BankIdentity(bank), leaseMilliseconds: 1000,
        bankTimeoutMilliseconds: 100, doubtMarginMilliseconds: 60_000)
    }
    _ = try desk.books.pulse(life("a", "one"), confirmsKillSwitch: false)
    _ = try desk.books.pulse(life("b", "one"), confirmsKillSwitch: false)
    #expect(throws: StoreError.self) {
      try desk.books.pulse(life("c", "two"), confirmsKillSwitch: false)
    }
    desk.books.now = desk.books.now.advanced(byMilliseconds: 1000)
    _ = try desk.books.pulse(life("c", "two"), confirmsKillSwitch: false)
  }

  @Test func `seals chain the heads that moved, and nothing when none did`() throws {
    var desk = try Desk()
    try desk.create(rows: [1])
    try desk.books.seal()
    try desk.books.seal()
    try desk.create(rows: [2])
    _ = try desk.books.setKillSwitch(engaged: true, reason: "drill", actor: Desk.person)
    try desk.books.seal()
    let seals = try desk.books.seals(after: 0, limit: 10)
    #expect(seals.map { $0.heads.map(\.batch.value) } == [[1], [0, 2]])
    #expect(desk.books.verifyInvariants() == [])
  }

  @Test func `the shared store serves the same books`() async throws {
    let start = Timestamp(milliseconds: 1_000_000)
    let store = MemoryStore(installation: Desk.identifier(0), clock: { start })
    let counts = try await store.upsert([Desk.client(1)])
    #expect(counts == UpsertCounts(created: 1))
    #expect(try await store.clients(after: nil, limit: 5).map(\.cifNumber) == ["C1"])
    #expect(try await store.accounts(after: nil, cifNumber: nil, limit: 5).count == 2)
    #expect(store.snapshot.verifyInvariants() == [])
  }

  @Test(arguments: UInt64(0)..<20)
  func `keeps its invariants on any walk, and walks the same way twice`(seed: UInt64) throws {
    var first = try Walk(seed: seed)
    var second = try Walk(seed: seed)
    for step in 0..<400 {
      try first.move()
      if step % 20 == 0 { #expect(first.desk.books.verifyInvariants() == []) }
    }
    #expect(first.desk.books.verifyInvariants() == [])
    for _ in 0..<400 { try second.move() }
    let events = try first.desk.books.events(of: nil, after: 0, limit: .max)
    #expect(try second.desk.books.events(of: nil, after: 0, limit: .max) == events)
    #expect(events.count > 100)
  }
}

/// A desk with three clients, one node and one bank.
private struct Desk {
  static let bank = BankIdentity("bank")
  static let node = NodeID("node")
  static let person = Actor.person("pat")
  static let lease: Int64 = 300_000

  var books = MemoryBooks(
    installation: Desk.identifier(0), now: Timestamp(milliseconds: 1_000_000))
  private var identifiers: UInt64 = 0

  init() throws {
    _ = try books.upsert((1...3).map(Desk.client))
  }

  static func identifier(_ number: UInt64) -> Identifier { Identifier(high: 7, low: number) }

  static func client(_ number: Int) -> ClientRecord {
    let cif = "C\(number)"
    return ClientRecord(
      name: "Client \(number)", cifNumber: cif, spread: .zero,
      accounts: [Currency.zar, .usd].map {
        SettlementAccount(
          cifNumber: cif, currency: $0, accountNumber: "\(number)-\($0)", status: .open)
      })
  }

  private mutating func newIdentifier() -> Identifier {
    identifiers += 1
    return Desk.identifier(identifiers)
  }

  /// One trade per client number.
  mutating func request(rows: [Int64], window: Int64? = nil) throws -> CreateRequest {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let deal = try #require(
      Deal(pair: pair, side: .buy, amount: Money("200000.00", .zar)))
    return CreateRequest(
      batch: BatchDraft(id: newIdentifier(), name: "Batch", pricing: .bank),
      trades: rows.enumerated().map { place, client in
        TradeDraft(row: place + 1, client: ClientKey(client), deal: deal)
      },
      tradeIDs: rows.map { _ in newIdentifier() }, actor: Desk.person, starts: true,
      duplicateWindowMilliseconds: window)
  }

  @discardableResult mutating func create(rows: [Int64]) throws -> Batch {
    try books.create(request(rows: rows)).get()
  }

  mutating func take(_ batch: BatchKey, limit: Int) throws -> TakeAnswer {
    let query = BatchQuery(order: .oldestFirst, limit: .max)
    let present = try #require(try books.batches(query).first { $0.key == batch })
    return try books.take(
      TakeRequest(
        hold: Hold(batch: batch, generation: present.generation), limit: limit,
        actor: .node(Desk.node)))
  }

  mutating func takeAll(limit: Int = 100) throws -> (claimed: [Batch], taken: [TakenTrade]) {
    let claimed = try books.claim(
      ClaimRequest(
        node: Desk.node, leaseMilliseconds: Desk.lease, bookingRoom: 9, watchingRoom: 9))
    return (claimed, try claimed.flatMap { try take($0.key, limit: limit).trades })
  }

  func trades(of batch: BatchKey) throws -> [Trade] {
    try books.trades(TradeQuery(batch: batch, limit: .max))
  }

  func intent(for trade: Trade, isCanary: Bool = false) throws -> TradeCommand {
    let rate = try Rate("17.7930")
    let priced = try trade.deal.priced(
      .bank(spread: Pips("358")), quoteRate: rate, otcRate: nil, rules: RateRules())
    let present = try #require(try books.trade(trade.id))
    let number = present.attempt + 1
    let figures = QuoteFigures(
      quoteID: 1, expiresAt: books.now.advanced(byMilliseconds: 30_000), priced: priced)
    return .recordIntent(
      Intent(
        number: number,
        dealTransactionID: DealTransactionID.of(
          installation: Desk.identifier(0), epoch: 1, batch: trade.batchID, trade: trade.id,
          attempt: number),
        bank: Desk.bank, figures: figures, valueDate: ValueDate(date: CivilDate(dayNumber: 20_769)),
        requestDigest: [1], isCanary: isCanary))
  }

  mutating func perform(
    _ trade: Trade, _ command: TradeCommand, authority: Authority? = nil
  ) throws -> Result<Trade, StepRefusal> {
    let batch = try #require(try books.batch(trade.batchID))
    let step = TradeStep(
      batch: trade.batch, trade: trade.key,
      authority: authority ?? .lease(generation: batch.generation), actor: .node(Desk.node),
      command: command)
    return try #require(try books.perform([step]).first).result
  }

  mutating func step(_ trade: Trade, _ command: TradeCommand) throws {
    _ = try perform(trade, command).get()
  }
}

/// Wishes at random, sensible or not: whatever the ledger refuses must change nothing.
private struct Walk {
  var desk: Desk
  private var chance: SplitMix

  init(seed: UInt64) throws {
    desk = try Desk()
    chance = SplitMix(state: seed)
  }

  mutating func move() throws {
    switch Int.random(in: 0..<40, using: &chance) {
    case 0:
      let count = Int.random(in: 1...4, using: &chance)
      let rows = (0..<count).map { _ in Int64.random(in: 1...3, using: &chance) }
      try desk.create(rows: rows)
    case 1:
      let delta = Int64.random(in: 1...150_000, using: &chance)
      desk.books.now = desk.books.now.advanced(byMilliseconds: delta)
    case 2...5: _ = try desk.takeAll(limit: 2)
    case 6: try desk.books.seal()
    case 7:
      _ = try desk.books.setKillSwitch(
        engaged: Int.random(in: 0..<4, using: &chance) == 0, reason: "walk", actor: Desk.person)
    case 8, 9: try command()
    default: try stepTrade()
    }
  }

  private mutating func command() throws {
    let batches = try desk.books.batches(BatchQuery(limit: .max))
      .sorted(by: Batch.precedes)
    guard let batch = batches.randomElement(using: &chance) else { return }
    let commands: [BatchCommand] = [
      .pause, .resume, .resume, .retry(.all, note: nil), .retry(.codes([.rateCheck]), note: nil),
      .setPriority(9, queuePosition: nil), .accept(note: "fine"), .requestCancel(),
    ]
    let command = try #require(commands.randomElement(using: &chance))
    _ = try desk.books.perform(
      BatchStep(batch: batch.key, actor: Desk.person, command: command))
    if case .requestCancel = command {
      _ = try desk.books.sweepCancelled(batch.key, limit: 2, actor: Desk.person)
    }
    _ = try desk.books.release(
      [Hold(batch: batch.key, generation: batch.generation)], node: Desk.node)
  }

  private mutating func stepTrade() throws {
    let trades = try desk.books.trades(TradeQuery(limit: .max))
    guard let trade = trades.randomElement(using: &chance) else { return }
    let attempt = trade.attempt
    let failure = Failure(.rateCheck, "walk")
    let found = FoundDeal(status: DealStatus.allCases.randomElement(using: &chance) ?? .pending)
    var commands: [TradeCommand] = [
      .deferQuote(failure, notBefore: desk.books.now.advanced(byMilliseconds: 5000)),
      .refuseQuote(failure), .recordNotSent(attempt: attempt, failure),
      .recordAccepted(attempt: attempt, bankTransactionID: "T"),
      .recordRefused(attempt: attempt, failure), .recordUnclear(attempt: attempt, failure),
      .recordFound(attempt: attempt, found), .recordSettled(attempt: attempt, dealReference: "F"),
      .recordSettlementFailed(attempt: attempt, Failure(.settlementFailed, "walk")),
      .escalate(attempt: attempt), .cancel, .retry(note: "walk"), .take,
      .resolve(.booked(dealReference: "F"), note: "walk", marginMilliseconds: 60_000),
      .resolve(.notBooked, note: "walk", marginMilliseconds: 60_000),
      try desk.intent(for: trade, isCanary: Int.random(in: 0..<9, using: &chance) == 0),
      try desk.intent(for: trade),
    ]
    if attempt > 0 {
      commands.append(.recordBookingEvidence(attempt: attempt, note: "a line"))
    }
    commands += try notBooked(trade)
    // Half of the wishes are such that they may be granted.
    let granted = commands.filter { command in
      var copy = desk
      let result = Result { try copy.perform(trade, command).get() }
      guard case .success = result else { return false }
      return true
    }
    let pool = granted.isEmpty || Bool.random(using: &chance) ? commands : granted
    let command = try #require(pool.randomElement(using: &chance))
    let before = desk.books
    let authority: Authority? = Int.random(in: 0..<5, using: &chance) == 0 ? .open : nil
    guard case .failure = try desk.perform(trade, command, authority: authority) else { return }
    #expect(try desk.books.trade(trade.id) == before.trade(trade.id))
    #expect(try desk.books.batch(trade.batchID) == before.batch(trade.batchID))
  }

  /// A proof, where the walk has come far enough past the quote's expiry for one.
  private func notBooked(_ trade: Trade) throws -> [TradeCommand] {
    guard let attempt = try desk.books.attempts(of: trade.key).last else { return [] }
    let now = desk.books.now
    let answers = [now.advanced(byMilliseconds: -5000), now].map {
      NotFoundAnswer(askedAt: $0, bankDate: $0)
    }
    let control = ControlAnswer(
      foundAt: now, dealBookedAt: attempt.intentAt.advanced(byMilliseconds: -1))
    let proof = NotBookedProof(
      attempt: attempt, first: answers[0], second: answers[1], control: control,
      rules: ProofRules())
    return proof.map { [.recordNotBooked($0)] } ?? []
  }
}

/// The same numbers for the same seed, on every machine.
private struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
