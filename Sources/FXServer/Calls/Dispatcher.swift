import Crypto
import FXDomain
import FXEngine
import FXJSON
import FXPorts
import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// What is settled about a request before it reaches its route.
struct CallContext: RequestContext {
  var coreContext: CoreRequestContextStorage
  /// Who calls, where that was settled elsewhere: at the command line of a local store.
  let person: Principal?
  /// Where the trouble behind an answer goes, for callers in this process.
  let trouble: HiddenTrouble?

  init(source: ApplicationRequestContextSource) {
    coreContext = .init(source: source)
    person = nil
    trouble = nil
  }

  private struct OwnSource: RequestContextSource { let logger: Logger }

  init(person: Principal?, trouble: HiddenTrouble? = nil, logger: Logger) {
    coreContext = .init(source: OwnSource(logger: logger))
    self.person = person
    self.trouble = trouble
  }
}

/// Takes every request through the same gates: who it is, whether they may, how often, with which
/// body, whether it was carried out before; then lets its route answer, and writes down what happened.
struct Dispatcher: Sendable {
  let store: any AccessStore
  let signIn: SignIn
  let clock: EngineClock
  let buckets: Buckets
  let addressBuckets: Buckets
  /// Who has shown no credential and is denied, for the audit.
  private let strangers = Buckets(
    perSecond: 1, seconds: CallBounds.auditedStrangersAtOnce)
  let bodies: BodyReader
  let observer: CallObserver
  /// Whether browsers reach this server through TLS: cookies then go nowhere else.
  let isSecure: Bool
  private let inFlight = InFlightKeys()

  init(
    store: any AccessStore, signIn: SignIn, clock: EngineClock, requestsPerSecond: Int,
    bodies: BodyReader, observer: CallObserver, isSecure: Bool
  ) {
    self.store = store
    self.signIn = signIn
    self.clock = clock
    self.buckets = Buckets(perSecond: requestsPerSecond)
    self.addressBuckets = Buckets(perSecond: requestsPerSecond)
    self.bodies = bodies
    self.observer = observer
    self.isSecure = isSecure
  }

  // MARK: The way of a request

  func respond(to request: Request, _ context: CallContext, on route: Route) async -> Response {
    let begin = clock.now().uptime
    let requestID = Self.requestID(of: request.head)
    var note = CallNote(
      route: route.name, requestID: requestID, address: request.head.peerAddress,
      // Without the query, in which somebody may have put a secret by mistake.
      target: String((request.head.path ?? "/").prefix { $0 != "?" }),
      trace: Self.trace(of: request.head))
    var answer: Answer
    do {
      answer = try await carryOut(request, context, on: route, requestID, &note)
    } catch {
      if let error = error as? StoreError { context.trouble?.note(error) }
      let problem = Problem(thrown: error)
      if problem.kind == .internalError || problem.kind == .unavailable { note.error = "\(error)" }
      note.problem = problem.kind
      answer = .problem(problem, to: request.head, requestID: requestID)
    }
    await audit(route, note, answer)
    answer.fields[.requestID] = requestID
    SecurityHeaders.add(to: &answer.fields, isSecure: isSecure)
    note.status = answer.status.code
    note.milliseconds = clock.now().uptime - begin
    observer.ended(note)
    return answer.response(withBody: request.method != .head)
  }

  private func carryOut(
    _ request: Request, _ context: CallContext, on route: Route, _ requestID: String,
    _ note: inout CallNote
  ) async throws -> Answer {
    let principal = try await admit(request.head, context, to: route, &note)
    // What was read stays in memory until the call has ended.
    let bound = bodies.bound(of: route.body, Self.mediaType(of: request.head), by: principal)
    let place = try bodies.enter(request, atMost: bound)
    defer { bodies.leave(place) }
    let body = try await body(of: request, for: route, atMost: bound)
    let call = Call(
      request: request.head, parameters: try Self.parameters(context), principal: principal,
      requestID: requestID, body: body, observed: note.observed)
    guard route.takesKey, let key = try Self.key(of: request.head), let owner = principal?.token
    else { return try await route.handle(call) }
    return try await once(key, of: owner, call, on: route)
  }

