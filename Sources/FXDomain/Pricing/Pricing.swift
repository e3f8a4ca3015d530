/// Buy or sell of the base currency, from the client's side.
public enum Side: String, Hashable, Sendable, CaseIterable {
  case buy
  case sell

  public var opposite: Side {
    switch self {
    case .buy: .sell
    case .sell: .buy
    }
  }
}

/// Where the client rate comes from.
public enum PricingMode: String, Hashable, Sendable, CaseIterable {
  /// The desk's OTC rate and the client's spread.
  case otc
  /// The bank's quote rate and the client's spread.
  case bank
  /// A rate given for the trade.
  case fixed
}

/// What a trade's client rate is made of.
public enum PricingTerms: Hashable, Sendable {
  case otc(rate: Rate, spread: Pips)
  case bank(spread: Pips)
  case fixed(rate: Rate)

  /// What the client gets, given the bank's rate. A buyer pays the spread on top, a seller gets it
  /// deducted.
  public func clientRate(side: Side, quoteRate: Rate) throws(MoneyError) -> Rate {
    switch (self, side) {
    case (.otc(let rate, let spread), .buy): try rate.adding(spread)
    case (.otc(let rate, let spread), .sell): try rate.subtracting(spread)
    case (.bank(let spread), .buy): try quoteRate.adding(spread)
    case (.bank(let spread), .sell): try quoteRate.subtracting(spread)
    case (.fixed(let rate), .buy), (.fixed(let rate), .sell): rate
    }
  }
}

/// The bounds within which a deal may be booked.
public struct RateRules: Hashable, Sendable {
  /// The least margin; a trade below it is not booked.
  public var minimumMargin: Pips
  /// How far the bank's rate may lie from the OTC rate, in basis points of it; nil for no collar.
  public var collarBasisPoints: Int?

  public init(minimumMargin: Pips = .zero, collarBasisPoints: Int? = 500) {
    self.minimumMargin = minimumMargin
    self.collarBasisPoints = collarBasisPoints
  }
}

/// Why a quote may not be booked.
public enum RateRefusal: Error, Hashable, Sendable {
  /// The bank's rate or the client's is zero or below.
  case rateNotPositive(Rate)
  case marginBelowMinimum(margin: Pips, minimum: Pips)
  case outsideCollar(quoteRate: Rate, otcRate: Rate, basisPoints: Int)
  /// The other leg rounds to nothing at the client rate.
  case counterAmountNotPositive(Money, clientRate: Rate)
  case overflow
}

/// The figures of one trade at one quote.
public struct Priced: Hashable, Sendable {
  public let quoteRate: Rate
  public let clientRate: Rate
  public let counterAmount: Money
  public let marginPips: Pips
  /// Base amount × margin rate, in the quote currency.
  public let margin: Money
  /// What the rounded legs leave over against the bank's rate, in the quote currency.
  public let residual: Money
  /// Residual − margin: the cents that rounding makes.
  public let roundingDifference: Money

  /// For stores, which read figures back; others get them from `Deal.priced`.
  public init(
    quoteRate: Rate, clientRate: Rate, counterAmount: Money, marginPips: Pips, margin: Money,
    residual: Money, roundingDifference: Money
  ) {
    self.quoteRate = quoteRate
    self.clientRate = clientRate
    self.counterAmount = counterAmount
    self.marginPips = marginPips
    self.margin = margin
    self.residual = residual
    self.roundingDifference = roundingDifference
  }
}

/// What is to be priced.
public struct Deal: Hashable, Sendable {
  public let pair: CurrencyPair
  public let side: Side
  /// The fixed leg, in either currency of the pair.
  public let amount: Money

  /// Nil when the amount is in neither currency of the pair.
  public init?(pair: CurrencyPair, side: Side, amount: Money) {
    guard pair.contains(amount.currency) else { return nil }
    self.pair = pair
    self.side = side
    self.amount = amount
  }

  /// The other leg at a rate, rounded half-up to its minor unit.
  public func counterAmount(at rate: Rate) throws(MoneyError) -> Money {
    amount.currency == pair.base
      ? try converted(amount, to: pair.quote, times: rate)
      : try divided(amount, into: pair.base, by: rate)
  }

  /// Whether the other leg rounds to nothing at every client rate that quotes within a distance of a
  /// reference can give. No quote then makes a deal of it.
  ///
  /// - Parameters:
  ///   - reference: what the quote rate, or the OTC rate itself, is expected to be.
  ///   - basisPoints: how far from it the rate may lie.
  public func comesToNothing(
    _ spread: Pips, around reference: Rate, basisPoints: Int
  ) -> Bool {
    // Dividing gives most at the lowest rate, multiplying at the highest.
    let factor = Int128(10_000 + (amount.currency == pair.base ? basisPoints : -basisPoints))
    do {
      guard let units = Int64(exactly: Int128(reference.units) * factor / 10_000) else {
        return false
      }
      let rate = try PricingTerms.bank(spread: spread)
        .clientRate(side: side, quoteRate: Rate(units: units))
      return rate.isPositive && comesToNothing(at: rate)
    } catch {
      return false
    }
  }

