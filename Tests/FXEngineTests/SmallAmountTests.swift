import FXDomain
import FXPorts
import Testing

@testable import FXEngine

@Suite struct `A quote for too small an amount` {
  @Test(arguments: Side.allCases)
  func `is cancelled and never booked, and the trade fails by the desk's own check`(side: Side)
    throws
  {
    let start = Timestamp(milliseconds: 1_794_297_600_000)
    let now = Moment(uptime: 1_000, wall: start.advanced(byMilliseconds: 1_000))
    let settings = EngineSettings(node: NodeID("desk-1:a"), bank: BankIdentity("bank-a"))
    let look = LastLook(
      killSwitchEngaged: false, leaseUntilUptime: .max, bankClockSkewMilliseconds: 0
    ) { _ in [] }
    var run = try Self.run(side, createdAt: start)

    guard case .createQuote = run.begin(at: now, settings: settings) else {
      Issue.record("no quote was asked for")
      return
    }
    let expiry = start.advanced(byMilliseconds: 30_000)
    _ = run.quoteCreated(
      .success(CreatedQuote(quoteID: 9, expiresAt: expiry), BankReceipt()), at: now,
      settings: settings)
    let quoted = QuotedRate(quoteID: 9, rate: try Rate("17.7930"), expiresAt: expiry)
    let action = run.rateQuoted(
      .success(quoted, BankReceipt()), look: look, at: now, settings: settings)
    guard case .write(.refuseQuote(let failure)) = action else {
      Issue.record("not refused, but \(action)")
      return
    }
    #expect(failure.code == .rateCheck)
    #expect(failure.code.category == .rule)
    #expect(failure.message.hasSuffix("17.7930 it comes to USD 0.00."))
    let last = run.written(.success(run.trade), look: look, at: now, settings: settings)
    #expect(last == .leave(cancelQuote: 9))
  }

  private static func run(_ side: Side, createdAt: Timestamp) throws -> TradeRun {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let deal = try #require(Deal(pair: pair, side: side, amount: Money("0.01", .zar)))
    let client = Client(
      key: ClientKey(1), name: "Invented Client", cifNumber: "CIF1000", spread: .zero)
    var batch = Batch(
      key: BatchKey(1), id: Identifier(high: 3, low: 4), name: "morning", pricing: .bank,
      priority: 5, queuePosition: 1, maxConcurrentTrades: 5, policy: BatchPolicy(),
      createdAt: createdAt, createdBy: "person:dealer")
    batch.status = .running
    let trade = Trade(
      key: TradeKey(1), id: Identifier(high: 5, low: 6), batch: batch.key, batchID: batch.id,
      client: client, draft: TradeDraft(row: 1, client: client.key, deal: deal),
      createdAt: createdAt)
    let accounts = [Currency.zar, .usd].map {
      SettlementAccount(cifNumber: "CIF1000", currency: $0, accountNumber: "\($0)000001")
    }
    return TradeRun(
      taken: TakenTrade(trade: trade, isClientActive: true, accounts: accounts), batch: batch,
      installation: Installation(id: Identifier(high: 1, low: 2)), isCanary: false)
  }
}