  // MARK: Who

  private func admit(
    _ request: HTTPRequest, _ context: CallContext, to route: Route, _ note: inout CallNote
  ) async throws -> Principal? {
    if let person = context.person {
      note.principal = person
      try Self.demand(route.access, of: person)
      return person
    }
    let uptime = clock.now().uptime
    let address = request.peerAddress
    switch try await signIn.principal(of: request) {
    case .known(let principal):
      note.principal = principal
      signIn.accepted(address)
      try limit(buckets.take(principal.token?.description ?? principal.person, at: uptime))
      try Self.demand(route.access, of: principal)
      if principal.session != nil, route.changes { try checkForgery(request) }
      return principal
    case .refused:
      note.showedCredential = true
      throw signIn.refusal(of: address, at: uptime)
    case .nobody:
      try limit(addressBuckets.take(address, at: uptime))
      guard route.access.admitsNobody(by: request) else {
        throw Problem.unauthenticated("Sign in, or send Authorization: Bearer with a token.")
      }
      return nil
    }
  }

  private func limit(_ wait: Int64?) throws(Problem) {
    guard let wait else { return }
    throw .retryLater(
      .tooManyRequests, "Too many requests. Slow down.", seconds: Int((wait + 999) / 1_000))
  }

  private static func demand(_ access: Route.Access, of principal: Principal) throws(Problem) {
    guard let role = access.leastRole, principal.role < role else { return }
    throw Problem(
      .forbidden,
      "This takes the role \(role.rawValue); \(principal.person) is "
        + "\(principal.role.rawValue).")
  }

  /// A change with a cookie must come from a page of this server: by the origin that the browser names,
  /// and by a token that only such a page knows.
  private func checkForgery(_ request: HTTPRequest) throws(Problem) {
    let fields = request.headerFields
    guard OriginCheck.isOwn(request),
      let session = Credentials.session(in: fields), let token = fields[.csrf],
      Credentials.isCSRFToken(token, session: session)
    else {
      throw Problem(
        .forbidden,
        "Changes by cookie come from this server's own pages, with the header "
          + "X-CSRF-Token that /api/me tells.")
    }
  }

  // MARK: With what

  private func body(
    of request: Request, for route: Route, atMost bound: Int
  ) async throws -> CallBody {
    let type = Self.mediaType(of: request.head)
    switch (route.body, type) {
    case (.any, _): return .none
    case (.csv, "text/csv"), (.jsonOrCSV, "text/csv"):
      return .csv(try await bodies.bytes(of: request, atMost: bound))
    case (_, "application/json") where route.body != .csv:
      let bytes = try await bodies.bytes(of: request, atMost: bound)
      let json = bytes.isEmpty ? JSON.null : try CallBody.json(bytes)
      if route.body == .none, json != .null {
        var fields = Fields(json)
        let errors = fields.finish()
        guard errors.isEmpty else { throw Problem(errors) }
      }
      return .json(json, bytes)
    case (.none, nil), (.json, nil):
      guard try await bodies.bytes(of: request, atMost: 0).isEmpty else {
        throw Self.unsupported(route.body)
      }
      return .none
    case (.none, _), (.json, _), (.csv, _), (.jsonOrCSV, _):
      throw Self.unsupported(route.body)
    }
  }

  private static func unsupported(_ kind: Route.BodyKind) -> Problem {
    let types =
      switch kind {
      case .none, .json, .any: "application/json"
      case .csv: "text/csv"
      case .jsonOrCSV: "application/json or text/csv"
      }
    return Problem(.unsupportedType, "Send the body as \(types), in UTF-8.")
  }

