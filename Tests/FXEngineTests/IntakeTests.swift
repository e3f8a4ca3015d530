import FXDomain
import FXEngine
import FXFiles
import FXPorts
import FXSimulation
import FXTesting
import Synchronization
import Testing

@Suite struct `The intake` {
  @Test func `stores the rows as trades, in their order and with the client's own spread`()
    async throws
  {
    let desk = try await IntakeDesk()
    let rows = [
      desk.row(
        1, cif: "101", allowance: .sda, isFixed: true, fixedRate: Rate(units: 1_800_000_000),
        spread: Pips(rateUnits: 10_000), reference: "order 7"),
      // A rate is only a rate where the row or the batch asks for it.
      desk.row(2, cif: "102", side: .sell, fixedRate: Rate(units: 1_800_000_000)),
    ]
    let batch = try await desk.submit(rows, priority: 99).get()
    #expect(batch.status == .pending)
    #expect(batch.priority == 10)
    #expect(batch.counts.pending == 2)
    let trades = try await desk.store.trades(TradeQuery(batch: batch.key))
    #expect(trades.map(\.cifNumber) == ["101", "102"])
    #expect(trades.map(\.spread) == [Pips(rateUnits: 10_000), IntakeDesk.spread])
    #expect(trades.map(\.fixedRate) == [Rate(units: 1_800_000_000), nil])
    #expect(trades.map(\.externalRef) == ["order 7", nil])
    #expect(trades.map(\.allowance) == [.sda, nil])
    #expect(trades.map(\.deal.side) == [.buy, .sell])
    #expect(trades.map(\.valueDate) == [CivilDate("2026-11-12"), CivilDate("2026-11-12")])
    #expect(Set(trades.map(\.id)).count == 2)
  }

  @Test(arguments: BadRow.all)
  func `names a bad row with its column and reason, and stores nothing`(_ bad: BadRow) async throws
  {
    let desk = try await IntakeDesk()
    let result = try await desk.submit(
      [desk.row(1), bad.row(desk)], pricing: bad.pricing, settings: bad.settings)
    guard case .failure(.problems(let problems)) = result else {
      Issue.record("accepted, or refused otherwise: \(result)")
      return
    }
    let own = problems.kept.filter { $0.row == 2 }
    #expect(own.map(\.code) == bad.codes)
    #expect(own.first?.column == bad.column)
    #expect(own.allSatisfy { $0.detail.hasSuffix(".") })
    #expect(try await desk.store.batches(BatchQuery()).isEmpty)
  }

  @Test func `names every bad row, keeps the first thousand and counts them all`() async throws {
    let desk = try await IntakeDesk()
    let rows = (1...1_500).map { desk.row($0, cif: "nobody \($0)") }
    let problems = try await desk.problems(of: rows)
    #expect(problems.total == 1_500)
    #expect(problems.kept.map(\.row) == (1...1_000).map { $0 })
  }

  @Test func `needs no OTC rate where the batch or the row has its own`() async throws {
    let desk = try await IntakeDesk()
    let fixed = desk.row(1, isFixed: true, fixedRate: Rate(units: 1_800_000_000))
    _ = try await desk.submit([fixed], pricing: .otc).get()
    _ = try await desk.submit([desk.row(1, cif: "102")], pricing: .bank).get()
  }

  @Test func `takes an OTC rate until its limit, and not beyond`() async throws {
    let desk = try await IntakeDesk()
    _ = try await desk.store.setOTCRate(
      Rate(units: 1_780_000_000), for: desk.pair, by: "thandi", confirmed: true,
      jumpBasisPoints: 300)
    desk.clock.advance(byMilliseconds: 60_000)
    let settings = IntakeSettings(otcRateAgeMilliseconds: 60_000)
    _ = try await desk.submit([desk.row(1)], pricing: .otc, settings: settings).get()
    desk.clock.advance(byMilliseconds: 1)
    let stale = try await desk.problems(
      of: [desk.row(1, cif: "102")], pricing: .otc, settings: settings)
    #expect(stale.kept.map(\.code) == [.otcRateStale])
  }

