import FXDomain
import FXPorts

/// The desk's rules that are looked at again when a trade is taken up.
extension TradeRun {
  func refusalBeforeQuote(at now: Moment, settings: EngineSettings) -> Failure? {
    if !taken.isClientActive {
      return Failure(.clientInactive, "Client \(trade.cifNumber) is not active.")
    }
    guard let accounts = taken.settlement else { return taken.missingAccount }
    for account in [accounts.from, accounts.to] where !account.status.mayDeal {
      return Failure(
        .accountNotOpen,
        "The \(account.currency) account of \(trade.cifNumber) is \(account.status.rawValue).")
    }
    if trade.roundAttempts >= policy.maxAttempts {
      return Failure(.attemptsExhausted, "No attempt is left in this round.")
    }
    guard trade.fixedRate == nil, pricing != .bank else { return nil }
    guard let rate = taken.otcRate else {
      return Failure(.otcRateMissing, "No OTC rate is set for \(trade.deal.pair).")
    }
    guard now.wall.milliseconds(since: rate.setAt) <= settings.otcRateAgeMilliseconds else {
      return Failure(.otcRateStale, "The OTC rate for \(trade.deal.pair) is of \(rate.setAt).")
    }
    return nil
  }
}

extension AccountStatus {
  /// An account that no one has confirmed may deal: the bank's own check decides.
  public var mayDeal: Bool {
    switch self {
    case .open, .unconfirmed: true
    case .dormant, .closed: false
    }
  }
}

extension TakenTrade {
  /// The account that pays and the one that receives.
  public var settlement: (from: SettlementAccount, to: SettlementAccount)? {
    let pair = trade.deal.pair
    let pays = trade.deal.side == .buy ? pair.quote : pair.base
    guard let from = accounts.first(where: { $0.currency == pays }),
      let to = accounts.first(where: { $0.currency == pair.counter(of: pays) })
    else { return nil }
    return (from, to)
  }

  var missingAccount: Failure {
    let have = Set(accounts.map(\.currency))
    let pair = trade.deal.pair
    let missing = [pair.base, pair.quote].filter { !have.contains($0) }.map(\.code)
    return Failure(
      .accountUnknown,
      "Client \(trade.cifNumber) has no account in \(missing.joined(separator: " and ")).")
  }

  /// A rate given with the trade wins over the batch's mode.
  func terms(_ mode: PricingMode) -> PricingTerms {
    if let fixed = trade.fixedRate { return .fixed(rate: fixed) }
    switch mode {
    case .bank: return .bank(spread: trade.spread)
    case .otc, .fixed:
      guard let rate = otcRate?.rate else {
        preconditionFailure("a trade without any rate was refused before its quote")
      }
      return .otc(rate: rate, spread: trade.spread)
    }
  }
}

extension Failure {
  init(_ refusal: RateRefusal) {
    switch refusal {
    case .rateNotPositive(let rate):
      self.init(.rateCheck, "A rate of \(rate) cannot be dealt at.")
    case .marginBelowMinimum(let margin, let minimum):
      self.init(
        .rateCheck, "The margin of \(margin) pips is below the minimum of \(minimum) pips.")
    case .outsideCollar(let quote, let otc, let basisPoints):
      self.init(
        .priceCollar,
        "The bank's rate \(quote) lies more than \(basisPoints) basis points from the OTC rate "
          + "\(otc).")
    case .counterAmountNotPositive(let counter, let clientRate):
      self.init(
        .rateCheck,
        "The amount is too small: at the client rate \(clientRate) it comes to \(counter).")
    case .overflow:
      self.init(.rateCheck, "The amount is too large to be priced.")
    }
  }
}
