import FXDomain
import FXPorts
import Testing

@testable import FXEngine

@Suite struct `The engine's core` {
  static let slowingAnswers: [(BookingAnswer, Int64)] = [
    (.unclear(.rateLimited(retryAfterMilliseconds: 7_000), BankReceipt()), 7_100),
    (.notSent(.rateLimited(retryAfterMilliseconds: 7_000)), 7_100),
    (.unclear(.rateLimited(retryAfterMilliseconds: nil), BankReceipt()), 1_100),
    (.unclear(.rateLimited(retryAfterMilliseconds: .max), BankReceipt()), 60_100),
    (.unclear(.timeout, BankReceipt()), 0), (.accepted(BankReceipt()), 0),
  ]

  @Test(arguments: slowingAnswers)
  func `slows down where the bank asks for it in its answer to a booking`(
    answer: BookingAnswer, until: Int64
  ) {
    var core = Self.core()
    _ = core.handle(.booked(answer, TradeKey(1), generation: 1), at: Self.moment(100))
    #expect(max(core.slowUntil, 0) == until)
    #expect(core.breaker.isClosed(atUptime: 100))
  }

  @Test func `wakes for signs of life and the ends of leases only while its end is held up`() throws
  {
    var core = Self.core()
    _ = core.handle(.claimed([Self.batch], askedAt: Self.moment(5)), at: Self.moment(10))
    let actions = core.handle(.shutDown, at: Self.moment(90_000))
    #expect(actions.contains(.release([Hold(batch: Self.batch.key, generation: 1)])))
    #expect(core.nextWake == 300_005)
    _ = core.handle(.released, at: Self.moment(90_010))
    #expect(core.isFinished)
  }

  @Test(arguments: QuotedStep.allCases)
  func `lets go of a trade that is being quoted when it is shut down`(step: QuotedStep) throws {
    var core = try Self.coreWithOneTrade()
    let key = TradeKey(1)
    let shutDownFirst = { (core: inout EngineCore, at: QuotedStep) in
      if at == step { _ = core.handle(.shutDown, at: Self.moment(30)) }
    }
    func expectLetGo(_ actions: [EngineAction], quoteID: Int64?) {
      #expect(Self.commands(in: actions) == [.deferQuote(nil, notBefore: nil)])
      let ended = Self.answerStep(in: &core, status: .pending)
      let cancels = ended.contains { if case .cancelQuote(9, _) = $0 { true } else { false } }
      #expect(cancels == (quoteID != nil))
      #expect(ended.contains(.release([Hold(batch: Self.batch.key, generation: 1)])))
    }
    shutDownFirst(&core, .creatingQuote)
    let created = core.handle(.quoteCreated(Self.created, key, generation: 1), at: Self.moment(40))
    if step == .creatingQuote { return expectLetGo(created, quoteID: 9) }
    shutDownFirst(&core, .fetchingRate)
    let rated = core.handle(.rateQuoted(try Self.rated, key, generation: 1), at: Self.moment(50))
    if step == .fetchingRate { return expectLetGo(rated, quoteID: 9) }

    // The intent is durable, and its call never leaves.
    shutDownFirst(&core, .writingIntent)
    let written = Self.answerStep(in: &core, status: .booking)
    guard case .recordNotSent(attempt: 2, nil, _?, _)? = Self.commands(in: written).first else {
      Issue.record("\(written)")
      return
    }
    #expect(!written.contains { if case .book = $0 { true } else { false } })
    let ended = Self.answerStep(in: &core, status: .pending)
    #expect(ended.contains(.release([Hold(batch: Self.batch.key, generation: 1)])))
  }

  @Test(arguments: [(0, 375...500), (1, 750...1_000), (2, 1_500...2_000)])
  func `waits longer with each booking that was not sent`(
    earlier: Int, delay: ClosedRange<Int64>
  ) throws {
    var core = try Self.coreWithOneTrade(roundAttempts: earlier)
    let key = TradeKey(1)
    _ = core.handle(.quoteCreated(Self.created, key, generation: 1), at: Self.moment(40))
    _ = core.handle(.rateQuoted(try Self.rated, key, generation: 1), at: Self.moment(50))
    let sent = Self.answerStep(in: &core, status: .booking)
    #expect(sent.contains { if case .book = $0 { true } else { false } })
    let answered = core.handle(
      .booked(.notSent(.notSent("refused")), key, generation: 1), at: Self.moment(100))
    guard case .recordNotSent(_, _?, nil, let notBefore?)? = Self.commands(in: answered).first
    else {
      Issue.record("\(answered)")
      return
    }
    #expect(delay.contains(notBefore.milliseconds(since: Self.moment(100).wall)))
  }

