import FXDomain
import FXJSON
import FXPorts
import HTTPTypes
import Testing

@testable import FXServer

@Suite struct `Who may call` {
  /// Every route, by everybody, about something that is there, that is not, and that cannot be.
  @Test func `every call asks for its role, whatever it is about`() async throws {
    let world = try await CallWorld()
    var count = 0
    for route in world.server.routes {
      guard case .role(let needed) = route.access else { continue }
      for role in [nil] + Role.allCases.map(Optional.some) {
        let (batch, trade) = try await world.stage()
        let ids =
          route.path.contains("/trades/")
          ? [trade.id.description] : [batch.id.description]
        for id in ids + ["00000000-0000-7000-8000-000000000000", "no%20id"] {
          let status = try await world.status(of: route, about: id, as: role)
          count += 1
          let words: Comment =
            "\(route.name) about \(id) as \(role?.rawValue ?? "nobody"): \(status)"
          if role == nil {
            #expect(status == 401, words)
          } else if let role, role < needed {
            #expect(status == 403, words)
          } else {
            #expect(status != 401 && status != 403 && (status < 500 || status == 503), words)
          }
        }
      }
    }
    #expect(count > 300)
  }

  @Test func `only what is meant for everybody is open`() async throws {
    let world = try await CallWorld()
    let open = world.server.routes.filter { $0.access == .anybody }.map(\.name)
    #expect(
      Set(open) == [
        "POST /api/session", "GET /api/openapi.yaml", "GET /api/docs", "GET /api/docs.css",
        "GET /health/live", "GET /health/ready",
      ])
  }

  @Test func `a token is worth nothing once revoked or ended`() async throws {
    let world = try await CallWorld()
    let token = try await world.issue(
      .viewer, to: "vera", expiresAt: world.clock.now.advanced(byMilliseconds: 10_000))
    #expect(try await world.call(.get, "/api/me", token: token).status == 200)
    world.clock.advance(byMilliseconds: 10_000)
    #expect(try await world.call(.get, "/api/me", token: token).status == 401)

    let made = try await world.call(
      .post, "/api/tokens", json: #"{"name":"n","person":"piet","role":"dealer"}"#)
    guard case .string(let text)? = try made.json["token"],
      case .string(let id)? = try made.json["issued"]?["id"]
    else { throw Problem(.internalError, "no token") }
    #expect(try await world.call(.get, "/api/me", token: text).status == 200)
    #expect(try await world.call(.delete, "/api/tokens/\(id)").status == 200)
    #expect(try await world.call(.get, "/api/me", token: text).status == 401)
  }

  @Test(arguments: [
    "Bearer", "Bearer ", "Basic abc", "Bearer a b", "bearer xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    "Bearer \(String(repeating: "x", count: 600))",
  ])
  func `what is no token of ours lets nobody in`(field: String) async throws {
    let world = try await CallWorld()
    let reply = try await world.call(
      .get, "/api/me", token: nil, fields: [.authorization: field])
    #expect(reply.status == 401)
    #expect(reply.fields[.wwwAuthenticate] != nil)
  }

  @Test func `a cookie changes something only from this server's pages`() async throws {
    let world = try await CallWorld()
    let token = try #require(world.tokens[.dealer])
    let login = try await world.call(
      .post, "/api/session", token: nil, json: #"{"token":"\#(token)"}"#)
    let cookie = try #require(login.fields[.setCookie]?.split(separator: ";").first)
    guard case .string(let csrf)? = try login.json["csrf_token"] else {
      throw Problem(.internalError, "no token")
    }
    let (batch, _) = try await world.stage()
    let path = "/api/batches/\(batch.id)/pause"
    let own: HTTPFields = [.cookie: String(cookie), .origin: "http://desk.example"]
    func status(_ fields: HTTPFields) async throws -> Int {
      try await world.call(.post, path, token: nil, fields: fields).status
    }
    #expect(try await world.call(.get, "/api/me", token: nil, fields: own).status == 200)
    #expect(try await status(own) == 403)
    var fields = own
    fields[.csrf] = "AAAA"
    #expect(try await status(fields) == 403)
    fields[.csrf] = csrf
    fields[.origin] = "http://elsewhere.example"
    #expect(try await status(fields) == 403)
    fields[.origin] = nil
    #expect(try await status(fields) == 403)
    fields[.origin] = "http://desk.example"
    fields[.fetchSite] = "cross-site"
    #expect(try await status(fields) == 403)
    fields[.fetchSite] = "same-origin"
    // The batch is staged: refused by its state now, and by nobody's gate.
    #expect(try await status(fields) == 409)
    #expect(
      try await world.call(.delete, "/api/session", token: nil, fields: fields).status == 204)
    #expect(try await world.call(.get, "/api/me", token: nil, fields: own).status == 401)
  }

  @Test func `too many calls wait, and one token's haste is not another's`() async throws {
    let world = try await CallWorld(requestsPerSecond: 5)
    for _ in 0..<5 { #expect(try await world.call(.get, "/api/me", as: .viewer).status == 200) }
    let late = try await world.call(.get, "/api/me", as: .viewer)
    #expect(late.status == 429)
    #expect(late.fields[.retryAfter] == "1")
    #expect(try await world.call(.get, "/api/me", as: .dealer).status == 200)
    world.clock.advance(byMilliseconds: 200)
    #expect(try await world.call(.get, "/api/me", as: .viewer).status == 200)
  }

  @Test func `failed sign-ins slow their address down, but not a good token`() async throws {
    let world = try await CallWorld()
    let wrong = String(repeating: "w", count: 40)
    var statuses: [Int] = []
    for _ in 0..<8 { statuses.append(try await world.call(.get, "/api/me", token: wrong).status) }
    #expect(statuses == [401, 401, 401, 401, 401, 429, 429, 429])
    #expect(try await world.call(.get, "/api/me", as: .viewer).status == 200)
  }

  @Test func `failed sign-ins of a browser are slowed down too`() async throws {
    let world = try await CallWorld()
    func signIn(_ token: String) async throws -> Int {
      try await world.call(.post, "/api/session", token: nil, json: #"{"token":"\#(token)"}"#)
        .status
    }
    let wrong = String(repeating: "w", count: 40)
    var statuses: [Int] = []
    for _ in 0..<7 { statuses.append(try await signIn(wrong)) }
    #expect(statuses == [401, 401, 401, 401, 401, 429, 429])
    #expect(try await signIn(try #require(world.tokens[.dealer])) == 200)
  }

  @Test func `strangers without number fill no audit`() async throws {
    let world = try await CallWorld()
    let most = CallBounds.auditedStrangersAtOnce
    for _ in 0..<most + 9 { _ = try await world.call(.get, "/api/batches", token: nil) }
    #expect(try await world.store.audit(AuditQuery(limit: 500)).count == most)
  }

  @Test func `what is denied and what changes something stands in the audit`() async throws {
    let world = try await CallWorld()
    let (batch, _) = try await world.stage()
    _ = try await world.call(.post, "/api/batches/\(batch.id)/start", as: .viewer)
    _ = try await world.call(.post, "/api/batches/\(batch.id)/start", as: .dealer)
    _ = try await world.call(.get, "/api/audit", as: .dealer)
    let entries = try await world.store.audit(AuditQuery(limit: 3))
    #expect(entries.map(\.status) == [403, 200, 403])
    #expect(entries.map(\.person) == ["dealer-person", "dealer-person", "viewer-person"])
    #expect(entries[1].call == "POST /api/batches/{id}/start")
    #expect(entries[1].object == batch.id.description)
    #expect(entries[1].address == CallWorld.address)
    #expect(entries[1].before?.contains(#""status":"staged""#) == true)
    #expect(entries[1].after?.contains(#""status":"pending""#) == true)
  }
}

extension CallWorld {
  /// The status of a call with some body of the kind that it takes.
  fileprivate func status(of route: Route, about id: String, as role: Role?) async throws -> Int {
    let path = route.path.replacing(/\{[a-z_]+\}/) { _ in id }
    let isCSV = route.body == .csv
    return try await respond(
      route.method, path, token: role.flatMap { tokens[$0] },
      json: !isCSV && route.changes ? "{}" : nil, csv: isCSV ? "x" : nil
    ).status.code
  }
}
