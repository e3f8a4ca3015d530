import FXDomain
import FXEngine
import FXPorts
import FXTesting
import Synchronization
import Testing

@Suite struct `The reconciler` {
  @Test func `finds no difference where the bank agrees`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    let report = try await dealt.reconcile(bank)
    #expect(report.differences == [])
    #expect(report.trades == 4)
    #expect(report.attempts == 4)
    #expect(report.statements == 8)
    #expect(try await dealt.reconcile(bank, batch: nil) == report)
    #expect(try await dealt.reconcile(bank, batch: BatchKey(99)).trades == 0)
  }

  @Test func `tells a booked deal that the bank does not find, once it should`() async throws {
    let dealt = try await DealtDesk()
    let deal = try await dealt.deal(1)
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.deals.withLock { $0[deal] = nil }
    #expect(try await dealt.reconcile(bank).differences == [])
    dealt.desk.clock.advance(byMilliseconds: 60_000)
    #expect(
      try await dealt.reconcile(bank).differences == [
        .missingAtBank(trade: try await dealt.trade(1).id, attempt: 1, dealTransactionID: deal)
      ])
  }

  @Test func `waits for a deal as long as the doubt margin that was configured`() async throws {
    let dealt = try await DealtDesk()
    let deal = try await dealt.deal(1)
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.deals.withLock { $0[deal] = nil }
    dealt.desk.clock.advance(byMilliseconds: 299_999)
    #expect(try await dealt.reconcile(bank, batch: nil, marginSeconds: 300).differences == [])
    dealt.desk.clock.advance(byMilliseconds: 1)
    let late = try await dealt.reconcile(bank, batch: nil, marginSeconds: 300).differences
    #expect(
      late == [
        .missingAtBank(trade: try await dealt.trade(1).id, attempt: 1, dealTransactionID: deal)
      ])
  }

  @Test func `asks a bank that does not know our id by its own`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    dealt.desk.clock.advance(byMilliseconds: 60_000)
    bank.answersByBankID.withLock { $0 = ["T2": .pending] }
    let deal = try await dealt.deal(1)
    bank.deals.withLock { $0[deal] = nil }
    #expect(try await dealt.reconcile(bank).differences == [])
  }

  @Test(arguments: [
    (0, DealStatus.pending), (0, .failed), (1, .completed), (1, .failed), (2, .failed),
  ])
  func `tells where the bank's status is another`(place: Int, status: DealStatus) async throws {
    let dealt = try await DealtDesk()
    let deal = try await dealt.deal(place)
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.deals.withLock { $0[deal] = .found(FoundDeal(status: status), BankReceipt()) }
    let trade = try await dealt.trade(place)
    #expect(
      try await dealt.reconcile(bank).differences == [
        .statusDiffers(trade: trade.id, attempt: 1, ours: trade.status, bank: status)
      ])
    #expect(try await dealt.trade(place) == trade)
  }

  @Test(arguments: [2, 3], [DealStatus.pending, .completed])
  func `puts a failed trade in doubt whose deal stands at the bank`(
    place: Int, status: DealStatus
  ) async throws {
    let dealt = try await DealtDesk()
    let trade = try await dealt.trade(place)
    let deal = try await dealt.deal(place)
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.deals.withLock { $0[deal] = .found(FoundDeal(status: status), BankReceipt()) }
    #expect(
      try await dealt.reconcile(bank).differences == [
        .bookedAtBankButNotHere(
          trade: trade.id, attempt: 1, dealTransactionID: deal, ours: .failed, isInDoubtNow: true)
      ])
    #expect(try await dealt.trade(place).status == .inDoubt)
    let evidence = try await dealt.store.evidence(of: trade.key)
    #expect(evidence.map(\.kind) == [.statusAnswer])
    #expect(evidence.map(\.attempt) == [1])
    #expect(try await Verifier(store: dealt.store).verify().findings == [])
  }

  @Test func `leaves a booked trade booked when its earlier attempt stands as well`() async throws {
    let dealt = try await DealtDesk()
    try await dealt.book(4)
    try await dealt.step(4, .recordNotSent(attempt: 1, Failure(.bankUnavailable, "refused")))
    let first = try await dealt.deal(4)
    try await dealt.book(4)
    try await dealt.step(4, .recordAccepted(attempt: 2, bankTransactionID: "T5"))
    let trade = try await dealt.trade(4)
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.deals.withLock { $0[first] = .found(FoundDeal(status: .completed), BankReceipt()) }
    #expect(
      try await dealt.reconcile(bank).differences == [
        .bookedAtBankButNotHere(
          trade: trade.id, attempt: 1, dealTransactionID: first, ours: .booked,
          isInDoubtNow: false)
      ])
    #expect(try await dealt.trade(4) == trade)
    #expect(try await dealt.store.evidence(of: trade.key).count == 1)
  }

  @Test func `takes a statement's line for evidence`() async throws {
    let dealt = try await DealtDesk()
    let deal = try await dealt.deal(2)
    let trade = try await dealt.trade(2)
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.references.withLock { $0.append("FX \(deal.description.uppercased())") }
    #expect(
      try await dealt.reconcile(bank).differences == [
        .bookedAtBankButNotHere(
          trade: trade.id, attempt: 1, dealTransactionID: deal, ours: .failed, isInDoubtNow: true)
      ])
    #expect(try await dealt.store.evidence(of: trade.key).map(\.kind) == [.statementLine])
  }

  @Test func `tells accounts whose statement lacks a deal that should have moved money`()
    async throws
  {
    let dealt = try await DealtDesk()
    let trade = try await dealt.trade(0)
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.references.withLock { $0 = [] }
    #expect(try await dealt.reconcile(bank).differences == [])
    dealt.desk.clock.advance(byMilliseconds: 3 * 86_400_000)
    #expect(
      try await dealt.reconcile(bank).differences == [
        .notOnStatement(trade: trade.id, accountNumber: "77201USD"),
        .notOnStatement(trade: trade.id, accountNumber: "77201ZAR"),
      ])
  }

  @Test func `says what the bank did not tell, and concludes nothing from it`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.isDown.withLock { $0 = true }
    let before = try await dealt.trades()
    let differences = try await dealt.reconcile(bank).differences
    #expect(differences.count == 4 + 8)
    for difference in differences {
      switch difference {
      case .unread, .statementUnread: #expect(difference.sentence.hasSuffix("."))
      case .missingAtBank, .statusDiffers, .bookedAtBankButNotHere, .notOnStatement, .lostDeal,
        .unexplainedLine:
        Issue.record("\(difference)")
      }
    }
    #expect(try await dealt.trades() == before)
  }

  @Test func `has a bounded number of questions under way`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    _ = try await dealt.reconcile(bank)
    let most = bank.mostAtOnce.withLock { $0 }
    #expect((1...IntakeBounds.concurrentQuestions).contains(most))
  }
}

