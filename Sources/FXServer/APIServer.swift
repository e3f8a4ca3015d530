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
  public var desk = DeskSettings()

  public init(transport: TransportSettings) { self.transport = transport }
}

/// The HTTP API over one store: the same calls for browsers, programs and the command line.
public struct APIServer: Sendable {
  private let backend: Backend
  private let settings: ServerSettings
  private let operations: Operations
  private let dispatcher: Dispatcher
  private let responder: any HTTPResponder<CallContext>
  private let logger: Logger

  public init(
    backend: Backend, settings: ServerSettings, operations: Operations, logger: Logger
  ) {
    let signIn = SignIn(store: backend.store, now: { backend.now })
    let isSecure = settings.transport.tls != nil
    let dispatcher = Dispatcher(
      store: backend.store, signIn: signIn, clock: backend.clock,
      requestsPerSecond: settings.requestsPerSecond,
      bodies: BodyReader(fileBytes: settings.transport.limits.bodyBytes),
      observer: AccessLog(logger: logger, metrics: operations.metrics).observer, isSecure: isSecure)
    self.backend = backend
    self.settings = settings
    self.operations = operations
    self.dispatcher = dispatcher
    self.responder = Self.table(backend, operations, signIn, isSecure: isSecure).router(dispatcher)
    self.logger = logger
  }

  private static func table(
    _ backend: Backend, _ operations: Operations, _ signIn: SignIn, isSecure: Bool
  ) -> RouteTable {
    let orders = BatchOrders(backend: backend)
    return RouteTable(
      routes: orders.routes + BatchSubmission(orders: orders).routes
        + TradeOrders(backend: backend).routes + ReferenceCalls(backend: backend).routes
        + KillSwitchCalls(backend: backend).routes
        + AccessCalls(backend: backend, signIn: signIn, isSecure: isSecure).routes
        + OperationsCalls(backend: backend, operations: operations).routes)
  }

  /// Serves until the service group that runs it ends it.
  ///
  /// - Throws: ``UnusableTLSFiles``.
  public func service(
    onListening: @escaping @Sendable (Int) async -> Void
  ) throws(UnusableTLSFiles) -> some Service {
    try HTTPTransport(
      settings: settings.transport, responder: AnyResponder(responder),
      admit: { _ in Admission<Principal>.refuse }, live: { _, _ in },
      connections: operations.connections, logger: logger,
      onListening: onListening)
  }

  /// Makes a call without a network, for somebody whom the operating system has named.
  public func respond(to request: Request, as person: Principal) async throws -> Response {
    try await responder.respond(to: request, context: CallContext(person: person, logger: logger))
  }
}

private struct AnyResponder: HTTPResponder {
  let base: any HTTPResponder<CallContext>

  init(_ base: any HTTPResponder<CallContext>) { self.base = base }

  func respond(to request: Request, context: CallContext) async throws -> Response {
    try await base.respond(to: request, context: context)
  }
}