  @Test func `a cut-off that has passed moves the value date and refuses nothing`() async throws {
    let desk = try await IntakeDesk()
    let cutOffs = try #require(CutOffs(minutesOfDay: [.spot: [.zar: 1]]))
    let batch = try await desk.submit(
      [desk.row(1)], settings: IntakeSettings(cutOffs: cutOffs)
    ).get()
    let trade = try await desk.store.trades(TradeQuery(batch: batch.key)).first
    #expect(trade?.valueDate == CivilDate("2026-11-13"))
    let events = try await desk.store.events(of: batch.key, after: 0, limit: 1)
    #expect(
      events.first?.entry.note
        == "1 trade, 1 of them a business day later: their cut-off has passed")
  }

  @Test func `tells rows that repeat another row, each against the first`() async throws {
    let desk = try await IntakeDesk()
    let rows = [
      desk.row(1), desk.row(2), desk.row(3, reference: "other"), desk.row(4),
      desk.row(5, side: .sell),
    ]
    let problems = try await desk.problems(of: rows)
    #expect(problems.kept.map(\.row) == [2, 4])
    #expect(problems.kept.allSatisfy { $0.code == .duplicateInFile && $0.detail.contains("row 1") })
    _ = try await desk.submit(rows, allowsDuplicates: true).get()
  }

  @Test func `tells rows that repeat a trade of the last day`() async throws {
    let desk = try await IntakeDesk()
    let first = try await desk.submit([desk.row(1)]).get()
    desk.clock.advance(byMilliseconds: 86_400_000)
    let problems = try await desk.problems(of: [desk.row(1, cif: "102"), desk.row(2)])
    #expect(problems.kept.map(\.row) == [2])
    #expect(problems.kept.map(\.code) == [.duplicateRecent])
    #expect(problems.kept.first?.detail.contains(first.id.description) == true)
    _ = try await desk.submit([desk.row(1)], allowsDuplicates: true).get()
    desk.clock.advance(byMilliseconds: 86_400_001)
    _ = try await desk.submit([desk.row(1)]).get()
  }

  @Test func `refuses no rows, and too many`() async throws {
    let desk = try await IntakeDesk()
    #expect(try await desk.problems(of: []).kept.map(\.code) == [.noRows])
    let two = [desk.row(1), desk.row(2, cif: "102")]
    let problems = try await desk.problems(of: two, settings: IntakeSettings(maxRows: 1))
    #expect(problems.kept.map(\.code) == [.tooManyRows])
  }

  @Test(arguments: [
    BatchOptions(name: "", pricing: .bank, starts: true, allowsDuplicates: false),
    BatchOptions(
      name: String(repeating: "n", count: 201), pricing: .bank, starts: true,
      allowsDuplicates: false),
    BatchOptions(name: "two\nlines", pricing: .bank, starts: true, allowsDuplicates: false),
    BatchOptions(
      name: "none at once", pricing: .bank, maxConcurrentTrades: 0, starts: true,
      allowsDuplicates: false),
    BatchOptions(
      name: "too many at once", pricing: .bank, maxConcurrentTrades: 101, starts: true,
      allowsDuplicates: false),
    BatchOptions(
      name: "more than all", pricing: .bank, policy: BatchPolicy(toleratedFailurePercent: 101),
      starts: true, allowsDuplicates: false),
    BatchOptions(
      name: "no attempt", pricing: .bank, policy: BatchPolicy(maxAttempts: 0), starts: true,
      allowsDuplicates: false),
    BatchOptions(
      name: "below none", pricing: .bank, policy: BatchPolicy(toleratedFailures: -1), starts: true,
      allowsDuplicates: false),
  ])
  func `refuses options that cannot be, in one sentence`(_ options: BatchOptions) async throws {
    let desk = try await IntakeDesk()
    let result = try await desk.intake().submit([desk.row(1)], options, by: desk.person)
    guard case .failure(.options(let sentences)) = result else {
      Issue.record("accepted, or refused otherwise: \(result)")
      return
    }
    #expect(sentences.count == 1)
  }

  @Test func `does not start what another person has to approve`() async throws {
    let desk = try await IntakeDesk()
    var options = BatchOptions(
      name: "Four eyes", pricing: .bank, policy: BatchPolicy(approval: .required), starts: true,
      allowsDuplicates: false)
    let intake = desk.intake()
    let refused = try await intake.submit([desk.row(1)], options, by: desk.person)
    #expect(refused == .failure(.approvalRequired))
    options.starts = false
    let staged = try await intake.submit([desk.row(1)], options, by: desk.person).get()
    #expect(staged.needsDecision == [.approval])
  }

  @Test func `asks for clients in chunks, however many a file names`() async throws {
    let desk = try await IntakeDesk()
    let many = 2_500
    _ = try await desk.store.upsert((1...many).map { desk.record(cif: "C\($0)") })
    let rows = (1...many).map { desk.row($0, cif: "C\($0)") }
    let batch = try await desk.submit(rows).get()
    #expect(batch.counts.pending == many)
  }

  @Test func `imports clients, and leaves what the bank has told of their accounts`() async throws {
    let desk = try await IntakeDesk()
    var parser = ClientFileParser()
    parser.consume(
      Array(
        "Client,Client CIF,Fixed Spread,ZAR Account\nRenamed,101,25,77101ZAR\nNew,555,1,9\n".utf8))
    guard case .accepted(let rows, _) = parser.finish() else {
      Issue.record("the file is good")
      return
    }
    let counts = try await desk.intake().importClients(rows)
    #expect(counts == UpsertCounts(created: 1, updated: 1))
    let accounts = try await desk.store.accounts(ofCIF: ["101", "555"])
    #expect(accounts.map(\.status) == [.open, .open, .unconfirmed])
    #expect(
      try await desk.store.clients(withCIF: ["101"]).map(\.spread) == [Pips(rateUnits: 250_000)])
  }
}

