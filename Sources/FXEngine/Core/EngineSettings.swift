import FXDomain
import FXPorts

/// A point of time by both clocks: durations are measured by the one that never jumps.
public struct Moment: Hashable, Sendable {
  /// Milliseconds on a clock that runs while the machine is suspended and is never set.
  public var uptime: Int64
  /// By the wall clock, in UTC.
  public var wall: Timestamp

  public init(uptime: Int64, wall: Timestamp) {
    self.uptime = uptime
    self.wall = wall
  }

  public func advanced(byMilliseconds delta: Int64) -> Moment {
    Moment(uptime: uptime + delta, wall: wall.advanced(byMilliseconds: delta))
  }
}

/// What the engine is told at its start.
public struct EngineSettings: Sendable {
  public var node: NodeID
  public var bank: BankIdentity
  public var leaseMilliseconds: Int64 = 300_000
  public var bankTimeoutMilliseconds: Int64 = 10_000
  public var quoteSafetyMilliseconds: Int64 = 1_000
  public var statusPollMilliseconds: Int64 = 1_000
  public var proof = ProofRules()
  /// A doubt that lasts longer is put before a person.
  public var escalationMilliseconds: Int64 = 300_000
  /// A booked deal without a final status for longer is put before a person.
  public var unconfirmedMilliseconds: Int64 = 86_400_000
  public var maxRunningBatches = 16
  public var maxRequestsPerSecond = 50
  public var maxConnections = 64
  /// The bank's reason codes that mean "not booked".
  public var definiteRefusals: Set<String> = ["VALIDATION", "RATE_MISMATCH", "BUSINESS"]
  /// Reason codes of quote calls that are worth another try.
  public var passingRefusals: Set<String> = ["INTERNAL"]
  public var breakerFailures = 10
  public var breakerPauseMilliseconds: Int64 = 5_000
  public var collarBasisPoints: Int? = 500
  /// By which the store looks at a trade once more before it is booked.
  public var rules = DeskRules()
  /// An OTC rate older than this prices nothing.
  public var otcRateAgeMilliseconds: Int64 = 86_400_000
  public var valueDates = ValueDates()
  public var cutOffs = CutOffs.none
  public var deskClock = DeskClock.johannesburg
  /// No other engine can run on this store: open calls of a predecessor are known to be dead.
  public var isSoleEngine = true
  /// Only these batches are worked on, where given.
  public var only: Set<BatchKey>?
  /// When this process opened the store, by the store's clock: what is older may have been restored.
  /// Nil where nobody can restore it.
  public var knowsHistorySince: Timestamp?
  /// Where jitter comes from.
  public var seed: UInt64 = 0

  public init(node: NodeID, bank: BankIdentity) {
    self.node = node
    self.bank = bank
  }

  /// Status queries of booked trades under way at once: a quarter of the connections, and 16 at
  /// least.
  var concurrentPolls: Int { max(EngineBounds.leastConcurrentPolls, maxConnections / 4) }

  /// Everything that is wrong with these settings, in full sentences.
  public var problems: [String] {
    var problems: [String] = []
    if leaseMilliseconds < 2 * bankTimeoutMilliseconds + 1_000 {
      problems.append(
        "The lease of \(leaseMilliseconds) ms must be at least twice the bank time-out plus one "
          + "second, \(2 * bankTimeoutMilliseconds + 1_000) ms.")
    }
    if bankTimeoutMilliseconds < 1 { problems.append("The bank time-out must be above 0.") }
    if maxRunningBatches < 1 { problems.append("At least one batch must be able to run.") }
    if maxRequestsPerSecond < 1 { problems.append("The bank's request limit must be above 0.") }
    if maxConnections < 1 { problems.append("The bank's connection limit must be above 0.") }
    func require(_ value: Int64, atLeast least: Int64, _ what: String) {
      if value < least { problems.append("\(what) must be at least \(least) ms.") }
    }
    require(statusPollMilliseconds, atLeast: 1, "The distance of status queries")
    require(quoteSafetyMilliseconds, atLeast: 0, "The safety before a quote's end")
    require(proof.doubtMarginMilliseconds, atLeast: 1, "The doubt margin")
    require(proof.spacingMilliseconds, atLeast: 1, "The distance of two questions about a doubt")
    require(proof.controlAgeMilliseconds, atLeast: 1, "The age of a positive control")
    require(escalationMilliseconds, atLeast: 1, "The time to a doubt's escalation")
    require(unconfirmedMilliseconds, atLeast: 1, "The time to an unconfirmed deal's escalation")
    require(breakerPauseMilliseconds, atLeast: 1, "The circuit breaker's pause")
    if breakerFailures < 1 { problems.append("The circuit breaker must allow a first failure.") }
    return problems
  }

  /// A delay that doubles with each try, up to a bound, shortened by up to a quarter by chance, so
  /// that trades which failed together do not come back together.
  public func backoff(
    first: Int64, greatest: Int64, tries: Int, of trade: TradeKey
  ) -> Int64 {
    let full = min(greatest, first << Int64(min(tries, 16)))
    var mixed = seed ^ UInt64(bitPattern: trade.value) &* 0x9e37_79b9_7f4a_7c15
    mixed = (mixed ^ UInt64(tries)) &* 0xbf58_476d_1ce4_e5b9
    mixed ^= mixed >> 31
    return full - Int64(mixed % UInt64(full / 4 + 1))
  }
}
