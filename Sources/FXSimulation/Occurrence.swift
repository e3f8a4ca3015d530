/// The kinds of things that must happen, and often, before many worlds without a violation mean
/// anything.
public enum Occurrence: String, Hashable, Sendable, CaseIterable {
  // What befalls nodes.
  case crash = "a node crashed"
  case crashBeforeCall = "crash between the intent and its call"
  case crashDuringCall = "crash while the call is out"
  case crashBeforeOutcome = "crash between the bank's answer and its record"
  case crashAfterCommit = "crash after a commit that its node never hears of"
  case standstill = "a node stood still"
  case standstillBeforeCall = "a node stood still between intent and call"
  case gracefulStop = "a node was stopped and ended in good order"
  case takeOver = "a batch taken over from another node"
  case zombie = "a node woke up and acted under a hold that had passed on"
  case zombieCall = "a booking call left under a hold that had passed on"
  case fencedWrite = "a fenced node's write refused"
  case witness = "a fenced node's answer kept as evidence"

  // What befalls booking calls.
  case lostBefore = "a booking lost on its way to the bank"
  case lostAfter = "a booking's answer lost"
  case late = "a booking that reached the bank after its sender's time-out"
  case broken = "a booking answered by a 5xx"
  case quoteExpired = "a booking under an expired quote, refused"
  case quoteTooOld = "a call not made, its quote about to expire"
  case definiteRefusal = "a definite refusal"
  case unlistedRefusal = "a refusal on no list"
  case settlementFailed = "a deal that failed to settle"

  // What persons do.
  case pause = "a pause"
  case priority = "a change of priority"
  case cancel = "a cancel"
  case cancelWithCallOut = "a cancel while a trade of the batch is booking"
  case retry = "a retry of failed trades"
  case killSwitch = "the kill switch engaged"
  case killSwitchWithCallOut = "the kill switch engaged while a trade is booking"

  // What batches do by themselves.
  case policyPause = "a batch paused by its policy"
  case policyCancel = "a batch cancelled by its policy"
  case policyResumed = "a person let a batch go on that its policy had paused"

  // How limits answer.
  case startRefused = "a start or a retry that a limit or an allowance refused"
  case bookingBeyondLimit = "a booking refused by a limit that was lowered since its start"

  // How the protocol answers.
  case booking = "a booking"
  case clientBlocked = "a trade that waited for its client's doubt"
  case canaryAlone = "a trade that waited for the canary"
  case doubt = "a doubt"
  case doubtFound = "a doubt ended by the bank's word or a witness"
  case doubtFoundByBankID = "a doubt's deal found by the bank's own id"
  case doubtDisproven = "a doubt ended by proof that nothing was booked"
  case doubtByPerson = "a doubt ended by a person"
  case escalation = "a doubt put before a person"
  case secondAttempt = "a second attempt"
  case attemptsExhausted = "a trade out of attempts"
  case blindBank = "a bank found to look nothing up"
  case forgottenDeal = "a deal asked for that the bank had forgotten"
  case rollBack = "a store that lost what it had acknowledged"
  case rolledBackDeal = "a deal found by its computed id after a roll-back"
}

/// How often each kind of thing happened.
public struct Occurrences: Hashable, Sendable {
  private var counts = Array(repeating: 0, count: Occurrence.allCases.count)

  public init() {}

  public subscript(kind: Occurrence) -> Int {
    get { counts[Self.place[kind, default: 0]] }
    set { counts[Self.place[kind, default: 0]] = newValue }
  }

  public mutating func add(_ others: Occurrences) {
    for index in counts.indices { counts[index] += others.counts[index] }
  }

  /// What happened less than so often.
  public func rarer(than least: Int) -> [Occurrence] {
    Occurrence.allCases.filter { self[$0] < least }
  }

  private static let place = Dictionary(
    uniqueKeysWithValues: Occurrence.allCases.enumerated().map { ($1, $0) })
}
