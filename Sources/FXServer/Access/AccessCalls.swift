import FXDomain
import FXJSON
import FXPorts
import HTTPTypes

/// Who is who: tokens, browser sessions, and who I am.
struct AccessCalls: Sendable {
  let backend: Backend
  let signIn: SignIn
  let isSecure: Bool

  var routes: [Route] {
    [
      Route(.get, "/api/me", .role(.viewer)) { .json(me($0)) },
      Route(.post, "/api/session", .anybody, body: .json) { try await begin($0) },
      Route(.delete, "/api/session", .role(.viewer)) { try await end($0) },
      Route(.get, "/api/tokens", .role(.admin)) { try await list($0) },
      Route(.post, "/api/tokens", .role(.admin), body: .json, takesKey: true) {
        try await issue($0)
      },
      Route(.delete, "/api/tokens/{id}", .role(.admin)) { try await revoke($0) },
      Route(.get, "/api/audit", .role(.approver)) { try await audit($0) },
    ]
  }

  // MARK: Me

  private func me(_ call: Call) -> JSON {
    let session = Credentials.session(in: call.request.headerFields)
    let csrf = call.principal?.session == nil ? nil : session.map(Credentials.csrfToken)
    return Self.me(call.principal, csrf: csrf)
  }

  private static func me(_ principal: Principal?, csrf: String?) -> JSON {
    [
      "person": JSON(principal?.person), "role": JSON(principal?.role.rawValue),
      "token_id": JSON(principal?.token), "csrf_token": JSON(csrf),
    ]
  }

  // MARK: Sessions

  /// A new session each time, whatever the browser had before.
  private func begin(_ call: Call) async throws -> Answer {
    // No other site signs anybody in, not even with its own token.
    if let origin = call.request.headerFields[.origin],
      !OriginCheck.isOwn(origin, authority: call.request.authority)
    {
      throw Problem(.forbidden, "Sign in on a page of this server.")
    }
    var fields = Fields(call.json)
    let text = fields.text("token") ?? ""
    try fields.demandNothingWrong()
    guard CallBounds.tokenCharacters.contains(text.utf8.count),
      let principal = try await signIn.principal(bearer: text), let token = principal.token
    else {
      throw signIn.refusal(of: call.request.peerAddress, at: backend.clock.now().uptime)
    }
    signIn.accepted(call.request.peerAddress)
    let secret = Credentials.newSession(random: backend.random)
    let now = backend.now
    try await backend.store.begin(
      Session(
        digest: Credentials.digest(of: secret), token: token, createdAt: now,
        expiresAt: now.advanced(byMilliseconds: CallBounds.sessionSeconds * 1_000)),
      replacing: Credentials.session(in: call.request.headerFields)
        .map(Credentials.digest(of:)))
    return .json(
      Self.me(principal, csrf: Credentials.csrfToken(session: secret)),
      fields: [
        .setCookie: Credentials.cookie(
          secret, seconds: CallBounds.sessionSeconds, isSecure: isSecure)
      ])
  }

  private func end(_ call: Call) async throws -> Answer {
    if let digest = call.principal?.session { try await backend.store.endSession(digest: digest) }
    var answer = Answer.noContent
    answer.fields[.setCookie] = Credentials.cookie("", seconds: 0, isSecure: isSecure)
    return answer
  }

  // MARK: Tokens

  private func list(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    try query.finish()
    var after: Identifier?
    if let cursor {
      after = Identifier(try Cursor(cursor, of: "tokens", parts: 1).parts[0])
      guard after != nil else { throw Cursor.unusable }
    }
    let tokens = try await backend.store.tokens(after: after, limit: limit + 1)
    let next = Cursor.next(after: tokens, limit: limit, of: "tokens") { [$0.id.description] }
    return .json(.page(tokens.prefix(limit).map(\.json), next: next))
  }

