import FXDomain
import FXEngine
import FXPorts
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
    let early = try await dealt.reconcile(bank)
    #expect(early.differences == [])
    #expect(early.tooEarlyUntil == dealt.desk.clock.now.advanced(byMilliseconds: 60_000))
    dealt.desk.clock.advance(byMilliseconds: 60_000)
    let late = try await dealt.reconcile(bank)
    #expect(late.tooEarlyUntil == nil)
    #expect(
      late.differences == [
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

  @Test func `waits for no deal whose quote had long expired when a person called it booked`()
    async throws
  {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    try await dealt.book(4)
    try await dealt.step(4, .recordUnclear(attempt: 1, Failure(.bankTimeout, "no answer")))
    dealt.desk.clock.advance(byMilliseconds: 90_001)
    let word = TradeCommand.resolve(
      .booked(dealReference: "FX9"), note: "on the phone", marginMilliseconds: 60_000)
    try await dealt.step(4, word)
    let (trade, deal) = (try await dealt.trade(4), try await dealt.deal(4))
    let report = try await dealt.reconcile(bank)
    #expect(report.tooEarlyUntil == nil)
    #expect(
      report.differences == [
        .missingAtBank(trade: trade.id, attempt: 1, dealTransactionID: deal)
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
    try bank.post(trade, reference: "FX \(deal.description.uppercased())")
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
    bank.lines.withLock { $0 = [:] }
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
      case .missingAtBank, .statusDiffers, .bookedAtBankButNotHere, .notOnStatement,
        .repeatedOnStatement, .amountDiffers, .lostDeal, .unexplainedLine:
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
