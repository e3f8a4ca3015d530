/// An exact sum of amounts in one currency. It may be more than a single amount can be.
public struct MoneySum: Hashable, Sendable, CustomStringConvertible {
  public let minorUnits: Int128
  public let currency: Currency

  public init(minorUnits: Int128, currency: Currency) {
    self.minorUnits = minorUnits
    self.currency = currency
  }

  /// The exact decimal text with all decimals of the minor unit, as that of `Money`.
  public var decimalText: String {
    let digits = Int(currency.minorUnitDigits)
    return DecimalText.format(minorUnits, scale: digits, minimumDecimals: digits)
  }

  public var description: String { "\(currency) \(decimalText)" }
}
