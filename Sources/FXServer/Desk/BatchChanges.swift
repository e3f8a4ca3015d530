import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// Changes to a batch itself, and the removal of one that never dealt.
struct BatchChanges: Sendable {
  let orders: BatchOrders

  private var backend: Backend { orders.backend }

  var routes: [Route] {
    [
      Route(.patch, "/api/batches/{id}", .role(.dealer), body: .json) { try await change($0) },
      Route(.delete, "/api/batches/{id}", .role(.dealer)) { try await delete($0) },
    ]
  }

  private func delete(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    let step = BatchStep(
      batch: batch.key, actor: call.actor, command: .delete,
      expectedVersion: try call.expectedVersion())
    _ = try await backend.store.perform(step, receipt: nil).get()
    return Answer.noContent.changing(from: batch.brief)
  }

  /// What a change asks for: its trades, or the rest. Each is one transaction, so that a change is
  /// made whole or not at all.
  private struct Wish {
    var name: String?
    var priority: Int?
    var maxConcurrentTrades: Int?
    var policy: BatchPolicy?
    var add: [TradeRow] = []
    var change: [(id: Identifier, row: TradeRow)] = []
    var remove: Set<Identifier> = []

    var changesTrades: Bool { !add.isEmpty || !change.isEmpty || !remove.isEmpty }
  }

  private func change(_ call: Call) async throws -> Answer {
    let before = try await backend.batch(of: call)
    let wish = try wish(call.json, about: before)
    let expected = try call.expectedVersion()
    let batch: Batch
    if wish.changesTrades {
      batch = try await backend.intake.restage(
        before, add: wish.add, change: wish.change, remove: wish.remove, by: call.actor,
        expectedVersion: expected
      ).get()
    } else {
      let command = BatchCommand.change(
        name: wish.name, priority: wish.priority, maxConcurrentTrades: wish.maxConcurrentTrades,
        policy: wish.policy)
      // What is not said of the policy stays as it was read, so that it must not have changed since.
      let read = wish.policy == nil ? nil : before.version
      batch = try await backend.store.perform(
        BatchStep(
          batch: before.key, actor: call.actor, command: command, expectedVersion: expected ?? read),
        receipt: nil
      ).get()
    }
    backend.nudge()
    return try await backend.afterChange { try await orders.present(batch) }
      .changing(from: before.brief, to: batch.brief)
  }

  private func wish(_ json: JSON, about batch: Batch) throws(Problem) -> Wish {
    var fields = Fields(json)
    var wish = Wish()
    wish.name = fields.text("name")
    wish.priority = fields.clamped("priority", to: 1...10)
    wish.maxConcurrentTrades = fields.integer(
      "max_concurrent_trades", in: BatchBounds.concurrentTrades)
    wish.policy = fields.object("policy") { $0.policy(over: batch.policy) }
    let problems = BatchBounds.problems(
      name: wish.name, maxConcurrentTrades: nil, policy: nil)
    for problem in problems { fields.refuse("name", "out_of_range", problem) }
    _ = fields.object("trades") { trades in
      wish.add =
        trades.objects("add", atMost: CallBounds.selectedTrades) { $0.tradeRow($1 + 1) } ?? []
      let added = wish.add.count
      wish.change =
        trades.objects("change", atMost: CallBounds.selectedTrades) { trade, place in
          trade.require("id")
          let id = trade.identifier("id")
          let row = trade.tradeRow(added + place + 1)
          guard let id, let row else { return nil }
          return (id, row)
        } ?? []
      wish.remove = Set(
        trades.list(
          "remove", atMost: CallBounds.selectedTrades, of: "a trade's identifier"
        ) { Identifier($0) } ?? [])
    }
    fields.refuseNulls()
    if fields.isEmpty { fields.refuse("", "empty", "Say what is to be changed.") }
    if fields.has("trades"), fields.count > 1 {
      fields.refuse("trades", "not_together", "Change the trades and the rest in two calls.")
    }
    try fields.demandNothingWrong()
    return wish
  }
}
