import FXDomain
import FXFiles
import FXPorts

/// A client as the rules need it.
struct KnownClient: Sendable {
  let key: ClientKey
  let isActive: Bool
  let spread: Pips
  var accounts: [SettlementAccount] = []

  init(_ client: Client) {
    key = client.key
    isActive = client.isActive
    spread = client.spread
  }
}

/// The desk's records about everything that some rows name.
struct IntakeFacts: Sendable {
  var now: Timestamp
  var clients: [String: KnownClient] = [:]
  /// Of the pairs that are not dealt at given rates, where there is one.
  var otcRates: [CurrencyPair: OTCRate] = [:]
}

/// The rules for new trades, applied to row after row: from a file's words to a batch's trades.
struct IntakeRules {
  private struct Terms: Hashable {
    let pair: CurrencyPair
    let delivery: Delivery
  }

  private let facts: IntakeFacts
  private let options: BatchOptions
  private let settings: IntakeSettings
  private var valueDates: [Terms: Result<ValueDate, CalendarError>] = [:]
  /// The place in `trades` of each one, by its fingerprint, or by the next free one after it.
  private var placesByPrint: [Int64: Int32] = [:]
  private(set) var trades: [TradeDraft] = []
  /// Trades whose value date a missed cut-off has put a business day on: how many, and word of the
  /// first.
  private(set) var movedByCutOff = 0
  private(set) var moved: [Examination.Item] = []
  private(set) var problems = FileProblems()

  init(facts: IntakeFacts, options: BatchOptions, settings: IntakeSettings, rows: Int) {
    self.facts = facts
    self.options = options
    self.settings = settings
    trades.reserveCapacity(rows)
    if !options.allowsDuplicates { placesByPrint.reserveCapacity(rows) }
  }

  /// Every rule on a row of which no amount can be read, but those about amounts.
  mutating func add(besidesAmount row: TradeRow) {
    let client = facts.clients[row.cifNumber]
    check(client, of: row)
    checkRate(of: row)
    if let spread = row.spread ?? client?.spread { check(spread, of: row) }
    _ = valueDate(of: row)
  }

  /// The trade of a row is added where its client and its deal can be told; every rule that it
  /// breaks is noted.
  mutating func add(_ row: TradeRow) {
    let client = facts.clients[row.cifNumber]
    check(client, of: row)
    if !row.amount.isPositive {
      refuse(row, "Amount", .notPositive, "Give an amount above zero.")
    }
    if row.amount.minorUnits > IntakeBounds.greatestAmountMinorUnits {
      refuse(row, "Amount", .overflow, "Give a smaller amount: no trade is this large.")
    }
    let deal = Deal(pair: row.pair, side: row.side, amount: row.amount)
    if deal == nil {
      refuse(
        row, "Currency", .currencyNotInPair,
        "Give the amount in \(row.pair.base) or \(row.pair.quote).")
    }
    checkRate(of: row)
    let spread = row.spread ?? client?.spread
    if let spread { check(spread, of: row) }
    if let deal, let spread { checkSize(of: deal, spread, row) }
    let date = valueDate(of: row)
    guard let client, let deal else { return }
    add(
      TradeDraft(
        row: row.row, client: client.key, deal: deal, delivery: row.delivery, valueDate: date,
        allowance: row.allowance, externalRef: row.reference,
        spread: row.spread ?? client.spread,
        fixedRate: isFixed(row) ? row.fixedRate : nil))
  }

  /// Whether the row deals at the rate that it gives.
  private func isFixed(_ row: TradeRow) -> Bool { row.isFixed || options.pricing == .fixed }

  private mutating func add(_ trade: TradeDraft) {
    if !options.allowsDuplicates {
      var print = trade.fingerprint
      while let place = placesByPrint[print] {
        let first = trades[Int(place)]
        if first.isDuplicate(of: trade) {
          problems.append(
            RowProblem(
              row: trade.row, column: nil, code: .duplicateInFile,
              detail: "Remove this row, which repeats row \(first.row), or allow duplicates."))
          return
        }
        print &+= 1
      }
      placesByPrint[print] = Int32(trades.count)
    }
    trades.append(trade)
  }

