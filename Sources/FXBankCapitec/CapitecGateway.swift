import Crypto
import FXDomain
import FXPorts
import Logging

/// Capitec Business' treasury FX service. The bank's words stay inside this module.
///
/// Every call is logged at debug level with its kind, what came of it, how long it took and the bank's
/// transaction id: no body, no account number, no credential.
public final class CapitecGateway: BankGateway {
  public let identity: BankIdentity

  let settings: CapitecSettings
  private let connections: BankConnections
  private let tokens: TokenKeeper
  private let clock: @Sendable () -> Timestamp
  private let logger: Logger

  /// - Parameter clock: our wall clock, compared with the bank's.
  /// - Throws: ``CapitecSettingsError`` with every problem of the settings at once.
  public convenience init(
    settings: CapitecSettings, clock: @escaping @Sendable () -> Timestamp, logger: Logger
  ) throws(CapitecSettingsError) {
    try self.init(settings: settings, clock: clock, uptime: { .now }, logger: logger)
  }

  /// - Parameter uptime: the clock that tokens age by.
  init(
    settings: CapitecSettings, clock: @escaping @Sendable () -> Timestamp,
    uptime: @escaping @Sendable () -> ContinuousClock.Instant, logger: Logger
  ) throws(CapitecSettingsError) {
    let problems = settings.validate()
    guard problems.isEmpty else { throw CapitecSettingsError(problems: problems) }
    let connections = try BankConnections(settings)
    let endpoint = TokenEndpoint(settings: settings, connections: connections, clock: clock)
    self.settings = settings
    self.connections = connections
    self.clock = clock
    self.logger = logger
    self.identity = Self.identity(of: settings)
    self.tokens = TokenKeeper(now: uptime) { refreshToken in
      let grant = await endpoint.fetch(refreshToken: refreshToken)
      switch grant {
      case .success: logger.debug("bank token", metadata: ["outcome": "fetched"])
      case .failure(let trouble):
        logger.debug("bank token", metadata: ["outcome": "\(trouble.word)"])
      }
      return grant
    }
  }

  /// Closes all connections. Calls that are out end as troubles; later ones are not sent. Must be
  /// called before the gateway is let go.
  public func shutdown() async throws { try await connections.shutdown() }

  private static func identity(of settings: CapitecSettings) -> BankIdentity {
    let parts = [
      "capitec", settings.tokenURL, settings.tradingURL, settings.accountURL, settings.clientID,
    ]
    let digest = SHA256.hash(data: Array(parts.joined(separator: "\n").utf8))
    return BankIdentity(
      digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined())
  }

  // MARK: Bookings

  public func bookingBody(_ order: BookingOrder) -> [UInt8] { body(RequestBodies.booking(order)) }

