import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts

/// What comes before a batch is run: its start, and the word of another person where one is asked for.
struct BatchReleases: Sendable {
  let orders: BatchOrders

  var routes: [Route] {
    [
      Route(.post, "/api/batches/{id}/validate", .role(.dealer)) { try await validate($0) },
      Route(.post, "/api/batches/{id}/start", .role(.dealer), takesKey: true) {
        try await start($0)
      },
      Route(.post, "/api/batches/{id}/approve", .role(.approver), body: .json, takesKey: true) {
        try await approve($0)
      },
      Route(.post, "/api/batches/{id}/reject", .role(.approver), body: .json, takesKey: true) {
        try await reject($0)
      },
    ]
  }

  /// Every rule on every trade that is not dealt yet; nothing is changed.
  private func validate(_ call: Call) async throws -> Answer {
    let intake = orders.backend.intake
    let batch = try await orders.backend.batch(of: call)
    let found = try await intake.examine(batch)
    let mayStart =
      found.errors == 0 ? try await intake.needsNobody(toStart: batch) : false
    return .json([
      "batch_id": JSON(batch.id), "checked": JSON(found.checked),
      "is_valid": .bool(found.errors == 0), "may_start": .bool(mayStart),
      "total_findings": JSON(found.errors + found.warnings), "errors": JSON(found.errors),
      "warnings": JSON(found.warnings), "findings": .array(found.items.map(\.json)),
    ])
  }

  private func start(_ call: Call) async throws -> Answer {
    let before = try await orders.backend.batch(of: call)
    // The order was carried out for an earlier request that was never answered.
    if call.earlier != nil { return try await orders.present(before) }
    let started = try await orders.backend.intake.start(
      before, by: call.actor, expectedVersion: try call.expectedVersion(), receipt: call.receipt)
    switch started {
    case .failure(.batch(let refusal)):
      throw Problem(refusal, of: try await orders.backend.store.batch(before.id))
    case .failure(.examined(let examination)): throw Problem(examination)
    case .success(let started):
      orders.backend.nudge()
      return try await orders.backend.afterChange {
        try await orders.present(started.batch, findings: started.warnings)
      }.changing(from: before.brief, to: started.batch.brief)
    }
  }

  /// Bound to what the approver was shown: any edit makes it another content.
  private func approve(_ call: Call) async throws -> Answer {
    try call.demandPerson()
    let batch = try await orders.backend.batch(of: call)
    var fields = Fields(call.json)
    fields.require("content_hash")
    let hash = fields.text("content_hash")
    try fields.demandNothingWrong()
    return try await orders.carryOut(.approve(contentHash: hash ?? ""), on: batch, for: call)
  }

  private func reject(_ call: Call) async throws -> Answer {
    try call.demandPerson()
    let batch = try await orders.backend.batch(of: call)
    var fields = Fields(call.json)
    fields.require("content_hash", "note")
    let hash = fields.text("content_hash")
    let note = fields.note()
    try fields.demandNothingWrong()
    return try await orders.carryOut(
      .reject(contentHash: hash ?? "", note: note ?? ""), on: batch, for: call)
  }
}

extension Examination.Item {
  var json: JSON {
    [
      "trade_id": JSON(trade), "row": JSON(row), "severity": .string(severity.rawValue),
      "code": .string(code), "column": JSON(column), "detail": .string(detail),
    ]
  }
}

extension [Examination.Item] {
  /// For the answer about a batch; nothing where nothing was found.
  var members: [JSON.Member] {
    isEmpty ? [] : [JSON.Member(name: "findings", value: .array(map(\.json)))]
  }
}

extension Problem {
  /// What stands against a start.
  init(_ examination: Examination) {
    self.init(
      examination[.error].map {
        .init(
          place: .cell(row: $0.row, column: $0.column), code: $0.code, detail: $0.detail)
      })
    let count = examination.errors
    detail =
      "\(count) \(count == 1 ? "finding stands" : "findings stand") against a start. Nothing was "
      + "changed. `validate` tells all of them, with the warnings."
    facts = [.init(name: "total_errors", value: JSON(count))]
  }
}
