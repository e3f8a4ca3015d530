import FXDomain
import Testing

/// A running batch, all trades of which are being quoted.
private struct QuotingBatch {
  static let start = Timestamp(milliseconds: 1_794_297_600_000)
  static let node = Actor.node(NodeID("desk-1:a"))

  var batch: Batch
  var trades: [Trade] = []

  init(trades count: Int, policy: BatchPolicy) throws {
    batch = Batch(
      key: BatchKey(1), id: Identifier(high: 3, low: 4), name: "morning", pricing: .bank,
      priority: 5, queuePosition: 1, maxConcurrentTrades: 5, policy: policy,
      createdAt: Self.start, createdBy: "person:dealer")
    batch.status = .running
    batch.queuedAt = Self.start
    batch.startedAt = Self.start
    batch.counts.quoting = count
    let client = Client(
      key: ClientKey(1), name: "Invented Client", cifNumber: "CIF1000", spread: .zero)
    let pair = try #require(CurrencyPair("USD/ZAR"))
    for row in 1...count {
      let deal = try #require(
        Deal(pair: pair, side: .buy, amount: try Money("1000.00", .zar)))
      var trade = Trade(
        key: TradeKey(Int64(row)), id: Identifier(high: 5, low: UInt64(row)), batch: batch.key,
        batchID: batch.id, client: client,
        draft: TradeDraft(row: row, client: client.key, deal: deal), createdAt: Self.start)
      trade.status = .quoting
      trades.append(trade)
    }
  }

  /// Lets a trade fail; answers what the log says of the batch.
  mutating func fail(_ row: Int, _ code: FailureCode = .quoteRefused) throws -> [JournalDraft] {
    let step = TradeStep(
      batch: batch.key, trade: trades[row - 1].key, authority: .open, actor: Self.node,
      command: .refuseQuote(Failure(code, "refused")))
    let entry = try Ledger.decide(
      step, trade: &trades[row - 1], batch: &batch, facts: LedgerFacts(now: Self.start))
    #expect(entry.events.first?.kind == .tradeTransition)
    return Array(entry.events.dropFirst())
  }

  mutating func command(_ command: BatchCommand) throws {
    _ = try Ledger.decide(
      BatchStep(batch: batch.key, actor: .person("thandi"), command: command), batch: &batch,
      now: Self.start)
  }
}

@Suite struct `A batch whose trades fail` {
  @Test func `goes on to its end without any bound`() throws {
    var desk = try QuotingBatch(trades: 3, policy: BatchPolicy())
    #expect(try desk.fail(1).isEmpty)
    #expect(try desk.fail(2).isEmpty)
    #expect(try desk.fail(3).map(\.to) == ["failed"])
    #expect(desk.batch.needsDecision == [.failed])
  }

