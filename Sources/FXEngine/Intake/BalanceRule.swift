import FXDomain
import FXFiles

/// What trades take from the accounts of their clients, and whether the money is there.
struct BalanceRule {
  /// All that trades of one client take from one account.
  private struct Demand {
    let account: SettlementAccount
    /// In minor units of the account's currency, with the fees.
    var sum: Int128 = 0
    var fees: Int128 = 0
    /// The first rows that move money here, and of them those that take it.
    var rows: [Int] = []
    var payingRows: [Int] = []
    /// Trades of which no rate tells what they take.
    var unvalued = 0

    mutating func move(_ row: TradeRow) {
      if rows.count < IntakeBounds.namedRows { rows.append(row.row) }
    }

    mutating func take(_ amount: Money?, fee: Money?, of row: TradeRow) {
      move(row)
      if payingRows.count < IntakeBounds.namedRows { payingRows.append(row.row) }
      if let fee {
        sum += Int128(fee.minorUnits)
        fees += Int128(fee.minorUnits)
      }
      if let amount { sum += Int128(amount.minorUnits) } else { unvalued += 1 }
    }
  }

  private let pricing: PricingMode
  private let transferFee: Money
  private let severity: DeskRules.Severity
  private var demands: [AccountName: Demand] = [:]
  /// In the order in which rows named them.
  private(set) var accounts: [SettlementAccount] = []

  /// - Parameter severity: of too little money.
  init(pricing: PricingMode, transferFee: Money, severity: DeskRules.Severity) {
    self.pricing = pricing
    self.transferFee = transferFee
    self.severity = severity
  }

  /// Rows without a client, or without accounts that may deal, are another rule's.
  mutating func add(_ row: TradeRow, _ facts: IntakeFacts) {
    guard let client = facts.clients[row.cifNumber],
      let deal = Deal(pair: row.pair, side: row.side, amount: row.amount)
    else { return }
    let pays = row.side == .buy ? row.pair.quote : row.pair.base
    let pair = [pays, row.pair.counter(of: pays)].compactMap { currency in
      client.accounts.first { $0.currency == currency && $0.status.mayDeal }
    }
    guard pair.count == 2 else { return }
    for account in pair where demands[AccountName(account)] == nil {
      demands[AccountName(account)] = Demand(account: account)
      accounts.append(account)
    }
    let amount = payment(
      for: row, deal, in: pays, spread: row.spread ?? client.spread,
      otcRate: facts.otcRates[row.pair]?.rate)
    let fee = feeDue(for: row, from: pays)
    demands[AccountName(pair[0])]?.take(amount, fee: fee, of: row)
    demands[AccountName(pair[1])]?.move(row)
  }

  /// Where funds are needed at once, the bank's fee goes with them.
  private func feeDue(for row: TradeRow, from currency: Currency) -> Money? {
    guard currency == transferFee.currency else { return nil }
    switch row.delivery {
    case .cash, .tom: return transferFee
    case .spot: return nil
    }
  }

  /// The leg that is paid, at the rate given or at the desk's own; nil where neither is there.
  private func payment(
    for row: TradeRow, _ deal: Deal, in currency: Currency, spread: Pips, otcRate: Rate?
  ) -> Money? {
    if deal.amount.currency == currency { return deal.amount }
    do {
      if row.isFixed || pricing == .fixed {
        guard let rate = row.fixedRate, rate.isPositive else { return nil }
        return try deal.counterAmount(at: rate)
      }
      guard let otcRate else { return nil }
      let rate = try PricingTerms.bank(spread: spread)
        .clientRate(side: deal.side, quoteRate: otcRate)
      return rate.isPositive ? try deal.counterAmount(at: rate) : nil
    } catch {
      return nil
    }
  }

  // MARK: What the bank says to it

  /// - Parameter words: the bank's on each of the accounts; nil where no bank is there to be asked.
  func items(_ words: [AccountName: AccountWord]?) -> [Examination.Item] {
    guard let words else {
      return accounts.isEmpty
        ? [] : [Self.unknown("No bank is configured here: no balance was looked at.")]
    }
    var items: [Examination.Item] = []
    var untold: [(reason: String, accounts: [SettlementAccount])] = []
    for account in accounts {
      guard let demand = demands[AccountName(account)], let word = words[AccountName(account)]
      else { continue }
      switch word {
      case .told(let status, _) where !status.mayDeal:
        items += Self.items(
          of: demand.rows, .error, .accountNotOpen,
          "The bank calls \(Self.name(account)) \(status.rawValue).")
      case .told(_, let balance):
        items += shortfall(of: demand, balance)
        if demand.unvalued > 0 { items.append(Self.unvalued(demand)) }
      case .untold(let reason):
        if let place = untold.firstIndex(where: { $0.reason == reason }) {
          untold[place].accounts.append(account)
        } else {
          untold.append((reason, [account]))
        }
      }
    }
    return items
      + untold.map { reason, accounts in
        let others = accounts.count == 1 ? "" : " and of \(accounts.count - 1) more"
        return Self.unknown(
          "The balance of \(Self.name(accounts[0]))\(others) is not known. \(reason)")
      }
  }

  private func shortfall(of demand: Demand, _ balance: Money) -> [Examination.Item] {
    guard demand.sum > Int128(balance.minorUnits) else { return [] }
    let currency = demand.account.currency
    let sum = MoneySum(minorUnits: demand.sum, currency: currency)
    let fees =
      demand.fees == 0
      ? "" : ", \(MoneySum(minorUnits: demand.fees, currency: currency)) of it transfer fees"
    return Self.items(
      of: demand.payingRows, severity, .insufficientBalance,
      "The batch takes \(sum) from \(Self.name(demand.account))\(fees), which holds \(balance).")
  }

  private static func unvalued(_ demand: Demand) -> Examination.Item {
    unknown(
      "No rate tells what \(demand.unvalued) trades take from \(name(demand.account)): set an OTC "
        + "rate. Their amounts were left out.")
  }

  private static func items(
    of rows: [Int], _ severity: DeskRules.Severity, _ code: FailureCode, _ detail: String
  ) -> [Examination.Item] {
    rows.map {
      Examination.Item(
        row: $0, severity: severity, code: code.rawValue, column: "Client CIF", detail: detail)
    }
  }

  private static func unknown(_ detail: String) -> Examination.Item {
    Examination.Item(severity: .warning, code: "balance_unknown", detail: detail)
  }

  private static func name(_ account: SettlementAccount) -> String {
    "the \(account.currency) account \(account.accountNumber) of client \(account.cifNumber)"
  }
}
