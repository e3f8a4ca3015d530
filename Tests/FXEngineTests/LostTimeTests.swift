import FXDomain
import FXEngine
import FXPorts
import FXSimulation
import FXTesting
import Synchronization
import Testing

@Suite struct `The reconciler after a loss of events` {
  private static let life: Int64 = 30_000
  private static let margin: Int64 = 60_000

  /// A desk whose store has lost something, and whose quotes have ended since.
  private static func deskWithLoss() async throws -> DealtDesk {
    let dealt = try await DealtDesk()
    var mark = try await dealt.store.logMark()
    mark.sequence += 9
    let loss = try #require(try await mark.loss(in: dealt.store))
    _ = try await dealt.store.recordLoss(loss)
    dealt.desk.clock.advance(byMilliseconds: life + margin + 1)
    return dealt
  }

  /// Its statements say the same of all accounts: here nothing, unless a test wants a line.
  private static func bank(_ dealt: DealtDesk) async throws -> ScriptedBank {
    let bank = try await ScriptedBank(agreeingWith: dealt)
    bank.lines.withLock { $0 = [:] }
    return bank
  }

  private static func reconcile(
    _ dealt: DealtDesk, _ bank: ScriptedBank
  ) async throws -> LostTimeReport? {
    try await Reconciler(store: dealt.store, bank: bank, doubtMarginMilliseconds: 60_000) {
      dealt.desk.clock.now
    }
    .reconcileLostTime(
      quoteLifeMilliseconds: life, marginMilliseconds: margin, progress: { _ in })
  }

  /// The id of an attempt that the books have lost.
  private static func lostID(
    _ dealt: DealtDesk, _ place: Int, attempt: Int
  ) async throws -> Identifier {
    let trade = try await dealt.trade(place)
    let installation = try await dealt.store.installation()
    return DealTransactionID.of(
      installation: installation.id, epoch: 1, batch: trade.batchID, trade: trade.id,
      attempt: attempt)
  }

  private static func give(_ bank: ScriptedBank, _ id: Identifier, _ status: DealStatus) {
    bank.deals.withLock { $0[id] = .found(FoundDeal(status: status), BankReceipt()) }
  }

  private static func release(_ dealt: DealtDesk) async throws -> Bool {
    let answer = try await dealt.store.setKillSwitch(
      engaged: false, reason: "-", actor: .person("thandi"))
    if case .success = answer { return true } else { return false }
  }

  @Test func `asks nothing where nothing was lost`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await Self.bank(dealt)
    #expect(try await Self.reconcile(dealt, bank) == nil)
  }

  @Test func `asks for every id that may have been sent, and then lets bookings go on`()
    async throws
  {
    let dealt = try await Self.deskWithLoss()
    let bank = try await Self.bank(dealt)
    #expect(try await !Self.release(dealt))
    let report = try #require(try await Self.reconcile(dealt, bank))
    // All but the completed trade, four rounds of three attempts each.
    #expect(report.trades == 4)
    #expect(report.questions == 48)
    #expect(report.findsOurIDs == true)
    #expect(report.findings.differences == [])
    #expect(report.isReconciled)
    #expect(try await Self.release(dealt))
    #expect(try await Self.reconcile(dealt, bank) == nil)
  }

  @Test(arguments: [2, 4])
  func `puts a trade in doubt whose lost attempt the bank has, and looks further`(
    place: Int
  ) async throws {
    let dealt = try await Self.deskWithLoss()
    let bank = try await Self.bank(dealt)
    let trade = try await dealt.trade(place)
    let number = trade.attempt + 12
    let id = try await Self.lostID(dealt, place, attempt: number)
    let beyond = try await Self.lostID(dealt, place, attempt: number + 1)
    Self.give(bank, id, .completed)
    Self.give(bank, beyond, .pending)
    let report = try #require(try await Self.reconcile(dealt, bank))
    #expect(report.lostDeals == 2)
    #expect(report.questions == 50)
    #expect(report.isReconciled)
    let differences = [(number, id, DealStatus.completed), (number + 1, beyond, .pending)].map {
      ReconcileDifference.lostDeal(
        trade: trade.id, attempt: $0.0, dealTransactionID: $0.1, bank: $0.2, isInDoubtNow: true)
    }
    #expect(report.findings.differences == differences)
    #expect(try await dealt.trade(place).status == .inDoubt)
    let evidence = try await dealt.store.evidence(of: trade.key)
    #expect(evidence.map(\.attempt) == [number, number + 1])
    #expect(evidence[0].summary.contains(id.description))
    #expect(try await Verifier(store: dealt.store).verify().findings == [])
  }

  @Test func `is not done while the bank does not tell, nor before a late booking must have come`()
    async throws
  {
    let dealt = try await Self.deskWithLoss()
    let bank = try await Self.bank(dealt)
    bank.isDown.withLock { $0 = true }
    let report = try #require(try await Self.reconcile(dealt, bank))
    #expect(!report.isReconciled)
    #expect(report.missing.count == 1)
    #expect(report.unanswered > 4)
    #expect(try await !Self.release(dealt))

    bank.isDown.withLock { $0 = false }
    dealt.desk.clock.advance(byMilliseconds: -2)
    let early = try #require(try await Self.reconcile(dealt, bank))
    #expect(early.tooEarlyUntil != nil)
    #expect(!early.isReconciled)
    #expect(try await !Self.release(dealt))
    dealt.desk.clock.advance(byMilliseconds: 2)
    #expect(try await Self.reconcile(dealt, bank)?.isReconciled == true)
  }

  @Test func `shows lines of statements that no trade explains`() async throws {
    let dealt = try await Self.deskWithLoss()
    let bank = try await Self.bank(dealt)
    bank.references.withLock { $0 = ["FX of a batch that is gone"] }
    let report = try #require(try await Self.reconcile(dealt, bank))
    let accounts = try await dealt.store.accounts(after: nil, cifNumber: nil, limit: 1_000)
    #expect(report.findings.statements == accounts.count)
    #expect(report.unexplainedLines == accounts.count)
    #expect(report.isReconciled)
    let sentence = try #require(report.findings.differences.first?.sentence)
    #expect(sentence.contains("FX of a batch"))
  }

  @Test func `says when the bank finds none of our ids`() async throws {
    let dealt = try await Self.deskWithLoss()
    let bank = try await Self.bank(dealt)
    bank.deals.withLock { $0 = [:] }
    let report = try #require(try await Self.reconcile(dealt, bank))
    #expect(report.findsOurIDs == false)
    #expect(report.summary.contains("NO known deal"))
  }

  @Test func `appends the same evidence once, however often it is found`() async throws {
    let dealt = try await DealtDesk()
    let bank = try await Self.bank(dealt)
    Self.give(bank, try await dealt.deal(2), .completed)
    for _ in 0..<3 { _ = try await dealt.reconcile(bank) }
    #expect(try await dealt.store.evidence(of: dealt.trade(2).key).count == 1)
  }
}
