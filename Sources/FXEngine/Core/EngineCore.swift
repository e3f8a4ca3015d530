import FXDomain
import FXPorts
import HeapModule

/// The engine as a pure machine: inputs go in, actions come out. It reads no clock, draws no chance
/// and performs nothing, so a whole installation can be run from one seed.
public struct EngineCore: Sendable {
  public let settings: EngineSettings
  /// The digest of a booking request, for the intent's record.
  let digest: @Sendable (BookingOrder) -> [UInt8]

  var installation: Installation?
  var gate = CanaryGate.asking
  var gateRetryAt = Int64.max
  var gateTries = 0
  var breaker = CircuitBreaker()
  var budget: RequestBudget
  /// The bank asked us to slow down until then.
  var slowUntil = Int64.min
  /// The bank's clock minus ours, as last seen.
  var skewMilliseconds: Int64 = 0
  /// What came of the last call without money, in a sentence; nil when the bank answered it.
  var lastTrouble: String?
  /// What this node waits for; nil while something moves, or nothing is held.
  public internal(set) var wait: EngineWait?

  var held: [BatchKey: HeldBatch] = [:]
  var runs: [TradeKey: TradeRun] = [:]
  var inquiries: [TradeKey: DoubtInquiry] = [:]
  var watches: [TradeKey: SettlementWatch] = [:]
  /// Trades in doubt by evidence alone: without an attempt there is nothing to ask the bank for.
  var personsDoubts: Set<TradeKey> = []
  var batchOf: [TradeKey: BatchKey] = [:]
  /// When inquiries and watches are due; entries that no longer agree with `dueAt` are skipped.
  var inquiriesDue = Heap<Due>()
  var pollsDue = Heap<Due>()
  var dueAt: [TradeKey: Int64] = [:]
  var controls: [ControlAnswer] = []
  var pollsOut = 0
  var inquiriesOut: Set<TradeKey> = []
  var writesOut = 0

  var turns = 0
  var isClaiming = false
  var claimAt = Int64.min
  var isPulsing = false
  /// The store has taken this node's first sign of life; nothing is claimed before.
  var isKnown = false
  /// What the last sign of life said of the kill switch.
  var hasConfirmed = false
  var pulseAt = Int64.min
  var sealAt: Int64
  var isStopping = false
  var isReleasing = false
  public private(set) var isFinished = false

  var actions: [EngineAction] = []

  public init(
    settings: EngineSettings, at now: Moment,
    digest: @escaping @Sendable (BookingOrder) -> [UInt8]
  ) {
    self.settings = settings
    self.digest = digest
    self.budget = RequestBudget(
      requestsPerSecond: settings.maxRequestsPerSecond, atUptime: now.uptime)
    self.sealAt = now.uptime + EngineBounds.sealMilliseconds
  }

  /// Takes one input and answers with everything that is to be done now.
  public mutating func handle(_ input: EngineInput, at now: Moment) -> [EngineAction] {
    handle(CollectionOfOne(input), at: now)
  }

  /// Takes inputs that came together, in their order.
  public mutating func handle(
    _ inputs: some Sequence<EngineInput>, at now: Moment
  ) -> [EngineAction] {
    guard !isFinished else { return [] }
    for input in inputs { take(in: input, at: now) }
    pump(at: now)
    defer { actions.removeAll(keepingCapacity: true) }
    return actions
  }

  private mutating func take(in input: EngineInput, at now: Moment) {
    switch input {
    case .begin(let installation): begin(installation)
    case .tick: break
    case .nudge:
      claimAt = now.uptime
      refreshAll(at: now)
    case .pulsed(let installation): pulsed(installation, at: now)
    case .claimed(let batches, let askedAt): claimed(batches, askedAt: askedAt, at: now)
    case .renewed(let batches, let holds, let askedAt):
      renewed(batches, of: holds, askedAt: askedAt, at: now)
    case .released: released()
    case .taken(let answer, let request): taken(answer, of: request, at: now)
    case .loaded(let trades, let hold, let statuses, let limit):
      loaded(trades, hold, statuses: statuses, limit: limit, at: now)
    case .swept(let left, let hold): swept(left: left, hold, at: now)
    case .stepped(let result, let caller, let generation):
      writesOut -= 1
      stepped(result, caller, generation: generation, at: now)
    case .evidenceWritten(let caller, let generation):
      writesOut -= 1
      witnessed(caller, generation: generation, at: now)
    case .evidenceRead(let trade, let evidence, let generation):
      evidenceRead(trade, evidence, generation: generation, at: now)
    case .controlFound(let deal, let trade): controlFound(deal, for: trade, at: now)
    case .quoteCreated(let answer, let trade, let generation):
      observe(answer, at: now)
      advance(trade, generation, at: now) { run, _, settings in
        run.quoteCreated(answer, at: now, settings: settings)
      }
    case .rateQuoted(let answer, let trade, let generation):
      observe(answer, at: now)
      advance(trade, generation, at: now) { run, look, settings in
        run.rateQuoted(answer, look: look, at: now, settings: settings)
      }
    case .booked(let answer, let trade, let generation):
      observe(answer, at: now)
      advance(trade, generation, at: now) { run, _, settings in
        run.bookingAnswered(answer, at: now, settings: settings)
      }
    case .statusAnswered(let answer, let caller, let generation):
      observe(answer, at: now)
      statusAnswered(answer, caller, generation: generation, at: now)
    case .shutDown: isStopping = true
    }
  }

