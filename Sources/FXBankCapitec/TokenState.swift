/// What the token endpoint gave.
struct Grant: Hashable, Sendable {
  var accessToken: Secret
  var refreshToken: Secret?
  var lifeSeconds: Int64
}

/// Who may use the token, who must fetch a new one, and who waits for that. No clock and no I/O.
struct TokenState {
  enum Answer: Hashable, Sendable {
    case use(Secret)
    /// The caller, and nobody else, fetches.
    case fetch(refreshToken: Secret?)
    /// Somebody else is fetching.
    case wait
  }

  private var token: Secret?
  private var renewAt: ContinuousClock.Instant?
  private var refreshToken: Secret?
  private(set) var isFetching = false

  /// - Parameter stale: a token that the bank no longer takes.
  mutating func ask(replacing stale: Secret?, now: ContinuousClock.Instant) -> Answer {
    if isFetching { return .wait }
    if let token, let renewAt, now < renewAt, token != stale { return .use(token) }
    isFetching = true
    return .fetch(refreshToken: refreshToken)
  }

  /// The fetch under way has ended with a token.
  mutating func fetched(_ grant: Grant, now: ContinuousClock.Instant) {
    precondition(isFetching, "only a fetch under way can end")
    isFetching = false
    token = grant.accessToken
    refreshToken = grant.refreshToken
    let margin = min(
      Limits.tokenMarginSeconds * 1_000, grant.lifeSeconds * 1_000 / 5)
    renewAt = now.advanced(by: .milliseconds(grant.lifeSeconds * 1_000 - margin))
  }

  /// The fetch under way has ended without a token.
  mutating func failed() {
    precondition(isFetching, "only a fetch under way can end")
    isFetching = false
    token = nil
  }

  /// The bank does not take this token any more.
  mutating func discard(_ stale: Secret) {
    if token == stale { token = nil }
  }
}
