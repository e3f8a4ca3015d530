import FXDomain
import FXFiles
import FXPorts
import Synchronization
import Testing

@testable import FXEngine

@Suite struct `The rule about balances` {
  @Test(arguments: BalanceCase.all)
  func `finds what is not in the account, with the rows that take it`(_ rule: BalanceCase) throws {
    let found = try rule.findings()
    #expect(found.map { "\($0.row ?? 0) \($0.severity.rawValue) \($0.code)" } == rule.expected)
    for words in rule.words {
      #expect(found.contains { $0.detail.contains(words) }, "\(found.map(\.detail))")
    }
    #expect(found.allSatisfy { $0.detail.hasSuffix(".") })
  }

  @Test func `names the first hundred rows of one account`() throws {
    var rule = BalanceCase("many")
    rule.rows = (1...150).map { BalanceCase.Row($0, "1.00") }
    rule.rands = .told(.open, balance: BalanceCase.rands(100_00))
    #expect(try rule.findings().map(\.row) == (1...100).map { $0 })
  }
}

/// Trades of one client with an account in rands and one in dollars.
struct BalanceCase: Sendable, CustomTestStringConvertible {
  struct Row: Sendable {
    var number: Int
    var amount: String
    var currency = Currency.zar
    var side = Side.buy
    var delivery = Delivery.spot
    var fixedRate: Rate?

    init(
      _ number: Int, _ amount: String, _ currency: Currency = .zar, _ side: Side = .buy,
      _ delivery: Delivery = .spot, fixedRate: Rate? = nil
    ) {
      (self.number, self.amount, self.currency) = (number, amount, currency)
      (self.side, self.delivery, self.fixedRate) = (side, delivery, fixedRate)
    }
  }

  var testDescription: String
  var rows: [Row] = []
  var rands = AccountWord.told(.open, balance: rands(1_000_00))
  var dollars = AccountWord.told(.open, balance: Money(minorUnits: 100_00, currency: .usd))
  var otcRate: Rate? = Rate(units: 1_800_000_000)
  var fee = Money.zero(.zar)
  var severity = DeskRules.Severity.error
  var hasBank = true
  var expected: [String] = []
  var words: [String] = []

  init(_ description: String, _ change: (inout BalanceCase) -> Void = { _ in }) {
    testDescription = description
    change(&self)
  }

  static func rands(_ cents: Int64) -> Money { Money(minorUnits: cents, currency: .zar) }

  static let all: [BalanceCase] = [
    BalanceCase("all that is there may be taken") {
      $0.rows = [Row(1, "600.00"), Row(2, "400.00")]
    },
    BalanceCase("a cent more may not") {
      $0.rows = [Row(1, "600.00"), Row(2, "400.01")]
      $0.expected = ["1 error insufficient_balance", "2 error insufficient_balance"]
      $0.words = ["takes ZAR 1000.01", "account A1 of client 101", "holds ZAR 1000.00"]
    },
    BalanceCase("as the rule weighs") {
      $0.rows = [Row(1, "2000.00")]
      $0.severity = .warning
      $0.expected = ["1 warning insufficient_balance"]
    },
    BalanceCase("the fee counts where funds are needed at once") {
      $0.rows = [Row(1, "500.00", .zar, .buy, .cash), Row(2, "490.00", .zar, .buy, .tom)]
      $0.fee = rands(5_01)
      $0.expected = ["1 error insufficient_balance", "2 error insufficient_balance"]
      $0.words = ["takes ZAR 1000.02", "ZAR 10.02 of it transfer fees"]
    },
    BalanceCase("and not where they are needed later") {
      $0.rows = [Row(1, "1000.00")]
      $0.fee = rands(5_00)
    },
    BalanceCase("dollars bought are paid in rands at the desk's rate and spread") {
      // 18.00 and 1 pip: 55.55 dollars come to 999.91 rands.
      $0.rows = [Row(1, "55.55", .usd), Row(2, "0.10", .zar)]
      $0.expected = ["1 error insufficient_balance", "2 error insufficient_balance"]
      $0.words = ["takes ZAR 1000.01"]
    },
    BalanceCase("or at the rate that is given") {
      $0.rows = [Row(1, "60.00", .usd, fixedRate: Rate(units: 1_600_000_000))]
    },
    BalanceCase("dollars sold are paid in dollars, without a fee in rands") {
      $0.rows = [Row(1, "100.01", .usd, .sell, .cash)]
      $0.fee = rands(500_00)
      $0.expected = ["1 error insufficient_balance"]
      $0.words = ["takes USD 100.01", "account A2"]
    },
    BalanceCase("without a rate the amount is left out, and that is said") {
      $0.rows = [Row(1, "99.00", .usd), Row(2, "1000.00")]
      $0.otcRate = nil
      $0.expected = ["0 warning balance_unknown"]
      $0.words = ["1 trades take"]
    },
    BalanceCase("an account that is not open is told whatever it holds, also where it receives") {
      $0.rows = [Row(1, "1.00")]
      $0.dollars = .told(.closed, balance: Money(minorUnits: 0, currency: .usd))
      $0.severity = .warning
      $0.expected = ["1 error account_not_open"]
      $0.words = ["account A2 of client 101 CLOS"]
    },
    BalanceCase("what the bank does not tell holds nothing up, and one reason is told once") {
      $0.rows = [Row(1, "5000.00")]
      $0.rands = .untold("The bank did not answer in time.")
      $0.dollars = .untold("The bank did not answer in time.")
      $0.expected = ["0 warning balance_unknown"]
      $0.words = ["and of 1 more is not known. The bank did not answer in time."]
    },
    BalanceCase("nor does it that there is no bank") {
      $0.rows = [Row(1, "5000.00")]
      $0.hasBank = false
      $0.expected = ["0 warning balance_unknown"]
      $0.words = ["No bank is configured"]
    },
  ]