  @Test(arguments: [
    (BatchPolicy(onFailure: .pause), PauseCause.policy, "1 of 3 trades failed, and none"),
    (
      BatchPolicy(onFailure: .continue, toleratedFailures: 0), .threshold,
      "1 of 3 trades failed, more than the 0 that"
    ),
    (
      BatchPolicy(onFailure: .pause, toleratedFailurePercent: 33), .policy,
      "1 of 3 trades failed, more than the 33 % that"
    ),
  ])
  func `pauses in the step of the first failure beyond its bound`(
    policy: BatchPolicy, cause: PauseCause, words: String
  ) throws {
    var desk = try QuotingBatch(trades: 3, policy: policy)
    let version = desk.batch.version
    let events = try desk.fail(1)
    #expect(events.map(\.kind) == [.batchTransition])
    #expect(events.first?.to == "paused")
    #expect(events.first?.actor == QuotingBatch.node)
    #expect(events.first?.note?.hasPrefix(words) == true)
    #expect(desk.batch.status == .paused)
    #expect(desk.batch.pauseCause == cause)
    #expect(desk.batch.version > version)
    #expect(
      desk.batch.needsDecision == [cause == .policy ? .pausedByPolicy : .thresholdBreached])
    #expect(desk.batch.decision?.kind == .paused)
    // A second failure of the same group finds it paused.
    #expect(try desk.fail(2).isEmpty)
    #expect(desk.batch.pauseCause == cause)
  }

  @Test func `cancels what is left, and says why`() throws {
    var desk = try QuotingBatch(
      trades: 3, policy: BatchPolicy(onFailure: .cancel, toleratedFailures: 1))
    #expect(try desk.fail(1).isEmpty)
    let events = try desk.fail(2)
    #expect(events.map(\.kind) == [.batchCancelRequested])
    #expect(events.first?.note == "2 of 3 trades failed, more than the 1 that are tolerated")
    #expect(desk.batch.cancelRequestedAt == QuotingBatch.start)
    #expect(desk.batch.status == .running)
    #expect(desk.batch.decision?.kind == .cancelled)
    #expect(try desk.fail(3).map(\.to) == ["failed"])
  }

  @Test(arguments: [
    // Failed, of so many, percent: more than is tolerated?
    (1, 3, 33, true), (1, 3, 34, false), (2, 3, 66, true), (2, 3, 67, false), (1, 100, 1, false),
    (2, 100, 1, true), (1, 1_000, 0, true), (0, 5, 0, false), (5, 5, 100, false),
    (1, 300_000, 0, true), (3_000, 300_000, 1, false), (3_001, 300_000, 1, true),
  ])
  func `counts a share exactly`(failed: Int, total: Int, percent: Int, isBreach: Bool) {
    var counts = TradeCounts()
    counts.failed = failed
    counts.pending = total - failed
    for onFailure in BatchPolicy.OnFailure.allCases {
      let policy = BatchPolicy(onFailure: onFailure, toleratedFailurePercent: percent)
      #expect((policy.breach(of: counts) != nil) == isBreach, "\(onFailure)")
    }
  }

  @Test(arguments: BatchPolicy.OnFailure.allCases)
  func `ends with its last trade, whatever its policy`(onFailure: BatchPolicy.OnFailure) throws {
    var desk = try QuotingBatch(
      trades: 1, policy: BatchPolicy(onFailure: onFailure, toleratedFailures: 0))
    let events = try desk.fail(1)
    #expect(events.map(\.to) == ["failed"])
    #expect(desk.batch.pauseCause == nil)
    #expect(!desk.batch.isCancelRequested)
    #expect(desk.batch.needsDecision == [.failed])
  }

  @Test func `acts again with the next failure after somebody has resumed it`() throws {
    var desk = try QuotingBatch(trades: 4, policy: BatchPolicy(onFailure: .pause))
    #expect(try desk.fail(1).count == 1)
    try desk.command(.resume)
    #expect(desk.batch.pauseCause == nil)
    #expect(desk.batch.needsDecision.isEmpty)
    #expect(try desk.fail(2).map(\.to) == ["paused"])
    // A bound that is raised resumes nothing, and holds from then on.
    try desk.command(.change(policy: BatchPolicy(onFailure: .pause, toleratedFailures: 3)))
    #expect(desk.batch.pauseCause == .policy)
    try desk.command(.resume)
    #expect(try desk.fail(3).isEmpty)
    #expect(try desk.fail(4).map(\.to) == ["failed"])
  }

  @Test func `keeps the cause of a person's pause, and is cancelled in it`() throws {
    var paused = try QuotingBatch(trades: 3, policy: BatchPolicy(onFailure: .pause))
    try paused.command(.pause)
    #expect(try paused.fail(1).isEmpty)
    #expect(paused.batch.pauseCause == .person)
    #expect(paused.batch.needsDecision.isEmpty)

    var cancelled = try QuotingBatch(trades: 3, policy: BatchPolicy(onFailure: .cancel))
    try cancelled.command(.pause)
    #expect(try cancelled.fail(1).map(\.kind) == [.batchCancelRequested])
    #expect(cancelled.batch.status == .paused)
  }

  @Test func `does nothing more once it is cancelled`() throws {
    var desk = try QuotingBatch(trades: 3, policy: BatchPolicy(onFailure: .pause))
    try desk.command(.requestCancel(note: "enough"))
    #expect(try desk.fail(1).isEmpty)
    #expect(desk.batch.status == .running)
  }
}

@Suite struct `The bounds of a policy` {
  private static func retries(_ rule: RetryRule) -> BatchPolicy {
    BatchPolicy(retries: QuoteRetries(transient: rule))
  }

  @Test(arguments: [
    (RetryRule(tries: 1), 0), (RetryRule(tries: 100), 0), (RetryRule(tries: 0), 1),
    (RetryRule(tries: 101), 1),
    (RetryRule(tries: 2, firstDelayMilliseconds: 0, greatestDelayMilliseconds: 5), 1),
    (RetryRule(tries: 2, firstDelayMilliseconds: 6, greatestDelayMilliseconds: 5), 1),
    (RetryRule(tries: 2, firstDelayMilliseconds: 1, greatestDelayMilliseconds: 120_001), 1),
    (RetryRule(tries: 0, firstDelayMilliseconds: -1), 2),
  ])
  func `hold for the retries of quotes`(rule: RetryRule, problems: Int) {
    let found = BatchBounds.problems(
      name: nil, maxConcurrentTrades: nil, policy: Self.retries(rule))
    #expect(found.count == problems)
  }

  @Test func `are found by the category of a failure`() {
    var retries = QuoteRetries()
    for (tries, category) in FailureCategory.allCases.enumerated() {
      retries[category] = RetryRule(tries: tries + 2)
    }
    #expect(FailureCategory.allCases.map { retries[$0].tries } == [2, 3, 4])
    #expect(QuoteRetries()[FailureCode.bankTimeout.category].tries == 8)
    #expect(QuoteRetries()[FailureCode.rateCheck.category].tries == 1)
    #expect(QuoteRetries()[FailureCode.quoteRefused.category].tries == 1)
  }
}
