import FXPorts
import Synchronization

/// Keeps one token for all callers: whoever finds it missing or near its end fetches, all others wait
/// for that fetch and share what came of it.
final class TokenKeeper: Sendable {
  typealias Outcome = Result<Secret, BankTrouble>
  typealias Fetch = @Sendable (_ refreshToken: Secret?) async -> Result<Grant, BankTrouble>

  private struct State {
    var token = TokenState()
    /// Resumed with nil to ask again.
    var waiting: [Int: CheckedContinuation<Outcome?, Never>] = [:]
    var nextWaiter = 0
  }

  private let state = Mutex(State())
  private let fetch: Fetch
  private let now: @Sendable () -> ContinuousClock.Instant

  /// - Parameter now: on a clock that runs while the machine sleeps, since tokens age meanwhile.
  init(now: @escaping @Sendable () -> ContinuousClock.Instant, fetch: @escaping Fetch) {
    self.now = now
    self.fetch = fetch
  }

  /// How many callers wait for somebody else's fetch.
  var waitingCount: Int { state.withLock { $0.waiting.count } }

  func discard(_ stale: Secret) { state.withLock { $0.token.discard(stale) } }

  /// A token, fetched if need be. Ends early when the caller's task is cancelled; then another caller
  /// takes over the fetch.
  func token(replacing stale: Secret? = nil) async -> Outcome {
    while !Task.isCancelled {
      switch state.withLock({ $0.token.ask(replacing: stale, now: now()) }) {
      case .use(let token): return .success(token)
      case .fetch(let refreshToken): return await lead(refreshToken)
      case .wait: if let outcome = await follow() { return outcome }
      }
    }
    return .failure(.notSent("no token: the call was cancelled"))
  }

  private func lead(_ refreshToken: Secret?) async -> Outcome {
    let asked = now()
    let result = await fetch(refreshToken)
    let wasCancelled = Task.isCancelled
    let (waiting, outcome) = state.withLock { state in
      let outcome: Outcome
      switch result {
      case .success(let grant):
        // Its life is counted from before it was asked for: never too long.
        state.token.fetched(grant, now: asked)
        outcome = .success(grant.accessToken)
      case .failure(let trouble):
        state.token.failed()
        outcome = .failure(trouble)
      }
      defer { state.waiting = [:] }
      return (Array(state.waiting.values), outcome)
    }
    // A fetch that failed because its caller left says nothing to the others.
    var shared: Outcome? = outcome
    if case .failure = outcome, wasCancelled { shared = nil }
    for waiter in waiting { waiter.resume(returning: shared) }
    return outcome
  }

  /// Nil when the caller is to ask again, or has been cancelled.
  private func follow() async -> Outcome? {
    let number = state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let refusal: Outcome?? = state.withLock { state in
          guard state.token.isFetching else { return .some(nil) }
          guard state.waiting.count < Limits.callsWaitingForAToken else {
            return .some(.some(.failure(.notSent("no token: too many calls wait for one"))))
          }
          state.waiting[number] = continuation
          return nil
        }
        if let refusal { continuation.resume(returning: refusal) }
        // A cancellation before the line above found nobody to wake.
        if Task.isCancelled { leave(number) }
      }
    } onCancel: {
      leave(number)
    }
  }

  private func leave(_ number: Int) {
    state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: nil)
  }
}
