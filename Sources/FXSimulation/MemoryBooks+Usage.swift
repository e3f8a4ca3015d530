import FXDomain
import FXPorts

/// What counts against limits and allowances, and the rules about it.
extension MemoryBooks {
  /// See `BookStore.standing`.
  public func standing(
    of client: ClientKey, on day: CivilDate
  ) throws(StoreError) -> ClientStanding? {
    clients.indices.contains(client.index) && !deletedClients.contains(client)
      ? stands(client, on: day) : nil
  }

  /// See `BookStore.breaches`.
  public func breaches(
    startingOf batch: BatchKey, under rules: DeskRules
  ) throws(StoreError) -> [RuleBreach] {
    guard let index = index(of: batch), batches[index].status == .staged else { return [] }
    return breaches(by: pending(in: batches[index]), in: batches[index], rules)
  }

  /// See `BookStore.recountUsage`.
  public func recountUsage(of clients: [ClientKey]) throws(StoreError) -> UsageRecount {
    let all = countedUsage()
    var (kept, counted) = (UsageBook(), UsageBook())
    for client in clients {
      for (day, usage) in usage.clients[client] ?? [:] { kept.add(usage, of: client, on: day) }
      for (day, usage) in all.clients[client] ?? [:] { counted.add(usage, of: client, on: day) }
    }
    return UsageRecount(kept: kept, counted: counted)
  }

  /// See `BookStore.recountDealerUsage`.
  public func recountDealerUsage() throws(StoreError) -> UsageRecount {
    func dealers(_ book: UsageBook) -> UsageBook {
      var dealers = UsageBook()
      for (dealer, days) in book.dealers {
        for (day, usage) in days { dealers.add(usage, ofDealer: dealer, on: day) }
      }
      return dealers
    }
    return UsageRecount(kept: dealers(usage), counted: dealers(countedUsage()))
  }

  // MARK: Values and counts

  /// What a trade is worth in rands, as told when it is taken in.
  func value(of trade: TradeDraft) -> Money? {
    trade.deal.value(fixedRate: trade.fixedRate) { otcRates[$0]?.rate }
  }

  func countedUsage(at batch: Int) -> Usage {
    var usage = Usage()
    for trade in trades(at: batch) { usage += Usage(of: trade, in: batches[batch]) }
    return usage
  }

  func countedUsage() -> UsageBook {
    var book = UsageBook()
    for trade in trades where !removed.contains(trade.key) {
      book.count(trade, of: batches[trade.batch.index])
    }
    return book
  }

  // MARK: Rules

  /// A batch's trades that a start puts under way, in the order of their rows.
  func pending(in batch: Batch) -> [AskedTrade] {
    trades(at: batch.key.index).filter { $0.status == .pending }.map { AskedTrade($0) }
  }

  /// What trades would break, weighing as errors, if they were put under way together.
  func errors(
    by asked: [AskedTrade], in batch: Batch, _ rules: DeskRules
  ) -> [RuleBreach] {
    breaches(by: asked, in: batch, rules).filter { $0.severity == .error }
  }

  private func breaches(
    by asked: [AskedTrade], in batch: Batch, _ rules: DeskRules
  ) -> [RuleBreach] {
    let today = Ledger.day(of: now)
    return RuleCheck(rules, day: today, today: today).breaches(
      of: asked, batch: batch.usage, dealer: usage.usage(ofDealer: batch.createdBy, on: today),
      ownLimits: true
    ) { client, _ in stands(client, on: today) }
  }

  /// A rule that stands against the booking of a trade, as it is used now.
  func brokenRule(for trade: Trade, under rules: DeskRules) -> Failure? {
    let batch = batches[trade.batch.index]
    let today = Ledger.day(of: now)
    let day = trade.usageDay ?? batch.usageDay ?? today
    return RuleCheck(rules, day: day, today: today).failure(
      of: trade, batch: batch.usage, dealer: { usage.usage(ofDealer: batch.createdBy, on: day) },
      ownLimits: true, standing: { _ in stands(trade.client, on: day) })
  }

  private func stands(_ client: ClientKey, on day: CivilDate) -> ClientStanding {
    ClientStanding(
      cifNumber: clients[client.index].cifNumber, terms: terms(of: client),
      day: usage.usage(of: client, on: day), year: usage.usage(of: client, in: day.year))
  }
}