/// A row that breaks rules, in a world where all else is in order.
struct BadRow: Sendable, CustomTestStringConvertible {
  let testDescription: String
  var pricing = PricingMode.bank
  var settings = IntakeSettings()
  let column: String
  let codes: [RowProblem.Code]
  let row: @Sendable (IntakeDesk) -> TradeRow

  static let all: [BadRow] = [
    BadRow(
      testDescription: "an unknown client", column: "Client CIF", codes: [.clientUnknown],
      row: { $0.row(2, cif: "999") }),
    BadRow(
      testDescription: "a client who is switched off", column: "Client CIF",
      codes: [.clientInactive], row: { $0.row(2, cif: "103") }),
    BadRow(
      testDescription: "a client without the base currency's account", column: "Client CIF",
      codes: [.accountUnknown], row: { $0.row(2, cif: "104") }),
    BadRow(
      testDescription: "a client without any account", column: "Client CIF",
      codes: [.accountUnknown, .accountUnknown], row: { $0.row(2, cif: "105") }),
    BadRow(
      testDescription: "dormant and closed accounts", column: "Client CIF",
      codes: [.accountNotOpen, .accountNotOpen], row: { $0.row(2, cif: "106") }),
    BadRow(
      testDescription: "an amount of zero", column: "Amount", codes: [.notPositive],
      row: { $0.row(2, cents: 0) }),
    BadRow(
      testDescription: "an amount below zero", column: "Amount", codes: [.notPositive],
      row: { $0.row(2, cents: -1) }),
    BadRow(
      testDescription: "an amount in neither currency of the pair", column: "Currency",
      codes: [.currencyNotInPair],
      row: {
        TradeRow(
          row: 2, cifNumber: "101", amount: Money(minorUnits: 100, currency: .eur), pair: $0.pair)
      }),
    BadRow(
      testDescription: "no rate in mode fixed", pricing: .fixed, column: "Fixed Rate",
      codes: [.missingFixedRate], row: { $0.row(2, cif: "102") }),
    BadRow(
      testDescription: "a fixed row with a rate of zero", column: "Fixed Rate",
      codes: [.missingFixedRate],
      row: { $0.row(2, cif: "102", isFixed: true, fixedRate: Rate(units: 0)) }),
    BadRow(
      testDescription: "no OTC rate in mode otc", pricing: .otc, column: "CurPair",
      codes: [.otcRateMissing], row: { $0.row(2, cif: "102") }),
    BadRow(
      testDescription: "a currency whose days nobody knows", column: "CurPair",
      codes: [.calendarUnknown],
      row: {
        TradeRow(
          row: 2, cifNumber: "107", amount: Money(minorUnits: 100, currency: .zar), pair: $0.yen)
      }),
    BadRow(
      testDescription: "a currency that is closed for a month",
      settings: IntakeSettings(
        valueDates: ValueDates(closedDays: [
          .jpy: Set((0..<60).map { CivilDate(dayNumber: 20_750 + $0) })
        ])), column: "CurPair", codes: [.calendarUnknown],
      row: {
        TradeRow(
          row: 2, cifNumber: "107", amount: Money(minorUnits: 100, currency: .zar), pair: $0.yen)
      }),
    BadRow(
      testDescription: "several rules at once", pricing: .fixed, column: "Client CIF",
      codes: [.clientUnknown, .notPositive, .missingFixedRate],
      row: { $0.row(2, cif: "999", cents: 0) }),
  ]
}

