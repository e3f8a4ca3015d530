import FXAPI
import FXDomain
import FXPorts

extension BatchView {
  private static let shownTrades = 10
  private static let pageTrades = 500

  /// The whole of a batch for a person, with the first of the trades that wait for one.
  func text(in store: any BatchStore) async throws(StoreError) -> String {
    let awaited = try await awaited(in: store)
    return [
      text, awaited.isEmpty ? nil : Self.table(awaiting: awaited),
      failures.isEmpty ? nil : failureTable,
    ].compactMap { $0 }.joined(separator: "\n\n")
  }

  private func awaited(in store: any BatchStore) async throws(StoreError) -> [Trade] {
    var statuses: Set<TradeStatus> = []
    if batch.escalated.inDoubt > 0 { statuses.insert(.inDoubt) }
    if batch.escalated.booked > 0 { statuses.insert(.booked) }
    var awaited: [Trade] = []
    var query = TradeQuery(batch: batch.key, statuses: statuses, limit: Self.pageTrades)
    while !statuses.isEmpty, awaited.count < Self.shownTrades {
      let page = try await store.trades(query)
      awaited += page.filter { $0.escalatedAt != nil }
      guard let last = page.last else { break }
      query.after = last.key
    }
    return Array(awaited.prefix(Self.shownTrades))
  }

  private var text: String {
    let counts = batch.counts
    var table = Table("batch", batch.name)
    table.add("id", batch.id.description)
    table.add("status", batch.status.rawValue, colour: batch.status.colour, at: 1)
    table.add("pricing", batch.pricing.rawValue)
    table.add("priority", "\(batch.priority), \(batch.maxConcurrentTrades) trades at once")
    table.add("created", "\(batch.createdAt) by \(Actor.name(in: batch.createdBy))")
    if let started = batch.startedAt { table.add("started", started.description) }
    if let completed = batch.completedAt { table.add("completed", completed.description) }
    if let lease = batch.lease {
      table.add("held by", "\(lease.owner) until \(lease.expiresAt)")
    }
    table.add("trades", counts.words)
    for (name, amounts) in [
      ("requested", totals.requested), ("dealt", totals.dealt), ("countered", totals.countered),
      ("margin", totals.margin), ("rounding", totals.roundingDifference),
    ] where amounts.contains(where: { $0.minorUnits != 0 }) {
      table.add(name, amounts.map(\.description).joined(separator: ", "))
    }
    if !batch.needsDecision.isEmpty {
      let reasons = batch.needsDecision.map(\.rawValue).joined(separator: ", ")
      table.add("needs a decision", reasons, colour: .yellow, at: 1)
    }
    return table.text
  }

  /// Trades that wait for a person: why, and what to do.
  private static func table(awaiting awaited: [Trade]) -> String {
    var table = Table("needs a decision", "client", "why", "next")
    for trade in awaited {
      let why =
        trade.failure?.message
        ?? "The bank has not confirmed the deal since \(trade.bookedAt?.description ?? "its booking")."
      table.add(
        "row \(trade.row)", trade.clientName, why, "fxbatch resolve \(trade.id)", colour: .yellow)
    }
    return table.text
  }

  var failureTable: String {
    var table = Table("failure", ">trades", "for example")
    for group in failures {
      table.add(group.code.rawValue, "\(group.count)", group.example, colour: .red)
    }
    return table.text
  }
}

extension TradeCounts {
  /// What stands where, without the places where nothing does.
  var words: String {
    let parts = TradeStatus.allCases.reversed().compactMap { status in
      self[status] == 0
        ? nil : "\(self[status]) \(status.rawValue.replacing("_", with: " "))"
    }
    return "\(total): " + parts.joined(separator: ", ")
  }
}
