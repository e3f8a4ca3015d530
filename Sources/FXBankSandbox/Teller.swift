import FXDomain
import HTTPTypes
import Hummingbird
import NIOCore

extension HTTPField.Name {
  fileprivate static let traceparent = HTTPField.Name("traceparent")!
}

/// Thrown to close a connection without an answer: the server closes it when its responder fails.
private struct ConnectionDropped: Error {}

/// Takes each request to the right desk, and lets its fault befall it.
struct Teller: Sendable {
  /// No call of the bank is longer; a list of accounts may be.
  private static let maximumBody = 1_024 * 1_024

  private let settings: SandboxSettings
  private let faults: FaultDesk
  private let traces = TraceDesk()
  private let tokens: TokenDesk
  private let business: BusinessCalls
  private let admin: AdminDesk
  /// The bank's clock.
  private let clock: @Sendable () -> Timestamp

  init(settings: SandboxSettings, ledger: Ledger, clock: @escaping @Sendable () -> Timestamp) {
    let skew = settings.clockSkew
    let bankClock: @Sendable () -> Timestamp = { clock().advanced(byMilliseconds: skew) }
    self.settings = settings
    self.clock = bankClock
    self.faults = FaultDesk(seed: settings.seed, plan: settings.faults)
    self.tokens = TokenDesk(settings: settings)
    self.business = BusinessCalls(ledger: ledger, clock: bankClock)
    self.admin = AdminDesk(
      ledger: ledger, faults: faults, traces: traces, clock: bankClock)
  }

  /// The answer to a request.
  ///
  /// - Parameter hangUp: closes the connection while work on the request goes on.
  /// - Throws: when the connection is to be dropped.
  func answer(
    _ request: Request, hangUp: @Sendable () async throws -> Void
  ) async throws -> Response {
    var answer: Answer
    let body: [UInt8]
    do {
      var request = request
      body = Array(try await request.collectBody(upTo: Self.maximumBody).readableBytesView)
    } catch is NIOTooManyBytesError {
      // What is left of the body is not read, so the connection cannot be used again.
      throw ConnectionDropped()
    }
    if request.uri.path.hasPrefix(AdminDesk.prefix) {
      let query = Dictionary(
        request.uri.queryParameters.map { (String($0.key), String($0.value)) },
        uniquingKeysWith: { first, _ in first })
      answer = await admin.answer(request.method, request.uri.path, query: query, body: body)
    } else if let call = BankCall.byPath[request.uri.path] {
      guard request.method == .post else {
        return response(.error(.methodNotAllowed, "method_not_allowed", "the bank takes POST"))
      }
      traces.note(call, request.headers[.traceparent])
      let received = Received(
        call: call, authorization: request.headers[.authorization], body: body)
      answer = try await self.answer(received, hangUp: hangUp)
    } else {
      answer = .error(.notFound, "not_found", "there is no \(request.uri.path)")
    }
    return response(answer)
  }

  private func response(_ answer: Answer) -> Response {
    var headers = answer.headers
    if answer.dated { headers[.date] = clock().httpDate }
    return Response(
      status: answer.status, headers: headers,
      body: ResponseBody(byteBuffer: ByteBuffer(bytes: answer.body)))
  }

  /// A call that has arrived.
  private struct Received: Sendable {
    let call: BankCall
    let authorization: String?
    let body: [UInt8]
  }

  private func answer(
    _ received: Received, hangUp: @Sendable () async throws -> Void
  ) async throws -> Answer {
    let cif =
      faults.waitsForCustomer(of: received.call)
      ? try await business.customer(of: received.call, body: received.body) : nil
    let draw = faults.receive(received.call, of: cif)
    if received.call == .book { try await noteBooking(received.body) }
    try await wait(settings.latency)
    guard let draw else { return await perform(received) }
    switch draw.fault {
    case .lostBefore: throw ConnectionDropped()
    case .lostAfter:
      _ = await perform(received)
      throw ConnectionDropped()
    case .late:
      try await hangUp()
      try await wait(draw.lateMilliseconds)
      _ = await perform(received)
      throw ConnectionDropped()
    case .held:
      try await wait(draw.lateMilliseconds)
      return await perform(received)
    case .slow:
      let answer = await perform(received)
      try await wait(draw.slowMilliseconds)
      return answer
    case .errorBefore: return broken(draw)
    case .errorAfter:
      _ = await perform(received)
      return broken(draw)
    case .garbled:
      var answer = await perform(received)
      answer.body.removeLast(answer.body.count / 2)
      return answer
    case .dateless:
      var answer = await perform(received)
      answer.dated = false
      return answer
    case .rateLimited:
      var answer = Answer.error(.tooManyRequests, "rate_limited", "slow down")
      answer.headers[.retryAfter] = "1"
      return answer
    case .unavailable: return .error(.serviceUnavailable, "unavailable", "try again later")
    case .expiredToken: return Self.unauthorized
    case .refusal: return refused(received.call, .business)
    case .quoteExpired: return refused(received.call, .quoteExpired)
    case .quoteUsed: return refused(received.call, .quoteUsed)
    case .rateMismatch: return refused(received.call, .rateMismatch)
    case .internal: return refused(received.call, .internal)
    case .unlisted:
      if draw.coin { _ = await perform(received) }
      return refused(received.call, .unlisted)
    case .settlementFailed: return await perform(received, settlementFails: true)
    }
  }

  /// Does what the call asks for.
  private func perform(_ received: Received, settlementFails: Bool = false) async -> Answer {
    let now = clock()
    guard received.call != .token else {
      return tokens.answer(form: received.body, now: now, serial: freshID())
    }
    guard tokens.accepts(authorization: received.authorization, now: now) else {
      return Self.unauthorized
    }
    return await business.answer(
      received.call, body: received.body, transactionID: freshID(),
      settlementFails: settlementFails)
  }

  /// Counts a booking by its id before anything can go wrong with it; one without an id is not
  /// counted.
  private func noteBooking(_ body: [UInt8]) async throws {
    let id: String
    do {
      id = try RequestFields(body: body).object("trade").text("dealTransactionID")
    } catch {
      return
    }
    try await business.ledger.noteReceived(id)
  }

  private func refused(_ call: BankCall, _ reason: ReasonCode) -> Answer {
    guard call != .token else {
      return .error(.badRequest, "invalid_grant", "refused by a fault: \(reason.rawValue)")
    }
    return .refusal(BankRefusal(reason, "refused by a fault"), transactionID: freshID())
  }

  /// An HTTP 5xx, with or without a JSON body.
  private func broken(_ draw: FaultDraw) -> Answer {
    guard draw.coin else {
      var answer = Answer(.null, status: .badGateway)
      answer.headers[.contentType] = "text/html"
      answer.body = Array("<html><body>Bad Gateway</body></html>".utf8)
      return answer
    }
    return .error(.internalServerError, "internal", "broken by a fault")
  }

  private static let unauthorized = Answer.error(
    .unauthorized, "invalid_token", "the access token is missing, unknown or expired")

  private func wait(_ milliseconds: Int64) async throws {
    if milliseconds > 0 { try await Task.sleep(for: .milliseconds(milliseconds)) }
  }

  private func freshID() -> Identifier {
    var generator = SystemRandomNumberGenerator()
    return .timeOrdered(at: clock(), random: (generator.next(), generator.next()))
  }
}
