import FXDomain
import FXPorts

/// What comes before a batch is run: its start, and the word of another person where one is asked for.
struct BatchReleases: Sendable {
  let orders: BatchOrders

  var routes: [Route] {
    [
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

  private func start(_ call: Call) async throws -> Answer {
    let batch = try await orders.backend.batch(of: call)
    return try await orders.carryOut(on: batch, for: call) { expectedVersion in
      try await orders.backend.intake.start(
        batch, by: call.actor, expectedVersion: expectedVersion, receipt: call.receipt)
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
