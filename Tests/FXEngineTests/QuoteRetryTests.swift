import FXDomain
import FXEngine
import FXPorts
import Testing

@Suite struct `A quote that failed` {
  private static let policy = BatchPolicy(
    retries: QuoteRetries(
      transient: RetryRule(
        tries: 3, firstDelayMilliseconds: 1_000, greatestDelayMilliseconds: 1_500),
      permanent: RetryRule(tries: 1),
      rule: RetryRule(tries: 2, firstDelayMilliseconds: 60, greatestDelayMilliseconds: 60)),
    minimumMargin: Pips(rateUnits: 1_000_000_000))

  private static let now = `The engine's core`.moment(1_000)
  private static let settings = `The engine's core`.settings

  /// A trade of which so many quotes have failed, and whose next one is asked for.
  private static func run(quoteTries: Int, roundAttempts: Int = 0) throws -> TradeRun {
    var taken = try `The engine's core`.run(
      earlierAttempts: [], roundAttempts: roundAttempts
    ).taken
    taken.trade.quoteTries = quoteTries
    var batch = `The engine's core`.batch
    batch.policy = policy
    return TradeRun(
      taken: taken, batch: batch, installation: Installation(id: Identifier(high: 1, low: 2)),
      isCanary: false)
  }

  private static func begun(quoteTries: Int) throws -> TradeRun {
    var run = try run(quoteTries: quoteTries)
    guard case .createQuote = run.begin(at: now, settings: settings) else {
      Issue.record("no quote was asked for")
      return run
    }
    return run
  }

  /// After how many milliseconds it is tried again, for what; nil for never.
  private static func again(_ action: TradeRun.Action) -> (delay: Int64?, code: FailureCode?) {
    switch action {
    case .write(.deferQuote(let failure, let notBefore)):
      (notBefore?.milliseconds(since: now.wall), failure?.code)
    case .write(.refuseQuote(let failure)): (nil, failure.code)
    case .write, .ask, .createQuote, .latestQuote, .book, .witness, .leave: (-1, nil)
    }
  }

  @Test(arguments: [(0, Int64(750)...1_000), (1, 1_125...1_500), (2, nil), (7, nil)])
  func `for a passing fault is tried again by its own rule`(
    tries: Int, delay: ClosedRange<Int64>?
  ) throws {
    var run = try Self.begun(quoteTries: tries)
    let outcome = Self.again(
      run.quoteCreated(.trouble(.timeout), at: Self.now, settings: Self.settings))
    #expect(outcome.code == .bankTimeout)
    #expect(outcome.delay.map { delay?.contains($0) == true } ?? (delay == nil))
  }

  @Test func `for the bank's word is not tried again`() throws {
    var run = try Self.begun(quoteTries: 0)
    let refusal = BankRefusal(reasonCode: "VALIDATION", message: "no")
    let outcome = Self.again(
      run.quoteCreated(
        .refused(refusal, BankReceipt()), at: Self.now, settings: Self.settings))
    #expect(outcome.code == .quoteRefused)
    #expect(outcome.delay == nil)
  }

  @Test(arguments: [(0, true), (1, false)])
  func `for the desk's rate check is quoted anew, as often as its rule says`(
    tries: Int, isAgain: Bool
  ) throws {
    var run = try Self.begun(quoteTries: tries)
    _ = run.quoteCreated(`The engine's core`.created, at: Self.now, settings: Self.settings)
    let look = LastLook(
      killSwitchEngaged: false, leaseUntilUptime: 300_000, bankClockSkewMilliseconds: 0
    ) { _ in [] }
    let outcome = Self.again(
      run.rateQuoted(
        try `The engine's core`.rated, look: look, at: Self.now, settings: Self.settings))
    #expect(outcome.code == .rateCheck)
    #expect((outcome.delay != nil) == isAgain)
    if let delay = outcome.delay { #expect((45...60).contains(delay)) }
  }

  @Test func `leaves the attempts to book as they are`() throws {
    var run = try Self.run(quoteTries: 0, roundAttempts: Self.policy.maxAttempts)
    let outcome = Self.again(run.begin(at: Self.now, settings: Self.settings))
    #expect(outcome.code == .attemptsExhausted)
    #expect(outcome.delay == nil)
  }
}
