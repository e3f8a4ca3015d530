import FXDomain
import FXEngine
import FXPorts

/// Clients, batches, commands, and the auditor who compares everything with the bank's ledger.
extension SimulatedWorld {
  mutating func populate() throws(StoreError) {
    var records: [ClientRecord] = []
    for number in 1...temper.clients {
      let cif = "CIF\(1_000 + number)"
      records.append(
        ClientRecord(
          name: "Client \(number)", cifNumber: cif, spread: Pips(rateUnits: 3_580_000),
          accounts: [
            SettlementAccount(cifNumber: cif, currency: .zar, accountNumber: "ZAR\(number)"),
            SettlementAccount(cifNumber: cif, currency: .usd, accountNumber: "USD\(number)"),
          ]))
    }
    _ = try books.upsert(records)
    let clients = try books.clients(after: nil, limit: temper.clients)
    guard let pair = CurrencyPair("USD/ZAR") else { return }
    for number in 1...temper.batches {
      let drafts = (1...temper.tradesPerBatch).map { row in
        let amount = Money(minorUnits: chance.pick(100_000...100_000_000), currency: .zar)
        let client = clients[Int(chance.next() % UInt64(clients.count))]
        guard let deal = Deal(pair: pair, side: .buy, amount: amount) else {
          preconditionFailure("the rand is one of the pair's currencies")
        }
        return TradeDraft(row: row, client: client.key, deal: deal, spread: client.spread)
      }
      let ids = drafts.map { _ in Identifier(high: chance.next(), low: chance.next()) }
      let batch = BatchDraft(
        id: Identifier(high: chance.next(), low: chance.next()), name: "Batch \(number)",
        pricing: .bank, priority: Int(chance.pick(1...10)),
        maxConcurrentTrades: Int(chance.pick(1...5)))
      _ = try books.create(
        CreateRequest(
          batch: batch, trades: drafts, tradeIDs: ids, actor: .person("dealer"), starts: true,
          duplicateWindowMilliseconds: nil))
    }
  }

  mutating func command(_ batch: BatchKey, _ kind: Int) throws(StoreError) {
    let command: BatchCommand
    switch kind {
    case 0:
      command = .pause
      // Whoever pauses comes back to it.
      schedule(.command(batch, 1), after: chance.pick(100...20_000))
    case 1: command = .resume
    case 2: command = .requestCancel
    case 3: command = .setPriority(Int(chance.pick(1...10)), queuePosition: nil)
    default: command = .retry(.all, note: "again")
    }
    _ = try books.perform(
      BatchStep(batch: batch, actor: .person("dealer"), command: command))
    // A batch that no node holds is swept by whoever asked for its end.
    if kind == 2 { _ = try books.sweepCancelled(batch, limit: 3, actor: .person("dealer")) }
  }

  /// A person looks into the bank's ledger and closes every doubt that waits for them, truthfully.
  public mutating func resolveDoubts() throws(StoreError) -> Int {
    books.now = Timestamp(milliseconds: now)
    var resolved = 0
    for trade in try allTrades() where trade.status == .inDoubt {
      let attempts = try books.attempts(of: trade.key)
      let deal = attempts.compactMap { bank.deal($0.dealTransactionID) }.last
      let resolution = deal.map { Resolution.booked(dealReference: $0.reference) } ?? .notBooked
      let step = TradeStep(
        batch: trade.batch, trade: trade.key, authority: .open, actor: .person("approver"),
        command: .resolve(
          resolution, note: "asked the bank by telephone",
          marginMilliseconds: temper.doubtMarginMilliseconds))
      if case .success = try books.perform([step])[0].result { resolved += 1 }
    }
    return resolved
  }

  func allTrades() throws(StoreError) -> [Trade] {
    try books.trades(TradeQuery(limit: temper.batches * temper.tradesPerBatch))
  }

  // MARK: The auditor

  /// Called at every booking: a second standing deal for one trade is the worst that can happen.
  mutating func checkBookedOnce() {
    guard let new = bank.deals.last else { return }
    do {
      for trade in try allTrades() {
        let attempts = try books.attempts(of: trade.key)
        guard attempts.contains(where: { $0.dealTransactionID == new.dealTransactionID }) else {
          continue
        }
        let ids = Set(attempts.map(\.dealTransactionID))
        let standing = bank.deals.filter {
          ids.contains($0.dealTransactionID) && $0.settlesAs != .failed
        }
        if standing.count > 1 {
          violation = "trade \(trade.key) stands in the bank's ledger \(standing.count) times"
        }
        return
      }
      violation = "the bank booked \(new.dealTransactionID), of which the store knows nothing"
    } catch {
      violation = "the store failed: \(error)"
    }
  }

  /// Everything that must hold whenever nothing is on its way, one sentence per violation.
  public func audit() -> [String] {
    var violations = books.verifyInvariants()
    do {
      for trade in try allTrades() {
        let ids = Set(try books.attempts(of: trade.key).map(\.dealTransactionID))
        let standing = bank.deals.filter {
          ids.contains($0.dealTransactionID) && $0.settlesAs != .failed
        }
        if let finding = finding(trade, standing) { violations.append(finding) }
      }
    } catch {
      violations.append("the store failed: \(error)")
    }
    return violations
  }

  private func finding(_ trade: Trade, _ standing: [LedgerDeal]) -> String? {
    if standing.count > 1 { return "trade \(trade.key) is booked \(standing.count) times" }
    switch trade.status {
    case .completed:
      guard let deal = standing.first else {
        return "trade \(trade.key) is completed and the bank has no such deal"
      }
      guard deal.deal == trade.deal, deal.cifNumber == trade.cifNumber,
        trade.figures?.priced.clientRate == deal.dealRate
      else { return "trade \(trade.key) differs from the bank's deal" }
      return nil
    case .pending, .quoting, .failed, .cancelled:
      return standing.isEmpty
        ? nil : "trade \(trade.key) is \(trade.status) and the bank has a deal"
    case .booking, .booked, .inDoubt:
      return nil
    }
  }
}

extension SimulatedWorld {
  /// Whether every batch that is not final waits for a person: a doubt put before one, a pause, or
  /// trades of a client who is blocked by such a doubt.
  public func onlyPersonsAreAwaited() throws(StoreError) -> Bool {
    let trades = try allTrades()
    let escalated = trades.filter { $0.status == .inDoubt && $0.escalatedAt != nil }
    let blocked = Set(escalated.map(\.client))
    // A canary in doubt holds everybody back.
    let canary = try books.installation().canary
    let isHeldBack = escalated.contains { $0.key == canary }
    return try books.batches(BatchQuery(limit: 500)).allSatisfy { batch in
      batch.status.isFinal || batch.status == .paused
        || trades.filter { $0.batch == batch.key && !$0.status.isFinal }.allSatisfy {
          $0.status == .inDoubt && $0.escalatedAt != nil
            || $0.status == .pending && (isHeldBack || blocked.contains($0.client))
        }
    }
  }
}
