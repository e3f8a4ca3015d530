import FXDomain
import Testing

/// One row: what is dealt at what rate, and what must come of it.
struct PricingVector: Sendable, CustomTestStringConvertible {
  let side: Side
  let pair: String
  let currency: String
  let amount: String
  let quote: String
  let spread: String
  let client: String
  let counter: String
  let margin: String

  init(
    _ side: Side, _ pair: String, _ currency: String, _ amount: String, at quote: String,
    _ spread: String, client: String, counter: String, margin: String
  ) {
    self.side = side
    self.pair = pair
    self.currency = currency
    self.amount = amount
    self.quote = quote
    self.spread = spread
    self.client = client
    self.counter = counter
    self.margin = margin
  }

  var testDescription: String { "\(side) \(currency) \(amount) of \(pair) at \(quote) + \(spread)" }

  static let table = [
    // The vectors of the specification.
    PricingVector(
      .buy, "USD/ZAR", "ZAR", "200000.00", at: "17.7930", "358", client: "17.8288",
      counter: "USD 11217.80", margin: "ZAR 401.60"),
    PricingVector(
      .buy, "USD/ZAR", "ZAR", "390000.00", at: "17.7902", "358", client: "17.8260",
      counter: "USD 21878.16", margin: "ZAR 783.24"),
    PricingVector(
      .buy, "USD/ZAR", "ZAR", "50000.00", at: "18.1200", "385", client: "18.1585",
      counter: "USD 2753.53", margin: "ZAR 106.01"),
    PricingVector(
      .buy, "USD/ZAR", "ZAR", "1000000.00", at: "17.99995", "150", client: "18.01495",
      counter: "USD 55509.45", margin: "ZAR 832.64"),
    PricingVector(
      .buy, "USD/ZAR", "ZAR", "123456.78", at: "18.37215", "-20", client: "18.37015",
      counter: "USD 6720.51", margin: "ZAR -13.44"),
    PricingVector(
      .buy, "USD/ZAR", "USD", "10000.00", at: "17.7930", "358", client: "17.8288",
      counter: "ZAR 178288.00", margin: "ZAR 358.00"),
    PricingVector(
      .sell, "USD/ZAR", "USD", "10000.00", at: "17.7930", "358", client: "17.7572",
      counter: "ZAR 177572.00", margin: "ZAR 358.00"),
    PricingVector(
      .sell, "USD/ZAR", "ZAR", "200000.00", at: "17.7930", "358", client: "17.7572",
      counter: "USD 11263.04", margin: "ZAR 403.22"),
    // No decimals, three decimals, and both at once.
    PricingVector(
      .buy, "USD/JPY", "USD", "1000.00", at: "151.2345", "50", client: "151.2395",
      counter: "JPY 151240", margin: "JPY 5"),
    PricingVector(
      .sell, "USD/JPY", "JPY", "1000000", at: "151.2345", "100", client: "151.2245",
      counter: "USD 6612.69", margin: "JPY 66"),
    PricingVector(
      .buy, "KWD/ZAR", "ZAR", "100000.00", at: "58.1234", "66", client: "58.1300",
      counter: "KWD 1720.282", margin: "ZAR 11.35"),
    PricingVector(
      .buy, "KWD/JPY", "JPY", "1000000", at: "480.5", "0", client: "480.5000",
      counter: "KWD 2081.165", margin: "JPY 0"),
    // Halves go away from zero: 0.5 × 1.01 is 0.505, and half a cent of margin is lost as a cent.
    PricingVector(
      .buy, "USD/ZAR", "USD", "0.50", at: "1.01", "0", client: "1.0100",
      counter: "ZAR 0.51", margin: "ZAR 0.00"),
    PricingVector(
      .sell, "USD/ZAR", "USD", "0.50", at: "1.01", "-100", client: "1.0200",
      counter: "ZAR 0.51", margin: "ZAR -0.01"),
  ]
}

/// Rules that refuse nothing.
private let anything = RateRules(minimumMargin: Pips(rateUnits: .min), collarBasisPoints: nil)

