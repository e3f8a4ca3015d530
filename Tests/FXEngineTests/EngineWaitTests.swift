import FXDomain
import FXPorts
import Testing

@testable import FXEngine

@Suite struct `What the engine waits for` {
  private typealias Core = `The engine's core`
  private static let trade = TradeKey(1)

  /// Known to the store, with one batch in hand that has a pending trade.
  private static func core(pending: Int = 1) -> EngineCore {
    var core = Core.core()
    var batch = Core.batch
    batch.counts = TradeCounts()
    batch.counts.pending = pending
    let hold = Hold(batch: batch.key, generation: 1)
    _ = core.handle(.pulsed(Installation(id: Identifier(high: 1, low: 2))), at: Core.moment(5))
    _ = core.handle(.claimed([batch], askedAt: Core.moment(5)), at: Core.moment(10))
    _ = core.handle(
      .loaded([], hold, statuses: [.quoting, .booking], limit: 500), at: Core.moment(20))
    return core
  }

  private static func control(_ answer: StatusAnswer) -> EngineInput {
    let deal = ControlDeal(
      trade: TradeKey(7), dealTransactionID: Identifier(high: 9, low: 9),
      bookedAt: Core.moment(0).wall)
    let caller = Caller.control(deal, for: nil, askedAt: Core.moment(25).wall)
    return .statusAnswered(answer, caller, generation: 0)
  }

  @Test func `is the look-up that the bank has not answered, until it does`() throws {
    var core = Self.core()
    #expect(core.wait?.cause == .lookUp)
    #expect(core.wait?.nextTryAt == nil, "it is being asked")
    _ = core.handle(Self.control(.trouble(.timeout)), at: Core.moment(10_030))
    let wait = try #require(core.wait)
    #expect(wait.cause == .lookUp)
    #expect(wait.since == Core.moment(20).wall)
    #expect(wait.lastAnswer == BankTrouble.timeout.failure.message)
    let next = try #require(wait.nextTryAt)
    #expect(next == Core.moment(core.gateRetryAt).wall)
    #expect(wait.sentence.contains("since \(wait.since) (The bank did not answer in time.); "))
    #expect(wait.sentence.hasSuffix("nothing else is booked until it does; next try at \(next)"))

    _ = core.handle(
      Self.control(.found(FoundDeal(status: .completed), BankReceipt())), at: Core.moment(11_000))
    #expect(core.wait == nil)
  }

  static let causes: [(@Sendable (inout EngineCore) -> Void, EngineWait.Cause?, Int64?)] = [
    ({ $0.gate = .open }, nil, nil),
    ({ $0.gate = .soloBusy(trade) }, .canary, nil),
    (
      {
        $0.installation?.killSwitch = KillSwitch(
          engagedAt: Core.moment(0).wall, engagedBy: "thandi", reason: "drill")
      }, .killSwitch, nil
    ),
    (
      { core in
        core.gate = .open
        core.slowUntil = 9_000
      }, .bankSlowsDown, 9_000
    ),
    (
      { core in
        core.gate = .open
        for _ in 1...10 { core.breaker.failed(atUptime: 30, settings: core.settings) }
      }, .bankFails, 5_030
    ),
    (
      { core in
        core.gate = .open
        core.held[Core.batch.key]?.wakeAt = 7_000
      }, .retries, 7_000
    ),
  ]

  @Test(arguments: causes.indices)
  func `is named with the time of the next try`(row: Int) {
    let (change, cause, next) = Self.causes[row]
    var core = Self.core()
    change(&core)
    _ = core.handle(.tick, at: Core.moment(40))
    #expect(core.wait?.cause == cause)
    #expect(core.wait?.nextTryAt == next.map { Core.moment($0).wall })
  }

  @Test func `is the bank's word on doubts where nothing is pending`() throws {
    var core = Self.core(pending: 0)
    #expect(core.wait == nil)
    let doubt = try Core.doubt()
    let hold = Hold(batch: Core.batch.key, generation: 1)
    _ = core.handle(
      .loaded([doubt], hold, statuses: [.inDoubt, .booked], limit: 500), at: Core.moment(30))
    #expect(core.wait?.cause == .doubts)
  }

  @Test func `is told with signs of life once it has lasted`() {
    var core = Self.core()
    func told(at uptime: Int64) -> String?? {
      core.pulseAt = uptime
      core.isPulsing = false
      for case .pulse(_, let waitsFor) in core.handle(.tick, at: Core.moment(uptime)) {
        return .some(waitsFor)
      }
      return nil
    }
    #expect(told(at: 1_500) == .some(nil))
    #expect(told(at: 2_100) == core.wait?.sentence)
    _ = core.handle(.shutDown, at: Core.moment(2_150))
    #expect(told(at: 2_400) == .some(nil))
  }
}
