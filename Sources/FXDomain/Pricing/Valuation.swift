extension Deal {
  /// What the deal is worth in rands, as far as that is known before any quote: the deal amount, or
  /// that at the rate given for the trade, or else at the desk's own rate. Nil where no rate tells.
  public func value<Failure: Error>(
    fixedRate: Rate?, otcRate: (CurrencyPair) throws(Failure) -> Rate?
  ) throws(Failure) -> Money? {
    let currency = amount.currency
    if currency == .zar { return amount }
    if pair.counter(of: currency) == .zar {
      if let fixedRate { return counterAmount(ifPossibleAt: fixedRate) }
      return try otcRate(pair).flatMap { counterAmount(ifPossibleAt: $0) }
    }
    guard let inRands = CurrencyPair(base: currency, quote: .zar),
      let rate = try otcRate(inRands),
      let exchange = Deal(pair: inRands, side: side, amount: amount)
    else { return nil }
    return exchange.counterAmount(ifPossibleAt: rate)
  }

  private func counterAmount(ifPossibleAt rate: Rate) -> Money? {
    guard rate.isPositive else { return nil }
    do { return try counterAmount(at: rate) } catch { return nil }
  }
}
