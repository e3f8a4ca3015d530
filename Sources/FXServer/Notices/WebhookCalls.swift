import FXAPI
import FXDomain
import FXJSON
import FXPorts

/// Where the installation sends what happened: webhooks, and the log of what went to them. A batch's
/// callbacks are reached by their own identifiers, too.
struct WebhookCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/webhooks", .role(.admin)) { _ in
        .json(.page(try await backend.store.webhooks().map(\.json), next: nil))
      },
      Route(.post, "/api/webhooks", .role(.admin), body: .json, takesKey: true) {
        try await create($0)
      },
      Route(.get, "/api/webhooks/{id}", .role(.admin)) {
        .json(try await endpoint(of: $0).json)
      },
      Route(.patch, "/api/webhooks/{id}", .role(.admin), body: .json) { try await change($0) },
      Route(.delete, "/api/webhooks/{id}", .role(.admin)) { try await delete($0) },
      Route(.post, "/api/webhooks/{id}/rotate-secret", .role(.admin)) { try await rotate($0) },
      Route(.post, "/api/webhooks/{id}/test", .role(.admin)) { try await test($0) },
      Route(.get, "/api/webhooks/{id}/deliveries", .role(.admin)) { try await deliveries($0) },
      Route(.post, "/api/webhooks/{id}/deliveries/{delivery}/redeliver", .role(.admin)) {
        try await redeliver($0)
      },
    ]
  }

  private func endpoint(of call: Call) async throws -> Endpoint {
    let id = try call.identifier("id", "such webhook")
    guard let endpoint = try await backend.store.endpoint(id) else {
      throw Problem.notFound("such webhook")
    }
    return endpoint
  }

  // MARK: Keeping them

  private func create(_ call: Call) async throws -> Answer {
    var fields = Fields(call.json)
    let url = fields.webhookURL("url", allowsPrivate: backend.settings.allowsPrivateWebhooks)
    let kinds = fields.kinds("on", among: NoticeKind.allCases)
    let note = fields.shortText("description", isNeeded: false)
    let isEnabled = fields.bool("enabled") ?? true
    fields.require("url", "on")
    try fields.demandNothingWrong()
    guard let url, let kinds else { throw Problem.notFound("such webhook") }
    // The secret is shown only once, so a repetition of the request cannot be shown it again.
    guard call.earlier == nil else {
      throw Problem(
        .alreadyDecided,
        "The webhook was made before, and its secret is not shown again: rotate it.")
    }
    let now = backend.now
    let webhook = Endpoint(
      id: backend.newIdentifier(), url: url.text, kinds: kinds, note: note,
      isEnabled: isEnabled, secret: backend.newSigningSecret(), createdAt: now,
      createdBy: call.actor.description, updatedAt: now)
    switch try await backend.store.add(webhook, receipt: call.receipt) {
    case .success: break
    case .failure(.repeated): throw Problem.repeated
    case .failure(.tooMany):
      throw Problem([
        .init(
          place: .pointer(""), code: "too_many",
          detail: "There are \(NoticeBounds.webhooks) webhooks, no more can be: delete one.")
      ])
    }
    call.observed.name(webhook.id.description)
    var answer = Self.showing(webhook).changing(to: webhook.json)
    answer.status = .created
    answer.fields[.location] = "/api/webhooks/\(webhook.id)"
    return answer
  }

  /// With its secret, this once.
  private static func showing(_ endpoint: Endpoint) -> Answer {
    var answer = Answer.json([
      "secret": .string(endpoint.secret.text), "webhook": endpoint.json,
    ])
    answer.isSecret = true
    return answer
  }

  private func change(_ call: Call) async throws -> Answer {
    let before = try await endpoint(of: call)
    var fields = Fields(call.json)
    let url = fields.webhookURL("url", allowsPrivate: backend.settings.allowsPrivateWebhooks)
    let known = NoticeKind.allCases.filter { before.batch == nil || $0.isOfBatch }
    let change = EndpointChange(
      url: url?.text, kinds: fields.kinds("on", among: known),
      note: fields.shortText("description", isNeeded: false), isEnabled: fields.bool("enabled"))
    fields.refuseNulls()
    if fields.isEmpty { fields.refuse("", "empty", "Say what is to be changed.") }
    try fields.demandNothingWrong()
    let after = try await changed(before, change)
    return Answer.json(after.json).changing(from: before.json, to: after.json)
  }

  private func changed(_ endpoint: Endpoint, _ change: EndpointChange) async throws -> Endpoint {
    guard let after = try await backend.store.change(endpoint.id, change) else {
      throw Problem.notFound("such webhook")
    }
    return after
  }

  private func delete(_ call: Call) async throws -> Answer {
    let before = try await endpoint(of: call)
    guard try await backend.store.deleteEndpoint(before.id) != nil else {
      throw Problem.notFound("such webhook")
    }
    return Answer.noContent.changing(from: before.json)
  }

  private func rotate(_ call: Call) async throws -> Answer {
    let before = try await endpoint(of: call)
    let after = try await changed(
      before,
      EndpointChange(
        secret: backend.newSigningSecret(),
        previousUntil: backend.now.advanced(
          byMilliseconds: NoticeBounds.previousSecretMilliseconds)))
    return Self.showing(after).changing(from: before.json, to: after.json)
  }

  // MARK: Sending

  /// Goes the way of every message, so that it shows whether they arrive.
  private func test(_ call: Call) async throws -> Answer {
    let endpoint = try await endpoint(of: call)
    let now = backend.now
    let delivery = MessageDelivery(
      id: backend.newIdentifier(), endpoint: endpoint.id, type: NoticeMessage.testType,
      body: NoticeMessage.test(of: endpoint, at: now).bytes, createdAt: now, dueAt: now)
    guard try await backend.store.put(delivery) else { throw Problem.notFound("such webhook") }
    let put = LoggedDelivery(cursor: DeliveryCursor(key: 0), delivery: delivery, attempts: [])
    return .json(put.json, .accepted)
  }

  private func deliveries(_ call: Call) async throws -> Answer {
    let endpoint = try await endpoint(of: call)
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    try query.finish()
    let list = "deliveries of \(endpoint.id)"
    let before = try cursor.map { text throws(Problem) in
      DeliveryCursor(key: try Cursor(text, of: list, parts: 1).integer(0))
    }
    let found = try await backend.store.deliveries(
      of: endpoint.id, before: before, limit: limit + 1)
    let next = Cursor.next(after: found, limit: limit, of: list) { [String($0.cursor.key)] }
    return .json(.page(found.prefix(limit).map(\.json), next: next))
  }

  private func redeliver(_ call: Call) async throws -> Answer {
    let endpoint = try await endpoint(of: call)
    guard let id = Identifier(call.parameter("delivery")),
      let delivery = try await backend.store.redeliver(id, to: endpoint.id)
    else { throw Problem.notFound("such delivery") }
    return .json(delivery.json, .accepted)
  }
}