@Suite struct `Pricing` {
  @Test(arguments: PricingVector.table)
  func `gives the exact client rate, counter amount and margin`(vector: PricingVector) throws {
    let pair = try #require(CurrencyPair(vector.pair))
    let amount = try Money(vector.amount, try #require(Currency(vector.currency)))
    let deal = try #require(Deal(pair: pair, side: vector.side, amount: amount))
    let quote = try Rate(vector.quote)
    let spread = try Pips(vector.spread)
    let terms = [
      PricingTerms.bank(spread: spread), .otc(rate: quote, spread: spread),
      .fixed(rate: try Rate(vector.client)),
    ]
    for terms in terms {
      let priced = try deal.priced(terms, quoteRate: quote, otcRate: quote, rules: anything)
      #expect(priced.clientRate.decimalText == vector.client)
      #expect(priced.counterAmount.description == vector.counter)
      #expect(priced.margin.description == vector.margin)
      #expect(priced.marginPips == spread)
      #expect(try priced.margin.adding(priced.roundingDifference) == priced.residual)
      #expect(try deal.counterAmount(at: priced.clientRate) == priced.counterAmount)
    }
  }

  @Test func `names the gap between the margin and the rounded legs`() throws {
    let deal = try Self.deal(.buy, "50000.00")
    let priced = try deal.priced(
      .bank(spread: try Pips("385")), quoteRate: try Rate("18.12"), otcRate: nil, rules: anything)
    // 2753.53 × 18.12 = 49893.9636, so 106.04 are left of 50000.00 against a margin of 106.01.
    #expect(priced.residual.description == "ZAR 106.04")
    #expect(priced.roundingDifference.description == "ZAR 0.03")
  }

  @Test(arguments: [
    // A spread below zero is refused by the default rules.
    (Side.buy, "18.37215", "18.37015", "0", "-20"), (.sell, "18.37015", "18.37215", "0", "-20"),
    (.buy, "17.7930", "17.8288", "358.0001", "358"), (.buy, "17.7930", "17.7930", "0.0001", "0"),
  ])
  func `refuses a margin below the minimum`(
    side: Side, quote: String, client: String, minimum: String, margin: String
  ) throws {
    let minimum = try Pips(minimum)
    let refusal = RateRefusal.marginBelowMinimum(margin: try Pips(margin), minimum: minimum)
    #expect(throws: refusal) {
      try Self.deal(side).priced(
        .fixed(rate: Rate(client)), quoteRate: Rate(quote), otcRate: nil,
        rules: RateRules(minimumMargin: minimum))
    }
  }

  @Test(arguments: [
    (Side.buy, "17.7930", "17.8288", "358"), (.sell, "17.7930", "17.7572", "358"),
    (.buy, "17.7930", "17.7930", "0"), (.buy, "18.37215", "18.37015", "-20"),
  ])
  func `books at just the minimum margin`(
    side: Side, quote: String, client: String, minimum: String
  ) throws {
    let priced = try Self.deal(side).priced(
      .fixed(rate: Rate(client)), quoteRate: Rate(quote), otcRate: nil,
      rules: RateRules(minimumMargin: Pips(minimum)))
    #expect(priced.marginPips.decimalText == minimum)
  }

