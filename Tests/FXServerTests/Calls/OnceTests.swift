import FXDomain
import FXJSON
import FXPorts
import HTTPTypes
import Logging
import Testing

@testable import FXServer

@Suite struct `A request with a key` {
  private let body = #"{"name":"once","trades":[{"cif_number":"C1","deal_amount":"5.00"}]}"#

  private func submit(
    _ world: CallWorld, _ key: String, _ body: String? = nil
  ) async throws -> CallWorld.Reply {
    try await world.call(
      .post, "/api/batches", as: .dealer, json: body ?? self.body,
      fields: [.idempotencyKey: key])
  }

  @Test func `is carried out once, and its repetition gets the first answer`() async throws {
    let world = try await CallWorld()
    let first = try await submit(world, "k")
    let second = try await submit(world, "k")
    #expect(first.status == 201 && second.status == 201)
    #expect(first.bytes == second.bytes)
    #expect(first.fields[.location] == second.fields[.location])
    #expect(second.fields[.idempotencyReplayed] == "true")
    #expect(try await world.store.batches(BatchQuery()).count == 1)
  }

  @Test func `is refused with another body, and is another one's own`() async throws {
    let world = try await CallWorld()
    _ = try await submit(world, "k")
    let other = try await submit(
      world, "k", #"{"name":"x","trades":[{"cif_number":"C1","deal_amount":"6.00"}]}"#)
    #expect(other.status == 422)
    #expect(try other.code == "key_reused")
    let admins = try await world.call(
      .post, "/api/batches", as: .admin,
      json: #"{"name":"x","trades":[{"cif_number":"C1","deal_amount":"6.00"}]}"#,
      fields: [.idempotencyKey: "k"])
    #expect(admins.status == 201)
  }

  @Test func `whose answer was lost is told what it had made`() async throws {
    let world = try await CallWorld()
    let (batch, _) = try await world.stage()
    let token = try #require(world.tokens[.dealer])
    let owner = try #require(
      try await world.store.token(digest: Credentials.digest(of: token))?.id)
    let path = "/api/batches/\(batch.id)/start"
    // As if the process had ended between the effect and the answer.
    let receipt = Receipt(owner: owner, key: "lost", digest: Self.digest(.post, path))
    _ = try await world.store.perform(
      BatchStep(batch: batch.key, actor: .person("dealer-person"), command: .start()),
      receipt: receipt)
    let reply = try await world.call(
      .post, path, as: .dealer, fields: [.idempotencyKey: "lost"])
    #expect(reply.status == 200)
    #expect(try reply.json["status"] == "pending")
  }

  @Test func `whose answer was lost finds the client that it had registered`() async throws {
    let world = try await CallWorld()
    let token = try #require(world.tokens[.dealer])
    let owner = try #require(
      try await world.store.token(digest: Credentials.digest(of: token))?.id)
    let body = #"{"cif_number":"C2","name":"Bongani Example","spread":"50"}"#
    let record = ClientRecord(
      name: "Bongani Example", cifNumber: "C2", spread: try Pips("50"), accounts: [])
    let digest = Self.digest(.post, "/api/clients", .json(.null, Array(body.utf8)))
    _ = try await world.store.register(
      record, receipt: Receipt(owner: owner, key: "lost", digest: digest)
    ).get()
    let reply = try await world.call(
      .post, "/api/clients", as: .dealer, json: body, fields: [.idempotencyKey: "lost"])
    #expect(reply.status == 201)
    #expect(try reply.json["cif_number"] == "C2")
  }

  private static func digest(
    _ method: HTTPRequest.Method, _ path: String, _ body: CallBody = .none
  ) -> [UInt8] {
    Call(
      request: HTTPRequest(method: method, scheme: nil, authority: nil, path: path),
      parameters: [:], principal: nil, requestID: "", body: body, observed: Observed()
    ).digest
  }

  @Test func `that was refused is looked at anew`() async throws {
    let world = try await CallWorld()
    let bad = #"{"name":"once","trades":[{"cif_number":"C2","deal_amount":"5.00"}]}"#
    #expect(try await submit(world, "k", bad).status == 422)
    _ = try await world.call(
      .post, "/api/clients/import", as: .dealer,
      csv: "Client,Client CIF,Fixed Spread,ZAR Account,USD Account\nBen,C2,1,11,12\n")
    #expect(try await submit(world, "k", bad).status == 201)
  }

  @Test func `is forgotten after a day, and not before`() async throws {
    let world = try await CallWorld()
    let forgetting = ForgettingAnswers(
      store: world.store, clock: world.engineClock, logger: Logger(label: "test"))
    let first = try await submit(world, "k")
    world.clock.advance(byMilliseconds: CallBounds.keptIdempotencyMilliseconds)
    try await forgetting.forget()
    #expect(try await submit(world, "k").bytes == first.bytes)
    world.clock.advance(byMilliseconds: 1)
    try await forgetting.forget()
    #expect(try await submit(world, "k").fields[.idempotencyReplayed] == nil)
  }

  @Test(arguments: ["", String(repeating: "k", count: 256), "caf\u{e9}"])
  func `must be one of few printable characters`(key: String) async throws {
    let world = try await CallWorld()
    #expect(try await submit(world, key).status == 400)
  }

  @Test func `never keeps the text of a token`() async throws {
    let world = try await CallWorld()
    let fields: HTTPFields = [.idempotencyKey: "t"]
    let body = #"{"name":"n","person":"p","role":"viewer"}"#
    #expect(try await world.call(.post, "/api/tokens", json: body, fields: fields).status == 201)
    let again = try await world.call(.post, "/api/tokens", json: body, fields: fields)
    #expect(again.status == 409)
  }
}