  /// What is waited before the answer is looked at would pass for skew.
  @Test func `takes the bank's clock as it was when the answer arrived`() {
    var core = Self.core()
    func skew(_ answer: StatusAnswer, at uptime: Int64) -> Int64 {
      _ = core.handle(
        .statusAnswered(answer, .watch(TradeKey(1)), generation: 1), at: Self.moment(uptime))
      return core.lastLook(for: Self.batch.key).bankClockSkewMilliseconds
    }
    let receipt = BankReceipt(
      bankDate: Self.moment(3_000).wall, sentAt: Self.moment(900).wall,
      receivedAt: Self.moment(1_100).wall)
    #expect(skew(.notFound(receipt), at: 25_000) == 2_500)
    #expect(skew(.notFound(BankReceipt()), at: 26_000) == 2_500, "it bore no Date")
    #expect(skew(.trouble(.httpStatus(502)), at: 27_000) == 2_500)
  }

  static let heldBack: [(Bool, Int64, FailureCode?)] = [
    (true, 300_000, nil), (false, 10_000, nil), (false, 300_000, .quoteExpired),
  ]

  /// Neither is a failure of the bank, and the trade keeps none.
  @Test(arguments: heldBack, [false, true])
  func `calls nothing a failure that the desk or the node holds back`(
    row: (Bool, Int64, FailureCode?), afterIntent: Bool
  ) throws {
    let (killSwitch, lease, code) = row
    let (now, settings) = (Self.moment(0), Self.settings)
    let life: Int64 = code == nil ? 30_000 : 500
    func look(_ isLast: Bool) -> LastLook {
      LastLook(
        killSwitchEngaged: isLast && killSwitch, leaseUntilUptime: isLast ? lease : 300_000,
        bankClockSkewMilliseconds: 0
      ) { _ in [] }
    }
    var run = try Self.run(earlierAttempts: [])
    _ = run.begin(at: now, settings: settings)
    _ = run.quoteCreated(Self.created, at: now, settings: settings)
    let expiry = Self.moment(afterIntent ? 30_000 : life).wall
    let rate = QuotedRate(quoteID: 9, rate: try Rate("17.7930"), expiresAt: expiry)
    var action = run.rateQuoted(
      .success(rate, BankReceipt()), look: look(!afterIntent), at: now, settings: settings)
    if afterIntent {
      let late = Self.moment(30_000 - life)
      action = run.written(.success(run.trade), look: look(true), at: late, settings: settings)
    }
    switch action {
    case .write(.deferQuote(let failure, notBefore: .some)):
      #expect(!afterIntent && failure?.code == code)
    case .write(.recordNotSent(attempt: 2, let failure, let note, notBefore: .some)):
      #expect(afterIntent && failure?.code == code && (note == nil) == (code != nil))
    default: Issue.record("\(action)")
    }
  }

  static let wrongSettings: [@Sendable (inout EngineSettings) -> Void] = [
    { $0.statusPollMilliseconds = 0 }, { $0.quoteSafetyMilliseconds = -1 },
    { $0.proof.doubtMarginMilliseconds = 0 }, { $0.proof.spacingMilliseconds = 0 },
    { $0.proof.controlAgeMilliseconds = 0 }, { $0.escalationMilliseconds = -1 },
    { $0.unconfirmedMilliseconds = 0 }, { $0.breakerPauseMilliseconds = 0 },
    { $0.breakerFailures = 0 }, { $0.maxRequestsPerSecond = 0 },
    { $0.leaseMilliseconds = 20_999 },
  ]

  @Test func `names each setting that would make it spin or prove nothing`() {
    #expect(Self.settings.problems == [])
    for change in Self.wrongSettings {
      var settings = Self.settings
      change(&settings)
      #expect(settings.problems.count == 1, "\(settings.problems)")
    }
  }

  @Test func `takes in what it asked the store for before it is shut down`() throws {
    var core = Self.core()
    _ = core.handle(.claimed([Self.batch], askedAt: Self.moment(5)), at: Self.moment(10))
    core.held[Self.batch.key]?.promised = 1
    let waiting = core.handle(.shutDown, at: Self.moment(20))
    #expect(!waiting.contains(.release([Hold(batch: Self.batch.key, generation: 1)])))
    let taken = core.handle(try Self.oneTaken(), at: Self.moment(30))
    #expect(Self.commands(in: taken) == [.deferQuote(nil, notBefore: nil)])
    let ended = Self.answerStep(in: &core, status: .pending)
    #expect(ended.contains(.release([Hold(batch: Self.batch.key, generation: 1)])))
  }

