import FXDomain
import FXEngine
import FXJSON
import FXPorts
import HTTPTypes
import Testing

@testable import FXServer

/// A decision that somebody may take about a batch: the call, the least role, and what it is answered
/// where the batch stands.
private enum Choice: CaseIterable {
  case start, approve, reject, pause, resume, cancel, retry, accept, clone, reverse, validate
  case rename, policy, trades, priority, delete

  var role: Role {
    switch self {
    case .approve, .reject: .approver
    case .start, .pause, .resume, .cancel, .retry, .accept, .clone, .reverse, .validate, .rename,
      .policy, .trades, .priority, .delete:
      .dealer
    }
  }

  func call(_ batch: Batch) -> (HTTPRequest.Method, path: String, json: String?) {
    let path = "/api/batches/\(batch.id)"
    let seen = #""content_hash":"\#(batch.contentHash)""#
    return switch self {
    case .start: (.post, path + "/start", nil)
    case .approve: (.post, path + "/approve", "{\(seen)}")
    case .reject: (.post, path + "/reject", #"{\#(seen),"note":"too much"}"#)
    case .pause: (.post, path + "/pause", nil)
    case .resume: (.post, path + "/resume", nil)
    case .cancel: (.post, path + "/cancel", #"{"note":"enough"}"#)
    case .retry: (.post, path + "/retry", #"{"all":true}"#)
    case .accept: (.post, path + "/accept", #"{"note":"agreed"}"#)
    case .clone: (.post, path + "/clone", nil)
    case .reverse: (.post, path + "/reverse", nil)
    case .validate: (.post, path + "/validate", nil)
    case .rename: (.patch, path, #"{"name":"renamed"}"#)
    case .policy: (.patch, path, #"{"policy":{"on_failure":"pause"}}"#)
    case .trades:
      (
        .patch, path,
        #"{"trades":{"add":[{"cif_number":"C1","deal_amount":"7.00","external_ref":"\#(batch.id)"}]}}"#
      )
    case .priority: (.post, "/api/batches/priority", #"{"batch_id":"\#(batch.id)","priority":9}"#)
    case .delete: (.delete, path, nil)
    }
  }

  /// The code of the refusal; nil where it is done.
  func refusal(_ standing: Standing) -> String? {
    switch (self, standing) {
    case (.start, .staged), (.start, .approved): nil
    case (.start, .awaitingApproval): "approval_required"
    case (.start, .rejected): "already_decided"
    case (.start, _): "wrong_state"

    case (.approve, .staged), (.approve, .awaitingApproval): nil
    case (.reject, .staged), (.reject, .awaitingApproval): nil
    case (.approve, .approved), (.approve, .rejected), (.reject, .approved), (.reject, .rejected):
      "already_decided"
    case (.approve, _), (.reject, _): "wrong_state"

    case (.pause, .pending), (.pause, .running), (.pause, .cancelling): nil
    case (.pause, _): "wrong_state"
    case (.resume, .paused), (.resume, .pausedByPolicy): nil
    case (.resume, _): "wrong_state"

    case (.cancel, .cancelling): "cancel_under_way"
    case (.cancel, _), (.policy, _), (.priority, _):
      standing.status.isFinal ? "wrong_state" : nil

    case (.retry, .pausedByPolicy), (.retry, .partialSuccess), (.retry, .failed),
      (.retry, .accepted), (.retry, .cancelled):
      nil
    case (.retry, .pending), (.retry, .running), (.retry, .paused), (.retry, .success):
      "nothing_to_retry"
    case (.retry, .cancelling): "cancel_under_way"
    case (.retry, _): "wrong_state"

    case (.accept, .partialSuccess), (.accept, .failed): nil
    case (.accept, .accepted): "already_decided"
    case (.accept, _): "wrong_state"

    case (.reverse, .success), (.reverse, .partialSuccess): nil
    case (.reverse, _): "nothing_to_reverse"
    case (.trades, _): standing.status == .staged ? nil : "wrong_state"
    case (.clone, _), (.validate, _), (.rename, _): nil

    case (.delete, .success), (.delete, .partialSuccess): "records_kept"
    case (.delete, _):
      standing.status == .staged || standing.status.isFinal ? nil : "wrong_state"
    }
  }
}

@Suite struct `Decisions about a batch` {
  @Test(arguments: Standing.allCases)
  func `are allowed or refused by its state and the person's role`(standing: Standing) async throws
  {
    let world = try await CallWorld()
    for choice in Choice.allCases {
      let shown = try await world.batch(standing: standing)
      let (method, path, json) = choice.call(shown)
      #expect(try await world.call(method, path, as: nil, json: json).status == 401)
      for role in Role.allCases where role < choice.role {
        let reply = try await world.call(method, path, as: role, json: json)
        #expect(reply.status == 403, "\(choice) as \(role) where \(standing)")
        #expect(try reply.code == "forbidden")
      }
      #expect(try await world.store.batch(shown.id) == shown, "a refusal changes nothing")
      for role in Role.allCases where role >= choice.role {
        let batch = try await world.batch(standing: standing)
        let (method, path, json) = choice.call(batch)
        let reply = try await world.call(method, path, as: role, json: json)
        let words: Comment =
          "\(choice) as \(role) where \(standing): \(String(decoding: reply.bytes, as: UTF8.self))"
        if let code = choice.refusal(standing) {
          #expect(reply.status == (code.hasPrefix("nothing") ? 422 : 409), words)
          #expect(try reply.code == code, words)
          #expect(try await world.store.batch(batch.id) == batch, words)
        } else {
          #expect((200...204).contains(reply.status), words)
        }
      }
    }
    #expect(world.store.snapshot.verifyInvariants().isEmpty)
  }

  @Test(arguments: [Role.approver, .admin], ["approve", "reject"])
  func `are not taken by who submitted the batch, whatever their role`(
    role: Role, word: String
  ) async throws {
    let world = try await CallWorld()
    let made = try await world.call(
      .post, "/api/batches", as: role,
      json: #"{"policy":{"approval":"required"},"trades":[{"cif_number":"C1","deal_amount":"9"}]}"#)
    guard case .string(let id)? = try made.json["id"],
      case .string(let hash)? =
        try made.json["content_hash"]
    else { throw Problem(.internalError, "no batch") }
    let again = try await world.issue(.approver, to: "\(role.rawValue)-person")
    let body = #"{"content_hash":"\#(hash)","note":"-"}"#
    let note = word == "reject" ? body : #"{"content_hash":"\#(hash)"}"#
    let reply = try await world.call(
      .post, "/api/batches/\(id)/\(word)", token: again, json: note)
    #expect(reply.status == 403)
    #expect(try reply.code == "approves_own")
  }

  /// The second of two persons gets a conflict that names the first.
  @Test(arguments: [
    (Standing.paused, "resume", "{}", "wrong_state", "resumed"),
    (.running, "pause", "{}", "wrong_state", "paused"),
    (.running, "cancel", "{}", "cancel_under_way", "cancelled"),
    (.failed, "accept", #"{"note":"agreed"}"#, "already_decided", "accepted"),
    (.failed, "retry", #"{"all":true}"#, "already_decided", "retried"),
    (.staged, "start", "{}", "wrong_state", "started"),
    (.awaitingApproval, "approve", "", "already_decided", "approved"),
    (.awaitingApproval, "reject", "", "already_decided", "rejected"),
  ])
  func `are taken once, and who comes second hears who was first`(
    standing: Standing, word: String, body: String, code: String, decided: String
  ) async throws {
    let world = try await CallWorld()
    let batch = try await world.batch(standing: standing)
    let first = try await world.issue(.approver, to: "Lerato")
    let second = try await world.issue(.approver, to: "Sipho")
    let seen = #"{"content_hash":"\#(batch.contentHash)""#
    let json = body.isEmpty ? seen + (word == "reject" ? #","note":"no"}"# : "}") : body
    let path = "/api/batches/\(batch.id)/\(word)"
    #expect(try await world.call(.post, path, token: first, json: json).status == 200)
    let reply = try await world.call(.post, path, token: second, json: json)
    #expect(reply.status == 409, "\(String(decoding: reply.bytes, as: UTF8.self))")
    #expect(try reply.code == code)
    #expect(String(decoding: reply.bytes, as: UTF8.self).contains("Lerato"))
    #expect(try reply.json["last_decision"]?["what"] == .string(decided))
    #expect(try reply.json["last_decision"]?["by"] == "Lerato")
  }
}

@Suite struct `Batches that wait for a person` {
  @Test func `are listed by any reason, by one, and by none`() async throws {
    let world = try await CallWorld()
    var ids: [Standing: String] = [:]
    for standing in Standing.allCases {
      ids[standing] = try await world.batch(standing: standing).id.description
    }
    func listed(_ wanted: String, _ more: String = "") async throws -> Set<Standing> {
      let reply = try await world.call(.get, "/api/batches?needs_decision=\(wanted)\(more)")
      guard reply.status == 200, case .array(let items)? = try reply.json["items"] else {
        throw Problem(.internalError, String(decoding: reply.bytes, as: UTF8.self))
      }
      return Set(ids.filter { _, id in items.contains { $0["id"] == .string(id) } }.keys)
    }
    let waiting: Set<Standing> = [
      .awaitingApproval, .rejected, .pausedByPolicy, .partialSuccess, .failed,
    ]
    #expect(try await listed("true") == waiting)
    #expect(try await listed("false") == Set(Standing.allCases).subtracting(waiting))
    #expect(try await listed("approval") == [.awaitingApproval])
    #expect(try await listed("rejected,failed") == [.rejected, .failed])
    #expect(
      try await listed("paused_by_policy,partial_success", "&status=paused") == [.pausedByPolicy])
    #expect(try await listed("failed", "&status=paused").isEmpty)
    #expect(try await listed("settlement_failed").isEmpty)
    for wrong in ["perhaps", "true,failed", "failed,", "", "Failed"] {
      let reply = try await world.call(.get, "/api/batches?needs_decision=\(wrong)")
      #expect(reply.status == 422, "\(wrong)")
    }
  }
}

@Suite struct `A reversal` {
  @Test func `is a staged batch of the opposite trades, each of which names its own`() async throws
  {
    let world = try await CallWorld()
    let batch = try await world.batch(standing: .partialSuccess)
    let path = "/api/batches/\(batch.id)/reverse"
    let all = try await world.store.trades(TradeQuery(batch: batch.key))
    let done = try #require(all.first { $0.status == .completed })
    let other = try #require(all.first { $0.status == .failed })
    let wrong = try await world.call(
      .post, path, as: .dealer, json: #"{"trade_ids":["\#(done.id)","\#(other.id)"]}"#)
    #expect(wrong.status == 422)
    #expect(String(decoding: wrong.bytes, as: UTF8.self).contains("/trade_ids/1"))
    let reply = try await world.call(.post, path, as: .dealer, json: #"{"name":"undone"}"#)
    #expect(reply.status == 201)
    #expect(try reply.json["status"] == "staged")
    #expect(try reply.json["name"] == "undone")
    guard case .string(let text)? = try reply.json["id"], let id = Identifier(text),
      let made = try await world.store.batch(id)
    else { throw Problem(.internalError, "no batch") }
    let trades = try await world.store.trades(TradeQuery(batch: made.key))
    #expect(trades.map(\.deal.side) == [.sell])
    #expect(trades.map(\.deal.amount) == [done.deal.amount])
    #expect(trades.map(\.cifNumber) == [done.cifNumber])
    #expect(trades.map(\.externalRef) == ["reverses \(done.id)"])
    // Twice within a day is once too often.
    let twice = try await world.call(.post, path, as: .dealer)
    #expect(twice.status == 422)
    #expect(String(decoding: twice.bytes, as: UTF8.self).contains("duplicate_recent"))
  }
}

@Suite struct `An approval that the configuration asks for` {
  private func world(_ rule: ApprovalRule) async throws -> CallWorld {
    try await CallWorld(
      intake: IntakeSettings(approval: rule, approvalMilliseconds: 3_600_000))
  }

  private func submit(
    _ world: CallWorld, _ amount: String, start: Bool = false
  ) async throws -> (id: String, json: JSON) {
    let reply = try await world.call(
      .post, "/api/batches", as: .dealer,
      json: #"{"start":\#(start),"trades":[{"cif_number":"C1","deal_amount":"\#(amount)"}]}"#)
    guard case .string(let id)? = try reply.json["id"] else {
      throw Problem(.internalError, String(decoding: reply.bytes, as: UTF8.self))
    }
    return (id, try reply.json)
  }

  @Test func `holds a new batch back where its sum is above the amount`() async throws {
    let world = try await world(.above(try Money("1000.00", .zar)))
    let small = try await submit(world, "1000.00", start: true)
    #expect(small.json["status"] == "pending")
    let large = try await submit(world, "1000.01", start: true)
    #expect(large.json["status"] == "staged")
    #expect(large.json["needs_decision"] == ["approval"])
    #expect(large.json["policy"]?["approval"] == "required")
  }

  @Test func `holds a batch back whose sum an edit has raised`() async throws {
    let world = try await world(.above(try Money("1000.00", .zar)))
    let (id, _) = try await submit(world, "600.00")
    let edited = try await world.call(
      .patch, "/api/batches/\(id)", as: .dealer,
      json: #"{"trades":{"add":[{"cif_number":"C1","deal_amount":"600.01"}]}}"#)
    #expect(try edited.json["needs_decision"] == ["approval"])
    let start = try await world.call(.post, "/api/batches/\(id)/start", as: .dealer)
    #expect(start.status == 409)
    #expect(try start.code == "approval_required")
  }

  @Test func `holds at the start what was staged before it was asked for`() async throws {
    let world = try await CallWorld()
    let (id, _) = try await submit(world, "5.00")
    let strict = try await CallWorld(
      sharing: world, intake: IntakeSettings(approval: .always, approvalMilliseconds: 3_600_000))
    let path = "/api/batches/\(id)"
    let start = try await strict.call(.post, path + "/start", as: .dealer)
    #expect(try start.code == "approval_required")
    let waiting = try await strict.call(.get, path).json
    #expect(waiting["needs_decision"] == ["approval"])
    guard case .string(let hash)? = waiting["content_hash"] else {
      throw Problem(.internalError, "no hash")
    }
    let seen = #"{"content_hash":"\#(hash)"}"#
    #expect(
      try await strict.call(.post, path + "/approve", as: .approver, json: seen).status == 200)
    world.clock.advance(byMilliseconds: 3_600_001)
    let late = try await strict.call(.post, path + "/start", as: .dealer)
    #expect(late.status == 409)
    #expect(try late.code == "approval_expired")
    #expect(try await strict.call(.get, path).json["needs_decision"] == ["approval"])
    #expect(
      try await strict.call(.post, path + "/approve", as: .approver, json: seen).status == 200)
    #expect(try await strict.call(.post, path + "/start", as: .dealer).status == 200)
  }

  @Test func `values other currencies, and asks where there is no rate`() async throws {
    let world = try await world(.above(try Money("18000.00", .zar)))
    func needs(_ trade: String) async throws -> JSON? {
      let reply = try await world.call(
        .post, "/api/batches", as: .dealer,
        json: #"{"allow_duplicates":true,"trades":[{"cif_number":"C1",\#(trade)}]}"#)
      return try reply.json["needs_decision"]
    }
    let dollars = #""deal_currency":"USD","deal_amount":"1000.00""#
    #expect(try await needs(dollars) == ["approval"])
    #expect(try await needs(dollars + #","fixed_rate":"18.0000""#) == [])
    #expect(try await needs(dollars + #","fixed_rate":"18.0001""#) == ["approval"])
    _ = try await world.call(
      .put, "/api/otc-rates/USD-ZAR", as: .dealer, json: #"{"rate":"17.9000"}"#)
    #expect(try await needs(dollars) == [])
    #expect(try await needs(#""deal_amount":"18000.01""#) == ["approval"])
  }
}