  @Test(arguments: [
    // 5 % of 20 is 1: the edges themselves are inside.
    ("19.0000", 500, true), ("21.0000", 500, true), ("18.99999999", 500, false),
    ("21.00000001", 500, false), ("20", 0, true), ("20.00000001", 0, false),
    ("20.002", 1, true), ("20.00200001", 1, false),
  ])
  func `keeps the bank's rate within the collar`(
    quote: String, basisPoints: Int, inside: Bool
  ) throws {
    let deal = try Self.deal(.sell)
    let (quote, otc) = (try Rate(quote), try Rate("20"))
    let rules = RateRules(collarBasisPoints: basisPoints)
    let terms = PricingTerms.bank(spread: .zero)
    if inside {
      let priced = try deal.priced(terms, quoteRate: quote, otcRate: otc, rules: rules)
      #expect(priced.quoteRate == quote)
    } else {
      let refusal = RateRefusal.outsideCollar(
        quoteRate: quote, otcRate: otc, basisPoints: basisPoints)
      #expect(throws: refusal) {
        try deal.priced(terms, quoteRate: quote, otcRate: otc, rules: rules)
      }
    }
    // Without an OTC rate, or without a collar, there is nothing to lie outside of.
    #expect(throws: Never.self) {
      try deal.priced(terms, quoteRate: quote, otcRate: nil, rules: rules)
    }
    #expect(throws: Never.self) {
      try deal.priced(
        terms, quoteRate: quote, otcRate: otc, rules: RateRules(collarBasisPoints: nil))
    }
  }

  @Test func `refuses rates that are not positive`() throws {
    let deal = try Self.deal(.buy)
    for quote in [Rate(units: 0), Rate(units: -1), Rate(units: .min)] {
      #expect(throws: RateRefusal.rateNotPositive(quote)) {
        try deal.priced(.bank(spread: .zero), quoteRate: quote, otcRate: nil, rules: anything)
      }
    }
    #expect(throws: RateRefusal.rateNotPositive(Rate(units: 0))) {
      try deal.priced(
        .bank(spread: Pips("-10000")), quoteRate: Rate("1"), otcRate: nil, rules: anything)
    }
  }

  @Test(arguments: [
    // Half a cent is one, by rounding; less is none.
    ("USD/ZAR", "ZAR", "0.09", "18.0000", true), ("USD/ZAR", "ZAR", "0.09", "18.0001", false),
    ("USD/ZAR", "ZAR", "0.01", "17.8288", false), ("USD/ZAR", "USD", "0.01", "17.8288", true),
    // No decimals, and three decimals.
    ("ZAR/JPY", "ZAR", "0.06", "8.25", false), ("ZAR/JPY", "ZAR", "0.07", "8.25", true),
    ("KWD/ZAR", "ZAR", "0.02", "58.13", false), ("KWD/ZAR", "ZAR", "0.03", "58.13", true),
  ])
  func `refuses an amount whose other leg rounds to nothing`(
    pair: String, currency: String, amount: String, rate: String, dealable: Bool
  ) throws {
    let pair = try #require(CurrencyPair(pair))
    let currency = try #require(Currency(currency))
    let rate = try Rate(rate)
    let nothing = Money.zero(pair.counter(of: currency))
    for side in Side.allCases {
      let deal = try #require(Deal(pair: pair, side: side, amount: Money(amount, currency)))
      #expect(deal.comesToNothing(at: rate) == !dealable)
      let terms = PricingTerms.fixed(rate: rate)
      if dealable {
        let priced = try deal.priced(terms, quoteRate: rate, otcRate: nil, rules: anything)
        #expect(priced.counterAmount.isPositive)
      } else {
        #expect(throws: RateRefusal.counterAmountNotPositive(nothing, clientRate: rate)) {
          try deal.priced(terms, quoteRate: rate, otcRate: nil, rules: anything)
        }
      }
    }
  }

  @Test(arguments: [
    // 0.09 needs a client rate of 18 or less: 5 % below 18.9473 is that,
    // and 5 % below 18.9475 is not.
    (Side.buy, "0.09", "18.9473", "0", 500, false), (.buy, "0.09", "18.9475", "0", 500, true),
    // The spread moves the edge, up for a buyer and down for a seller.
    (.buy, "0.09", "18.9473", "1", 500, true), (.sell, "0.09", "18.9474", "1", 500, false),
    (.buy, "0.09", "18.0000", "0", 0, false), (.buy, "0.09", "18.0001", "0", 0, true),
    // Where every rate may come, or none below which a spread takes it, nothing is sure.
    (.buy, "0.01", "17.7930", "0", 10_000, false), (.sell, "0.01", "0.9", "10000", 500, false),
  ])
  func `tells before the quote what no rate within reach makes a deal of`(
    side: Side, amount: String, reference: String, spread: String, basisPoints: Int, expected: Bool
  ) throws {
    let deal = try Self.deal(side, amount)
    #expect(
      deal.comesToNothing(
        try Pips(spread), around: try Rate(reference), basisPoints: basisPoints) == expected)
  }

  @Test func `looks at the highest rate within reach where the base currency is fixed`() throws {
    let pair = try #require(CurrencyPair("ZAR/JPY"))
    let deal = try #require(Deal(pair: pair, side: .buy, amount: Money("0.06", .zar)))
    // Half a yen is made at 8.3334, which is 5 % above 7.9366.
    #expect(!deal.comesToNothing(.zero, around: try Rate("7.9366"), basisPoints: 500))
    #expect(deal.comesToNothing(.zero, around: try Rate("7.9365"), basisPoints: 500))
    #expect(!deal.comesToNothing(.zero, around: Rate(units: .max), basisPoints: 500))
  }

  @Test func `takes an amount in a currency of the pair only`() throws {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    #expect(Deal(pair: pair, side: .buy, amount: .zero(.eur)) == nil)
  }

  private static func deal(_ side: Side, _ amount: String = "200000.00") throws -> Deal {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    return try #require(Deal(pair: pair, side: side, amount: try Money(amount, .zar)))
  }
}

@Suite struct `A spread` {
  @Test(arguments: [
    ("358", true), ("-20.5", true), ("10000", true), ("-10000", true), ("10000.0001", false),
    ("-10000.0001", false), ("99999999", false), ("922337203685477.5807", false),
    ("-922337203685477.5808", false),
  ])
  func `is plausible up to ten thousand pips of either sign`(pips: String, plausible: Bool) throws {
    #expect(try Pips(pips).isPlausibleSpread == plausible)
  }
}
