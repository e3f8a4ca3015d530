/// Arithmetic on money that has no exact answer.
public enum MoneyError: Error, Hashable, Sendable {
  case overflow
  case currencyMismatch(Currency, Currency)
}

/// An exact amount in minor units of its currency: cents of ZAR, whole yen of JPY.
public struct Money: Hashable, Sendable, CustomStringConvertible {
  public let minorUnits: Int64
  public let currency: Currency

  public init(minorUnits: Int64, currency: Currency) {
    self.minorUnits = minorUnits
    self.currency = currency
  }

  /// Reads a decimal text such as `200000.00`; more decimals than the minor unit has are refused.
  public init(_ text: some StringProtocol, _ currency: Currency) throws(DecimalTextError) {
    self.minorUnits = try DecimalText.parse(text, scale: Int(currency.minorUnitDigits))
    self.currency = currency
  }

  public static func zero(_ currency: Currency) -> Money {
    Money(minorUnits: 0, currency: currency)
  }

  /// The exact decimal text with all decimals of the minor unit: `200000.00`, `1500` for yen.
  public var decimalText: String {
    let digits = Int(currency.minorUnitDigits)
    return DecimalText.format(minorUnits, scale: digits, minimumDecimals: digits)
  }

  public var description: String { "\(currency) \(decimalText)" }

  public var isPositive: Bool { minorUnits > 0 }

  public func adding(_ other: Money) throws(MoneyError) -> Money {
    guard currency == other.currency else {
      throw .currencyMismatch(currency, other.currency)
    }
    let (sum, over) = minorUnits.addingReportingOverflow(other.minorUnits)
    guard !over else { throw .overflow }
    return Money(minorUnits: sum, currency: currency)
  }

  public func subtracting(_ other: Money) throws(MoneyError) -> Money {
    guard currency == other.currency else {
      throw .currencyMismatch(currency, other.currency)
    }
    let (difference, over) = minorUnits.subtractingReportingOverflow(other.minorUnits)
    guard !over else { throw .overflow }
    return Money(minorUnits: difference, currency: currency)
  }
}
