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
      Route(.post, "/api/batches/{id}/clone", .role(.dealer), body: .json, takesKey: true) {
        try await clone($0)
      },
      Route(.post, "/api/batches/{id}/reverse", .role(.dealer), body: .json, takesKey: true) {
        try await reverse($0)
      },
    ]
  }

  /// A new staged batch of the same trades, some of them over other amounts. Wanting them again is what
  /// a copy is for, so they are no duplicates. Whoever was told of the batch is told of its copy.
  private func clone(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    var fields = Fields(call.json == .null ? [:] : call.json)
    let amounts = fields.newAmounts()
    let name = fields.checkedName()
    try fields.demandNothingWrong()
    if let id = call.earlier, let made = try await backend.store.batch(id) {
      return try await orders.created(made)
    }
    var rows: [TradeRow] = []
    try await eachTrade(of: batch) { rows.append(TradeRow(of: $0)) }
    try amounts.apply(to: &rows)
    var options = options(
      of: batch, named: name ?? Self.name(batch.name, "copy"), allowsDuplicates: true)
    options.callbacks = try await callbacks(like: batch, call)
    return try await submit(rows, options, call)
  }

  /// The batch's callbacks once more: the same receivers know the same secrets, which nobody is shown.
  /// One that is disabled stays behind.
  private func callbacks(like batch: Batch, _ call: Call) async throws -> [Endpoint] {
    let now = backend.now
    return try await backend.store.callbacks(of: batch.key).filter(\.isEnabled).map { like in
      Endpoint(
        id: backend.newIdentifier(), url: like.url, kinds: like.kinds, note: like.note,
        secret: like.secret, createdAt: now, createdBy: call.actor.description, updatedAt: now)
    }
  }

  /// A new staged batch of the opposites of trades that are completed, each of which names the trade
  /// that it reverses. What was reversed within a day already is a duplicate.
  private func reverse(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    var fields = Fields(call.json == .null ? [:] : call.json)
    let wanted = fields.list(
      "trade_ids", atMost: CallBounds.selectedTrades, of: "a trade's identifier"
    ) { Identifier($0) }
    let name = fields.checkedName()
    if wanted?.isEmpty == true {
      fields.refuse("trade_ids", "empty", "Name a trade, or leave this field out.")
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
    try await backend.eachTrade(of: batch, body)
  }
}

extension Backend {
  /// Every trade of a batch, in the order of its rows.
  func eachTrade(of batch: Batch, _ body: (Trade) -> Void) async throws {
    var query = TradeQuery(batch: batch.key, limit: CallBounds.pageItems.upperBound)
    while true {
      let page = try await store.trades(query)
      page.forEach(body)
      guard page.count == query.limit, let last = page.last else { return }
      query.after = last.key
    }
  }
}

extension Fields {
  /// The name of something new, where one is given.
  mutating func checkedName() -> String? {
    let name = batchName()
    for problem in BatchBounds.problems(name: name, maxConcurrentTrades: nil, policy: nil) {
      refuse("name", "out_of_range", problem)
    }
    return name
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
