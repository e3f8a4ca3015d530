import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// A batch's trades taken as rows once more: for a copy, or for their opposites.
struct BatchCopies: Sendable {
  let orders: BatchOrders

  private var backend: Backend { orders.backend }

  var routes: [Route] {
    [
      Route(.post, "/api/batches/{id}/clone", .role(.dealer), takesKey: true) {
        try await clone($0)
      },
      Route(.post, "/api/batches/{id}/reverse", .role(.dealer), body: .json, takesKey: true) {
        try await reverse($0)
      },
    ]
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
    let options = options(
      of: batch, named: Self.name(batch.name, "copy"), allowsDuplicates: true)
    return try await submit(rows, options, call)
  }

  /// A new staged batch of the opposites of trades that are completed, each of which names the trade
  /// that it reverses. What was reversed within a day already is a duplicate.
  private func reverse(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    var fields = Fields(call.json == .null ? [:] : call.json)
    let wanted = fields.list(
      "trade_ids", atMost: CallBounds.selectedTrades, of: "a trade's identifier"
    ) { Identifier($0) }
    let name = fields.text("name")
    if wanted?.isEmpty == true {
      fields.refuse("trade_ids", "empty", "Name a trade, or leave this field out.")
    }
    for problem in BatchBounds.problems(name: name, maxConcurrentTrades: nil, policy: nil) {
      fields.refuse("name", "out_of_range", problem)
    }
    try fields.demandNothingWrong()
    if let id = call.earlier, let made = try await backend.store.batch(id) {
      return try await orders.created(made)
    }
    var missing = wanted.map { Set($0) }
    var rows: [TradeRow] = []
    try await eachTrade(of: batch) { trade in
      guard trade.status == .completed, wanted == nil || missing?.remove(trade.id) != nil else {
        return
      }
      rows.append(TradeRow(reversing: trade, row: rows.count + 1))
    }
    let absent = (wanted ?? []).enumerated().filter { missing?.contains($1) ?? false }
    guard absent.isEmpty else {
      throw Problem(
        absent.map { place, id in
          .init(
            place: .pointer("/trade_ids/\(place)"), code: "unknown_trade",
            detail: "Trade \(id) is none of this batch that is completed.")
        })
    }
    guard !rows.isEmpty else {
      throw Problem(.nothingToReverse, "No trade of the batch is completed.")
    }
    let options = options(
      of: batch, named: name ?? Self.name(batch.name, "reversal"), allowsDuplicates: false)
    return try await submit(rows, options, call)
  }

  private func submit(
    _ rows: [TradeRow], _ options: BatchOptions, _ call: Call
  ) async throws -> Answer {
    let made = try await backend.intake.submit(
      rows, options, by: call.actor, receipt: call.receipt
    ).get()
    return try await orders.created(made)
  }

  /// The name with what became of it, within its bound.
  private static func name(_ name: String, _ word: String) -> String {
    let ending = " (\(word))"
    return name.prefix(BatchBounds.nameCharacters - ending.count) + ending
  }

  private func options(
    of batch: Batch, named name: String, allowsDuplicates: Bool
  ) -> BatchOptions {
    BatchOptions(
      name: name, pricing: batch.pricing, priority: batch.priority,
      maxConcurrentTrades: batch.maxConcurrentTrades, policy: batch.policy, starts: false,
      allowsDuplicates: allowsDuplicates)
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
  /// The opposite of a trade, of the same amount in the same currency.
  fileprivate init(reversing trade: Trade, row: Int) {
    self.init(
      row: row, cifNumber: trade.cifNumber, amount: trade.deal.amount, pair: trade.deal.pair,
      side: trade.deal.side.opposite, delivery: trade.delivery, isFixed: trade.fixedRate != nil,
      fixedRate: trade.fixedRate, spread: trade.spread, reference: "reverses \(trade.id)")
  }
}
