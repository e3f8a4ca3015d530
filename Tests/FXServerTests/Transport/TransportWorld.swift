import FXServer
import Hummingbird
import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
import Synchronization

/// A server with a tiny router, a live feed that does as it is told, and a log of what happened.
struct TransportWorld: Sendable {
  struct Trouble: Error {}

  let port: Int
  let services: ServiceGroup
  let happenings: Happenings

  func shutDown() async { await services.triggerGracefulShutdown() }
}

/// What happened on the server, to be waited for.
final class Happenings: Sendable {
  private let state = Mutex<(seen: Set<String>, waiting: [String: [EventLoopPromise<Void>]])>(
    ([], [:]))

  func note(_ name: String) {
    let waiting = state.withLock {
      $0.seen.insert(name)
      return $0.waiting.removeValue(forKey: name) ?? []
    }
    for promise in waiting { promise.succeed() }
  }

  func wait(for name: String) async throws {
    let promise = MultiThreadedEventLoopGroup.singleton.any().makePromise(of: Void.self)
    let isSeen = state.withLock {
      if !$0.seen.contains(name) { $0.waiting[name, default: []].append(promise) }
      return $0.seen.contains(name)
    }
    if isSeen { promise.succeed() }
    try await promise.futureResult.get()
  }
}

/// Settings for tests, with what a test needs otherwise.
func adjusted(
  _ adjust: (inout TransportSettings) throws -> Void
) rethrows -> TransportSettings {
  var settings = TransportSettings(host: "127.0.0.1", port: 0)
  settings.limits.drainMilliseconds = 300
  settings.limits.lingerMilliseconds = 300
  settings.limits.closeMilliseconds = 300
  try adjust(&settings)
  return settings
}

/// Lets `body` talk to a server, which is shut down afterwards.
func withTransport(
  _ settings: TransportSettings = adjusted { _ in },
  _ body: @Sendable @escaping (TransportWorld) async throws -> Void
) async throws {
  var logger = Logger(label: "transport")
  logger.logLevel = .critical
  let happenings = Happenings()
  let (ports, listening) = AsyncStream.makeStream(of: Int.self)
  let transport = try HTTPTransport(
    settings: settings, responder: routes(happenings).buildResponder(),
    admit: { request in
      switch request.path {
      case "/live": return .upgrade(request.headerFields[.userAgent] ?? "somebody")
      case "/undecided":
        try? await Task.sleep(for: .seconds(60))
        return .refuse
      default: return .refuse
      }
    },
    live: { try await obey($0, principal: $1, happenings) },
    logger: logger, onListening: { listening.yield($0) })
  let services = ServiceGroup(configuration: .init(services: [transport], logger: logger))
  try await withThrowingTaskGroup { group in
    group.addTask {
      defer { listening.finish() }
      try await services.run()
    }
    for await port in ports {
      group.addTask {
        let world = TransportWorld(port: port, services: services, happenings: happenings)
        do { try await body(world) } catch {
          await services.triggerGracefulShutdown()
          throw error
        }
        await services.triggerGracefulShutdown()
      }
    }
    try await group.waitForAll()
  }
}

private func routes(_ happenings: Happenings) -> Router<BasicRequestContext> {
  let router = Router()
  router.get("hello") { _, _ in "hello" }
  // Careless: content has no place in the answer to HEAD.
  router.head("hello") { _, _ in
    Response(
      status: .ok,
      body: .init { writer in
        try await writer.write(ByteBuffer(string: "hello"))
        try await writer.finish(nil)
      })
  }
  router.get("live") { request, _ in
    Response(status: .init(code: request.headers[.upgrade] == nil ? 401 : 500))
  }
  router.get("peer") { request, _ in request.head.peerAddress }
  router.get("where") { request, _ in
    "\(request.head.scheme ?? "") \(request.head.authority ?? "") \(request.uri)"
  }
  router.get("parts") { _, _ in
    Response(
      status: .ok,
      body: .init { writer in
        for part in ["one ", "two ", "three"] { try await writer.write(ByteBuffer(string: part)) }
        try await writer.finish(nil)
      })
  }
  router.post("echo") { request, _ in
    try await request.body.collect(upTo: 1 << 20)
  }
  // Reads a body as if it were a heavy task, and says whether it came whole.
  router.post("count") { request, _ -> String in
    var count = 0
    do {
      for try await part in request.body {
        count += part.readableBytes
        happenings.note("body begins")
      }
    } catch {
      happenings.note("body fails")
      throw error
    }
    happenings.note("body ends")
    return String(count)
  }
  router.post("late") { request, _ -> String in
    try await happenings.wait(for: "read on")
    var count = 0
    for try await part in request.body { count += part.readableBytes }
    return String(count)
  }
  router.post("ignored") { _, _ in "never read" }
  router.get("slow") { _, _ in
    happenings.note("slow begins")
    try await happenings.wait(for: "slow may end")
    return "slow"
  }
  router.get("stuck") { _, _ in
    happenings.note("stuck begins")
    try await Task.sleep(for: .seconds(600))
    return "stuck"
  }
  // A stream of events: it ends when its reader has gone.
  router.get("forever") { request, _ in
    Response(
      status: .ok,
      body: .init { writer in
        do {
          try await request.body.consumeWithCancellationOnInboundClose { _ in
            try await writer.write(ByteBuffer(string: "begun"))
            try await Task.sleep(for: .seconds(600))
          }
        } catch {
          happenings.note("reader gone")
          throw error
        }
      })
  }
  router.get("flood") { _, _ in
    Response(
      status: .ok,
      body: .init { writer in
        do {
          while true { try await writer.write(ByteBuffer(repeating: 0x78, count: 1 << 20)) }
        } catch {
          happenings.note("flood cut")
          throw error
        }
      })
  }
  return router
}

/// The live feed's side: it echoes, save for a few orders.
private func obey(
  _ connection: WebSocketConnection, principal: String, _ happenings: Happenings
) async throws {
  happenings.note("live begins")
  defer { happenings.note("live ends") }
  for await message in connection.messages {
    switch message {
    case .text("who"): try await connection.send(principal)
    case .text("bye"): return
    case .text("fail"): throw TransportWorld.Trouble()
    case .text("close"): connection.close(.tryAgainLater, "too far behind")
    case .text("pause"):
      happenings.note("paused")
      try await happenings.wait(for: "go on")
    case .text("sleep"): try await Task.sleep(for: .seconds(600))
    case .text("flood"):
      do {
        while true { try await connection.send(String(repeating: "x", count: 1 << 16)) }
      } catch {
        happenings.note("flood cut")
        throw error
      }
    case .text(let text): try await connection.send(text)
    case .binary(let bytes): try await connection.send(EncodedMessage(binary: bytes))
    }
  }
}
