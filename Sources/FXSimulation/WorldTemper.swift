/// What may go wrong beside the bank, and how large the world is.
public struct WorldTemper: Sendable {
  public var bank = BankTemper()
  public var nodes = 2
  public var batches = 3
  public var tradesPerBatch = 8
  public var clients = 6
  /// Crashes of nodes within the first half of the faults' time.
  public var crashes = 3
  /// Times that a node is stopped in good order.
  public var stops = 1
  /// Times that a node stands still, long enough to lose its leases.
  public var freezes = 1
  /// In thousandths, for each action of a node: it crashes or stands still right before or after.
  public var strikePerMille = 2
  /// The same for an intent, a booking call and its outcome.
  public var strikeAtCallPerMille = 30
  /// Commands by persons: pause, cancel, priority, retry, the kill switch.
  public var commands = 4
  /// Batches pause or cancel on failures, tolerate some, and quote anew, each in its own way.
  public var hasPolicies = false
  /// Batches are started by persons, under limits and an allowance that leave no room for all.
  public var hasLimits = false
  /// Times that the store loses what it has acknowledged.
  public var rollBacks = 0
  public var leaseMilliseconds: Int64 = 30_000
  public var bankTimeoutMilliseconds: Int64 = 5_000
  public var doubtMarginMilliseconds: Int64 = 25_000
  public var unconfirmedMilliseconds: Int64 = 600_000
  /// Faults and commands happen before this.
  public var faultsUntil: Int64 = 60_000
  /// The world ends here, whatever is still open.
  public var endsAt: Int64 = 900_000
  public var planted: PlantedBug?

  public init() {}

  /// A world in which nothing goes wrong.
  public static var calm: WorldTemper {
    var temper = WorldTemper()
    temper.bank = .calm
    temper.crashes = 0
    temper.stops = 0
    temper.freezes = 0
    temper.strikePerMille = 0
    temper.strikeAtCallPerMille = 0
    temper.commands = 0
    return temper
  }
}

/// What many worlds have in common.
public enum WorldPlan: String, CaseIterable, Sendable {
  /// Crashes, standstills, losses, delays, refusals, commands.
  case faults
  /// The same, with a bank that looks no deal up by our id.
  case blind
  /// The same, with a bank whose status query lags, that works on a request for a while, whose
  /// clock is off, and that forgets: all within the doubt margin.
  case lagging
  /// The same, with a store that loses what it has acknowledged.
  case rolledBack = "rolled-back"
  /// The same, with batches that pause or cancel on failures, and quote anew, each in its own way.
  case policies
  /// The same, with limits and an allowance, under which not everything can be started.
  case limits

  public func temper(seed: UInt64) -> WorldTemper {
    var chance = Chance(seed: ~seed)
    var temper = WorldTemper()
    // Nothing rests on the bank's refusing a quote that was used.
    temper.bank.refusesUsedQuotes = chance.happens(perMille: 500)
    temper.bank.quoteLifeMilliseconds = chance.pick(8_000...40_000)
    switch self {
    case .faults: break
    case .blind: temper.bank.isBlind = true
    case .lagging:
      temper.bank.statusLagMilliseconds = chance.pick(0...9_000)
      temper.bank.workMilliseconds = 0...chance.pick(0...8_000)
      temper.bank.clockSkewMilliseconds = chance.pick(-5_000...5_000)
      temper.bank.remembersMilliseconds = chance.pick(20_000...200_000)
      temper.bank.lostAfterPerMille = 80
    case .rolledBack:
      temper.rollBacks = 1
      temper.bank.lostAfterPerMille = 50
    case .policies: temper.hasPolicies = true
    case .limits: temper.hasLimits = true
    }
    return temper
  }
}

/// A bug that the world puts between the real engine and its surroundings. Production code knows
/// none of them.
public enum PlantedBug: String, CaseIterable, Sendable {
  /// A control counts as found, whatever the bank answers.
  case noPositiveControl = "no-positive-control"
  /// A `NOT_FOUND` counts as if the quote had expired long ago.
  case earlyNotFoundBelieved = "early-not-found-believed"
  /// A write carries the present generation instead of its node's.
  case noGenerationCheck = "no-generation-check"
  /// A layer below makes the booking call twice.
  case callRepeated = "call-repeated"
  /// The call leaves before its intent is durable.
  case intentAfterCall = "intent-after-call"
  /// The deal transaction id is drawn by chance, so that nobody can compute it after a lost commit.
  case randomIDAfterLostCommit = "random-id-after-lost-commit"
  /// A cancel ends trades that are past their intent.
  case cancelAfterIntent = "cancel-after-intent"
  /// A trade is committed before the counts of its batch are.
  case countOutsideTransaction = "count-outside-transaction"

  /// A world of the kind in which the bug does harm.
  public func temper(seed: UInt64) -> WorldTemper {
    var temper: WorldTemper
    switch self {
    case .noPositiveControl: temper = WorldPlan.blind.temper(seed: seed)
    case .randomIDAfterLostCommit: temper = WorldPlan.rolledBack.temper(seed: seed)
    case .earlyNotFoundBelieved:
      temper = WorldPlan.faults.temper(seed: seed)
      temper.bank.latePerMille = 100
      temper.bank.lateMilliseconds = 30_000
      temper.bank.quoteLifeMilliseconds = 40_000
    case .callRepeated:
      temper = WorldPlan.faults.temper(seed: seed)
      temper.bank.refusesUsedQuotes = false
    case .noGenerationCheck:
      temper = WorldPlan.faults.temper(seed: seed)
      temper.freezes = 3
      temper.strikePerMille = 5
      temper.bank.lostAfterPerMille = 300
    case .intentAfterCall, .cancelAfterIntent, .countOutsideTransaction:
      temper = WorldPlan.faults.temper(seed: seed)
    }
    temper.planted = self
    return temper
  }
}