  /// Without parameters and in lower case; nil where the request names none. Another charset than UTF-8
  /// makes it another type.
  private static func mediaType(of request: HTTPRequest) -> String? {
    guard let field = request.headerFields[.contentType] else { return nil }
    let parts = field.lowercased().split(separator: ";").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    let charset = parts.dropFirst().first { $0.hasPrefix("charset=") }
    if let charset, !["charset=utf-8", "charset=\"utf-8\""].contains(charset) { return field }
    return parts.first
  }

  private static func parameters(_ context: CallContext) throws(Problem) -> [String: String] {
    var found: [String: String] = [:]
    for (name, value) in context.parameters {
      guard let text = String(value).removingPercentEncoding, !text.contains("\0") else {
        throw Problem(.malformedRequest, "The path is not percent-encoded UTF-8.")
      }
      found[String(name)] = text
    }
    return found
  }

  private static func requestID(of request: HTTPRequest) -> String {
    let isPlain = { (byte: UInt8) in (0x21...0x7e).contains(byte) && byte != 0x22 && byte != 0x5c }
    if let given = request.headerFields[.requestID], !given.isEmpty,
      given.utf8.count <= CallBounds.requestIDCharacters, given.utf8.allSatisfy(isPlain)
    {
      return given
    }
    return UUID().uuidString.lowercased()
  }

  /// The trace that the caller says it works on; none where they say it twice, or not as agreed.
  private static func trace(of request: HTTPRequest) -> TraceID? {
    let fields = request.headerFields[values: .traceparent]
    return fields.count == 1 ? TraceID(traceparent: fields[0]) : nil
  }

  // MARK: Once

  private static func key(of request: HTTPRequest) throws(Problem) -> String? {
    let keys = request.headerFields[values: .idempotencyKey]
    guard let key = keys.first else { return nil }
    guard keys.count == 1, (1...CallBounds.keyCharacters).contains(key.count),
      key.utf8.allSatisfy({ (0x20...0x7e).contains($0) })
    else {
      throw Problem(
        .malformedRequest,
        "Give one Idempotency-Key of 1 to \(CallBounds.keyCharacters) printable characters.")
    }
    return key
  }

  /// Carries a request out once for its key: a repetition gets the first answer. What was refused has
  /// changed nothing, and is looked at anew.
  private func once(
    _ key: String, of owner: Identifier, _ call: Call, on route: Route
  ) async throws -> Answer {
    let receipt = Receipt(owner: owner, key: key, digest: call.digest)
    guard inFlight.enter(receipt) else { throw Problem.repeated }
    defer { inFlight.leave(receipt) }
    let known = try await store.carriedOutRequest(owner: owner, key: key)
    if let known {
      guard known.receipt.digest == receipt.digest else {
        throw Problem(.keyReused, "Use a new Idempotency-Key: this one came with another request.")
      }
      if let answer = known.answer { return Answer(answer) }
    }
    var call = call
    call.receipt = receipt
    call.earlier = known?.subject
    let answer = try await route.handle(call)
    if let kept = answer.kept { try await store.keep(kept, for: receipt) }
    return answer
  }

  // MARK: What is written down

  private func audit(_ route: Route, _ note: CallNote, _ answer: Answer) async {
    let isDenied = note.problem == .forbidden || note.problem == .approvesOwn
    let isForged = note.problem == .unauthenticated
    guard isDenied || isForged || (route.changes && note.principal != nil) else { return }
    // Wrong tokens are slowed down; who shows none fills the store no faster than this.
    if isForged, !note.showedCredential,
      strangers.take(note.address, at: clock.now().uptime) != nil
    {
      return
    }
    let entry = AuditEntry(
      at: clock.now().wall, person: note.principal?.person, role: note.principal?.role,
      token: note.principal?.token, address: note.address, requestID: note.requestID,
      call: route.name, object: note.observed.object, status: answer.status.code,
      before: answer.change.before?.auditText, after: answer.change.after?.auditText)
    do {
      try await store.record([entry])
    } catch {
      observer.auditLost(entry, error)
    }
  }
}
