import FXDomain
import FXFiles
import FXPorts

extension Intake {
  /// Holds the trades of a batch that are not dealt yet against every rule, and changes nothing. The
  /// bank is asked what accounts hold, unless that rule is off.
  public func examine(_ batch: Batch) async throws(StoreError) -> Examination {
    var trades: [Int: Identifier] = [:]
    var rows: [TradeRow] = []
    var query = TradeQuery(
      batch: batch.key, statuses: [.pending], limit: IntakeBounds.pageTrades)
    while true {
      let page = try await store.trades(query)
      for trade in page {
        trades[trade.row] = trade.id
        rows.append(TradeRow(of: trade))
      }
      guard page.count == query.limit, let last = page.last else { break }
      query.after = last.key
    }
    let options = BatchOptions(
      name: batch.name, pricing: batch.pricing, starts: false, allowsDuplicates: true)
    let facts = try await facts(about: rows, options, at: now())
    var rules = IntakeRules(facts: facts, options: options, settings: settings, rows: rows.count)
    for row in rows { rules.add(row) }

    var examination = Examination()
    examination.checked = rows.count
    examination.add(rules.problems)
    examination.add(rules.moved)
    if settings.rules.severity(of: .duplicate) != nil {
      examination.add(try await repetitions(of: rules.trades, in: batch.key))
    }
    for breach in try await store.breaches(startingOf: batch.key, under: settings.rules) {
      examination.add(breach.findings.lazy.map { Examination.Item($0) })
    }
    examination.add(await balances(for: rows, options.pricing, facts))
    examination.name(trades)
    return examination
  }

  /// Whether the clients have the money for what these rows take.
  func balances(
    for rows: [TradeRow], _ pricing: PricingMode, _ facts: IntakeFacts
  ) async -> [Examination.Item] {
    guard let severity = settings.rules.severity(of: .balance) else { return [] }
    var rule = BalanceRule(
      pricing: pricing, transferFee: settings.rules.transferFee, severity: severity)
    for row in rows { rule.add(row, facts) }
    return rule.items(await balances?.words(on: rule.accounts))
  }

  /// Trades of a batch that repeat another of it, or one of the last day.
  func repetitions(
    of trades: [TradeDraft], in batch: BatchKey
  ) async throws(StoreError) -> [Examination.Item] {
    let recent = try await store.duplicates(
      of: batch, withinMilliseconds: settings.duplicateWindowMilliseconds)
    return Self.repetitions(within: trades) + recent.map(Self.repetition)
  }

  /// Trades of one batch that are alike. Who took them in has said that they are wanted.
  private static func repetitions(within trades: [TradeDraft]) -> [Examination.Item] {
    var first: [Int64: [TradeDraft]] = [:]
    var items: [Examination.Item] = []
    for trade in trades {
      if let like = first[trade.fingerprint]?.first(where: { $0.isDuplicate(of: trade) }) {
        items.append(
          Examination.Item(
            row: trade.row, severity: .warning, code: RowProblem.Code.duplicateInFile.rawValue,
            detail: "It repeats row \(like.row)."))
      } else {
        first[trade.fingerprint, default: []].append(trade)
      }
    }
    return items
  }

  private static func repetition(_ duplicate: CreateRefusal.Duplicate) -> Examination.Item {
    Examination.Item(
      row: duplicate.row, severity: .warning, code: RowProblem.Code.duplicateRecent.rawValue,
      detail: "It repeats a trade of batch \(duplicate.batchID) of \(duplicate.createdAt).")
  }
}

extension TradeRow {
  /// The row that a trade would come from.
  public init(of trade: Trade) {
    self.init(
      row: trade.row, cifNumber: trade.cifNumber, amount: trade.deal.amount,
      pair: trade.deal.pair, side: trade.deal.side, delivery: trade.delivery,
      allowance: trade.allowance, isFixed: trade.fixedRate != nil, fixedRate: trade.fixedRate,
      spread: trade.spread, reference: trade.externalRef)
  }
}