  func findings() throws -> [Examination.Item] {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    var client = KnownClient(
      Client(
        key: ClientKey(1), name: "Invented", cifNumber: "101", spread: Pips(rateUnits: 10_000)))
    client.accounts = [(Currency.zar, "A1"), (.usd, "A2")].map {
      SettlementAccount(cifNumber: "101", currency: $0, accountNumber: $1)
    }
    let now = Timestamp(milliseconds: 1_794_297_600_000)
    var facts = IntakeFacts(now: now)
    facts.clients["101"] = client
    facts.otcRates[pair] = otcRate.map { OTCRate(pair: pair, rate: $0, setAt: now, setBy: "-") }
    var rule = BalanceRule(pricing: .bank, transferFee: fee, severity: severity)
    for row in rows {
      rule.add(
        TradeRow(
          row: row.number, cifNumber: "101", amount: try Money(row.amount, row.currency),
          pair: pair, side: row.side, delivery: row.delivery, isFixed: row.fixedRate != nil,
          fixedRate: row.fixedRate), facts)
    }
    let words = [
      AccountName(client.accounts[0]): rands, AccountName(client.accounts[1]): dollars,
    ]
    return rule.items(hasBank ? words : nil)
  }
}

@Suite struct `Asking the bank what accounts hold` {
  private static func accounts(_ count: Int) -> [SettlementAccount] {
    (0..<count).map {
      SettlementAccount(cifNumber: "C\($0)", currency: .zar, accountNumber: "A\($0)")
    }
  }

  private func words(
    of bank: AccountsBank, on count: Int, clock: EngineClock = .endless
  ) async -> [AccountWord] {
    let accounts = Self.accounts(count)
    let words = await BalanceInquiry(bank: bank, clock: clock, callsPerSecond: 50)
      .words(on: accounts)
    return accounts.compactMap { words[AccountName($0)] }
  }

  @Test func `is done one by one for a few, some at a time`() async {
    let bank = AccountsBank()
    let words = await words(of: bank, on: 20)
    #expect(words == (0..<20).map { .told(.open, balance: BalanceCase.rands(Int64($0))) })
    #expect(bank.calls == .init(balances: 20, pages: 0))
    #expect(bank.mostAtOnce.withLock { $0 } <= IntakeBounds.concurrentQuestions)
  }

  @Test func `is done by the bank's list for many, no further than needed`() async {
    let bank = AccountsBank()
    let words = await words(of: bank, on: 101)
    #expect(words == (0..<101).map { .told(.open, balance: BalanceCase.rands(Int64($0))) })
    #expect(bank.calls.balances == 0)
    // The list is five pages long; a few pages are asked for at once.
    #expect((2...5).contains(bank.calls.pages))
  }

