/// What trades have in common whose amounts are summed: their pair, and the currency of their fixed
/// leg.
public struct DealTerms: Hashable, Sendable {
  public let pair: CurrencyPair
  public let currency: Currency

  /// Nil when the currency is not of the pair.
  public init?(pair: CurrencyPair, currency: Currency) {
    guard pair.contains(currency) else { return nil }
    self.pair = pair
    self.currency = currency
  }

  public init(of deal: Deal) {
    pair = deal.pair
    currency = deal.amount.currency
  }
}

/// What a batch's trades of the same terms amount to, in minor units, or a change of that.
///
/// A sum never overflows: 2⁶³ amounts of 64 bits fit, and a batch has 300,000 trades at most. What
/// the bank has booked can therefore always be written down.
public struct DealSums: Hashable, Sendable {
  /// Deal amounts of all trades, in the deal currency.
  public var requested: Int128
  /// Deal amounts of the trades booked or completed.
  public var dealt: Int128
  /// Their counter amounts, in the other currency of the pair.
  public var countered: Int128
  /// Their margins and what rounding made, in the quote currency.
  public var margin: Int128
  public var roundingDifference: Int128

  public init(
    requested: Int128 = 0, dealt: Int128 = 0, countered: Int128 = 0, margin: Int128 = 0,
    roundingDifference: Int128 = 0
  ) {
    self.requested = requested
    self.dealt = dealt
    self.countered = countered
    self.margin = margin
    self.roundingDifference = roundingDifference
  }

  /// Counts a trade as asked for, or with -1 no longer counts it.
  public mutating func request(_ deal: Deal, times: Int128 = 1) {
    requested += times * Int128(deal.amount.minorUnits)
  }

  /// Counts a trade where it is booked or completed, or with -1 no longer counts it. One that is
  /// known as booked from evidence alone has no figures beside its deal amount.
  public mutating func deal(_ trade: Trade, times: Int128 = 1) {
    guard trade.status.isDealt else { return }
    dealt += times * Int128(trade.deal.amount.minorUnits)
    guard let priced = trade.figures?.priced else { return }
    countered += times * Int128(priced.counterAmount.minorUnits)
    margin += times * Int128(priced.margin.minorUnits)
    roundingDifference += times * Int128(priced.roundingDifference.minorUnits)
  }

  public static func += (sums: inout DealSums, change: DealSums) {
    sums.requested += change.requested
    sums.dealt += change.dealt
    sums.countered += change.countered
    sums.margin += change.margin
    sums.roundingDifference += change.roundingDifference
  }
}