  private mutating func begin(_ installation: Installation) {
    self.installation = installation
    actions.append(.report(.started))
    askForControl()
  }

  /// Everything that the passing of time or the last input made possible.
  private mutating func pump(at now: Moment) {
    guard installation != nil else { return }
    budget.refill(atUptime: now.uptime)
    dropExpired(at: now)
    pulse(at: now)
    if isStopping { return stop() }
    maintain(at: now)
    askDue(at: now)
    adoptUnwatched()
    sweepFlagged()
    takeTrades(at: now)
    noteWait(at: now)
  }

  /// When `tick` is wanted, on the clock that never jumps.
  public var nextWake: Int64 {
    var wake = isPulsing ? Int64.max : pulseAt
    if isStopping { return held.values.reduce(wake) { min($0, $1.validUntil) } }
    wake = min(wake, isClaiming || !isKnown ? .max : claimAt, sealAt, gateRetryAt)
    // Where no place is free, the answer that frees one is input enough.
    if inquiriesOut.count < EngineBounds.concurrentInquiries, let first = inquiriesDue.min {
      wake = min(wake, first.uptime)
    }
    if pollsOut < settings.concurrentPolls, let first = pollsDue.min {
      wake = min(wake, max(first.uptime, blockedUntil))
    }
    let hasPlaces = freePlaces > 0 && installation?.killSwitch == nil
    for batch in held.values {
      wake = min(wake, batch.isRenewing ? batch.validUntil : batch.renewAt)
      if hasPlaces, batch.mayTake(atUptime: .max) {
        wake = min(wake, max(batch.wakeAt, blockedUntil))
      }
    }
    return wake
  }

  /// Before this moment no new work may go to the bank.
  var blockedUntil: Int64 {
    max(
      slowUntil, budget.uptime(whenHaving: EngineCore.requestsPerTrade),
      breaker.reopening ?? .min)
  }

  /// CreateQuote, GetLatestQuote, BookQuotedDeal.
  static let requestsPerTrade = 3

  /// A graceful end: what the store was asked for is taken in, calls that are out are finished and
  /// written, then all holds are released.
  private mutating func stop() {
    guard runs.isEmpty, writesOut == 0, !isReleasing, !isClaiming,
      held.values.allSatisfy({ $0.promised == 0 })
    else { return }
    if held.isEmpty { return finish() }
    isReleasing = true
    actions.append(.release(held.values.map(\.hold).sorted { $0.batch < $1.batch }))
  }

  private mutating func released() {
    held.removeAll()
    finish()
  }

  private mutating func finish() {
    isFinished = true
    actions.append(.seal)
    actions.append(.finish)
  }

  // MARK: What is seen of the bank

  private mutating func observe<Content>(_ answer: BankAnswer<Content>, at now: Moment) {
    switch answer {
    case .success(_, let receipt): reached(receipt)
    case .refused(let refusal, let receipt): reached(receipt, refusal)
    case .trouble(let trouble): troubled(trouble, at: now)
    }
  }

  private mutating func observe(_ answer: StatusAnswer, at now: Moment) {
    switch answer {
    case .found(_, let receipt), .notFound(let receipt): reached(receipt)
    case .refused(let refusal, let receipt): reached(receipt, refusal)
    case .trouble(let trouble): troubled(trouble, at: now)
    }
  }

  /// A booking call counts for no breaker, and its wish that we slow down is heard all the same.
  private mutating func observe(_ answer: BookingAnswer, at now: Moment) {
    switch answer {
    case .notSent(let trouble), .unclear(let trouble, _): slowDown(for: trouble, at: now)
    case .accepted(let receipt), .refused(_, let receipt): compareClocks(receipt)
    }
  }

  private mutating func reached(_ receipt: BankReceipt, _ refusal: BankRefusal? = nil) {
    breaker.succeeded()
    lastTrouble = refusal.map { "The bank refused the call: \($0.reasonCode), \($0.message)" }
    compareClocks(receipt)
  }

  /// Only the bank's own answers count: the clock of something on the way says nothing.
  private mutating func compareClocks(_ receipt: BankReceipt) {
    if let skew = receipt.clockSkewMilliseconds { skewMilliseconds = skew }
  }

  private mutating func slowDown(for trouble: BankTrouble, at now: Moment) {
    guard case .rateLimited(let retryAfter) = trouble else { return }
    let pause = min(
      retryAfter ?? EngineBounds.assumedRetryMilliseconds, EngineBounds.greatestRetryMilliseconds)
    slowUntil = max(slowUntil, now.uptime + pause)
  }

  private mutating func troubled(_ trouble: BankTrouble, at now: Moment) {
    slowDown(for: trouble, at: now)
    lastTrouble = trouble.failure.message
    let wasClosed = !breaker.isTrying
    breaker.failed(atUptime: now.uptime, settings: settings)
    if wasClosed, breaker.isTrying { actions.append(.report(.breakerOpened)) }
  }

  func lastLook(for batch: BatchKey) -> LastLook {
    LastLook(
      killSwitchEngaged: installation?.killSwitch != nil,
      leaseUntilUptime: held[batch]?.validUntil ?? .min,
      bankClockSkewMilliseconds: skewMilliseconds, digest: digest)
  }
}

/// When an inquiry or a watch comes up.
struct Due: Comparable, Sendable {
  var uptime: Int64
  var trade: TradeKey

  static func < (left: Due, right: Due) -> Bool {
    (left.uptime, left.trade) < (right.uptime, right.trade)
  }
}