  @Test func `tells of an account that the list does not have`() async {
    let words = await words(of: AccountsBank(), on: 501)
    #expect(words.last == .untold("The bank's list of accounts does not have it."))
    #expect(words.count == 501)
  }

  @Test(arguments: [1, 20, 21, 300])
  func `ends when the time is up, and says so`(count: Int) async {
    let bank = AccountsBank(.silent)
    let words = await words(of: bank, on: count, clock: .over)
    let silence = AccountWord.untold("The bank did not answer within 10 s.")
    #expect(words == Array(repeating: silence, count: count))
  }

  @Test(arguments: [(1, 1), (21, 1)])
  func `tells why the bank refused`(count: Int, calls: Int) async {
    let bank = AccountsBank(.refusing)
    let words = await words(of: bank, on: count)
    #expect(words == Array(repeating: .untold("The bank refused: BUSINESS no."), count: count))
    #expect(bank.calls.balances + bank.calls.pages == calls)
  }
}

extension EngineClock {
  /// Time passes for whoever waits a moment, and never comes to the end.
  fileprivate static let endless = EngineClock(
    now: { Moment(uptime: 0, wall: Timestamp(milliseconds: 0)) },
    sleep: { wake in
      if wake >= IntakeBounds.balanceMilliseconds { try await Task.sleep(for: .seconds(3_600)) }
    })

  /// Whatever is waited for has come.
  fileprivate static let over = EngineClock(
    now: { Moment(uptime: 0, wall: Timestamp(milliseconds: 0)) }, sleep: { _ in })
}

/// A bank with five hundred accounts, of which each holds as many cents as its number says.
private final class AccountsBank: BankGateway {
  enum Mood { case ready, silent, refusing }
  struct Calls: Equatable {
    var balances = 0
    var pages = 0
  }

  let identity = BankIdentity("accounts")
  private let mood: Mood
  private let counts = Mutex(Calls())
  let mostAtOnce = Mutex(0)
  private let underWay = Mutex(0)

  init(_ mood: Mood = .ready) { self.mood = mood }

  var calls: Calls { counts.withLock { $0 } }

  private func answer<Content: Hashable & Sendable>(
    _ content: Content
  ) async -> BankAnswer<Content> {
    let now = underWay.withLock {
      $0 += 1
      return $0
    }
    mostAtOnce.withLock { $0 = max($0, now) }
    defer { underWay.withLock { $0 -= 1 } }
    switch mood {
    case .ready:
      await Task.yield()
      return .success(content, BankReceipt())
    case .refusing:
      return .refused(BankRefusal(reasonCode: "BUSINESS", message: "no"), BankReceipt())
    case .silent:
      do {
        try await Task.sleep(for: .seconds(3_600))
      } catch {
        return .trouble(.timeout)
      }
      return .trouble(.timeout)
    }
  }

  func balance(accountNumber: String, cifNumber: String) async -> BankAnswer<AccountBalance> {
    counts.withLock { $0.balances += 1 }
    let money = BalanceCase.rands(Int64(cifNumber.dropFirst()) ?? 0)
    return await answer(
      AccountBalance(
        accountName: "-", status: .open, currentBalance: "0.00",
        availableBalance: money.decimalText))
  }

  func accounts(page: Int) async -> BankAnswer<AccountPage> {
    counts.withLock { $0.pages += 1 }
    let rows = (page * 100..<page * 100 + 100).map {
      AccountPage.Row(
        cifNumber: "C\($0)", customerName: "-", accountNumber: "A\($0)",
        accountType: "FX TRADE ACCOUNT", status: .open, currency: .zar,
        balance: BalanceCase.rands(Int64($0)))
    }
    return await answer(AccountPage(rows: rows, totalPages: 5))
  }

  private static let notOffered = BankTrouble.notSent("not offered")

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> {
    .trouble(Self.notOffered)
  }
  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> { .trouble(Self.notOffered) }
  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> { .trouble(Self.notOffered) }
  func bookingBody(_ order: BookingOrder) -> [UInt8] { [] }
  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    .notSent(Self.notOffered)
  }
  func dealStatus(_ query: DealQuery) async -> StatusAnswer { .trouble(Self.notOffered) }
  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> { .trouble(Self.notOffered) }
}
