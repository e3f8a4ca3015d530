import FXDomain
import FXPorts

/// Waits until every live node has confirmed that nothing leaves it any more.
struct KillSwitchWait: Sendable {
  /// Between looks at the nodes.
  private static let lookMilliseconds: Int64 = 100

  let desk: Desk

  /// Who has confirmed, and who was still silent when the longest lease had passed.
  struct Outcome: Sendable {
    var confirmed: [NodeID] = []
    var silent: [LiveNode] = []
  }

  /// Bounded by the longest lease of the nodes that live now. Whom it waits for goes to standard
  /// error, whenever that changes.
  func run() async throws -> Outcome {
    let start = ContinuousClock.now
    var bound: Int64?
    var told: [NodeID] = []
    while true {
      if try isNobodyAlive() { return Outcome() }
      let alive = try await desk.store.nodes().filter(\.isAlive)
      let silent = alive.filter { !$0.confirmsKillSwitch }
      let longest = alive.map { $0.leaseUntil.milliseconds(since: $0.lastSeenAt) }.max() ?? 0
      let limit = bound ?? longest
      bound = limit
      let isOver = ContinuousClock.now - start > .milliseconds(limit)
      if silent.isEmpty || isOver {
        let confirmed = alive.filter(\.confirmsKillSwitch).map(\.node)
        return Outcome(confirmed: confirmed, silent: silent)
      }
      if silent.map(\.node) != told {
        told = silent.map(\.node)
        for node in silent {
          Terminal.note("waiting for \(node.node); its lease lasts until \(node.leaseUntil)")
        }
      }
      try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
    }
  }

  /// Whoever gets the engine's lock knows that no engine lives, whatever the store still says.
  private func isNobodyAlive() throws -> Bool {
    guard let held = try desk.lock.take() else { return false }
    held.release()
    return true
  }
}
