import FXDomain
import FXPorts
import Testing

@testable import FXEngine

/// One batch with one doubt, and a core that holds it.
extension `The engine's core` {
  static func run(
    earlierAttempts: [Identifier], roundAttempts: Int = 0, asksForLostIDs: Bool = false
  ) throws -> TradeRun {
    var trade = try doubt().trade
    trade.roundAttempts = roundAttempts
    trade.status = .quoting
    let accounts = [Currency.zar, .usd].map {
      SettlementAccount(cifNumber: trade.cifNumber, currency: $0, accountNumber: "\($0)000001")
    }
    return TradeRun(
      taken: TakenTrade(
        trade: trade, isClientActive: true, accounts: accounts,
        earlierAttempts: earlierAttempts),
      batch: batch, installation: Installation(id: Identifier(high: 1, low: 2)), isCanary: false,
      asksForLostIDs: asksForLostIDs)
  }

  enum QuotedStep: CaseIterable, Sendable { case creatingQuote, fetchingRate, writingIntent }

  static let created = BankAnswer.success(
    CreatedQuote(quoteID: 9, expiresAt: moment(30_000).wall), BankReceipt())
  static var rated: BankAnswer<QuotedRate> {
    get throws {
      .success(
        QuotedRate(quoteID: 9, rate: try Rate("17.7930"), expiresAt: moment(30_000).wall),
        BankReceipt())
    }
  }

  static func oneTaken(roundAttempts: Int = 0) throws -> EngineInput {
    let hold = Hold(batch: batch.key, generation: 1)
    return .taken(
      TakeAnswer(
        trades: [try run(earlierAttempts: [], roundAttempts: roundAttempts).taken], batch: batch),
      of: TakeRequest(hold: hold, limit: 1, actor: .node(settings.node)))
  }

  /// A core that has asked the bank for the quote of its one trade.
  static func coreWithOneTrade(roundAttempts: Int = 0) throws -> EngineCore {
    var core = core()
    _ = core.handle(.claimed([batch], askedAt: moment(5)), at: moment(10))
    let actions = core.handle(try oneTaken(roundAttempts: roundAttempts), at: moment(20))
    #expect(actions.contains { if case .createQuote = $0 { true } else { false } })
    return core
  }

  static func commands(in actions: [EngineAction]) -> [TradeCommand] {
    actions.compactMap { if case .step(let step, _, _) = $0 { step.command } else { nil } }
  }

  /// The store accepts the step of the one trade under way.
  static func answerStep(
    in core: inout EngineCore, status: TradeStatus
  ) -> [EngineAction] {
    guard var trade = core.runs[TradeKey(1)]?.trade else { return [] }
    trade.status = status
    let result = StepResult(result: .success(trade), batch: nil)
    return core.handle(.stepped(result, .run(trade.key), generation: 1), at: moment(60))
  }

  static let start = Timestamp(milliseconds: 1_794_297_600_000)
  static let settings = EngineSettings(
    node: NodeID("desk-1:a"), bank: BankIdentity("bank-a"))

  static func moment(_ uptime: Int64) -> Moment {
    Moment(uptime: uptime, wall: start.advanced(byMilliseconds: uptime))
  }

  static func core() -> EngineCore {
    var core = EngineCore(settings: settings, at: moment(0)) { _ in [] }
    _ = core.handle(.begin(Installation(id: Identifier(high: 1, low: 2))), at: moment(0))
    return core
  }

  static var batch: Batch {
    var batch = Batch(
      key: BatchKey(1), id: Identifier(high: 3, low: 4), name: "morning", pricing: .bank,
      priority: 5, queuePosition: 1, maxConcurrentTrades: 5, policy: BatchPolicy(),
      createdAt: start, createdBy: "person:dealer")
    batch.status = .running
    batch.generation = 1
    batch.counts.inDoubt = 1
    return batch
  }

  /// Of an attempt whose quote ended at 30 s, so that questions from 90 s on can prove something.
  static func doubt() throws -> OpenTrade {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let deal = try #require(
      Deal(pair: pair, side: .buy, amount: try Money("200000.00", .zar)))
    let client = Client(
      key: ClientKey(1), name: "Invented Client", cifNumber: "CIF1000",
      spread: try Pips("358"))
    var trade = Trade(
      key: TradeKey(1), id: Identifier(high: 5, low: 6), batch: batch.key, batchID: batch.id,
      client: client, draft: TradeDraft(row: 1, client: client.key, deal: deal),
      createdAt: start)
    let priced = try deal.priced(
      .bank(spread: client.spread), quoteRate: try Rate("17.7930"), otcRate: nil,
      rules: RateRules())
    let intent = Intent(
      number: 1, dealTransactionID: Identifier(high: 7, low: 8), bank: settings.bank,
      figures: QuoteFigures(
        quoteID: 4711, expiresAt: moment(30_000).wall, priced: priced),
      valueDate: ValueDate(date: CivilDate(dayNumber: 20_769)),
      requestDigest: Array(repeating: 7, count: 32), isCanary: false)
    trade.status = .inDoubt
    trade.attempt = 1
    trade.figures = intent.figures
    trade.dealTransactionID = intent.dealTransactionID
    trade.doubtSince = moment(80_000).wall
    return OpenTrade(
      trade: trade,
      attempt: Attempt(
        trade: trade.key, number: 1, intent: intent, generation: 1, intentAt: start))
  }
}
