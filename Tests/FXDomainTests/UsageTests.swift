import FXDomain
import Testing

@Suite struct `What counts against limits` {
  /// Each status in a batch that was started, and in one that was not: reserved and used.
  static let table: [(status: TradeStatus, started: (Int, Int), unstarted: (Int, Int))] = [
    (.pending, (1, 0), (0, 0)), (.quoting, (1, 0), (0, 0)), (.booking, (1, 0), (1, 0)),
    (.booked, (0, 1), (0, 1)), (.completed, (0, 1), (0, 1)), (.inDoubt, (1, 0), (1, 0)),
    (.failed, (0, 0), (0, 0)), (.cancelled, (0, 0), (0, 0)),
  ]

  @Test func `follows from a trade's status alone`() {
    #expect(Self.table.map(\.status) == TradeStatus.allCases)
    var random = SeededRandom(seed: 4_711)
    for _ in 0..<2_000 {
      let cents = Int128(random.magnitude(upToBits: 62))
      for (status, started, unstarted) in Self.table {
        for (isStarted, (reserved, used)) in [(true, started), (false, unstarted)] {
          let usage = Usage(of: cents, status: status, isStarted: isStarted)
          #expect(usage.reserved == cents * Int128(reserved))
          #expect(usage.used == cents * Int128(used))
          for allowance in Allowance.allCases {
            let client = ClientUsage(usage, against: allowance)
            #expect(client.dealt == usage)
            #expect(client[allowance] == usage)
            #expect(client.sda == Usage() || client.fia == Usage() || usage == Usage())
          }
          #expect(ClientUsage(usage, against: nil) == ClientUsage(dealt: usage))
        }
      }
    }
  }

  /// Whatever trades do, the sums that were moved along are those that are counted.
  @Test(arguments: UInt64(0)..<20)
  func `is moved along with every change of a trade`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var batch = try Self.batch()
    batch.usageDay = CivilDate(dayNumber: 20_000)
    var trades = try (1...12).map { try Self.trade($0, of: batch, rands: $0 * 100) }
    var moved = UsageBook()
    moved.reserve(trades.map { AskedTrade($0) }, of: batch)
    for _ in 0..<500 {
      let index = Int.random(in: trades.indices, using: &random)
      let before = trades[index]
      trades[index].status = TradeStatus.allCases.randomElement(using: &random) ?? .pending
      if Int.random(in: 0..<9, using: &random) == 0 {
        trades[index].usageDay = CivilDate(
          dayNumber: Int.random(in: 20_001...20_003, using: &random))
      }
      moved.move(from: before, to: trades[index], of: batch)
      var counted = UsageBook()
      for trade in trades { counted.count(trade, of: batch) }
      #expect(moved == counted)
    }
    for index in trades.indices {
      let before = trades[index]
      trades[index].status = .cancelled
      moved.move(from: before, to: trades[index], of: batch)
    }
    #expect(moved == UsageBook())
  }

  static func batch() throws -> Batch {
    Batch(
      key: BatchKey(1), id: Identifier(high: 3, low: 4), name: "morning", pricing: .bank,
      priority: 5, queuePosition: 1, maxConcurrentTrades: 5, policy: BatchPolicy(),
      createdAt: Timestamp(milliseconds: 0), createdBy: "person:dealer")
  }

  static func trade(_ row: Int, of batch: Batch, rands: Int) throws -> Trade {
    let client = Client(
      key: ClientKey(Int64(row % 3 + 1)), name: "Invented Client", cifNumber: "CIF\(row % 3 + 1)",
      spread: .zero)
    let amount = Money(minorUnits: Int64(rands) * 100, currency: .zar)
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let deal = try #require(Deal(pair: pair, side: .buy, amount: amount))
    let allowances: [Allowance?] = [.sda, .fia, nil]
    var trade = Trade(
      key: TradeKey(Int64(row)), id: Identifier(high: 5, low: UInt64(row)), batch: batch.key,
      batchID: batch.id, client: client,
      draft: TradeDraft(
        row: row, client: client.key, deal: deal, allowance: allowances[row / 3 % 3]),
      createdAt: batch.createdAt)
    trade.value = amount
    return trade
  }

  /// Deal, given rate, and what it is worth with USD/ZAR at 18 and EUR/ZAR at 20.
  @Test(arguments: [
    ("USD/ZAR", "100.00", "ZAR", nil, "ZAR 100.00"),
    ("USD/ZAR", "100.00", "USD", nil, "ZAR 1800.00"),
    ("USD/ZAR", "100.00", "USD", "19", "ZAR 1900.00"), ("EUR/USD", "1.00", "EUR", "2", "ZAR 20.00"),
    ("EUR/USD", "1.00", "USD", nil, "ZAR 18.00"), ("GBP/ZAR", "1.00", "GBP", nil, nil),
    ("GBP/ZAR", "1.00", "GBP", "25", "ZAR 25.00"), ("GBP/JPY", "100", "JPY", nil, nil),
    ("USD/ZAR", "90000000000000000.00", "USD", nil, nil),
  ])
  func `is told in rands`(
    pair: String, amount: String, currency: String, fixed: String?, value: String?
  ) throws {
    let pair = try #require(CurrencyPair(pair))
    let amount = try Money(amount, try #require(Currency(currency)))
    let deal = try #require(Deal(pair: pair, side: .sell, amount: amount))
    let rates = ["USD/ZAR": try Rate("18"), "EUR/ZAR": try Rate("20")]
    let found = deal.value(fixedRate: try fixed.map { try Rate($0) }) { rates[$0.description] }
    #expect(found?.description == value)
  }
}

