import FXDomain
import Testing

/// Pricing against a second computation on decimal digits, over deals drawn from a seed.
@Suite struct `Generated deals` {
  @Test(arguments: [UInt64](1...8))
  func `are priced to the last cent, and what does not fit is an error`(seed: UInt64) throws {
    var random = SeededRandom(seed: seed)
    var outcomes: [String: Int] = [:]
    for number in 0..<2_500 {
      let sample = try Sample.drawn(from: &random)
      let expected = sample.expected
      let actual = sample.actual
      outcomes[String(expected.prefix { $0 != " " }), default: 0] += 1
      guard actual == expected else {
        Issue.record("seed \(seed), deal \(number): \(sample)\n\(actual)\nwanted\n\(expected)")
        return
      }
    }
    // Each way a deal can go was met often, or the run would prove little.
    for outcome in ["priced", "rate", "margin", "collar", "overflow"] {
      #expect(outcomes[outcome, default: 0] > 25, "\(outcome) in \(outcomes)")
    }
  }

  @Test func `at the edges of 64 bits are priced or refused alike`() throws {
    let edges: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let rules = RateRules(minimumMargin: Pips(rateUnits: .min), collarBasisPoints: 10_000)
    for (amount, currency) in edges.flatMap({ [($0, pair.base), ($0, pair.quote)] }) {
      let money = Money(minorUnits: amount, currency: currency)
      for (quote, other) in edges.flatMap({ quote in edges.map { (quote, $0) } }) {
        let terms = [
          PricingTerms.fixed(rate: Rate(units: other)), .bank(spread: Pips(rateUnits: other)),
        ]
        for (side, terms) in Side.allCases.flatMap({ side in terms.map { (side, $0) } }) {
          let deal = try #require(Deal(pair: pair, side: side, amount: money))
          let sample = Sample(
            deal: deal, terms: terms, quote: Rate(units: quote), otc: nil, rules: rules)
          #expect(sample.actual == sample.expected, "\(sample)")
        }
      }
    }
  }

  @Test func `whose product all but fills 128 bits is an error`() throws {
    // Times 100 it lies less than 4 × 10⁹ below 2¹²⁷, where half of the divisor finds no room.
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let amount = Money(minorUnits: 1_304_381_833_654_391_735, currency: .usd)
    let deal = try #require(Deal(pair: pair, side: .buy, amount: amount))
    #expect(throws: MoneyError.overflow) {
      try deal.counterAmount(at: Rate(units: 1_304_381_731_412_166_711))
    }
  }
}

private struct Sample {
  let deal: Deal
  let terms: PricingTerms
  let quote: Rate
  let otc: Rate?
  let rules: RateRules

