import FXDomain
import FXJSON
import FXPorts
import HTTPTypes
import Testing

@testable import FXServer

/// Two persons at once, and one who has not looked.
@Suite struct `A change of what somebody has seen` {
  private func version(_ reply: CallWorld.Reply) -> HTTPFields {
    [.ifMatch: reply.fields[.eTag] ?? ""]
  }

  @Test(arguments: ["retry", "cancel"])
  func `is refused on a trade that has changed since`(order: String) async throws {
    let world = try await CallWorld()
    let (batch, trade) = try await world.stage()
    let seen = try await world.call(.get, "/api/trades/\(trade.id)")
    _ = try await world.call(
      .patch, "/api/batches/\(batch.id)",
      json: #"{"trades":{"change":[{"id":"\#(trade.id)","cif_number":"C1","deal_amount":"2.00"}]}}"#
    )
    if order == "retry" {
      _ = try await world.call(.post, "/api/batches/\(batch.id)/cancel")
    }
    let late = try await world.call(
      .post, "/api/trades/\(trade.id)/\(order)", fields: version(seen))
    #expect(late.status == 412)
    #expect(try late.code == "stale_version")
    let fresh = try await world.call(.get, "/api/trades/\(trade.id)")
    #expect(
      try await world.call(.post, "/api/trades/\(trade.id)/\(order)", fields: version(fresh)).status
        == 200)
  }

  @Test func `ends a staged batch that is cancelled`() async throws {
    let world = try await CallWorld()
    let (batch, _) = try await world.stage()
    let reply = try await world.call(.post, "/api/batches/\(batch.id)/cancel", as: .dealer)
    #expect(try reply.json["status"] == "cancelled")
  }

  @Test func `names what is no trade to be tried again`() async throws {
    let world = try await CallWorld()
    let (batch, trade) = try await world.stage()
    let (_, strange) = try await world.stage()
    _ = try await world.call(.post, "/api/batches/\(batch.id)/cancel")
    let reply = try await world.call(
      .post, "/api/batches/\(batch.id)/retry",
      json: #"{"trade_ids":["\#(trade.id)","\#(strange.id)"]}"#)
    #expect(reply.status == 422)
    #expect(try reply.code == "nothing_to_retry")
  }

  @Test func `registers a client once`() async throws {
    let world = try await CallWorld()
    func register(_ spread: String) async throws -> CallWorld.Reply {
      try await world.call(
        .post, "/api/clients", as: .dealer,
        json: #"{"cif_number":"C2","name":"Bongani Example","spread":"\#(spread)"}"#)
    }
    #expect(try await register("50").status == 201)
    let second = try await register("500")
    #expect(second.status == 409)
    #expect(try second.code == "already_exists")
    #expect(try await world.store.client("C2")?.spread == Pips("50"))
  }

  @Test(arguments: [" ", "\u{200b}", "\u{202e} \u{2066}"])
  func `gives no batch a name that shows nothing`(name: String) async throws {
    let world = try await CallWorld()
    let (batch, _) = try await world.stage()
    let body = JSON.object([.init(name: "name", value: .string(name))]).text
    let reply = try await world.call(.patch, "/api/batches/\(batch.id)", json: body)
    #expect(reply.status == 422)
  }

  @Test func `of a feed by HEAD begins no feed`() async throws {
    let world = try await CallWorld()
    let (batch, _) = try await world.stage()
    for path in ["/api/events", "/api/batches/\(batch.id)/export?format=csv"] {
      let response = try await world.respond(
        .head, path, token: world.tokens[.viewer])
      #expect(response.status == .ok)
      #expect(response.headers[.contentType] != nil)
      #expect(response.body.contentLength == 0, "\(path)")
    }
  }

  @Test func `of more than a little is read of those who have signed in only`() async throws {
    let world = try await CallWorld()
    let long = #"{"token":"\#(String(repeating: "x", count: CallBounds.smallBodyBytes))"}"#
    #expect(try await world.call(.post, "/api/session", token: nil, json: long).status == 413)
    #expect(try await world.call(.get, "/api/batches", json: long).status == 413)
  }
}
