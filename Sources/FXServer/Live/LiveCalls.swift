import FXDomain
import FXPorts
import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// The two ways to follow the log live: a WebSocket and server-sent events.
struct LiveCalls: Sendable {
  let backend: Backend
  let tail: LogTail
  let signIn: SignIn
  let logger: Logger

  var routes: [Route] {
    [
      Route(.get, "/api/events", .role(.viewer)) { try await events($0) },
      // Reached only by requests that were not let in as a WebSocket: this says why.
      Route(.get, "/api/websocket", .role(.viewer)) { call in
        _ = try await wish(call.request)
        throw Self.upgradeRequired
      },
    ]
  }

  private static var upgradeRequired: Problem {
    var problem = Problem(.upgradeRequired, "Open a WebSocket here, or read /api/events.")
    problem.fields[.upgrade] = "websocket"
    return problem
  }

  // MARK: Who may follow what

  struct Wish: Sendable {
    var batch: Identifier?
    var after: Int64?
  }

  private func wish(_ request: HTTPRequest) async throws -> Wish {
    if let origin = request.headerFields[.origin],
      !OriginCheck.isOwn(origin, authority: request.authority)
    {
      throw Problem(.forbidden, "Only this server's own pages follow it.")
    }
    var query = try Query(of: request.path ?? "/")
    let batch = query.value("batch_id", "a batch's identifier") { Identifier($0) }
    let after = query.value("after", "the number of an event") { text in
      Int64(text).flatMap { $0 >= 0 ? $0 : nil }
    }
    try query.finish()
    if let batch, try await backend.store.batch(batch) == nil {
      throw Problem.notFound("such batch")
    }
    // A browser that has lost its connection sends its old address with the newer place.
    return Wish(batch: batch, after: try Self.lastEventID(request) ?? after)
  }

  private static func lastEventID(_ request: HTTPRequest) throws(Problem) -> Int64? {
    guard let text = request.headerFields[.lastEventID], !text.isEmpty else { return nil }
    guard let number = Int64(text), number >= 0 else {
      throw Problem(.malformedRequest, "Give Last-Event-ID the number of an event.")
    }
    return number
  }

  // MARK: WebSocket

  struct Follower: Sendable {
    let principal: Principal
    let wish: Wish
  }

  /// Decides by the head of a request that wants a WebSocket. Whoever is refused is answered by the
  /// route above, as if they had not asked for an upgrade.
  func admit(_ request: HTTPRequest) async -> Admission<Follower> {
    guard request.path?.prefix(while: { $0 != "?" }) == "/api/websocket" else { return .refuse }
    do {
      // A cookie proves nothing about the page: the browser sends it for any.
      let isCookie = request.headerFields[.authorization] == nil
      if isCookie, request.headerFields[.origin] == nil { return .refuse }
      guard case .known(let principal) = try await signIn.principal(of: request) else {
        return .refuse
      }
      return .upgrade(Follower(principal: principal, wish: try await wish(request)))
    } catch {
      logger.debug("no WebSocket was opened", metadata: ["error": "\(error)"])
      return .refuse
    }
  }

  /// Serves one WebSocket until it closes, its follower is no more let in, or the server ends.
  func serve(_ connection: WebSocketConnection, _ follower: Follower) async throws {
    let (number, wakes) = tail.enter(follower.principal)
    defer { tail.leave(number) }
    try await withThrowingTaskGroup { group in
      group.addTask {
        // Nothing is expected of a follower; what comes is taken and thrown away.
        for await _ in connection.messages {}
      }
      group.addTask {
        var feed = Feed(
          tail: tail, backend: backend, batch: follower.wish.batch, after: follower.wish.after)
        for await _ in wakes {
          try await feed.tell { messages in
            try await connection.send(EncodedMessage(joining: messages.map(\.frame)))
          }
        }
        if tail.hasEnded {
          connection.close(.goingAway, "the server ends")
        } else {
          connection.close(.policyViolation, "the token has ended or was revoked")
        }
      }
      try await group.next()
      group.cancelAll()
    }
  }

  // MARK: Server-sent events

  private func events(_ call: Call) async throws -> Answer {
    let wish = try await wish(call.request)
    guard let principal = call.principal else { throw Problem.notFound("such person") }
    var answer = Answer(
      body: .stream(type: "text/event-stream") { writer in
        try await stream(wish, to: principal, into: &writer)
      })
    // Proxies must not gather it.
    answer.fields[.accelBuffering] = "no"
    return answer
  }

  private func stream(
    _ wish: Wish, to principal: Principal, into writer: inout any ResponseBodyWriter
  ) async throws {
    let (number, wakes) = tail.enter(principal)
    defer { tail.leave(number) }
    try await writer.write(ByteBuffer(string: "retry: 2000\n\n"))
    var feed = Feed(tail: tail, backend: backend, batch: wish.batch, after: wish.after)
    for await _ in wakes {
      try await feed.tell { messages in
        var text = ""
        for message in messages {
          if message.isEvent { text += "id: \(message.sequence)\n" }
          text += "data: \(message.text)\n\n"
        }
        try await writer.write(ByteBuffer(string: text))
      }
    }
  }
}

extension HTTPField.Name {
  static let lastEventID = HTTPField.Name("Last-Event-ID")!
  static let accelBuffering = HTTPField.Name("X-Accel-Buffering")!
}
