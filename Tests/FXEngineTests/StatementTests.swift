import FXDomain
import FXEngine
import FXPorts
import Testing

@Suite struct `Statements against our books` {
  @Test(arguments: [0, 1])
  func `show two deals under one id`(place: Int) async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    let (trade, deal) = (try await dealt.trade(place), try await dealt.deal(place))
    bank.lines.withLock { $0 = [:] }
    for _ in 0..<2 { try bank.post(trade, reference: deal.description) }
    #expect(
      try await dealt.reconcile(bank).differences == [
        .repeatedOnStatement(trade: trade.id, accountNumber: "77\(trade.cifNumber)USD", lines: 2),
        .repeatedOnStatement(trade: trade.id, accountNumber: "77\(trade.cifNumber)ZAR", lines: 2),
      ])
    #expect(try await dealt.trade(place) == trade)
  }

  @Test(arguments: ["", "-", "+"])
  func `agree whatever sign the bank gives to what is debited`(sign: String) async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.lines.withLock { $0 = [:] }
    try bank.post(
      try await dealt.trade(0), reference: try await dealt.deal(0).description, sign: sign)
    let report = try await dealt.reconcile(bank)
    #expect(report.differences.isEmpty == (sign != "+"))
  }

  @Test func `show a deal over another amount`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    let trade = try await dealt.trade(0)
    bank.lines.withLock { $0["77201USD"]?[0].amount = "-1.01" }
    let counter = try #require(trade.figures?.priced.counterAmount)
    #expect(
      try await dealt.reconcile(bank).differences == [
        .amountDiffers(
          trade: trade.id, accountNumber: "77201USD", ours: counter, bank: "-1.01")
      ])
  }

  @Test func `are known by the bank's reference too`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.lines.withLock { $0 = [:] }
    try bank.post(try await dealt.trade(0), reference: "Deal fx1")
    #expect(try await dealt.reconcile(bank).differences == [])
  }

  @Test func `show lines that no trade explains`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    let stray = try #require(
      bank.lines.withLock { lines in
        lines["77202ZAR"] = lines["77201ZAR"]?.map { line in
          var line = line
          line.reference = "FX of nobody"
          return line
        }
        return lines["77202ZAR"]?.first
      })
    let report = try await dealt.reconcile(bank)
    #expect(report.unexplainedLines == 1)
    #expect(
      report.differences == [
        .unexplainedLine(
          cifNumber: "202", accountNumber: "77202ZAR", date: stray.date,
          reference: "FX of nobody", amount: stray.amount)
      ])
    for difference in report.differences { #expect(difference.sentence.hasSuffix(".")) }
  }

  @Test func `are explained by trades of other batches, which are not asked about`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    _ = try await dealt.desk.submit([dealt.desk.row(1, cif: "201", reference: "again")]).get()
    // The other batch has no deal: nothing is asked for it.
    let report = try await dealt.reconcile(bank, batch: BatchKey(2))
    #expect(report.statements == 0)
    #expect(try await dealt.reconcile(bank, batch: nil).unexplainedLines == 0)
  }

  @Test func `are left to the lost time while that is to be asked about`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.references.withLock { $0 = ["FX of a batch that is gone"] }
    #expect(try await dealt.reconcile(bank).unexplainedLines == 8)
    var mark = try await dealt.store.logMark()
    mark.sequence += 9
    let loss = try #require(try await mark.loss(in: dealt.store))
    _ = try await dealt.store.recordLoss(loss)
    #expect(try await dealt.reconcile(bank).unexplainedLines == 0)
  }

  @Test func `name deals of lost attempts by the evidence of them`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    let trade = try await dealt.trade(2)
    let lost = Identifier(high: 0x1057, low: 1)
    try bank.post(trade, reference: lost.description)
    #expect(try await dealt.reconcile(bank).unexplainedLines == 2)
    let note = "The bank has deal \(lost) of attempt 2, COMPLETED, which our books have lost."
    try await dealt.store.append([
      Evidence(
        trade: trade.key, attempt: 2, kind: .statusAnswer, at: dealt.desk.clock.now,
        actor: .person("thandi"), summary: note)
    ])
    try await dealt.step(2, .recordBookingEvidence(attempt: 2, note: note))
    #expect(try await dealt.reconcile(bank).unexplainedLines == 0)
  }

  @Test func `are asked for a month at a time`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.lines.withLock { $0 = [:] }
    dealt.desk.clock.advance(byMilliseconds: 100 * 86_400_000)
    let days = Int64(IntakeBounds.statementDays)
    let report = try await dealt.reconcile(bank, batch: nil)
    #expect(report.statements == 8)
    let spans = bank.spans.withLock { $0 }
    #expect(spans.count == 8 * 4)
    #expect(spans.allSatisfy { Int64($0.count) <= days })
    #expect(Set(spans.flatMap { $0 }).count == 101)
  }
}