  public func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    let started = ContinuousClock.now
    let answer = await bookOnce(
      order, until: started.advanced(by: .milliseconds(max(timeoutMilliseconds, 0))))
    switch answer {
    case .accepted(let receipt): log(.bookQuotedDeal, "accepted", receipt, since: started)
    case .refused(let refusal, let receipt):
      log(.bookQuotedDeal, "refused \(refusal.reasonCode)", receipt, since: started)
    case .notSent(let trouble):
      log(.bookQuotedDeal, "not sent: \(trouble.word)", BankReceipt(), since: started)
    case .unclear(let trouble, let receipt):
      log(.bookQuotedDeal, "unclear: \(trouble.word)", receipt, since: started)
    }
    return answer
  }

  /// There is one call to `post` in here and no loop: whatever happens after it, nothing is sent again.
  private func bookOnce(
    _ order: BookingOrder, until deadline: ContinuousClock.Instant
  ) async -> BookingAnswer {
    let token: Secret
    switch await within(deadline, { await self.tokens.token() }) {
    case nil: return .notSent(.timeout)
    case .failure(let trouble): return .notSent(trouble)
    case .success(let fresh): token = fresh
    }
    guard !Task.isCancelled, ContinuousClock.now < deadline else { return .notSent(.timeout) }

    let request = BankConnections.Request(
      url: CallKind.bookQuotedDeal.url(settings), bearer: token, body: bookingBody(order),
      isBooking: true)
    let sentAt = clock()
    let reply: HTTPReply
    switch await within(deadline, { await self.connections.post(request) }) {
    case nil: return .unclear(.timeout, BankReceipt())
    case .failure(.notSent(let why)): return .notSent(.notSent(why))
    case .failure(let trouble): return .unclear(trouble, BankReceipt())
    case .success(let answered): reply = answered
    }
    if reply.status == 401 { tokens.discard(token) }
    switch Verdict(of: reply, sentAt: sentAt, receivedAt: clock()) {
    case .success(_, let receipt): return .accepted(receipt)
    case .refused(let refusal, let receipt, _): return .refused(refusal, receipt)
    case .trouble(let trouble, let receipt): return .unclear(trouble, receipt)
    }
  }

  // MARK: Calls that carry no money

  /// Sends a call, and once more with a new token after a 401.
  func verdict(_ kind: CallKind, _ members: [(String, RequestValue)]) async -> Verdict {
    let started = ContinuousClock.now
    let deadline = started.advanced(by: .milliseconds(settings.timeoutMilliseconds))
    let body = body(members)
    let verdict =
      await within(deadline) { await self.attempts(kind, body) }
      ?? .trouble(.timeout, BankReceipt())
    switch verdict {
    case .success(_, let receipt): log(kind, "success", receipt, since: started)
    case .refused(let refusal, let receipt, _):
      log(kind, "refused \(refusal.reasonCode)", receipt, since: started)
    case .trouble(let trouble, let receipt): log(kind, trouble.word, receipt, since: started)
    }
    return verdict
  }

  private func attempts(_ kind: CallKind, _ body: [UInt8]) async -> Verdict {
    var stale: Secret?
    for attempt in 1...Limits.sendsOfAMoneylessCall {
      let token: Secret
      switch await tokens.token(replacing: stale) {
      case .success(let fresh): token = fresh
      case .failure(let trouble): return .trouble(Self.withoutToken(trouble), BankReceipt())
      }
      let sentAt = clock()
      let reply = await connections.post(
        BankConnections.Request(
          url: kind.url(settings), bearer: token, body: body, answerBytes: kind.answerBytes))
      switch reply {
      case .failure(let trouble): return .trouble(trouble, BankReceipt())
      case .success(let reply) where reply.status == 401 && attempt < Limits.sendsOfAMoneylessCall:
        stale = token
      case .success(let reply):
        if reply.status == 401 { tokens.discard(token) }
        return Verdict(of: reply, sentAt: sentAt, receivedAt: clock())
      }
    }
    return .trouble(.unauthorized, BankReceipt())
  }

  /// A token that cannot be had means that the call was not sent. Refused credentials and a request to
  /// slow down keep their own names, for they ask for something else.
  private static func withoutToken(_ trouble: BankTrouble) -> BankTrouble {
    switch trouble {
    case .unauthorized, .rateLimited, .notSent: trouble
    case .timeout: .notSent("no token: time-out")
    case .connectionLost(let why), .unreadable(let why): .notSent("no token: \(why)")
    case .httpStatus(let status): .notSent("no token: HTTP status \(status)")
    }
  }

  private func body(_ members: [(String, RequestValue)]) -> [UInt8] {
    let header: RequestValue = ["userId": .string(settings.userID ?? settings.username)]
    return RequestValue.object([("header", header)] + members).bytes
  }

  private func log(
    _ kind: CallKind, _ outcome: String, _ receipt: BankReceipt,
    since started: ContinuousClock.Instant
  ) {
    let (seconds, attoseconds) = (ContinuousClock.now - started).components
    var metadata: Logger.Metadata = [
      "call": "\(kind.rawValue)", "outcome": "\(outcome)",
      "latency_ms": "\(seconds * 1_000 + attoseconds / 1_000_000_000_000_000)",
      "bank_transaction_id": "\(receipt.bankTransactionID ?? "-")",
    ]
    if let trace = TraceID.current { metadata["trace_id"] = "\(trace)" }
    logger.debug("bank call", metadata: metadata)
  }
}

extension BankTrouble {
  /// For logs: what kind of trouble, without its texts.
  fileprivate var word: String {
    switch self {
    case .notSent: "not_sent"
    case .timeout: "timeout"
    case .connectionLost: "connection_lost"
    case .unauthorized: "unauthorized"
    case .rateLimited: "rate_limited"
    case .httpStatus(let status): "http_\(status)"
    case .unreadable: "unreadable"
    }
  }
}
