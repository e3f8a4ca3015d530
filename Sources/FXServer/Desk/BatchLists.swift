import FXAPI
import FXDomain
import FXJSON
import FXPorts

/// Lists of batches: all, what is under way, what ended last, what is held, and the queue.
struct BatchLists: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/batches", .role(.viewer)) { try await list($0) },
      items("active", BatchQuery(statuses: [.pending, .running, .paused], order: .queue)),
      items("recent", BatchQuery(order: .lastEnded)),
      items("locked", BatchQuery(isLeased: true)),
      Route(.get, "/api/batches/next-queue", .role(.viewer)) { try await nextQueue($0) },
      Route(.post, "/api/batches/cleanup-locks", .role(.admin), takesKey: true) {
        try await cleanUpLocks($0)
      },
    ]
  }

  private enum Sort: String, CaseIterable {
    case createdAt = "created_at"
    case newest = "-created_at"
    case status
    case total

    var order: BatchQuery.Order {
      switch self {
      case .createdAt: .oldestFirst
      case .newest: .newestFirst
      case .status: .status
      case .total: .total
      }
    }
  }

  private func list(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    var wanted = BatchQuery(
      statuses: query.choices("status", of: BatchStatus.self),
      needsDecision: query.bool("needs_decision"), createdFrom: query.moment("created_from"),
      createdTo: query.moment("created_to"), text: query.text("q"),
      order: (query.choice("sort", of: Sort.self) ?? .newest).order)
    try query.finish()
    let list = "batches?\(query.filters)"
    wanted.limit = limit + 1
    wanted.after = try cursor.map { text throws(Problem) in
      try Self.place(text, of: list, in: wanted.order)
    }
    let found = try await backend.store.batches(wanted)
    let next = Cursor.next(after: found, limit: limit, of: list) { batch in
      BatchCursor(of: batch, in: wanted.order).values.map { String($0) }
    }
    return .json(.page(try await views(of: found.prefix(limit)), next: next))
  }

  private static func place(
    _ text: String, of list: String, in order: BatchQuery.Order
  ) throws(Problem) -> BatchCursor {
    let cursor = try Cursor(text, of: list)
    var values: [Int64] = []
    for place in cursor.parts.indices { values.append(try cursor.integer(place)) }
    guard let place = BatchCursor(values: values, in: order) else { throw Cursor.unusable }
    return place
  }

  private func items(_ name: String, _ query: BatchQuery) -> Route {
    Route(.get, "/api/batches/\(name)", .role(.viewer)) { call in
      .json(["items": .array(try await views(of: try await found(query, call)))])
    }
  }

  private func found(_ query: BatchQuery, _ call: Call) async throws -> [Batch] {
    var asked = try call.query()
    var query = query
    query.limit = asked.limit()
    try asked.finish()
    return try await backend.store.batches(query)
  }

  private func nextQueue(_ call: Call) async throws -> Answer {
    let queue = try await found(
      BatchQuery(statuses: [.pending], order: .queue), call)
    let views = try await views(of: queue)
    return .json(["next": views.first ?? .null, "queue": .array(views)])
  }

  private func cleanUpLocks(_ call: Call) async throws -> Answer {
    let released = try await backend.store.cleanUpLocks(actor: call.actor)
    if !released.isEmpty { backend.nudge() }
    let answer: JSON = [
      "released": JSON(released.count), "batches": .array(try await views(of: released)),
    ]
    return Answer.json(answer).changing(
      to: ["released": .array(released.map { JSON($0.id) })])
  }

  private func views(of batches: some Collection<Batch>) async throws -> [JSON] {
    try await BatchView.all(of: Array(batches), in: backend.store).map(\.json)
  }
}

extension Query {
  mutating func moment(_ name: String) -> Timestamp? {
    value(name, "a moment of UTC such as 2026-03-01T09:30:00.000Z") { Timestamp($0) }
  }
}
