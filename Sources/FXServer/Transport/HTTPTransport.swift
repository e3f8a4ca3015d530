import Hummingbird
import HummingbirdCore
import HummingbirdTLS
import Logging
import NIOCore
import NIOSSL
import ServiceLifecycle

/// Where and how to listen.
public struct TransportSettings: Sendable {
  /// Files in PEM. The certificate comes first in its file, then the chain up to the authority.
  public struct TLSFiles: Sendable {
    public let certificate: String
    public let key: String

    public init(certificate: String, key: String) {
      self.certificate = certificate
      self.key = key
    }
  }

  public var host: String
  /// 0 lets the system choose.
  public var port: Int
  /// Plain HTTP without.
  public var tls: TLSFiles?
  public var trustedProxies = TrustedProxies.none
  public var limits = TransportLimits()

  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }
}

/// A certificate or key that cannot be used.
public struct UnusableTLSFiles: Error, CustomStringConvertible {
  public let cause: any Error
  public var description: String { "the certificate or its key cannot be used: \(cause)" }
}

/// One port for HTTP/1.1 and WebSockets, plain or through TLS, with a bound for everything a peer can do.
///
/// Requests go to a Hummingbird responder, such as a router's. A request that wants a WebSocket is first
/// shown to `admit`; an admitted one is served by `live`, as long as its connection is open.
public struct HTTPTransport<Responder: HTTPResponder, Principal: Sendable>: Service,
  CustomStringConvertible
where Responder.Context: InitializableFromSource<ApplicationRequestContextSource> {
  private let limits: TransportLimits
  private let application: Application<Responder>

  /// As the log of services names it.
  public var description: String { "the server" }

  /// - Parameters:
  ///   - admit: decides by the request's head; who sent it is its `peerAddress`.
  ///   - live: its task is cancelled when the connection closes; when it returns, the connection is
  ///     closed with 1000, when it throws, with 1011.
  ///   - connections: counts them, for whoever wants to know.
  ///   - onListening: called with the port once connections are accepted.
  /// - Throws: ``UnusableTLSFiles``.
  public init(
    settings: TransportSettings, responder: Responder,
    admit: @escaping @Sendable (HTTPRequest) async -> Admission<Principal>,
    live: @escaping @Sendable (WebSocketConnection, Principal) async throws -> Void,
    connections: ConnectionCount = ConnectionCount(), logger: Logger,
    onListening: @escaping @Sendable (Int) async -> Void = { _ in }
  ) throws(UnusableTLSFiles) {
    let limits = settings.limits
    var server = HTTPServerBuilder { responder in
      TransportChannel(
        responder: responder, limits: limits, isSecure: settings.tls != nil,
        proxies: settings.trustedProxies, admit: admit, live: live,
        connections: connections)
    }
    if let files = settings.tls {
      do {
        server = try .tls(server, tlsConfiguration: Self.configuration(files))
      } catch {
        throw UnusableTLSFiles(cause: error)
      }
    }
    self.limits = limits
    application = Application(
      responder: responder, server: server,
      configuration: ApplicationConfiguration(
        address: .hostname(settings.host, port: settings.port),
        backlog: limits.backlogConnections),
      onServerRunning: { await onListening($0.localAddress?.port ?? 0) }, logger: logger)
  }

  /// Serves until cancelled or shut down. A graceful shutdown stops accepting at once, closes WebSockets
  /// with 1001 and lets requests that are under way end, for as long as the limits say.
  ///
  /// - Throws: when the port cannot be bound.
  public func run() async throws {
    let patience = limits.drainMilliseconds + limits.lingerMilliseconds + limits.closeMilliseconds
    try await withThrowingTaskGroup { group in
      group.addTask { try await application.run() }
      group.addTask {
        // Connections keep to the limits by themselves; this ends responders that do not.
        try await gracefulShutdown()
        try await Task.sleep(for: .milliseconds(patience))
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  private static func configuration(
    _ files: TransportSettings.TLSFiles
  ) throws -> TLSConfiguration {
    // Not even looked at by the builder until the first handshake, so a wrong key must show here.
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: try NIOSSLCertificate.fromPEMFile(files.certificate).map {
        .certificate($0)
      },
      privateKey: .privateKey(try NIOSSLPrivateKey(file: files.key, format: .pem)))
    configuration.minimumTLSVersion = .tlsv12
    configuration.applicationProtocols = ["http/1.1"]
    _ = try NIOSSLContext(configuration: configuration)
    return configuration
  }
}