  static func drawn(from random: inout SeededRandom) throws -> Sample {
    let currencies = try ["ZAR", "USD", "JPY", "KWD", "EUR"].map { try #require(Currency($0)) }
      .shuffled(using: &random)
    let pair = try #require(CurrencyPair(base: currencies[0], quote: currencies[1]))
    // Mostly deals of daily life, now and then any numbers at all.
    let isWild = Int.random(in: 0..<3, using: &random) == 0
    let amount = Money(
      minorUnits: random.magnitude(upToBits: isWild ? 63 : 40) * sign(rarely: 20, &random),
      currency: Bool.random(using: &random) ? pair.base : pair.quote)
    // From 0.001 to 1000 in life, with anything from four to eight decimals.
    let grain: Int64 = [1, 10, 1_000, 10_000].randomElement(using: &random) ?? 1
    let steps = Int64.random(in: 100_000...100_000_000_000, using: &random) / grain
    let quote = Rate(units: isWild ? max(1, random.magnitude(upToBits: 63)) : steps * grain)
    let spread = Pips(
      rateUnits: random.magnitude(upToBits: isWild ? 63 : 24) * sign(rarely: 5, &random))
    let near = steps / 100_000 * Int64.random(in: 93_000...107_000, using: &random) * grain
    let otc = Rate(units: max(1, isWild ? random.magnitude(upToBits: 63) : near))
    let side = Bool.random(using: &random) ? Side.buy : .sell
    let terms: [PricingTerms] = [
      .bank(spread: spread), .otc(rate: otc, spread: spread), .fixed(rate: otc),
    ]
    return Sample(
      deal: try #require(Deal(pair: pair, side: side, amount: amount)),
      terms: try #require(terms.randomElement(using: &random)), quote: quote,
      otc: Bool.random(using: &random) ? otc : nil,
      rules: RateRules(
        minimumMargin: [.zero, Pips(rateUnits: .min), spread].randomElement(using: &random)
          ?? .zero,
        collarBasisPoints: [nil, 0, 100, 500, 10_000].randomElement(using: &random) ?? nil))
  }

  private static func sign(rarely: Int, _ random: inout SeededRandom) -> Int64 {
    Int.random(in: 0..<rarely, using: &random) == 0 ? -1 : 1
  }

  /// What the domain says, as one line.
  var actual: String {
    do {
      let priced = try deal.priced(terms, quoteRate: quote, otcRate: otc, rules: rules)
      return """
        priced \(priced.clientRate.units) \(priced.marginPips.rateUnits) \(priced.counterAmount) \
        \(priced.margin) \(priced.residual) \(priced.roundingDifference)
        """
    } catch {
      switch error {
      case .rateNotPositive: return "rate"
      case .marginBelowMinimum: return "margin"
      case .outsideCollar: return "collar"
      case .counterAmountNotPositive: return "nothing"
      case .overflow: return "overflow"
      }
    }
  }

  /// The same line from exact decimals of any length.
  var expected: String {
    let pip = ExactDecimal("0.0001")
    let quote = ExactDecimal(quote.decimalText)
    guard quote.isPositive else { return "rate" }
    let buys = deal.side == .buy
    let client =
      switch terms {
      case .bank(let spread): quote + signed(ExactDecimal(spread.decimalText) * pip)
      case .otc(let rate, let spread):
        ExactDecimal(rate.decimalText) + signed(ExactDecimal(spread.decimalText) * pip)
      case .fixed(let rate): ExactDecimal(rate.decimalText)
      }
    guard let clientUnits = units(client, 8) else { return "overflow" }
    guard client.isPositive else { return "rate" }
    let perUnit = buys ? client - quote : quote - client
    guard let marginUnits = units(perUnit, 8) else { return "overflow" }
    if perUnit < ExactDecimal(rules.minimumMargin.decimalText) * pip { return "margin" }
    if let otc, let basisPoints = rules.collarBasisPoints {
      let reference = ExactDecimal(otc.decimalText)
      let width = reference * ExactDecimal(String(basisPoints)) * pip
      if width < (quote - reference).magnitude { return "collar" }
    }

    let (baseDigits, quoteDigits) = (digits(deal.pair.base), digits(deal.pair.quote))
    let amount = ExactDecimal(deal.amount.decimalText)
    let isBase = deal.amount.currency == deal.pair.base
    let counter =
      isBase
      ? (amount * client).rounded(to: quoteDigits) : amount.divided(by: client, to: baseDigits)
    let (base, quoteLeg) = isBase ? (amount, counter) : (counter, amount)
    let margin = (base * perUnit).rounded(to: quoteDigits)
    let bankLeg = (base * quote).rounded(to: quoteDigits)
    let residual = buys ? quoteLeg - bankLeg : bankLeg - quoteLeg
    guard let counterText = text(counter, deal.pair.counter(of: deal.amount.currency)),
      let marginText = text(margin, deal.pair.quote), text(bankLeg, deal.pair.quote) != nil,
      let residualText = text(residual, deal.pair.quote),
      let gapText = text(residual - margin, deal.pair.quote)
    else { return "overflow" }
    guard counter.isPositive else { return "nothing" }
    return
      "priced \(clientUnits) \(marginUnits) \(counterText) \(marginText) \(residualText) \(gapText)"
  }

  /// A spread as it counts for this side.
  private func signed(_ spread: ExactDecimal) -> ExactDecimal {
    deal.side == .buy ? spread : -spread
  }

  private func digits(_ currency: Currency) -> Int { Int(currency.minorUnitDigits) }

  /// The units of 10⁻ⁿ, or nil when 64 bits do not hold them.
  private func units(_ value: ExactDecimal, _ places: Int) -> Int64? {
    let scaled = value * ExactDecimal("1" + String(repeating: "0", count: places))
    let text = scaled.rounded(to: 0).description
    return Int64(text.prefix { $0 != "." })
  }

  private func text(_ value: ExactDecimal, _ currency: Currency) -> String? {
    units(value, digits(currency)).map { Money(minorUnits: $0, currency: currency).description }
  }
}