  /// Whether the other leg rounds to nothing at a client rate.
  public func comesToNothing(at clientRate: Rate) -> Bool {
    do {
      return try !counterAmount(at: clientRate).isPositive
    } catch {
      // Too large to be told is not nothing.
      return false
    }
  }

  /// Prices this deal at the bank's rate and checks the result against the rules.
  public func priced(
    _ terms: PricingTerms, quoteRate: Rate, otcRate: Rate?, rules: RateRules
  ) throws(RateRefusal) -> Priced {
    guard quoteRate.isPositive else { throw .rateNotPositive(quoteRate) }
    do {
      let clientRate = try terms.clientRate(side: side, quoteRate: quoteRate)
      guard clientRate.isPositive else { throw RateRefusal.rateNotPositive(clientRate) }
      let marginPips =
        side == .buy
        ? try clientRate.pips(above: quoteRate) : try quoteRate.pips(above: clientRate)
      guard marginPips >= rules.minimumMargin else {
        throw RateRefusal.marginBelowMinimum(margin: marginPips, minimum: rules.minimumMargin)
      }
      if let otcRate, let basisPoints = rules.collarBasisPoints {
        let distance = Int128(quoteRate.units) - Int128(otcRate.units)
        guard distance.magnitude * 10_000 <= (Int128(otcRate.units) * Int128(basisPoints)).magnitude
        else {
          throw RateRefusal.outsideCollar(
            quoteRate: quoteRate, otcRate: otcRate, basisPoints: basisPoints)
        }
      }
      let figures = try figures(
        quoteRate: quoteRate, clientRate: clientRate, marginPips: marginPips)
      guard figures.counterAmount.isPositive else {
        throw RateRefusal.counterAmountNotPositive(
          figures.counterAmount, clientRate: clientRate)
      }
      return figures
    } catch let refusal as RateRefusal {
      throw refusal
    } catch {
      throw .overflow
    }
  }

  private func figures(
    quoteRate: Rate, clientRate: Rate, marginPips: Pips
  ) throws(MoneyError) -> Priced {
    let counter = try counterAmount(at: clientRate)
    let base = amount.currency == pair.base ? amount : counter
    let quoteLeg = amount.currency == pair.base ? counter : amount
    let margin = try converted(base, to: pair.quote, times: Rate(units: marginPips.rateUnits))
    let bankLeg = try converted(base, to: pair.quote, times: quoteRate)
    let residual =
      side == .buy ? try quoteLeg.subtracting(bankLeg) : try bankLeg.subtracting(quoteLeg)
    return Priced(
      quoteRate: quoteRate, clientRate: clientRate, counterAmount: counter,
      marginPips: marginPips, margin: margin, residual: residual,
      roundingDifference: try residual.subtracting(margin))
  }
}

/// `amount × rate` in another currency, rounded half-up.
private func converted(
  _ amount: Money, to currency: Currency, times rate: Rate
) throws(MoneyError) -> Money {
  // units = minor × rate × 10^(target decimals) ÷ 10^(source decimals + rate scale)
  let (product, over) = (Int128(amount.minorUnits) * Int128(rate.units))
    .multipliedReportingOverflow(by: powerOfTen(Int(currency.minorUnitDigits)))
  guard !over else { throw .overflow }
  let divisor = powerOfTen(Int(amount.currency.minorUnitDigits) + Rate.scale)
  return try money(dividedHalfUp(product, by: divisor), currency)
}

/// `amount ÷ rate` in another currency, rounded half-up.
private func divided(
  _ amount: Money, into currency: Currency, by rate: Rate
) throws(MoneyError) -> Money {
  guard rate.isPositive else { throw .overflow }
  let numerator =
    Int128(amount.minorUnits) * powerOfTen(Rate.scale + Int(currency.minorUnitDigits))
  let divisor = Int128(rate.units) * powerOfTen(Int(amount.currency.minorUnitDigits))
  return try money(dividedHalfUp(numerator, by: divisor), currency)
}

private func money(_ units: Int128, _ currency: Currency) throws(MoneyError) -> Money {
  guard let minorUnits = Int64(exactly: units) else { throw .overflow }
  return Money(minorUnits: minorUnits, currency: currency)
}