  @Test func `a doubt's inquiry does not take the id of its own query for that of the deal`() throws
  {
    let doubt = try Self.doubt()
    let settings = Self.settings
    let now = Self.moment(85_000)
    var inquiry = DoubtInquiry(doubt, attempt: try #require(doubt.attempt))
    _ = inquiry.evidenceRead([], controls: [], at: now, settings: settings)
    let found = FoundDeal(status: .pending, dealReference: "FX-1")
    let action = inquiry.answered(
      .found(found, BankReceipt(bankTransactionID: "query-7")), controls: [], at: now,
      lookUp: .byDealTransactionID, settings: settings)
    #expect(action == .write(.recordFound(attempt: 1, found)))
  }

  @Test(arguments: [DealStatus.failed, .pending, .completed])
  func `deals again only where no earlier deal of the trade stands`(earlier: DealStatus) throws {
    let id = try #require(try Self.doubt().trade.dealTransactionID)
    var run = try Self.run(earlierAttempts: [id])
    let now = Self.moment(100_000)
    #expect(run.begin(at: now, settings: Self.settings) == .ask(.dealTransactionID(id)))
    let answer = StatusAnswer.found(FoundDeal(status: earlier), BankReceipt())
    let action = run.statusAnswered(answer, at: now, settings: Self.settings)
    switch action {
    case .createQuote: #expect(earlier == .failed)
    case .witness(.statusAnswer, _, _, _): #expect(earlier != .failed)
    default: Issue.record("\(action)")
    }
  }

  @Test
  func `an intent bears the value date that its quote was asked for, and which cut-off moved it`()
    throws
  {
    var run = try Self.run(earlierAttempts: [])
    let now = Self.moment(100_000)
    var settings = Self.settings
    settings.cutOffs = try #require(CutOffs(minutesOfDay: [.spot: [.usd: 1]]))
    guard case .createQuote(let request) = run.begin(at: now, settings: settings) else {
      Issue.record("no quote was asked for")
      return
    }
    let expiry = Self.moment(130_000).wall
    _ = run.quoteCreated(
      .success(CreatedQuote(quoteID: 9, expiresAt: expiry), BankReceipt()), at: now,
      settings: settings)
    let look = LastLook(
      killSwitchEngaged: false, leaseUntilUptime: 300_000, bankClockSkewMilliseconds: 0
    ) { _ in [] }
    let rate = QuotedRate(quoteID: 9, rate: try Rate("17.7930"), expiresAt: expiry)
    let action = run.rateQuoted(
      .success(rate, BankReceipt()), look: look, at: now, settings: settings)
    guard case .write(.recordIntent(let intent, _)) = action else {
      Issue.record("\(action)")
      return
    }
    #expect(intent.valueDate.date == request.valueDate)
    #expect(intent.valueDate.date == CivilDate("2026-11-13"))
    #expect(intent.valueDate.missedCutOff == .usd)
  }

  /// A store that was restored whole gives out the ids of the lost time again.
  @Test(arguments: [DealStatus.pending, .completed, .failed], 1...3)
  func `a deal under an id that is still to be given out puts an old trade in doubt`(
    status: DealStatus, number: Int
  ) throws {
    var run = try Self.run(earlierAttempts: [], asksForLostIDs: true)
    let lost = DealTransactionID.of(
      installation: Identifier(high: 1, low: 2), epoch: 1, batch: run.trade.batchID,
      trade: run.trade.id, attempt: run.trade.attempt + number)
    let now = Self.moment(1_000)
    var action = run.begin(at: now, settings: Self.settings)
    for _ in 1..<number {
      action = run.statusAnswered(.notFound(BankReceipt()), at: now, settings: Self.settings)
    }
    #expect(action == .ask(.dealTransactionID(lost)))
    let found = StatusAnswer.found(FoundDeal(status: status), BankReceipt())
    guard
      case .witness(.statusAnswer, run.trade.attempt + number, let words, _) = run.statusAnswered(
        found, at: now, settings: Self.settings),
      case .write(.recordBookingEvidence) = run.witnessed()
    else {
      Issue.record("the deal was passed over")
      return
    }
    #expect(words.contains(lost.description))
  }

  @Test func `an old trade is quoted once the bank knows no deal under a round of its ids`() throws
  {
    var run = try Self.run(earlierAttempts: [], asksForLostIDs: true)
    let now = Self.moment(1_000)
    var action = run.begin(at: now, settings: Self.settings)
    for _ in 1...3 {
      action = run.statusAnswered(.notFound(BankReceipt()), at: now, settings: Self.settings)
    }
    guard case .createQuote = action else {
      Issue.record("not quoted, but \(action)")
      return
    }
  }
}
