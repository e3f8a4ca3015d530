import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// A batch's trades taken as rows once more: to hold them against the desk's rules, or for a copy.
struct BatchCopies: Sendable {
  let orders: BatchOrders

  private var backend: Backend { orders.backend }

  var routes: [Route] {
    [
      Route(.post, "/api/batches/{id}/validate", .role(.dealer)) { try await validate($0) },
      Route(.post, "/api/batches/{id}/clone", .role(.dealer), takesKey: true) {
        try await clone($0)
      },
    ]
  }

  /// Every rule on every trade that is not dealt yet; nothing is changed.
  private func validate(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    var ids: [Int: Identifier] = [:]
    var rows: [TradeRow] = []
    try await eachTrade(of: batch) { trade in
      guard trade.status == .pending else { return }
      ids[trade.row] = trade.id
      rows.append(TradeRow(of: trade))
    }
    let problems = try await backend.intake.problems(
      with: rows, options(of: batch, named: batch.name))
    return .json([
      "batch_id": JSON(batch.id), "checked": JSON(rows.count),
      "is_valid": .bool(problems.isEmpty), "total_findings": JSON(problems.total),
      "findings": .array(
        problems.kept.map { problem in
          [
            "trade_id": JSON(problem.row.flatMap { ids[$0] }), "row": JSON(problem.row),
            "severity": "error", "code": .string(problem.code.rawValue),
            "detail": .string(problem.detail),
          ]
        }),
    ])
  }

  /// A new staged batch of the same trades. Wanting them again is what a copy is for, so they are no
  /// duplicates.
  private func clone(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    if let id = call.earlier, let made = try await backend.store.batch(id) {
      return try await orders.created(made)
    }
    var rows: [TradeRow] = []
    try await eachTrade(of: batch) { rows.append(TradeRow(of: $0)) }
    let room = BatchBounds.nameCharacters - Self.ending.count
    let copy = try await backend.intake.submit(
      rows, options(of: batch, named: batch.name.prefix(room) + Self.ending), by: call.actor,
      receipt: call.receipt
    ).get()
    return try await orders.created(copy)
  }

  private static let ending = " (copy)"

  private func options(of batch: Batch, named name: String) -> BatchOptions {
    BatchOptions(
      name: name, pricing: batch.pricing, priority: batch.priority,
      maxConcurrentTrades: batch.maxConcurrentTrades, policy: batch.policy, starts: false,
      allowsDuplicates: true)
  }

  private func eachTrade(of batch: Batch, _ body: (Trade) -> Void) async throws {
    var query = TradeQuery(batch: batch.key, limit: CallBounds.pageItems.upperBound)
    while true {
      let page = try await backend.store.trades(query)
      page.forEach(body)
      guard page.count == query.limit, let last = page.last else { return }
      query.after = last.key
    }
  }
}

extension TradeRow {
  /// The row that a trade would come from.
  init(of trade: Trade) {
    self.init(
      row: trade.row, cifNumber: trade.cifNumber, amount: trade.deal.amount,
      pair: trade.deal.pair, side: trade.deal.side, delivery: trade.delivery,
      allowance: trade.allowance, isFixed: trade.fixedRate != nil, fixedRate: trade.fixedRate,
      spread: trade.spread, reference: trade.externalRef)
  }
}