@Suite struct `The rules about amounts` {
  private static let day = CivilDate(dayNumber: 20_600)
  private static let client = ClientKey(1)

  private static func rands(_ amount: Int64) -> Money {
    Money(minorUnits: amount * 100, currency: .zar)
  }

  private static func asked(_ rands: Int64?, _ allowance: Allowance? = nil) -> AskedTrade {
    AskedTrade(row: 1, client: client, allowance: allowance, cents: rands.map { $0 * 100 })
  }

  /// What a client has used of the year, and deals today, in rands.
  private static func breaches(
    _ asked: [AskedTrade], _ rules: DeskRules, used: Int = 0, terms: ClientTerms = .none,
    today: CivilDate = day
  ) -> [RuleBreach] {
    let usage = Usage(reserved: 0, used: Int128(used) * 100)
    return RuleCheck(rules, day: day, today: today).breaches(
      of: asked, batch: Usage(), dealer: Usage(), ownLimits: terms.dayLimit != nil
    ) { _, _ in
      ClientStanding(
        cifNumber: "CIF1", terms: terms, day: ClientUsage(dealt: usage),
        year: ClientUsage(dealt: usage, sda: usage, fia: usage))
    }
  }

  @Test func `count what is declared, and go by the day for their limit`() {
    let rules = DeskRules()
    #expect(Self.day.description == "2026-05-27")
    #expect(Self.breaches([Self.asked(2_000_000, .sda)], rules).isEmpty)
    #expect(Self.breaches([Self.asked(2_000_001, .sda)], rules).map(\.code) == [.allowanceExceeded])
    #expect(Self.breaches([Self.asked(1, .sda)], rules, used: 2_000_000).count == 1)
    #expect(Self.breaches([Self.asked(1)], rules, used: 2_000_000).isEmpty)
    let declared = ClientTerms(declared: [
      DeclaredUse(.sda, year: 2026, amount: Self.rands(600_000)),
      DeclaredUse(.sda, year: 2025, amount: Self.rands(2_000_000)),
      DeclaredUse(.fia, year: 2026, amount: Self.rands(2_000_000)),
    ])
    #expect(
      Self.breaches([Self.asked(1_000_000, .sda)], rules, used: 400_000, terms: declared).isEmpty)
    let found = Self.breaches([Self.asked(1_000_001, .sda)], rules, used: 400_000, terms: declared)
    #expect(found.map(\.left) == [MoneySum(minorUnits: 100_000_000, currency: .zar)])
    #expect(
      found.first?.detail
        == "With ZAR 1000001.00 more, client CIF1 uses ZAR 2000001.00 of the SDA of 2026, which is "
        + "ZAR 2000000.00.")
    let before = RuleCheck(
      rules, day: CivilDate(dayNumber: 20_508), today: CivilDate(dayNumber: 20_508))
    #expect(before.limit(of: .sda, under: .none) == Self.rands(1_000_000))
  }

  @Test func `let nobody use a foreign investment allowance without a clearance that holds`() {
    func breaches(_ rands: Int64, _ clearance: TaxClearance?) -> [RuleBreach] {
      Self.breaches(
        [Self.asked(rands, .fia)], DeskRules(), terms: ClientTerms(clearance: clearance))
    }
    #expect(breaches(1, nil).map(\.code) == [.allowanceExceeded])
    let good = TaxClearance(pin: "PIN-1", approved: Self.rands(5_000), expires: Self.day)
    #expect(breaches(5_000, good).isEmpty)
    #expect(breaches(5_001, good).map(\.limit) == [Self.rands(5_000)])
    var ended = good
    ended.expires = Self.day.advanced(byDays: -1)
    #expect(breaches(1, ended).map(\.limit) == [nil])
    var high = good
    high.approved = Self.rands(90_000_000)
    #expect(breaches(10_000_000, high).isEmpty)
    #expect(breaches(10_000_001, high).map(\.limit) == [Self.rands(10_000_000)])
    // One that ends before the trade is booked.
    let later = Self.breaches(
      [Self.asked(1, .fia)], DeskRules(), terms: ClientTerms(clearance: good),
      today: Self.day.advanced(byDays: 1))
    #expect(later.count == 1)
  }

  @Test func `put a client's own limit before the desk's`() {
    let desk = DeskRules(limits: DealLimits(clientDay: Self.rands(100)))
    #expect(Self.breaches([Self.asked(101)], desk).count == 1)
    let more = ClientTerms(dayLimit: Self.rands(200))
    #expect(Self.breaches([Self.asked(101)], desk, terms: more).isEmpty)
    #expect(Self.breaches([Self.asked(101)], desk, used: 100, terms: more).count == 1)
    #expect(Self.breaches([Self.asked(201)], DeskRules(), terms: more).count == 1)
    #expect(Self.breaches([Self.asked(999)], DeskRules()).isEmpty)
  }

  @Test func `want to know what a trade is worth only where they count it`() {
    #expect(Self.breaches([Self.asked(nil)], DeskRules()).isEmpty)
    #expect(Self.breaches([Self.asked(nil, .sda)], DeskRules()).map(\.code) == [.otcRateMissing])
    let limited = DeskRules(
      exceptions: [.batchLimit: .warning], limits: DealLimits(batch: Self.rands(1)))
    #expect(Self.breaches([Self.asked(nil)], limited).map(\.severity) == [.warning])
    let off = DeskRules(exceptions: [.batchLimit: nil], limits: DealLimits(batch: Self.rands(1)))
    #expect(Self.breaches([Self.asked(nil), Self.asked(9)], off).isEmpty)
    // A rule that only warns excuses nothing from the others.
    #expect(Self.breaches([Self.asked(nil, .sda)], limited).map(\.severity) == [.warning, .error])
    let own = ClientTerms(dayLimit: Self.rands(200))
    #expect(
      Self.breaches([Self.asked(nil)], DeskRules(), terms: own).map(\.code) == [.otcRateMissing])
    let both = DeskRules(limits: DealLimits(clientDay: Self.rands(100)))
    #expect(Self.breaches([Self.asked(nil)], both, terms: own).map(\.code) == [.otcRateMissing])
  }

  @Test func `find an error behind however many warnings`() {
    let rules = DeskRules(
      exceptions: [.tradeLimit: .warning],
      limits: DealLimits(trade: Self.rands(1), clientDay: Self.rands(1)))
    let many = Array(repeating: Self.asked(2), count: RuleBreach.greatestCount + 1)
    #expect(Self.breaches(many, rules).count { $0.severity == .error } == 1)
  }

  @Test func `are not looked at where they are switched off`() {
    let off = DeskRules(exceptions: [.allowance: nil, .tradeLimit: nil])
    #expect(Self.breaches([Self.asked(9_000_000, .fia), Self.asked(nil, .sda)], off).isEmpty)
    let warned = DeskRules(exceptions: [.allowance: .warning])
    #expect(Self.breaches([Self.asked(9, .fia)], warned).map(\.severity) == [.warning])
  }

  @Test func `refuse what could not be counted, whatever is configured`() {
    let most = Int64(DeskRules.greatestUse / 100)
    let off = DeskRules(exceptions: [.dealerDayLimit: nil])
    #expect(Self.breaches([Self.asked(most)], off).isEmpty)
    #expect(Self.breaches([Self.asked(most), Self.asked(1)], off).map(\.severity) == [.error])
  }
}
