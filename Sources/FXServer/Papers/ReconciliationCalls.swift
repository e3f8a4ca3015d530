import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts
import HTTPTypes

/// Comparisons with the bank's books that are kept, and asking for one.
struct ReconciliationCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/reports/reconciliations", .role(.viewer)) { try await list($0) },
      Route(.post, "/api/reports/reconciliations", .role(.dealer), takesKey: true) {
        try await request($0)
      },
      Route(.get, "/api/reports/reconciliations/{id}", .role(.viewer)) { try await show($0) },
    ]
  }

  private func list(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    try query.finish()
    let list = "reconciliations?\(query.filters)"
    let before = try cursor.map { text throws(Problem) in
      try Cursor(text, of: list, parts: 1).integer(0)
    }
    let found = try await backend.store.reconciliations(before: before, limit: limit + 1)
    let next = Cursor.next(after: found, limit: limit, of: list) { [String($0.number)] }
    return .json(.page(found.prefix(limit).map(\.json), next: next))
  }

  /// By its identifier, or the newest of a day.
  private func show(_ call: Call) async throws -> Answer {
    let text = call.parameter("id")
    let found: Reconciliation? =
      if let day = CivilDate(text) {
        try await backend.store.reconciliation(of: day)
      } else {
        try await backend.store.reconciliation(
          try call.identifier("id", "such reconciliation"))
      }
    guard let found else { throw Problem.notFound("such reconciliation") }
    let differences = try await backend.store.differences(of: found.id)
    return .json(
      found.json.adding([
        .init(
          name: "differences",
          value: .array(
            differences.map { difference in
              [
                "kind": .string(difference.kind), "trade_id": JSON(difference.trade),
                "sentence": .string(difference.sentence),
              ]
            }))
      ]))
  }

  /// Made by a server of this installation that has a bank, as soon as it comes to it.
  private func request(_ call: Call) async throws -> Answer {
    if let id = call.earlier, let made = try await backend.store.reconciliation(id) {
      return accepted(made)
    }
    guard backend.bank != nil else {
      throw Problem(.unavailable, "This server has no bank. Ask one that has.")
    }
    let now = backend.now
    let wanted = Reconciliation(
      id: backend.newIdentifier(), day: backend.settings.deskClock.date(of: now),
      isScheduled: false, requestedAt: now, requestedBy: call.actor)
    switch try await backend.store.request(wanted, receipt: call.receipt) {
    case .success(let made): return accepted(made)
    case .failure(.repeated): throw Problem.repeated
    case .failure(.underWay(let id)):
      var problem = Problem(
        .wrongState, "A reconciliation is under way. Wait until it has ended.")
      problem.facts = [.init(name: "reconciliation_id", value: JSON(id))]
      throw problem
    }
  }

  private func accepted(_ made: Reconciliation) -> Answer {
    .json(
      made.json, .accepted, fields: [.location: "/api/reports/reconciliations/\(made.id)"]
    ).changing(to: made.json)
  }
}

extension Reconciliation {
  var json: JSON {
    [
      "id": JSON(id), "day": JSON(day), "scheduled": .bool(isScheduled),
      "requested_at": JSON(requestedAt), "requested_by": .string(requestedBy.name),
      "status": .string(status.rawValue), "started_at": JSON(startedAt), "ended_at": JSON(endedAt),
      "trades": JSON(figures.trades), "attempts": JSON(figures.attempts),
      "statements": JSON(figures.statements),
      "unexplained_lines": JSON(figures.unexplainedLines), "in_doubt": JSON(figures.inDoubt),
      "total_differences": JSON(figures.differences),
      "too_early_until": JSON(figures.tooEarlyUntil), "reason": JSON(reason),
      "sentence": .string(sentence),
    ]
  }
}