extension DealtDesk {
  func reconcile(_ bank: ScriptedBank) async throws -> ReconcileReport {
    try await reconcile(bank, batch: batch)
  }

  func reconcile(
    _ bank: ScriptedBank, batch: BatchKey?, marginSeconds: Int64 = 60
  ) async throws -> ReconcileReport {
    try await Reconciler(
      store: store, bank: bank, doubtMarginMilliseconds: marginSeconds * 1_000
    ) { [desk] in desk.clock.now }
    .reconcile(batch: batch)
  }
}

/// A bank that answers from a list, and books nothing.
final class ScriptedBank: BankGateway {
  let identity = DealtDesk.bank
  let deals = Mutex<[Identifier: StatusAnswer]>([:])
  let answersByBankID = Mutex<[String: DealStatus]>([:])
  /// On the statement of every account.
  let references = Mutex<[String]>([])
  let isDown = Mutex(false)
  let mostAtOnce = Mutex(0)
  private let underWay = Mutex(0)

  init(agreeingWith dealt: DealtDesk) async throws {
    for trade in try await dealt.trades() {
      guard let id = trade.dealTransactionID else { continue }
      let status: DealStatus
      switch trade.status {
      case .booked: status = .pending
      case .completed: status = .completed
      case .failed where trade.failure?.code == .settlementFailed: status = .failed
      case .pending, .quoting, .booking, .inDoubt, .failed, .cancelled: continue
      }
      deals.withLock { $0[id] = .found(FoundDeal(status: status), BankReceipt()) }
      if status == .completed { references.withLock { $0.append(id.description) } }
    }
  }

  private func counted<Answer>(_ answer: () -> Answer) async -> Answer {
    let now = underWay.withLock {
      $0 += 1
      return $0
    }
    mostAtOnce.withLock { $0 = max($0, now) }
    await Task.yield()
    underWay.withLock { $0 -= 1 }
    return answer()
  }

  func dealStatus(_ query: DealQuery) async -> StatusAnswer {
    await counted {
      if isDown.withLock({ $0 }) { return .trouble(.timeout) }
      switch query {
      case .dealTransactionID(let id):
        return deals.withLock { $0[id] } ?? .notFound(BankReceipt())
      case .bankTransactionID(let id):
        guard let status = answersByBankID.withLock({ $0[id] }) else {
          return .notFound(BankReceipt())
        }
        return .found(FoundDeal(status: status), BankReceipt())
      }
    }
  }

  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> {
    await counted {
      if isDown.withLock({ $0 }) { return .trouble(.timeout) }
      let lines = references.withLock { $0 }.map {
        StatementLine(date: from, type: "DEBIT", reference: $0, amount: "1.00", balance: "1.00")
      }
      return .success(lines, BankReceipt())
    }
  }

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> {
    .trouble(.notSent("A reconciliation asks for no quote."))
  }

  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> {
    .trouble(.notSent("A reconciliation asks for no quote."))
  }

  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> {
    .trouble(.notSent("A reconciliation asks for no quote."))
  }

  func bookingBody(_ order: BookingOrder) -> [UInt8] { [] }

  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    Issue.record("a reconciliation books nothing")
    return .notSent(.notSent("A reconciliation books nothing."))
  }

  func balance(
    accountNumber: String, cifNumber: String
  ) async -> BankAnswer<AccountBalance> {
    .trouble(.notSent("A reconciliation asks for no balance."))
  }

  func accounts(page: Int) async -> BankAnswer<AccountPage> {
    .trouble(.notSent("A reconciliation asks for no list of accounts."))
  }
}
