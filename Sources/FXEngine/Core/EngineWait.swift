import FXDomain
import FXPorts

/// What a node waits for while nothing of its own is under way: why what it holds does not move.
public struct EngineWait: Hashable, Sendable {
  public enum Cause: Hashable, Sendable {
    case killSwitch
    /// Whether the bank looks deals up by our id is being asked, before anything is booked.
    case lookUp
    /// The deal that was booked alone has not been shown by the bank yet.
    case canary
    /// The breaker is open: one call after another has failed.
    case bankFails
    /// The bank asked us to slow down.
    case bankSlowsDown
    /// All that is pending is of clients with a trade in doubt.
    case clientsInDoubt
    /// All that is pending waits for another try.
    case retries
    /// Nothing is pending; the bank is asked about trades in doubt.
    case doubts
    /// Nothing is pending; the bank has not yet said how booked deals ended.
    case settlements
  }

  public let cause: Cause
  public let since: Timestamp
  /// Nil while the bank is being asked, and where only a person can end it.
  public let nextTryAt: Timestamp?
  /// What the bank last answered, in a sentence; nil where that is no trouble.
  public let lastAnswer: String?
  /// `nextTryAt` by the clock that never jumps.
  let nextUptime: Int64?

  /// For persons.
  public var sentence: String {
    var text = "\(words), since \(since)"
    if let lastAnswer { text += " (\(lastAnswer))" }
    switch cause {
    case .lookUp, .canary: text += "; nothing else is booked until it does"
    case .killSwitch, .bankFails, .bankSlowsDown, .clientsInDoubt, .retries, .doubts, .settlements:
      break
    }
    if let nextTryAt { text += "; next try at \(nextTryAt)" }
    return text
  }

  private var words: String {
    switch cause {
    case .killSwitch: "the kill switch is engaged, and nothing is booked"
    case .lookUp: "the bank has not answered the question whether it looks deals up by our id"
    case .canary:
      "the bank has not yet shown the deal that was booked alone, to see whether it looks deals up "
        + "by our id"
    case .bankFails: "the bank's calls fail one after another, and no new one is made"
    case .bankSlowsDown: "the bank asked us to slow down"
    case .clientsInDoubt:
      "what is pending is of clients with a trade in doubt, which the bank is asked about"
    case .retries: "what is pending waits for another try after a passing fault"
    case .doubts: "the bank is asked about trades that are in doubt"
    case .settlements: "the bank has not said how booked deals ended"
    }
  }
}

extension EngineCore {
  /// Finds out anew what this node waits for. The same cause keeps its beginning.
  mutating func noteWait(at now: Moment) {
    guard let (cause, due) = causeOfWait(at: now) else {
      wait = nil
      return
    }
    let lastAnswer = cause.asksBank ? lastTrouble : nil
    let next = due.flatMap { $0 > now.uptime && $0 < .max ? $0 : nil }
    let isSame =
      wait?.cause == cause && wait?.nextUptime == next && wait?.lastAnswer == lastAnswer
    guard !isSame else { return }
    wait = EngineWait(
      cause: cause, since: wait?.cause == cause ? wait?.since ?? now.wall : now.wall,
      nextTryAt: next.map { now.wall.advanced(byMilliseconds: $0 - now.uptime) },
      lastAnswer: lastAnswer, nextUptime: next)
  }

  /// What is told of it in signs of life: what has lasted, for every change of it is written.
  func lastingWait(at now: Moment) -> String? {
    guard !isStopping, let wait,
      now.wall.milliseconds(since: wait.since) >= EngineBounds.toldWaitMilliseconds
    else { return nil }
    return wait.sentence
  }

  /// Nil while anything is quoted or booked, or nothing is held.
  private func causeOfWait(at now: Moment) -> (EngineWait.Cause, next: Int64?)? {
    guard !isStopping, runs.isEmpty, held.values.allSatisfy({ $0.promised == 0 }) else {
      return nil
    }
    let ready = held.values.filter { $0.mayTake(atUptime: .max) }
    let question = inquiriesOut.isEmpty ? inquiriesDue.min?.uptime : nil
    let poll = pollsOut == 0 ? pollsDue.min.map { max($0.uptime, blockedUntil) } : nil
    guard !ready.isEmpty else {
      if !inquiries.isEmpty { return (.doubts, question) }
      return watches.isEmpty ? nil : (.settlements, poll)
    }
    if installation?.killSwitch != nil { return (.killSwitch, nil) }
    switch gate {
    case .asking: return (.lookUp, gateRetryAt)
    case .soloBusy(let canary):
      return (.canary, inquiries[canary] == nil ? poll : question)
    case .solo, .open, .blind: break
    }
    if slowUntil > now.uptime { return (.bankSlowsDown, slowUntil) }
    if !breaker.isClosed(atUptime: now.uptime) { return (.bankFails, breaker.reopening) }
    guard let wake = ready.map(\.wakeAt).min(), wake > now.uptime else { return nil }
    if ready.allSatisfy(\.waitsForBlockedClients), !inquiries.isEmpty {
      return (.clientsInDoubt, question)
    }
    return (.retries, wake)
  }
}

extension EngineWait.Cause {
  /// Whether it lasts until the bank answers.
  fileprivate var asksBank: Bool {
    switch self {
    case .lookUp, .canary, .bankFails, .bankSlowsDown, .clientsInDoubt, .doubts, .settlements:
      true
    case .killSwitch, .retries: false
    }
  }
}