  private func issue(_ call: Call) async throws -> Answer {
    var fields = Fields(call.json)
    let name = fields.shortText("name")
    let person = fields.shortText("person")
    let role = fields.choice("role", of: Role.self)
    let expiresAt = fields.moment("expires_at")
    fields.require("role")
    if let expiresAt, expiresAt <= backend.now {
      fields.refuse("expires_at", "out_of_range", "Give a moment that is still to come.")
    }
    try fields.demandNothingWrong()
    guard let name, let person, let role else { throw Problem.notFound("such role") }
    // The text is shown only once, so a repetition of the request cannot be shown it again.
    guard call.earlier == nil else {
      throw Problem(
        .alreadyDecided,
        "The token was made before, and is not shown again: revoke it, make another.")
    }
    let text = Credentials.newToken(random: backend.random)
    let token = AccessToken(
      id: backend.newIdentifier(), name: name, person: person, role: role,
      digest: Credentials.digest(of: text), createdAt: backend.now,
      createdBy: call.actor.name, expiresAt: expiresAt)
    guard case .success = try await backend.store.issue(token, receipt: call.receipt) else {
      throw Problem.repeated
    }
    call.observed.name(token.id.description)
    let answer: JSON = ["token": .string(text), "issued": token.json]
    var shown = Answer.json(answer, .created, fields: [.location: "/api/tokens/\(token.id)"])
    shown.isSecret = true
    return shown.changing(to: token.json)
  }

  private func revoke(_ call: Call) async throws -> Answer {
    let id = try call.identifier("id", "such token")
    guard let before = try await backend.store.token(id),
      let after = try await backend.store.revoke(id)
    else { throw Problem.notFound("such token") }
    return Answer.json(after.json).changing(from: before.json, to: after.json)
  }

  // MARK: The audit

  private func audit(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    let person = query.text("person")
    try query.finish()
    let list = "audit?\(query.filters)"
    let before = try cursor.map { text throws(Problem) in
      try Cursor(text, of: list, parts: 1).integer(0)
    }
    let entries = try await backend.store.audit(
      AuditQuery(person: person, before: before, limit: limit + 1))
    let next = Cursor.next(after: entries, limit: limit, of: list) { [String($0.number)] }
    return .json(.page(entries.prefix(limit).map(\.json), next: next))
  }
}

extension AccessToken {
  /// Never the token's text, which nobody knows any more.
  var json: JSON {
    [
      "id": JSON(id), "name": .string(name), "person": .string(person),
      "role": .string(role.rawValue), "created_at": JSON(createdAt),
      "created_by": .string(createdBy), "expires_at": JSON(expiresAt),
      "last_used_at": JSON(lastUsedAt), "revoked_at": JSON(revokedAt),
    ]
  }
}

extension AuditEntry {
  var json: JSON {
    [
      "number": .integer(number), "at": JSON(at), "person": JSON(person),
      "role": JSON(role?.rawValue), "token_id": JSON(token), "address": .string(address),
      "request_id": .string(requestID), "call": .string(call), "object": JSON(object),
      "status": JSON(status), "before": JSON(before), "after": JSON(after),
    ]
  }
}

extension Fields {
  /// A name in one line.
  mutating func shortText(_ name: String, isNeeded: Bool = true) -> String? {
    guard let text = text(name) else {
      if isNeeded, !has(name) { refuse(name, "empty", "Give this field.") }
      return nil
    }
    let trimmed = text.trimmingCharacters(in: .whitespaces)
    guard !trimmed.isEmpty, text.unicodeScalars.count <= CallBounds.queryTextCharacters,
      !trimmed.unicodeScalars.contains(where: \.isInvisible)
    else {
      refuse(
        name, "too_long",
        "Give 1 to \(CallBounds.queryTextCharacters) visible characters in one line.")
      return nil
    }
    return trimmed
  }

  mutating func moment(_ name: String) -> Timestamp? {
    guard let text = text(name) else { return nil }
    guard let moment = Timestamp(text) else {
      refuse(name, "malformed", "Give a moment of UTC such as 2026-03-01T09:30:00.000Z.")
      return nil
    }
    return moment
  }
}
