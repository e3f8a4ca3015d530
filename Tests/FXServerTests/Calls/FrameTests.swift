import FXDomain
import FXJSON
import HTTPTypes
import Testing

@testable import FXServer

@Suite struct `The frame of calls` {
  @Test func `every problem has a status of its own family and a title`() {
    for kind in Problem.Kind.allCases {
      #expect((400...599).contains(kind.status.code))
      #expect(!kind.title.isEmpty)
    }
    #expect(Set(Problem.Kind.allCases.map(\.title)).count == Problem.Kind.allCases.count)
  }

  @Test func `fields gather everything that is wrong, with pointers`() throws {
    let json = try JSON(
      parsing: Array(
        #"{"a":1,"b":"x","list":[{"n":"7"},{"n":7,"extra":true},3],"s/l~ash":2}"#.utf8))
    var fields = Fields(json)
    #expect(fields.text("a") == nil)
    #expect(fields.text("b") == "x")
    fields.require("missing")
    let numbers = fields.objects("list", atMost: 9) { item, _ in item.integer("n", in: 0...5) }
    #expect(numbers == [])
    let found = fields.finish()
    #expect(
      found.map(\.place) == [
        .pointer("/a"), .pointer("/missing"), .pointer("/list/0/n"), .pointer("/list/1/n"),
        .pointer("/list/1/extra"), .pointer("/list/2"), .pointer("/s~1l~0ash"),
      ])
  }

  @Test(arguments: [
    ("12", 10), ("0", 1), ("-3", 1), ("7", 7), ("99999999999999999999999", 10),
    ("-99999999999999999999999", 1),
  ])
  func `a priority is taken for the nearest`(text: String, nearest: Int) throws {
    var fields = Fields(try JSON(parsing: Array("{\"p\":\(text)}".utf8)))
    #expect(fields.clamped("p", to: 1...10) == nearest)
    var query = try Query(of: "/x?p=\(text)")
    #expect(query.clamped("p", to: 1...10) == nearest)
  }

  @Test(arguments: ["1.5", "1e3", "\"7\"", "true", "[]"])
  func `what is no whole number is no priority`(text: String) throws {
    var fields = Fields(try JSON(parsing: Array("{\"p\":\(text)}".utf8)))
    #expect(fields.clamped("p", to: 1...10) == nil)
    #expect(fields.finish().count == 1)
  }

  @Test func `queries refuse what is unknown, repeated or malformed`() throws {
    var query = try Query(of: "/x?a=1&a=2&b=%41+b&c=&limit=501")
    #expect(query.text("a") == nil)
    #expect(query.text("b") == "A b")
    #expect(query.text("c") == nil)
    _ = query.limit()
    #expect(throws: Problem.self) { try query.finish() }
    #expect(throws: Problem.self) { try Query(of: "/x?a=%zz") }
    #expect(throws: Problem.self) { try Query(of: "/x?a=%ff") }
  }

  @Test func `a cursor goes on in its own list only`() throws {
    let text = Cursor.text(["a\u{20}b", "7"], of: "list?x=1")
    let cursor = try Cursor(text, of: "list?x=1", parts: 2)
    #expect(cursor.parts == ["a b", "7"])
    #expect(try cursor.integer(1) == 7)
    #expect(throws: Cursor.unusable) { try cursor.integer(0) }
    #expect(throws: Cursor.unusable) { try Cursor(text, of: "list?x=2", parts: 2) }
    #expect(throws: Cursor.unusable) { try Cursor(text, of: "list?x=1", parts: 1) }
    for bad in ["", "x", "====", text + "A", String(text.dropLast(3))] {
      #expect(throws: Cursor.unusable) { try Cursor(bad, of: "list?x=1", parts: 3) }
    }
  }

  @Test(arguments: [
    ("http://desk.example", true), ("https://desk.example", true), ("HTTP://desk.example", false),
    ("http://desk.example:81", false), ("null", false), ("http://desk.example.evil", false),
  ])
  func `an origin is this server's by host and port`(origin: String, isOwn: Bool) {
    #expect(OriginCheck.isOwn(origin, authority: "desk.example") == isOwn)
  }

  @Test func `a session's token is good for that session only`() {
    let token = Credentials.csrfToken(session: "one")
    #expect(Credentials.isCSRFToken(token, session: "one"))
    #expect(!Credentials.isCSRFToken(token, session: "two"))
    #expect(!Credentials.isCSRFToken("", session: "one"))
  }

  @Test func `answers say what browsers must not do, and keep nothing`() async throws {
    let world = try await CallWorld()
    for path in ["/api/me", "/nowhere", "/api/batches/x/start"] {
      let reply = try await world.call(.get, path)
      #expect(reply.fields[.contentSecurityPolicy] == SecurityHeaders.nothing)
      #expect(reply.fields[.xContentTypeOptions] == "nosniff")
      #expect(reply.fields[.cacheControl] == "no-store")
      #expect(reply.fields[.requestID] != nil)
    }
  }

  @Test(arguments: [
    ("/api/me", "POST", 405), ("/api/nothing", "GET", 404), ("/api/batches/x/start", "GET", 405),
    ("/api/batches/x/start", "DELETE", 405),
  ])
  func `a path that is there is told from one that is not`(
    path: String, method: String, status: Int
  ) async throws {
    let world = try await CallWorld()
    let reply = try await world.call(try #require(.init(rawValue: method)), path)
    #expect(reply.status == status)
    #expect((reply.fields[.allow] != nil) == (status == 405))
  }

  @Test(arguments: [
    ("application/json; charset=utf-8", 201), ("text/plain", 415), ("application/xml", 415),
    ("application/json; charset=latin1", 415), ("text/csv", 422),
  ])
  func `a body has the type that is read`(type: String, status: Int) async throws {
    let world = try await CallWorld()
    let reply = try await world.call(
      .post, "/api/batches", token: world.tokens[.dealer],
      json: #"{"trades":[{"cif_number":"C1","deal_amount":"5.00"}]}"#,
      fields: [.contentType: type])
    #expect(reply.status == status)
  }
}
