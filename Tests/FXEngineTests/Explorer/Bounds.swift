import FXDomain
import FXEngine
import FXPorts

/// How the model bank behaves.
struct BankHabits: Hashable, Sendable {
  enum Forgetting: Hashable, Sendable { case never, oldestFirst, newestFirst }

  /// False: its status query answers `NOT_FOUND` to everything.
  var looksUp = true
  /// Ticks until its status query shows a deal.
  var lag = 1
  /// Ticks that it may work on a request that it has accepted.
  var work = 1
  var sendsDate = true
  /// It may refuse a booking with a reason that means "not booked".
  var refuses = false
  /// It may settle a deal before we know that it is booked.
  var settlesEarly = false
  /// A deal may fail to settle.
  var settlementFails = false
  var forgetting = Forgetting.never
}

/// A bug that the world puts between the real pieces. Production code knows none of them.
enum Mutation: String, CaseIterable, Sendable {
  /// Every proof is given a fresh control that nobody has found.
  case noPositiveControl
  /// A control counts as asked for just now, though it was before the first `NOT_FOUND`.
  case earlyControl
  /// A question counts as asked, by both clocks, long after it was.
  case earlyNotFoundBelieved
  /// A write carries the present generation instead of its node's.
  case noGenerationCheck
  /// A layer below sends the booking call twice.
  case callRepeated
  /// The call leaves before its intent is durable.
  case intentAfterCall
  /// The deal transaction id is drawn by chance.
  case randomID
  /// A cancel ends a trade that is past its intent.
  case cancelAfterIntent
  /// The trade is committed before the batch's counts are.
  case countsOutside
}

/// What a search looks for.
enum Promise: Hashable, Sendable {
  case everything
  /// Only that the bank has no two deals of one trade.
  case oneDeal
}

/// What one exploration lets happen, and how often.
struct Bounds: Sendable, CustomStringConvertible {
  var name: String
  var bank = BankHabits()
  /// A deal booked earlier, for the positive control.
  var hasControl = true
  /// A node may ask for the control deal before it has any doubt, as at its start.
  var asksForControlFirst = false
  var crashes = 0
  /// Ticks that may pass while a node that is not frozen has something to do, over all.
  var delays = 0
  var mayCancel = false
  var mayPause = false
  var mayKill = false
  var retries = 0
  var rollBacks = 0
  var mutation: Mutation?
  var promise = Promise.everything

  init(_ name: String, _ change: (inout Bounds) -> Void = { _ in }) {
    self.name = name
    change(&self)
  }

  var description: String { name }
}

/// The scale of the world: one tick is one second.
enum Scale {
  static let tick: Int64 = 1_000
  static let quoteLife: Int64 = 1
  static let lease: Int64 = 2
  /// The bank's work and lag together may be one tick more: a question must begin after the margin,
  /// and time goes in whole ticks.
  static let margin: Int64 = 1
  static let spacing: Int64 = 1
  static let controlAge: Int64 = 2
  /// Ten o'clock UTC on a business day.
  static let start = Timestamp(milliseconds: 1_782_900_000_000)
  static let bank = BankIdentity("model bank")
  static let installation = Identifier(high: 0x4000, low: 1 << 63)

  static let settings: EngineSettings = {
    var settings = EngineSettings(node: NodeID("any"), bank: bank)
    settings.leaseMilliseconds = lease * tick
    // With the margin of the lease it stays below one tick.
    settings.bankTimeoutMilliseconds = 400
    settings.quoteSafetyMilliseconds = 500
    settings.proof = ProofRules(
      doubtMarginMilliseconds: margin * tick, spacingMilliseconds: spacing * tick,
      controlAgeMilliseconds: controlAge * tick)
    settings.escalationMilliseconds = 0
    settings.unconfirmedMilliseconds = .max / 4
    settings.isSoleEngine = false
    return settings
  }()
}
