import FXDomain
import FXJSON
import FXPorts
import HTTPTypes
import Testing

@testable import FXServer

@Suite struct `Webhooks and notifications` {
  private static let webhook = #"{"url":"https://desk.example/fx","on":["success","failed"]}"#

  private func text(_ json: JSON?, _ names: String...) -> String? {
    var value = json
    for name in names { value = value?[name] }
    guard case .string(let text)? = value else { return nil }
    return text
  }

  @Test func `a secret is shown once, and never to the same key again`() async throws {
    let world = try await CallWorld()
    let key: HTTPFields = [.idempotencyKey: "one"]
    let made = try await world.call(.post, "/api/webhooks", json: Self.webhook, fields: key)
    #expect(made.status == 201)
    let id = try #require(text(try made.json, "webhook", "id"))
    let secret = try #require(text(try made.json, "secret"))
    #expect(made.fields[.location] == "/api/webhooks/\(id)")
    let again = try await world.call(.post, "/api/webhooks", json: Self.webhook, fields: key)
    #expect(again.status == 409)
    let rotated = try await world.call(.post, "/api/webhooks/\(id)/rotate-secret")
    #expect(try text(rotated.json, "secret") != secret)
    for path in ["/api/webhooks", "/api/webhooks/\(id)"] {
      let shown = try await world.call(.get, path)
      #expect(shown.status == 200)
      #expect(!String(decoding: shown.bytes, as: UTF8.self).contains("whsec_"))
    }
    let audit = try await world.store.audit(AuditQuery(limit: 99))
    #expect(audit.count >= 3)
    for entry in audit {
      #expect(!"\(entry.before ?? "")\(entry.after ?? "")".contains("whsec_"))
    }
  }

  @Test func `is changed, tested and deleted`() async throws {
    let world = try await CallWorld()
    let made = try await world.call(.post, "/api/webhooks", json: Self.webhook)
    let path = "/api/webhooks/\(try #require(text(try made.json, "webhook", "id")))"
    let changed = try await world.call(
      .patch, path, json: #"{"enabled":false,"on":["kill_switch"]}"#)
    #expect(try changed.json["enabled"] == false)
    #expect(try changed.json["on"] == ["kill_switch"])
    let put = try await world.call(.post, path + "/test")
    #expect(put.status == 202)
    let delivery = try #require(text(try put.json, "id"))
    let log = try await world.call(.get, path + "/deliveries")
    #expect(String(decoding: log.bytes, as: UTF8.self).contains(delivery))
    let again = try await world.call(.post, path + "/deliveries/\(delivery)/redeliver")
    #expect(again.status == 202)
    #expect(try await world.call(.delete, path).status == 204)
    for call in ["", "/deliveries"] {
      #expect(try await world.call(.get, path + call).status == 404)
    }
  }

  static let wrong = [
    #"{"on":["success"]}"#, #"{"url":"https://desk.example/"}"#,
    #"{"url":"https://desk.example/","on":[]}"#,
    #"{"url":"https://desk.example/","on":["everything"]}"#,
    #"{"url":"http://desk.example/","on":["success"]}"#,
    #"{"url":"https://me:secret@desk.example/","on":["success"]}"#,
    #"{"url":"https://desk.example/#part","on":["success"]}"#,
    #"{"url":"https://desk.example:0/","on":["success"]}"#,
    #"{"url":"https://%31%32%37.0.0.1/","on":["success"]}"#,
    #"{"url":"https:///fx","on":["success"]}"#, #"{"url":"file:///etc/hosts","on":["success"]}"#,
    #"{"url":"https://desk.example/","on":["success"],"secret":"mine"}"#,
  ]

  @Test(arguments: wrong)
  func `what cannot be is refused`(body: String) async throws {
    let world = try await CallWorld()
    #expect(try await world.call(.post, "/api/webhooks", json: body).status == 422)
  }

  @Test func `a batch shows its callbacks, and a new secret only once`() async throws {
    let world = try await CallWorld()
    let own = "whsec_" + String(repeating: "A", count: 32)
    let body = """
      {"trades":[{"cif_number":"C1","deal_amount":"1000.00"}],"callbacks":[
        {"url":"https://desk.example/1"},
        {"url":"https://desk.example/2","on":["failed"],"secret":"\(own)"}]}
      """
    let fields: HTTPFields = [.idempotencyKey: "two"]
    let made = try await world.call(
      .post, "/api/batches", as: .dealer, json: body, fields: fields)
    #expect(made.status == 201)
    guard case .array(let callbacks)? = try made.json["callbacks"] else {
      throw Problem(.internalError, "no callbacks")
    }
    #expect(callbacks.count == 2)
    #expect(text(callbacks[0], "secret")?.hasPrefix("whsec_") == true)
    #expect(callbacks[1]["secret"] == nil && callbacks[1]["on"] == ["failed"])
    let id = try #require(text(try made.json, "id"))
    let again = try await world.call(
      .post, "/api/batches", as: .dealer, json: body, fields: fields)
    let shown = try await world.call(.get, "/api/batches/\(id)", as: .viewer)
    for reply in [again, shown] {
      #expect(try text(reply.json, "id") == id)
      let words = String(decoding: reply.bytes, as: UTF8.self)
      #expect(words.contains("desk.example/2") && !words.contains("whsec_"))
    }
    let csv = try await world.call(
      .post,
      "/api/batches?callback=https://desk.example/3%3Fa=b&callback=https://d.example/=success,failed",
      as: .dealer, csv: "Client CIF,Amount ZAR\nC1,2000.00\n")
    guard case .array(let given)? = try csv.json["callbacks"] else {
      throw Problem(.internalError, String(decoding: csv.bytes, as: UTF8.self))
    }
    #expect(given.map { text($0, "url") } == ["https://desk.example/3?a=b", "https://d.example/"])
    #expect(given[1]["on"] == ["success", "failed"])
  }

  @Test func `each person reads for themselves`() async throws {
    let world = try await CallWorld()
    let store = world.store
    for number in UInt64(1)...3 {
      let cursor = try await store.noticeCursor()
      _ = try await store.announce(
        Announcement(
          expecting: cursor, upTo: cursor + 1,
          notices: [
            Notice(
              id: Identifier(high: 1, low: number), kind: .killSwitch, at: world.clock.now,
              sequence: cursor + 1, text: "A sentence.")
          ]))
    }
    let page = try await world.call(.get, "/api/notifications?limit=2", as: .viewer)
    #expect(try page.json["unread"] == .integer(3))
    let cursor = try #require(text(try page.json, "next_cursor"))
    let rest = try await world.call(
      .get, "/api/notifications?limit=2&cursor=\(cursor)", as: .viewer)
    #expect(try rest.json["next_cursor"] == .null)
    let second = Identifier(high: 1, low: 2)
    let read = try await world.call(
      .post, "/api/notifications/read", as: .viewer, json: #"{"up_to":"\#(second)"}"#)
    #expect(try read.json["unread"] == .integer(1))
    let left = try await world.call(.get, "/api/notifications?unread=true", as: .viewer)
    #expect(String(decoding: left.bytes, as: UTF8.self).contains("\(Identifier(high: 1, low: 3))"))
    #expect(try await world.call(.get, "/api/notifications").json["unread"] == .integer(3))
    for body in ["{}", #"{"ids":[],"up_to":"\#(second)"}"#, #"{"ids":["x"]}"#] {
      let refused = try await world.call(.post, "/api/notifications/read", json: body)
      #expect(refused.status == 422)
    }
  }
}
