import FXAPI
import FXDomain
import FXJSON
import FXPorts

/// The switch that stops all booking.
struct KillSwitchCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/kill-switch", .role(.viewer)) { _ in .json(try await present()) },
      Route(.put, "/api/kill-switch", .role(.dealer), body: .json) { try await set($0) },
    ]
  }

  /// Everybody who deals may stop; only an admin lets it go on.
  private func set(_ call: Call) async throws -> Answer {
    var fields = Fields(call.json)
    let engaged = fields.bool("engaged")
    let reason = fields.note("reason")
    fields.require("engaged", "reason")
    try fields.demandNothingWrong()
    guard let engaged, let reason, let principal = call.principal else {
      throw Problem.notFound("such switch")
    }
    guard engaged || principal.role >= .admin else {
      throw Problem(.forbidden, "Only an admin releases the kill switch.")
    }
    if !engaged { try call.demandPerson() }
    let before = try await present()
    _ = try await backend.store.setKillSwitch(
      engaged: engaged, reason: reason, actor: call.actor
    ).get()
    backend.nudge()
    let after = try await backend.afterChange {
      if engaged {
        try await backend.forgetTheDead()
        try await waitForNodes()
      }
      return try await present()
    }
    return Answer.json(after).changing(from: before, to: after)
  }

  /// Until every live node has said that nothing of it is out any more, or a call that was out must
  /// have ended. Who is silent still stands in the answer.
  private func waitForNodes() async throws {
    let begin = backend.clock.now().uptime
    while backend.clock.now().uptime - begin < backend.settings.killSwitchWaitMilliseconds {
      let nodes = try await backend.store.nodes()
      if nodes.allSatisfy({ !$0.isAlive || $0.confirmsKillSwitch }) { return }
      try await backend.clock.sleep(backend.clock.now().uptime + Self.lookMilliseconds)
    }
  }

  /// Between looks at the nodes.
  private static let lookMilliseconds: Int64 = 50

  private func present() async throws -> JSON {
    let installation = try await backend.store.installation()
    let alive = try await backend.store.nodes().filter(\.isAlive)
    let isEngaged = installation.killSwitch != nil
    func names(_ confirmed: Bool) -> JSON {
      guard isEngaged else { return [] }
      return .array(alive.filter { $0.confirmsKillSwitch == confirmed }.map { JSON($0.node) })
    }
    return [
      "engaged": .bool(isEngaged), "reason": JSON(installation.killSwitch?.reason),
      "engaged_at": JSON(installation.killSwitch?.engagedAt),
      "engaged_by": JSON(installation.killSwitch.map { Actor.name(in: $0.engagedBy) }),
      "reconciliation_due": .bool(installation.isReconciliationDue),
      "confirmed_by": names(true), "silent": names(false),
    ]
  }
}
