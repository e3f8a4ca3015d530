import FXDomain
import FXPorts

/// What must hold between any two transactions.
extension MemoryBooks {
  /// Recounts and re-chains everything; answers one sentence per violation, none when all is well.
  public func verifyInvariants() -> [String] {
    var violations = batches.flatMap(violations(of:))
    violations += trades.indices.filter { !removed.contains(trades[$0].key) }
      .flatMap(violations(ofTradeAt:))
    violations += chainViolations(of: Journal.installation, head: houseChain)
    if usage != countedUsage() { violations.append("the usage kept is not that of the trades") }
    violations += sealViolations() + tallyViolations() + historyViolations()
    return violations
  }

  private func violations(of batch: Batch) -> [String] {
    var counts = TradeCounts()
    var escalated = EscalatedCounts()
    for trade in trades(at: batch.key.index) {
      counts[trade.status] += 1
      escalated.add(trade)
    }
    let outcome = counts.outcome?.status
    let claims: [(Bool, String)] = [
      (counts == batch.counts, "counts differ from its trades"),
      (escalated == batch.escalated, "counts other trades before a person than it has"),
      (
        summaries[batch.key.index] == counted(at: batch.key.index),
        "keeps other sums or failures than its trades make"
      ),
      (
        batch.usage == countedUsage(at: batch.key.index), "keeps another usage than its trades make"
      ),
      (batch.status.isFinal == counts.isEveryTradeFinal, "ends otherwise than its trades"),
      (!batch.status.isFinal || batch.status == outcome, "amounts to another outcome"),
      (batch.status.isFinal == (batch.completedAt != nil), "has a wrong moment of its end"),
      (!batch.status.isFinal || batch.lease == nil, "is final and held"),
      (batch.status != .running || batch.startedAt != nil, "runs without having started"),
      ((batch.status == .paused) == (batch.pauseCause != nil), "has a wrong cause of its pause"),
      (
        batch.approvedBy == nil || batch.rejectedBy == nil, "is approved and rejected at once"
      ),
    ]
    return claims.filter { !$0.0 }.map { "batch \(batch.key) \(batch.status): \($0.1)" }
      + chainViolations(of: batch.key, head: batch.chain)
  }

  private func chainViolations(of batch: BatchKey, head: ChainHead) -> [String] {
    var link = ChainHead.start
    for event in places[Int(batch.value)].map({ events[$0] }) {
      let copy = Journal.chain(
        event.entry, of: batch, onto: &link, sequence: event.sequence, at: event.at)
      if copy != event { return ["batch \(batch): event \(event.batchSequence) breaks the chain"] }
    }
    return link == head ? [] : ["batch \(batch): the head is not the end of the chain"]
  }

  private func violations(ofTradeAt index: Int) -> [String] {
    let trade = trades[index]
    let tried = attempts[index]
    let last = tried.last
    let inner = tried.dropLast()
    let claims: [(Bool, String)] = [
      (rows[trade.batch.index].contains(index), "lies outside its batch"),
      (tried.map(\.number) == Array(1..<(trade.attempt + 1)), "attempts have gaps"),
      (inner.allSatisfy { $0.outcome != .open }, "an earlier attempt is open"),
      (last?.outcome != .open || trade.status.isExposed, "its attempt is open"),
      (tried.allSatisfy { ($0.outcome == .open) == ($0.endedAt == nil) }, "ends disagree"),
      (trade.status != .booking || last?.outcome == .open, "no attempt is open"),
      (trade.status != .booked || last?.outcome == .booked, "no attempt booked it"),
      (
        trade.status != .completed || last == nil || last?.outcome == .booked,
        "no attempt booked it"
      ),
      (agrees(trade, with: last), "figures differ from its attempt"),
      (
        trade.status != .booked && trade.status != .completed || trade.bookedAt != nil,
        "has no moment of booking"
      ),
      ((trade.status == .inDoubt) == (trade.doubtSince != nil), "has a wrong moment of doubt"),
      (trade.status.isFinal == (trade.completedAt != nil), "has a wrong moment of its end"),
      (
        trade.status != .failed && trade.status != .cancelled || trade.failure != nil,
        "has no reason"
      ),
      (trade.status != .completed || trade.failure == nil, "completed with a failure"),
      (tried.count { $0.outcome == .booked } <= 1, "was booked more than once"),
    ]
    return claims.filter { !$0.0 }.map { "trade \(trade.key) \(trade.status): \($0.1)" }
  }

  /// A trade that is booking or booked shows the figures of its last attempt.
  private func agrees(_ trade: Trade, with attempt: Attempt?) -> Bool {
    guard trade.status == .booking || trade.status == .booked else { return true }
    guard let attempt else { return false }
    guard let figures = trade.figures else { return false }
    return trade.dealTransactionID == attempt.dealTransactionID
      && figures.quoteID == attempt.quoteID && figures.expiresAt == attempt.quoteExpiresAt
      && figures.priced.quoteRate == attempt.quoteRate
      && figures.priced.clientRate == attempt.clientRate
  }

  private func sealViolations() -> [String] {
    var previous = ChainHead.start.digest
    for seal in seals {
      previous = Journal.seal(seal.heads.map { ($0.batch, $0.head) }, after: previous)
      if previous != seal.digest { return ["seal \(seal.number) breaks the chain of seals"] }
    }
    return []
  }

  private func tallyViolations() -> [String] {
    var violations: [String] = []
    let open = trades.filter(\.status.isExposed)
    if callsOut != trades.count(where: { $0.status == .booking })
      || openDeals != trades.count(where: \.status.isOpenDeal)
    {
      violations.append("the tallies of open deals differ from the trades")
    }
    for client in clients {
      let keys = open.filter { $0.client == client.key }.map(\.key)
      if keys != exposed[client.key.index].sorted() {
        violations.append("client \(client.key): the trades at risk differ from the trades")
      }
    }
    return violations
  }

  /// Each trade's transitions, in the order of the log, lead from `pending` to where it stands.
  private func historyViolations() -> [String] {
    var stands = Array(repeating: TradeStatus.pending.rawValue, count: trades.count)
    var violations: [String] = []
    for (place, event) in events.enumerated() {
      if event.sequence != Int64(place) + 1 { violations.append("event \(place) is misnumbered") }
      guard event.entry.kind == .tradeTransition, let key = event.entry.trade,
        let to = event.entry.to
      else { continue }
      if event.entry.from != stands[key.index] {
        violations.append("trade \(key): event \(event.sequence) starts elsewhere")
      }
      stands[key.index] = to
    }
    for trade in trades where stands[trade.key.index] != trade.status.rawValue {
      violations.append("trade \(trade.key): its history ends elsewhere")
    }
    return violations
  }
}