  private mutating func check(_ client: KnownClient?, of row: TradeRow) {
    guard let client else {
      return refuse(
        row, "Client CIF", .clientUnknown, "Register client \(row.cifNumber) before its trades.")
    }
    if !client.isActive {
      refuse(row, "Client CIF", .clientInactive, "Client \(row.cifNumber) is not active.")
    }
    for currency in [row.pair.base, row.pair.quote] {
      let account = client.accounts.first { $0.currency == currency }
      if account == nil {
        refuse(
          row, "Client CIF", .accountUnknown,
          "Register the \(currency) account of client \(row.cifNumber).")
      } else if account?.status.mayDeal == false {
        refuse(
          row, "Client CIF", .accountNotOpen,
          "The \(currency) account of client \(row.cifNumber) is dormant or closed.")
      }
    }
  }

  private mutating func checkRate(of row: TradeRow) {
    if isFixed(row) {
      if row.fixedRate?.isPositive != true {
        refuse(row, "Fixed Rate", .missingFixedRate, "Give a Fixed Rate above zero.")
      }
      return
    }
    guard options.pricing == .otc else { return }
    guard let rate = facts.otcRates[row.pair] else {
      return refuse(row, "CurPair", .otcRateMissing, "Set an OTC rate for \(row.pair).")
    }
    if facts.now.milliseconds(since: rate.setAt) > settings.otcRateAgeMilliseconds {
      refuse(
        row, "CurPair", .otcRateStale,
        "Set the OTC rate for \(row.pair) anew: it is of \(rate.setAt).")
    }
  }

  /// The row's own spread has been read within the bounds; the client's may be older than they are.
  private mutating func check(_ spread: Pips, of row: TradeRow) {
    guard !spread.isPlausibleSpread else { return }
    let bounds = "from -\(Pips.greatestSpread) to \(Pips.greatestSpread) pips"
    guard row.spread == nil else {
      return refuse(row, "Spread", .spreadOutOfBounds, "Give a spread \(bounds).")
    }
    // A given rate has no mark-up on top.
    guard !isFixed(row) else { return }
    refuse(
      row, "Client CIF", .spreadOutOfBounds,
      "Give client \(row.cifNumber) a spread \(bounds): it is \(spread).")
  }

  /// An amount whose other leg would be nothing, as far as the rate is known before the quote.
  private mutating func checkSize(of deal: Deal, _ spread: Pips, _ row: TradeRow) {
    guard deal.amount.isPositive, spread.isPlausibleSpread else { return }
    let nothing = Money.zero(deal.pair.counter(of: deal.amount.currency))
    if isFixed(row) {
      guard let rate = row.fixedRate, rate.isPositive, deal.comesToNothing(at: rate) else { return }
      refuse(
        row, "Amount", .amountTooSmall,
        "Give a larger amount: at the rate \(rate) it comes to \(nothing).")
    } else if let collar = settings.collarBasisPoints, let rate = facts.otcRates[row.pair]?.rate,
      deal.comesToNothing(spread, around: rate, basisPoints: collar)
    {
      refuse(
        row, "Amount", .amountTooSmall,
        "Give a larger amount: at rates around \(rate) it comes to \(nothing).")
    }
  }

  /// Noted with the trade as planned; the quote asks again for the day on which it is taken.
  private mutating func valueDate(of row: TradeRow) -> CivilDate? {
    let terms = Terms(pair: row.pair, delivery: row.delivery)
    let result = valueDates[terms] ?? computed(terms)
    valueDates[terms] = result
    switch result {
    case .success(let dated):
      if let currency = dated.missedCutOff {
        movedByCutOff += 1
        if moved.count < IntakeBounds.keptFindings {
          moved.append(
            Examination.Item(
              row: row.row, severity: .warning, code: "cut_off_passed", column: "Deal Type",
              detail: "Today's cut-off of \(currency) has passed: its value date is \(dated.date).")
          )
        }
      }
      return dated.date
    case .failure(.calendarUnknown(let currency, let year)):
      refuse(
        row, "CurPair", .calendarUnknown,
        "Configure the closed days of \(currency) in \(year): no value date can be told.")
    case .failure(.noOpenDay(let date)):
      refuse(
        row, "CurPair", .calendarUnknown,
        "Correct the closed days of \(row.pair): no day from \(date) on is open.")
    }
    return nil
  }

  private func computed(_ terms: Terms) -> Result<ValueDate, CalendarError> {
    do throws(CalendarError) {
      return .success(
        try settings.valueDates.valueDate(
          for: terms.pair, delivery: terms.delivery, at: facts.now, clock: settings.deskClock,
          cutOffs: settings.cutOffs))
    } catch {
      return .failure(error)
    }
  }

  private mutating func refuse(
    _ row: TradeRow, _ column: String, _ code: RowProblem.Code, _ detail: String
  ) {
    problems.append(RowProblem(row: row.row, column: column, code: code, detail: detail))
  }
}
