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
    let clients = try books.clients(ClientQuery(limit: temper.clients))
    guard let pair = CurrencyPair("USD/ZAR") else { return }
    // Of its own seed, so that whatever else a world draws stays as it was.
    var policies = Chance(seed: seed ^ 0x706f_6c69_6379)
    var allowances = Chance(seed: seed ^ 0x616c_6c6f_77)
    for number in 1...temper.batches {
      let drafts = (1...temper.tradesPerBatch).map { row in
        let amount = Money(minorUnits: chance.pick(100_000...100_000_000), currency: .zar)
        let client = clients[Int(chance.next() % UInt64(clients.count))]
        guard let deal = Deal(pair: pair, side: .buy, amount: amount) else {
          preconditionFailure("the rand is one of the pair's currencies")
        }
        return TradeDraft(
          row: row, client: client.key, deal: deal,
          allowance: temper.hasLimits ? Self.allowance(&allowances) : nil, spread: client.spread)
      }
      let ids = drafts.map { _ in Identifier(high: chance.next(), low: chance.next()) }
      let batch = BatchDraft(
        id: Identifier(high: chance.next(), low: chance.next()), name: "Batch \(number)",
        pricing: .bank, priority: Int(chance.pick(1...10)),
        maxConcurrentTrades: Int(chance.pick(1...5)),
        policy: policy(maxAttempts: Int(chance.pick(1...3)), &policies))
      _ = try books.create(
        CreateRequest(
          batch: batch, trades: drafts, tradeIDs: ids, actor: .person("dealer"),
          starts: !temper.hasLimits,
          duplicateWindowMilliseconds: nil))
    }
  }

  /// What a batch of this world does about failures.
  private func policy(maxAttempts: Int, _ chance: inout Chance) -> BatchPolicy {
    var policy = BatchPolicy(maxAttempts: maxAttempts)
    guard temper.hasPolicies else { return policy }
    policy.onFailure = BatchPolicy.OnFailure.allCases[Int(chance.pick(0...2))]
    if chance.happens(perMille: 600) { policy.toleratedFailures = Int(chance.pick(0...3)) }
    if chance.happens(perMille: 300) { policy.toleratedFailurePercent = Int(chance.pick(0...60)) }
    for category in FailureCategory.allCases where chance.happens(perMille: 400) {
      policy.retries[category] = RetryRule(
        tries: Int(chance.pick(1...5)), firstDelayMilliseconds: chance.pick(1...800),
        greatestDelayMilliseconds: chance.pick(800...5_000))
    }
    return policy
  }

  mutating func command(_ batch: BatchKey, _ wish: PersonsWish) throws(StoreError) {
    let isBooking = try books.batches(BatchQuery(limit: 500)).contains { other in
      other.counts.booking > 0 && (other.key == batch || wish == .engageKillSwitch)
    }
    let command: BatchCommand
    let kind: Occurrence?
    switch wish {
    case .pause:
      (command, kind) = (.pause, .pause)
      // Whoever pauses comes back to it.
      schedule(.command(batch, .resume), after: chance.pick(100...20_000))
    case .resume: (command, kind) = (.resume, nil)
    case .cancel: (command, kind) = (.requestCancel(), .cancel)
    case .priority:
      (command, kind) = (
        .setPriority(Int(chance.pick(1...10)), queuePosition: nil), .priority
      )
    case .retry: (command, kind) = (.retry(.all, note: "again", rules: rules), .retry)
    case .start: (command, kind) = (.start(rules: rules), nil)
    case .lowerLimits: return lowerLimits()
    case .engageKillSwitch, .releaseKillSwitch:
      return try turnKillSwitch(wish, of: batch, isBooking: isBooking)
    }
    let result = try books.perform(
      BatchStep(batch: batch, actor: .person("dealer"), command: command))
    if case .failure(.rulesBroken) = result { occurrences[.startRefused] += 1 }
    guard case .success = result else { return }
    observer?(now - Self.beginning, "a person: \(wish) of batch \(batch)")
    if let kind { occurrences[kind] += 1 }
    guard wish == .cancel else { return }
    if isBooking { occurrences[.cancelWithCallOut] += 1 }
    if temper.planted == .cancelAfterIntent { books.cancelPastIntent(batch) }
    // A batch that no node holds is swept by whoever asked for its end.
    _ = try books.sweepCancelled(batch, limit: 3, actor: .person("dealer"))
  }

  private mutating func turnKillSwitch(
    _ wish: PersonsWish, of batch: BatchKey, isBooking: Bool
  ) throws(StoreError) {
    let isEngaged = try books.installation().killSwitch != nil
    // Until it is known what a restored store has lost, it stays engaged.
    guard isEngaged == (wish == .releaseKillSwitch), !isUnreconciled else { return }
    observer?(now - Self.beginning, "a person: \(wish)")
    _ = try books.setKillSwitch(
      engaged: !isEngaged, reason: "a drill", actor: .person("admin"))
    guard !isEngaged else { return }
    occurrences[.killSwitch] += 1
    if isBooking { occurrences[.killSwitchWithCallOut] += 1 }
    schedule(.command(batch, .releaseKillSwitch), after: chance.pick(100...20_000))
  }

  /// A person looks into the bank's ledger and closes every doubt that waits for them, truthfully.
  mutating func resolveDoubts() throws(StoreError) {
    books.now = Timestamp(milliseconds: now)
    for trade in try allTrades() where trade.waitsForPerson {
      let deal = standing(trade.key).last
      let resolution = deal.map { Resolution.booked(dealReference: $0.reference) } ?? .notBooked
      let step = TradeStep(
        batch: trade.batch, trade: trade.key, authority: .open, actor: .person("approver"),
        command: .resolve(
          resolution, note: "asked the bank by telephone",
          marginMilliseconds: temper.doubtMarginMilliseconds))
      if case .success = try books.perform([step])[0].result {
        occurrences[.doubtByPerson] += 1
      }
    }
  }

  /// A person looks at what has failed, and lets every batch go on that its policy has paused.
  mutating func resumePaused() throws(StoreError) {
    books.now = Timestamp(milliseconds: now)
    for batch in try books.batches(BatchQuery(statuses: [.paused], limit: 500))
    where batch.pauseCause != .person && !batch.isCancelRequested {
      let step = BatchStep(batch: batch.key, actor: .person("dealer"), command: .resume)
      if case .success = try books.perform(step) { occurrences[.policyResumed] += 1 }
    }
  }

  /// The trade's deals that have not failed to settle.
  func standing(_ trade: TradeKey) -> [LedgerDeal] {
    dealsOf[trade, default: []].map { bank.deals[$0] }.filter { $0.settlesAs != .failed }
  }

  func allTrades() throws(StoreError) -> [Trade] {
    try books.trades(TradeQuery(limit: temper.batches * temper.tradesPerBatch))
  }

  // MARK: The auditor

  /// Called at every booking: a second standing deal for one trade is the worst that can happen.
  mutating func checkBookedOnce(_ trade: TradeKey, _ id: Identifier) {
    let count = standing(trade).count
    if count > 1 { violation = "trade \(trade) stands in the bank's ledger \(count) times" }
    guard occurrences[.rollBack] == 0 else { return }
    do {
      let isNamed = try books.attempts(of: trade).contains { $0.dealTransactionID == id }
      if !isNamed { violation = "the bank booked \(id), of which the store knows nothing" }
    } catch {
      violation = "the store failed: \(error)"
    }
  }

  /// Trades of which more than one deal stands in the bank's ledger.
  public var doubleBookings: Int { dealsOf.keys.count { standing($0).count > 1 } }

  /// Everything that must hold whenever nothing is on its way, one sentence per violation.
  public func audit() -> [String] {
    var violations = books.verifyInvariants() + reservationsLeft()
    do {
      violations += try allTrades().compactMap { finding($0, standing($0.key)) }
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
      // Whoever decides by hand names the deal, not its rate.
      guard deal.deal == trade.deal, deal.cifNumber == trade.cifNumber,
        trade.isResolvedByPerson || trade.figures?.priced.clientRate == deal.dealRate
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

extension Trade {
  /// A doubt, or a deal unconfirmed for too long, that was put before a person, or a doubt about
  /// which nobody can ask the bank.
  fileprivate var waitsForPerson: Bool {
    switch status {
    case .inDoubt: escalatedAt != nil || attempt == 0
    case .booked: escalatedAt != nil
    case .pending, .quoting, .booking, .completed, .failed, .cancelled: false
    }
  }
}

extension SimulatedWorld {
  /// Whether every batch that is not final waits for a person: a doubt put before one, a pause, or
  /// trades of a client who is blocked by such a doubt.
  public func onlyPersonsAreAwaited() throws(StoreError) -> Bool {
    let trades = try allTrades()
    let blocked = Set(trades.filter { $0.waitsForPerson && $0.status == .inDoubt }.map(\.client))
    // A canary that waits for a person holds everybody back.
    let canary = try books.installation().canary
    let isHeldBack = trades.contains { $0.key == canary && $0.waitsForPerson }
    return try books.batches(BatchQuery(limit: 500)).allSatisfy { batch in
      batch.status.isFinal || batch.status == .paused || batch.status == .staged
        || trades.filter { $0.batch == batch.key && !$0.status.isFinal }.allSatisfy {
          $0.waitsForPerson
            || $0.status == .pending && (isHeldBack || blocked.contains($0.client))
        }
    }
  }
}
