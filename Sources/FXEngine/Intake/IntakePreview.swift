import FXDomain
import FXFiles
import FXPorts

/// What a batch of some rows would be if it was taken in now. Nothing of it is stored.
public struct IntakePreview: Sendable {
  /// A row that can be read, with what is known before any quote.
  public struct Row: Sendable {
    public let given: TradeRow
    /// Nil where nobody is registered under the number.
    public let client: Client?
    public let valueDate: CivilDate?
    /// Nil where neither the row nor a client says one.
    public let spread: Pips?
    /// Nil where nothing tells it before the quote.
    public let expectedRate: Rate?
    public let expectedCounterAmount: Money?
    /// The bank's quote will decide: the expected rate is reckoned from the desk's own.
    public let isIndicative: Bool
  }

  /// What one side of a pair comes to.
  public struct Total: Hashable, Sendable {
    public let pair: CurrencyPair
    public let side: Side
    public fileprivate(set) var trades: Int
    public fileprivate(set) var amount: MoneySum
  }

  /// The first ones.
  public let rows: [Row]
  /// Over all rows that can be read.
  public let totals: [Total]
  public let readableRows: Int
  public let clients: Int
  /// What the desk's rules find wrong with them.
  public let problems: FileProblems
}

extension Intake {
  /// Applies every rule for new trades that needs no transaction. Repetitions of trades that are
  /// already stored are found when the batch is taken in.
  ///
  /// - Parameter listed: rows that are shown singly; totals and problems are those of all.
  public func preview(
    _ rows: [TradeRow], _ options: BatchOptions, listed: Int
  ) async throws(StoreError) -> IntakePreview {
    let moment = now()
    let facts = try await facts(about: rows, options, at: moment)
    var rules = IntakeRules(facts: facts, options: options, settings: settings, rows: rows.count)
    for row in rows { rules.add(row) }
    let shown = rows.prefix(listed)
    let clients = try await clients(of: shown)
    let drafts = Dictionary(
      rules.trades.prefix(listed).map { ($0.row, $0) }, uniquingKeysWith: { first, _ in first })
    return IntakePreview(
      rows: shown.map { row in
        Self.row(
          row, drafts[row.row], clients[row.cifNumber], facts.otcRates[row.pair]?.rate, options)
      },
      totals: Self.totals(of: rows), readableRows: rows.count,
      clients: Set(rows.map(\.cifNumber)).count, problems: rules.problems)
  }

  private func clients(
    of rows: ArraySlice<TradeRow>
  ) async throws(StoreError) -> [String: Client] {
    let numbers = Array(Set(rows.map(\.cifNumber)))
    var found: [String: Client] = [:]
    for start in stride(from: 0, to: numbers.count, by: IntakeBounds.clientsPerQuery) {
      let some = numbers[start...].prefix(IntakeBounds.clientsPerQuery)
      for client in try await store.clients(withCIF: Set(some)) {
        found[client.cifNumber] = client
      }
    }
    return found
  }

  private static func row(
    _ row: TradeRow, _ draft: TradeDraft?, _ client: Client?, _ otcRate: Rate?,
    _ options: BatchOptions
  ) -> IntakePreview.Row {
    let isFixed = row.isFixed || options.pricing == .fixed
    let spread = row.spread ?? client?.spread
    let rate = isFixed ? row.fixedRate : expectedRate(row, spread, otcRate)
    return IntakePreview.Row(
      given: row, client: client, valueDate: draft?.valueDate, spread: isFixed ? nil : spread,
      expectedRate: rate,
      expectedCounterAmount: rate.flatMap { expectedCounterAmount(of: draft?.deal, at: $0) },
      isIndicative: !isFixed && options.pricing == .bank)
  }

  /// Nil too where it would be no rate at all: the rules say so, or the quote will.
  private static func expectedRate(
    _ row: TradeRow, _ spread: Pips?, _ otcRate: Rate?
  ) -> Rate? {
    guard let spread, let otcRate else { return nil }
    do {
      let rate = try PricingTerms.otc(rate: otcRate, spread: spread)
        .clientRate(side: row.side, quoteRate: otcRate)
      return rate.isPositive ? rate : nil
    } catch {
      return nil
    }
  }

  private static func expectedCounterAmount(of deal: Deal?, at rate: Rate) -> Money? {
    guard let deal, rate.isPositive else { return nil }
    do { return try deal.counterAmount(at: rate) } catch { return nil }
  }

  private struct TotalKey: Hashable {
    let pair: CurrencyPair
    let side: Side
    let currency: Currency
  }

  private static func totals(of rows: [TradeRow]) -> [IntakePreview.Total] {
    var totals: [TotalKey: IntakePreview.Total] = [:]
    for row in rows {
      let key = TotalKey(pair: row.pair, side: row.side, currency: row.amount.currency)
      let before = totals[key]
      totals[key] = IntakePreview.Total(
        pair: row.pair, side: row.side, trades: (before?.trades ?? 0) + 1,
        amount: MoneySum(
          minorUnits: (before?.amount.minorUnits ?? 0) + Int128(row.amount.minorUnits),
          currency: row.amount.currency))
    }
    return totals.values.sorted {
      ("\($0.pair)", $0.side.rawValue, $0.amount.currency.code)
        < ("\($1.pair)", $1.side.rawValue, $1.amount.currency.code)
    }
  }
}