@Suite struct `The bank's word on a person's` {
  private static func word(
    _ dealt: DealtDesk, _ bank: ScriptedBank, _ resolution: Resolution
  ) async throws -> BankWord {
    try await Reconciler(store: dealt.store, bank: bank, doubtMarginMilliseconds: 60_000) {
      dealt.desk.clock.now
    }
    .word(on: resolution, of: dealt.trade(4))
  }

  /// The last trade is in doubt.
  private static func deskWithDoubt() async throws -> (DealtDesk, ScriptedBank) {
    let dealt = try await DealtDesk()
    let bank = try await ScriptedBank(agreeingWith: dealt)
    try await dealt.book(4)
    try await dealt.step(4, .recordUnclear(attempt: 1, Failure(.bankTimeout, "no answer")))
    return (dealt, bank)
  }

  private static func give(
    _ bank: ScriptedBank, _ id: Identifier, _ status: DealStatus, reference: String?
  ) {
    let deal = FoundDeal(status: status, dealReference: reference)
    bank.deals.withLock { $0[id] = .found(deal, BankReceipt()) }
  }

  @Test(arguments: ["FX9", "fx9"])
  func `confirms the reference of the deal that it has`(given: String) async throws {
    let (dealt, bank) = try await Self.deskWithDoubt()
    Self.give(bank, try await dealt.deal(4), .completed, reference: "FX9")
    let word = try await Self.word(dealt, bank, .booked(dealReference: given))
    #expect(word.kind == "confirms", "\(word)")
  }

  @Test func `contradicts a mistyped reference, and names the right one`() async throws {
    let (dealt, bank) = try await Self.deskWithDoubt()
    Self.give(bank, try await dealt.deal(4), .completed, reference: "FX9")
    let word = try await Self.word(dealt, bank, .booked(dealReference: "FX8"))
    #expect(word.kind == "contradicts", "\(word)")
    #expect(word.sentence.contains("under FX9, not FX8"))
  }

  @Test(arguments: [Resolution.booked(dealReference: "FX9"), .notBooked])
  func `takes a deal that failed to settle for none`(resolution: Resolution) async throws {
    let (dealt, bank) = try await Self.deskWithDoubt()
    Self.give(bank, try await dealt.deal(4), .failed, reference: "FX9")
    switch (resolution, try await Self.word(dealt, bank, resolution)) {
    case (.booked, .isSilent), (.notBooked, .confirms): break
    case (_, let word): Issue.record("\(word)")
    }
  }

  @Test func `knows deals of lost attempts by the evidence of them`() async throws {
    let (dealt, bank) = try await Self.deskWithDoubt()
    let lost = Identifier(high: 0x1057, low: 1)
    Self.give(bank, lost, .completed, reference: "FX9")
    try await dealt.store.append([
      Evidence(
        trade: dealt.trade(4).key, attempt: 2, kind: .statusAnswer, at: dealt.desk.clock.now,
        actor: .person("thandi"), summary: "The bank has deal \(lost) of attempt 2, COMPLETED.")
    ])
    let word = try await Self.word(dealt, bank, .booked(dealReference: "FX9"))
    #expect(word.kind == "confirms", "\(word)")
  }

  @Test(arguments: ["-", "+"])
  func `is read from a statement where the bank looks nothing up`(sign: String) async throws {
    let (dealt, bank) = try await Self.deskWithDoubt()
    // A plus makes no amount of ours.
    try bank.post(try await dealt.trade(4), reference: "Deal FX9", sign: sign)
    let word = try await Self.word(dealt, bank, .booked(dealReference: "FX9"))
    switch (sign, word) {
    case ("-", .confirms), ("+", .contradicts): break
    case (_, let word): Issue.record("\(word)")
    }
  }

  @Test func `contradicts whoever calls a deal not booked that it has`() async throws {
    let (dealt, bank) = try await Self.deskWithDoubt()
    #expect(try await Self.word(dealt, bank, .notBooked).kind == "confirms")
    try bank.post(try await dealt.trade(4), reference: try await dealt.deal(4).description)
    #expect(try await Self.word(dealt, bank, .notBooked).kind == "contradicts")
    Self.give(bank, try await dealt.deal(4), .pending, reference: nil)
    #expect(try await Self.word(dealt, bank, .notBooked).kind == "contradicts")
  }

  @Test func `is silence where it knows no such deal, and nothing where it does not answer`()
    async throws
  {
    let (dealt, bank) = try await Self.deskWithDoubt()
    let booked = Resolution.booked(dealReference: "FX9")
    #expect(try await Self.word(dealt, bank, booked).kind == "isSilent")
    bank.isDown.withLock { $0 = true }
    for resolution in [booked, .notBooked] {
      #expect(try await Self.word(dealt, bank, resolution).kind == "couldNotBeAsked")
    }
  }
}

extension BankWord {
  fileprivate var kind: String {
    switch self {
    case .confirms: "confirms"
    case .contradicts: "contradicts"
    case .isSilent: "isSilent"
    case .couldNotBeAsked: "couldNotBeAsked"
    }
  }
}