/// A store with clients in all conditions, and the door to it.
struct IntakeDesk: Sendable {
  static let spread = Pips(rateUnits: 3_580_000)
  let clock: ManualClock
  let store: MemoryStore
  let person = Actor.person("thandi")
  let pair: CurrencyPair
  let yen: CurrencyPair
  private let random = Counter()

  private final class Counter: Sendable {
    private let last = Mutex<UInt64>(0)
    func next() -> UInt64 {
      last.withLock {
        $0 += 1
        return $0
      }
    }
  }

  init() async throws {
    let start = try #require(Timestamp("2026-11-10T08:00:00Z"))
    let clock = ManualClock(start)
    self.clock = clock
    store = MemoryStore(installation: Identifier(high: 1, low: 1)) { clock.now }
    pair = try #require(CurrencyPair("USD/ZAR"))
    yen = try #require(CurrencyPair("JPY/ZAR"))
    _ = try await store.upsert([
      record(cif: "101", status: .open), record(cif: "102"), record(cif: "103"),
      record(cif: "104", [.zar]), record(cif: "105", []),
      record(cif: "107", [.zar, .jpy]),
    ])
    _ = try await store.upsert([
      ClientRecord(
        name: "Client 106", cifNumber: "106", spread: Self.spread,
        accounts: [account("106", .usd, .dormant), account("106", .zar, .closed)])
    ])
    _ = try await store.setActive(false, cifNumber: "103")
  }

  func record(
    cif: String, _ currencies: [Currency] = [.usd, .zar], status: AccountStatus = .unconfirmed
  ) -> ClientRecord {
    ClientRecord(
      name: "Client \(cif)", cifNumber: cif, spread: Self.spread,
      accounts: currencies.map { account(cif, $0, status) })
  }

  private func account(
    _ cif: String, _ currency: Currency, _ status: AccountStatus
  ) -> SettlementAccount {
    SettlementAccount(
      cifNumber: cif, currency: currency, accountNumber: "77\(cif)\(currency)", status: status)
  }

  func row(
    _ number: Int, cif: String = "101", cents: Int64 = 10_000_000, side: Side = .buy,
    allowance: Allowance? = nil, isFixed: Bool = false, fixedRate: Rate? = nil,
    spread: Pips? = nil, reference: String? = nil
  ) -> TradeRow {
    TradeRow(
      row: number, cifNumber: cif, amount: Money(minorUnits: cents, currency: .zar), pair: pair,
      side: side, allowance: allowance, isFixed: isFixed, fixedRate: fixedRate, spread: spread,
      reference: reference)
  }

  func intake(_ settings: IntakeSettings = IntakeSettings()) -> Intake {
    Intake(
      store: store, settings: settings, now: { [clock] in clock.now },
      random: { [random] in random.next() })
  }

  func submit(
    _ rows: [TradeRow], pricing: PricingMode = .bank, priority: Int = 5,
    allowsDuplicates: Bool = false, settings: IntakeSettings = IntakeSettings()
  ) async throws -> Result<Batch, IntakeRefusal> {
    try await intake(settings).submit(
      rows,
      BatchOptions(
        name: "Morning", pricing: pricing, priority: priority, starts: true,
        allowsDuplicates: allowsDuplicates), by: person)
  }

  func problems(
    of rows: [TradeRow], pricing: PricingMode = .bank,
    settings: IntakeSettings = IntakeSettings()
  ) async throws -> FileProblems {
    switch try await submit(rows, pricing: pricing, settings: settings) {
    case .failure(.problems(let problems)): return problems
    case .failure(.options), .failure(.approvalRequired), .failure(.repeated), .failure(.batch),
      .failure(.unknownTrades), .success:
      Issue.record("the rows were not refused for what they are")
      return FileProblems()
    }
  }
}
