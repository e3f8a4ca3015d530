import FXDomain
import FXEngine
import FXJSON
import FXPorts
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// How the API is served.
public struct ServerSettings: Sendable {
  public var transport: TransportSettings
  /// Of one token, or of one address without a token.
  public var requestsPerSecond = 200
  /// Told over every page.
  public var environment = DeskEnvironment.production
  public var live = LiveBounds()

  public init(transport: TransportSettings) { self.transport = transport }
}

/// The HTTP API over one store: the same calls for browsers, programs and the command line.
public struct APIServer: Sendable {
  private let backend: Backend
  private let settings: ServerSettings
  /// Of the API; the dashboard's pages and files are beside them.
  let routes: [Route]
  let responder: any HTTPResponder<CallContext>
  private let live: LiveCalls
  private let tail: TailRunning
  private let operations: Operations
  let logger: Logger

  /// - Parameter signal: raised after each commit of this process that has added to the log.
  public init(
    backend: Backend, settings: ServerSettings, operations: Operations, signal: LogSignal,
    logger: Logger
  ) throws {
    let signIn = SignIn(store: backend.store, now: { backend.now })
    let isSecure = settings.transport.tls != nil
    let dispatcher = Dispatcher(
      store: backend.store, signIn: signIn, clock: backend.clock,
      requestsPerSecond: settings.requestsPerSecond,
      bodies: BodyReader(fileBytes: settings.transport.limits.bodyBytes),
      observer: AccessLog(logger: logger, metrics: operations.metrics).observer, isSecure: isSecure)
    let tail = LogTail(store: backend.store, clock: backend.clock, bounds: settings.live)
    let live = LiveCalls(backend: backend, tail: tail, signIn: signIn, logger: logger)
    self.backend = backend
    self.settings = settings
    self.operations = operations
    self.live = live
    self.tail = TailRunning(
      tail: tail, signal: signal, signIn: signIn, clock: backend.clock, logger: logger)
    self.routes =
      try Self.routes(backend, operations, signIn, isSecure: isSecure) + live.routes
      + DocsCalls().routes
    let dashboard = DashboardCalls(environment: settings.environment)
    self.responder = RouteTable(routes: routes + dashboard.routes).router(dispatcher)
    self.logger = logger
  }

  private static func routes(
    _ backend: Backend, _ operations: Operations, _ signIn: SignIn, isSecure: Bool
  ) -> [Route] {
    let orders = BatchOrders(backend: backend)
    return orders.routes + BatchLists(backend: backend).routes
      + BatchSubmission(orders: orders).routes
      + BatchPreview(submission: BatchSubmission(orders: orders)).routes
      + BatchChanges(orders: orders).routes
      + BatchReads(backend: backend).routes + BatchCopies(orders: orders).routes
      + BatchReleases(orders: orders).routes + TemplateCalls(orders: orders).routes
      + PaperCalls(backend: backend).routes + EvidenceCalls(backend: backend).routes
      + ReconciliationCalls(backend: backend).routes
      + TradeOrders(backend: backend).routes + ReferenceCalls(backend: backend).routes
      + ClientCalls(backend: backend).routes + AllowanceCalls(backend: backend).routes
      + KillSwitchCalls(backend: backend).routes
      + NoticeCalls(backend: backend).routes + WebhookCalls(backend: backend).routes
      + AccessCalls(backend: backend, signIn: signIn, isSecure: isSecure).routes
      + OperationsCalls(backend: backend, operations: operations).routes
  }

  /// What runs until the service group that runs it ends it: the listener, the live
  /// feed, and the forgetting of old answers.
  ///
  /// - Throws: ``UnusableTLSFiles``, or a `StoreError`: nobody follows the log before its end is known.
  public func services(
    onListening: @escaping @Sendable (Int) async -> Void
  ) async throws -> [any Service] {
    try await tail.tail.begin()
    let live = live
    let transport = try HTTPTransport(
      settings: settings.transport, responder: AnyResponder(responder),
      admit: { await live.admit($0) }, live: { try await live.serve($0, $1) },
      connections: operations.connections, logger: logger,
      onListening: onListening)
    return [
      transport, tail,
      ForgettingAnswers(store: backend.store, clock: backend.clock, logger: logger),
    ]
  }
}

private struct AnyResponder: HTTPResponder {
  let base: any HTTPResponder<CallContext>

  init(_ base: any HTTPResponder<CallContext>) { self.base = base }

  func respond(to request: Request, context: CallContext) async throws -> Response {
    try await base.respond(to: request, context: context)
  }
}
