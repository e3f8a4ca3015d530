import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import NIOHTTPTypes
import Synchronization

/// What is done with a request that wants a WebSocket.
public enum Admission<Principal: Sendable>: Sendable {
  case upgrade(Principal)
  /// The request goes to the router as if it had not asked, and is answered there.
  case refuse
}

/// How Hummingbird's server sets up and serves one connection: the gate before it, and beside it
/// whatever lives on a WebSocket.
struct TransportChannel<Principal: Sendable>: HTTPChannelHandler {
  struct Value: ServerChildChannelValue {
    let http: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
    let offers: AsyncStream<UpgradeOffer>
    var channel: any Channel { http.channel }
  }

  let responder: Responder
  let limits: TransportLimits
  let isSecure: Bool
  let proxies: TrustedProxies
  let admit: @Sendable (HTTPRequest) async -> Admission<Principal>
  let live: @Sendable (WebSocketConnection, Principal) async throws -> Void
  let connections: ConnectionCount

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    let standing = standing(of: connections.enter())
    channel.closeFuture.whenComplete { [connections] _ in connections.leave() }
    let (offers, offering) = AsyncStream.makeStream(
      of: UpgradeOffer.self, bufferingPolicy: .bufferingOldest(1))
    return channel.eventLoop.makeCompletedFuture {
      let pipeline = channel.pipeline.syncOperations
      try pipeline.addHandler(SlowReaderGuard(limits: limits))
      try pipeline.addHandler(
        ConnectionGate(
          limits: limits,
          origin: Origin(address: channel.remoteAddress, isSecure: isSecure, proxies: proxies),
          standing: standing, offers: offering))
      let http = try NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>(
        wrappingChannelSynchronously: channel,
        configuration: .init(isOutboundHalfClosureEnabled: true))
      return Value(http: http, offers: offers)
    }
  }

  private func standing(of number: Int) -> ConnectionGate.Standing {
    if number <= limits.connections { return .served }
    return number <= limits.connections + limits.connectionsTurnedAway ? .turnedAway : .unheard
  }

  func handle(value: Value, logger: Logger) async {
    await withTaskCancellationHandler {
      async let requests: Void = handleHTTP(asyncChannel: value.http, logger: logger)
      for await offer in value.offers { await answer(offer, logger) }
      await requests
    } onCancel: {
      value.channel.triggerUserOutboundEvent(BreakOff(), promise: nil)
    }
  }

  private func answer(_ offer: UpgradeOffer, _ logger: Logger) async {
    switch await admit(offer.request) {
    case .refuse: _ = await offer.settle(false)
    case .upgrade(let principal):
      if let connection = await offer.settle(true) { await serve(connection, principal, logger) }
    }
  }

  /// Lets `live` run as long as the connection is open, and no longer.
  private func serve(
    _ connection: WebSocketConnection, _ principal: Principal, _ logger: Logger
  ) async {
    connections.enterWebSocket()
    defer { connections.leaveWebSocket() }
    await withTaskGroup { group in
      group.addTask {
        do {
          try await live(connection, principal)
          connection.close(.normal)
        } catch is WebSocketClosed {
          // It wanted to send, and the peer had gone.
        } catch is CancellationError {
          connection.close(.goingAway)
        } catch {
          logger.error("a live connection failed", metadata: ["error": "\(error)"])
          connection.close(.internalError)
        }
      }
      group.addTask { await connection.waitForEnd() }
      await group.next()
      group.cancelAll()
    }
  }
}

/// How many connections are open.
public final class ConnectionCount: Sendable {
  private let counts = Mutex((all: 0, webSockets: 0))

  public init() {}

  /// WebSockets are among all of them.
  public var open: (all: Int, webSockets: Int) { counts.withLock { $0 } }

  /// - Returns: the number with this one.
  func enter() -> Int {
    counts.withLock {
      $0.all += 1
      return $0.all
    }
  }

  func leave() { counts.withLock { $0.all -= 1 } }

  func enterWebSocket() { counts.withLock { $0.webSockets += 1 } }
  func leaveWebSocket() { counts.withLock { $0.webSockets -= 1 } }
}
