import FXAPI
import FXDomain
import FXJSON
import FXPorts

/// What happened that people are to know of, and who has read it.
struct NoticeCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/notifications", .role(.viewer)) { try await list($0) },
      Route(.post, "/api/notifications/read", .role(.viewer), body: .json) {
        try await markRead($0)
      },
    ]
  }

  private func list(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    let isUnread = query.bool("unread") ?? false
    try query.finish()
    let list = "notifications?\(query.filters)"
    let before = try cursor.map { text throws(Problem) in
      try Cursor(text, of: list, parts: 1).integer(0)
    }
    let person = call.actor.name
    let found = try await backend.store.notices(
      NoticeQuery(person: person, isUnread: isUnread, before: before, limit: limit + 1))
    let next = Cursor.next(after: found, limit: limit, of: list) { [String($0.notice.number)] }
    return .json([
      "items": .array(found.prefix(limit).map(\.json)), "next_cursor": JSON(next),
      "unread": JSON(try await backend.store.unreadNotices(of: person)),
    ])
  }

  private func markRead(_ call: Call) async throws -> Answer {
    var fields = Fields(call.json)
    let ids = fields.list(
      "ids", atMost: CallBounds.pageItems.upperBound, of: "a notification's identifier"
    ) { Identifier($0) }
    let upTo = fields.identifier("up_to")
    fields.refuseNulls()
    if fields.has("ids") == fields.has("up_to") {
      fields.refuse("", "empty", "Give either ids or up_to.")
    }
    try fields.demandNothingWrong()
    let person = call.actor.name
    if let ids { try await backend.store.markNotices(.these(ids), readBy: person) }
    if let upTo { try await backend.store.markNotices(.upTo(upTo), readBy: person) }
    return .json(["unread": JSON(try await backend.store.unreadNotices(of: person))])
  }
}
