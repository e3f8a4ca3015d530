import FXDomain
import Testing

@Suite struct `A currency` {
  @Test(arguments: [
    ("ZAR", 2), ("USD", 2), ("EUR", 2), ("GBP", 2), ("CHF", 2), ("JPY", 0), ("KRW", 0), ("KWD", 3),
    ("BHD", 3), ("TND", 3), ("ISK", 0), ("MUR", 2),
  ])
  func `has the minor unit of ISO 4217`(code: String, digits: Int) throws {
    let currency = try #require(Currency(code))
    #expect(currency.code == code)
    #expect(currency.description == code)
    #expect(Int(currency.minorUnitDigits) == digits)
  }

  @Test(arguments: [
    "", "ZA", "ZARR", "zar", "Zar", " ZAR", "ZAR ", "XXX", "ABC", "ZÀR", "ＺＡＲ", "Z\0R",
  ])
  func `does not exist under any other code`(code: String) {
    #expect(Currency(code) == nil)
  }

  @Test func `is listed once, in the order of the codes`() {
    let codes = Currency.all.map(\.code)
    #expect(codes == codes.sorted())
    #expect(Set(codes).count == codes.count)
    #expect(codes.count > 140)
    #expect(Currency.eur < Currency.usd)
  }
}

@Suite struct `A currency pair` {
  @Test(arguments: [("USD/ZAR", "USD/ZAR"), ("USD-ZAR", "USD/ZAR"), ("EUR/USD", "EUR/USD")])
  func `is read with a slash or a dash`(text: String, written: String) throws {
    let pair = try #require(CurrencyPair(text))
    #expect(pair.description == written)
    #expect(pair.contains(pair.base) && pair.contains(pair.quote))
    #expect(pair.counter(of: pair.base) == pair.quote)
    #expect(pair.counter(of: pair.quote) == pair.base)
  }

  @Test(arguments: [
    "", "/", "USD", "USDZAR", "USD/", "/ZAR", "USD/USD", "usd/zar", "USD//ZAR", "USD/ZAR/",
    "USD-/ZAR",
    "USD/ZAR-EUR", "USD / ZAR", " USD/ZAR", "USD/ZAR ", "USD/XXX", "XXX/ZAR", "USD_ZAR", "USD:ZAR",
  ])
  func `is refused otherwise`(text: String) {
    #expect(CurrencyPair(text) == nil)
  }

  @Test func `has two currencies`() {
    #expect(CurrencyPair(base: .zar, quote: .zar) == nil)
    #expect(CurrencyPair(base: .usd, quote: .zar)?.contains(.eur) == false)
  }
}

@Suite struct `An amount of money` {
  @Test(arguments: [
    ("ZAR", "200000.00", Int64(20_000_000), "200000.00"), ("ZAR", "-13.44", -1_344, "-13.44"),
    ("ZAR", "1", 100, "1.00"), ("JPY", "1500", 1_500, "1500"), ("JPY", "1500.00", 1_500, "1500"),
    ("KWD", "1.234", 1_234, "1.234"), ("KWD", "0.5", 500, "0.500"),
  ])
  func `is held in minor units`(code: String, text: String, units: Int64, written: String) throws {
    let currency = try #require(Currency(code))
    let money = try Money(text, currency)
    #expect(money == Money(minorUnits: units, currency: currency))
    #expect(money.decimalText == written)
    #expect(money.description == "\(code) \(written)")
    #expect(money.isPositive == (units > 0))
  }

  @Test(arguments: [
    ("ZAR", "0.001", DecimalTextError.tooManyDecimals(allowed: 2)),
    ("JPY", "0.5", .tooManyDecimals(allowed: 0)), ("KWD", "0.0001", .tooManyDecimals(allowed: 3)),
    ("KWD", "9223372036854775.808", .overflow), ("JPY", "9223372036854775808", .overflow),
    ("ZAR", "R 10", .malformed), ("ZAR", "", .empty),
  ])
  func `is refused when the currency cannot hold it`(
    code: String, text: String, error: DecimalTextError
  ) throws {
    let currency = try #require(Currency(code))
    #expect(throws: error) { try Money(text, currency) }
  }

  @Test func `is added within its currency only`() throws {
    let ten = Money(minorUnits: 1_000, currency: .zar)
    #expect(try ten.adding(ten).minorUnits == 2_000)
    #expect(try ten.subtracting(ten) == .zero(.zar))
    let dollars = Money(minorUnits: 1_000, currency: .usd)
    #expect(throws: MoneyError.currencyMismatch(.zar, .usd)) { try ten.adding(dollars) }
    #expect(throws: MoneyError.currencyMismatch(.zar, .usd)) { try ten.subtracting(dollars) }
  }

  @Test(arguments: [(Int64.max, Int64(1)), (.min, -1), (.max, .max), (.min, .min)])
  func `too large to be added is an error`(left: Int64, right: Int64) {
    let money = Money(minorUnits: left, currency: .zar)
    #expect(throws: MoneyError.overflow) {
      try money.adding(Money(minorUnits: right, currency: .zar))
    }
    // Int64.min has no opposite, so only the other rows can be turned around.
    guard right != .min else { return }
    #expect(throws: MoneyError.overflow) {
      try money.subtracting(Money(minorUnits: -right, currency: .zar))
    }
  }
}

@Suite struct `A rate` {
  @Test(arguments: [
    ("17.8288", Int64(1_782_880_000), "17.8288"), ("18.01495", 1_801_495_000, "18.01495"),
    ("1", 100_000_000, "1.0000"), ("0.00000001", 1, "0.00000001"), ("-0.5", -50_000_000, "-0.5000"),
  ])
  func `has eight decimals and shows at least four`(text: String, units: Int64, written: String)
    throws
  {
    let rate = try Rate(text)
    #expect(rate.units == units)
    #expect(rate.decimalText == written)
    #expect(rate.isPositive == (units > 0))
  }

  @Test(arguments: ["", "1.000000001", "1e1", "92233720368.54775808", "17,5", ".5"])
  func `is refused when it is not exact`(text: String) {
    #expect(throws: DecimalTextError.self) { try Rate(text) }
    #expect(throws: DecimalTextError.self) { try Pips(text + "|") }
  }

  @Test(arguments: [
    ("17.7930", "358", "17.8288"), ("18.37215", "-20", "18.37015"), ("17.99995", "150", "18.01495"),
    ("1", "0.0001", "1.00000001"),
  ])
  func `is moved by pips of 0.0001`(text: String, pips: String, moved: String) throws {
    let rate = try Rate(text)
    let target = try Rate(moved)
    let distance = try Pips(pips)
    #expect(try rate.adding(distance) == target)
    #expect(try target.subtracting(distance) == rate)
    #expect(try target.pips(above: rate) == distance)
    #expect(distance.decimalText == pips)
    #expect((rate < target) == (Pips.zero < distance))
  }

  @Test func `moved out of range is an error`() {
    let (least, most) = (Rate(units: .min), Rate(units: .max))
    #expect(throws: MoneyError.overflow) { try most.adding(Pips(rateUnits: 1)) }
    #expect(throws: MoneyError.overflow) { try least.subtracting(Pips(rateUnits: 1)) }
    #expect(throws: MoneyError.overflow) { try most.pips(above: least) }
  }
}
