import FXDomain
import FXPorts
import HTTPTypes
import Synchronization

/// Tells who makes a request, by its bearer token or its session's cookie. Asks the store each time,
/// so that a revoked token is worth nothing from the next request on.
struct SignIn: Sendable {
  private static let useNotedEveryMilliseconds: Int64 = 60_000

  private final class Uses: Sendable {
    let notedAt = Mutex<[Identifier: Int64]>([:])
  }

  let store: any AccessStore
  /// This machine's clock, which ends tokens and sessions.
  let now: @Sendable () -> Timestamp
  private let uses = Uses()
  private let brake = SignInBrake()

  init(store: any AccessStore, now: @escaping @Sendable () -> Timestamp) {
    self.store = store
    self.now = now
  }

  /// What came of looking at a request's credentials.
  enum Finding: Sendable {
    case nobody
    case known(Principal)
    /// Something was shown that lets nobody in.
    case refused
  }

  func principal(of request: HTTPRequest) async throws(StoreError) -> Finding {
    let fields = request.headerFields
    let shown = fields[values: .authorization]
    if !shown.isEmpty {
      guard shown.count == 1, let text = Credentials.bearer(shown[0]) else { return .refused }
      return try await principal(bearer: text).map { .known($0) } ?? .refused
    }
    guard let cookie = Credentials.session(in: fields) else { return .nobody }
    // A cookie that is no more worth anything is what every browser has after a night.
    return try await principal(session: cookie).map { .known($0) } ?? .nobody
  }

  /// What somebody is answered whose token lets nobody in: each failure makes the next one of that
  /// address slower, but none of those who are let in.
  func refusal(of address: String, at uptime: Int64) -> Problem {
    if let wait = brake.wait(address, at: uptime) {
      return .retryLater(
        .tooManyRequests, "Too many failed sign-ins. Look at the token, and try again later.",
        seconds: Int((wait + 999) / 1_000))
    }
    brake.failed(address, at: uptime)
    return .unauthenticated("The token is unknown, has ended or was revoked.")
  }

  func accepted(_ address: String) { brake.succeeded(address) }

  func principal(bearer text: String) async throws(StoreError) -> Principal? {
    let digest = Credentials.digest(of: text)
    guard let token = try await store.token(digest: digest), token.isValid(at: now()) else {
      return nil
    }
    try await note(token)
    return Principal(person: token.person, role: token.role, token: token.id)
  }

  private func principal(session text: String) async throws(StoreError) -> Principal? {
    let digest = Credentials.digest(of: text)
    guard let found = try await store.session(digest: digest), found.token.isValid(at: now()),
      now() < found.session.expiresAt
    else { return nil }
    try await note(found.token)
    return Principal(
      person: found.token.person, role: found.token.role, token: found.token.id, session: digest)
  }

  /// Whether somebody who came in is still let in: a long connection asks from time to time.
  func stillHolds(_ principal: Principal) async throws(StoreError) -> Bool {
    guard let id = principal.token else { return true }
    guard let token = try await store.token(id), token.isValid(at: now()) else { return false }
    guard let digest = principal.session else { return true }
    guard let found = try await store.session(digest: digest) else { return false }
    return now() < found.session.expiresAt
  }

  private func note(_ token: AccessToken) async throws(StoreError) {
    let moment = now().milliseconds
    let isDue = uses.notedAt.withLock { noted in
      if let last = noted[token.id], abs(moment - last) < Self.useNotedEveryMilliseconds {
        return false
      }
      if noted.count >= CallBounds.countedCallers { noted.removeAll() }
      noted[token.id] = moment
      return true
    }
    if isDue { try await store.noteUse(of: token.id) }
  }
}
