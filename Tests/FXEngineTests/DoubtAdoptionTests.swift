import FXDomain
import FXPorts
import Testing

@testable import FXEngine

/// Doubts that a node takes up beside those that it asks about already.
extension `The engine's core` {
  @Test func `takes no answer to the question of an inquiry that was begun anew`() throws {
    let doubt = try Self.doubt()
    let hold = Hold(batch: Self.batch.key, generation: 1)
    var core = Self.core()
    func ask(at uptime: Int64) throws -> Caller {
      _ = core.handle(
        .loaded([doubt], hold, statuses: [.inDoubt, .booked], limit: 500),
        at: Self.moment(uptime))
      let actions = core.handle(
        .evidenceRead(doubt.trade.key, [], generation: 1), at: Self.moment(uptime))
      return try #require(
        actions.lazy.compactMap { action in
          if case .askStatus(_, let caller, _) = action { caller } else { nil }
        }.first)
    }
    _ = core.handle(.claimed([Self.batch], askedAt: Self.moment(5)), at: Self.moment(10))
    _ = core.handle(
      .loaded([], hold, statuses: [.quoting, .booking], limit: 500), at: Self.moment(20))
    // A question too early to prove anything, and while it is out the doubt ends and comes back.
    let early = try ask(at: 89_000)
    var batch = Self.batch
    batch.counts.inDoubt = 0
    _ = core.handle(
      .renewed([batch], of: [hold], askedAt: Self.moment(90_100)), at: Self.moment(90_200))
    _ = core.handle(
      .loaded([], hold, statuses: [.inDoubt, .booked], limit: 500), at: Self.moment(90_300))
    #expect(core.inquiries.isEmpty)
    _ = core.handle(
      .renewed([Self.batch], of: [hold], askedAt: Self.moment(90_400)), at: Self.moment(90_500))
    let late = try ask(at: 91_000)

    let answer = StatusAnswer.notFound(BankReceipt(bankDate: Self.moment(92_000).wall))
    _ = core.handle(.statusAnswered(answer, early, generation: 1), at: Self.moment(92_000))
    #expect(core.inquiries[doubt.trade.key]?.firstNotFound == nil)
    _ = core.handle(.statusAnswered(answer, late, generation: 1), at: Self.moment(92_100))
    #expect(
      core.inquiries[doubt.trade.key]?.firstNotFound?.askedAt == Self.moment(91_000).wall)
  }

  /// A core that asks about one doubt, and has been told of so many.
  private static func asking(
    _ doubt: OpenTrade, of count: Int
  ) throws -> (core: EngineCore, hold: Hold) {
    let hold = Hold(batch: batch.key, generation: 1)
    var core = core()
    _ = core.handle(.claimed([batch], askedAt: moment(5)), at: moment(10))
    _ = core.handle(
      .loaded([], hold, statuses: [.quoting, .booking], limit: 500), at: moment(20))
    _ = core.handle(
      .loaded([doubt], hold, statuses: [.inDoubt, .booked], limit: 500), at: moment(30))
    _ = core.handle(.evidenceRead(doubt.trade.key, [], generation: 1), at: moment(91_000))
    let answer = StatusAnswer.notFound(BankReceipt(bankDate: moment(92_000).wall))
    let asked = core.inquiries[doubt.trade.key]?.asked
    _ = core.handle(
      .statusAnswered(answer, .inquiry(doubt.trade.key, asked), generation: 1),
      at: moment(92_000))
    #expect(core.inquiries[doubt.trade.key]?.firstNotFound != nil)
    var batch = batch
    batch.counts.inDoubt = count
    let renewed = core.handle(
      .renewed([batch], of: [hold], askedAt: moment(92_100)), at: moment(92_200))
    #expect(renewed.contains { if case .load = $0 { true } else { false } })
    return (core, hold)
  }

  private static func other(_ doubt: OpenTrade) -> OpenTrade {
    var other = doubt
    other.trade.key = TradeKey(2)
    other.attempt?.trade = TradeKey(2)
    return other
  }

  @Test func `a doubt that is adopted leaves the questions about others as they are`() throws {
    let doubt = try Self.doubt()
    var (core, hold) = try Self.asking(doubt, of: 2)
    let (before, due) = (core.inquiries[doubt.trade.key], core.dueAt[doubt.trade.key])
    _ = core.handle(
      .loaded([doubt, Self.other(doubt)], hold, statuses: [.inDoubt, .booked], limit: 500),
      at: Self.moment(92_300))
    #expect(core.inquiries[doubt.trade.key] == before)
    #expect(core.dueAt[doubt.trade.key] == due)
    #expect(core.inquiries[TradeKey(2)] != nil)
    #expect(core.held[hold.batch]?.phase == .settled)
  }

  @Test(arguments: [1, 500])
  func `a doubt that a person has ended is let go of, page by page`(limit: Int) throws {
    let doubt = try Self.doubt()
    var (core, hold) = try Self.asking(doubt, of: 0)
    // A page of one is another matter, and ends nothing.
    _ = core.handle(
      .loaded([], hold, statuses: [.inDoubt, .booked], limit: limit), at: Self.moment(92_300))
    #expect((core.inquiries[doubt.trade.key] == nil) == (limit > 1))
  }

  @Test func `a doubt beyond the page that was read is not let go of`() throws {
    let doubt = Self.other(try Self.doubt())
    var (core, hold) = try Self.asking(doubt, of: 3)
    let page = try [TradeKey(1), TradeKey(-1)].map { key in
      var trade = try Self.doubt()
      trade.trade.key = key
      return trade
    }.sorted { $0.trade.key < $1.trade.key }
    _ = core.handle(
      .loaded(page, hold, statuses: [.inDoubt, .booked], limit: 2), at: Self.moment(92_300))
    #expect(core.inquiries[doubt.trade.key]?.firstNotFound != nil)
    _ = core.handle(
      .loaded([], hold, statuses: [.inDoubt, .booked], limit: 2), at: Self.moment(92_400))
    #expect(core.inquiries[doubt.trade.key] == nil)
    #expect(core.inquiries.count == 2)
  }

  @Test func `a doubt about another attempt than the known one is asked about anew`() throws {
    var doubt = try Self.doubt()
    var (core, hold) = try Self.asking(doubt, of: 2)
    doubt.trade.attempt = 2
    doubt.attempt?.number = 2
    _ = core.handle(
      .loaded([doubt], hold, statuses: [.inDoubt, .booked], limit: 500), at: Self.moment(92_300))
    #expect(core.inquiries[doubt.trade.key]?.attempt.number == 2)
    #expect(core.inquiries[doubt.trade.key]?.firstNotFound == nil)
  }

  @Test func `a failed settlement that is refused is put before a person, once`() throws {
    var trade = try Self.doubt().trade
    trade.status = .booked
    trade.bookedAt = Self.moment(0).wall
    var watch = try #require(SettlementWatch(trade))
    let now = Self.moment(1_000)
    #expect(
      watch.refused(at: now, settings: Self.settings) == .write(.escalate(attempt: 1)))
    guard case .wait = watch.refused(at: now, settings: Self.settings) else {
      Issue.record("told twice")
      return
    }
  }
}
