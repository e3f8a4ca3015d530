/// An exchange rate: quote units per one base unit, in units of 10⁻⁸.
public struct Rate: Hashable, Sendable, Comparable, CustomStringConvertible {
  public static let scale = 8

  /// Units of 10⁻⁸. Differences of rates may be negative, so the sign is kept.
  public let units: Int64

  public init(units: Int64) { self.units = units }

  /// Reads a decimal text such as `17.8288`.
  public init(_ text: some StringProtocol) throws(DecimalTextError) {
    self.units = try DecimalText.parse(text, scale: Self.scale)
  }

  /// The exact decimal text with at least four decimals, the pip's.
  public var decimalText: String {
    DecimalText.format(units, scale: Self.scale, minimumDecimals: 4)
  }

  public var description: String { decimalText }

  public var isPositive: Bool { units > 0 }

  public static func < (left: Rate, right: Rate) -> Bool { left.units < right.units }

  /// This rate moved by a number of pips.
  public func adding(_ pips: Pips) throws(MoneyError) -> Rate {
    let (sum, over) = units.addingReportingOverflow(pips.rateUnits)
    guard !over else { throw .overflow }
    return Rate(units: sum)
  }

  public func subtracting(_ pips: Pips) throws(MoneyError) -> Rate {
    let (difference, over) = units.subtractingReportingOverflow(pips.rateUnits)
    guard !over else { throw .overflow }
    return Rate(units: difference)
  }

  /// How far this rate lies above `other`.
  public func pips(above other: Rate) throws(MoneyError) -> Pips {
    let (difference, over) = units.subtractingReportingOverflow(other.units)
    guard !over else { throw .overflow }
    return Pips(rateUnits: difference)
  }
}

/// A distance between rates, in pips of 0.0001; held in units of the rate, so adding is exact.
public struct Pips: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// Decimals of a pip that a rate can hold.
  public static let scale = 4

  /// Units of 10⁻⁸ of the rate, that is 10⁻⁴ pips.
  public let rateUnits: Int64

  public init(rateUnits: Int64) { self.rateUnits = rateUnits }

  /// Reads a decimal text such as `358` or `-20.5`.
  public init(_ text: some StringProtocol) throws(DecimalTextError) {
    self.rateUnits = try DecimalText.parse(text, scale: Self.scale)
  }

  public static let zero = Pips(rateUnits: 0)

  /// The widest spread of either sign that is taken for meant: 10,000 pips, which is 1.0000 of the
  /// rate. Usual spreads are some hundred pips, and 10,000 is more than the price collar's 5 % of a
  /// USD/ZAR rate below 20: what lies beyond has slipped a digit or is no spread in pips.
  public static let greatestSpread = Pips(rateUnits: 100_000_000)

  /// Whether a desk can have meant it as a spread.
  public var isPlausibleSpread: Bool {
    rateUnits.magnitude <= Self.greatestSpread.rateUnits.magnitude
  }

  public static func < (left: Pips, right: Pips) -> Bool { left.rateUnits < right.rateUnits }

  public var decimalText: String {
    DecimalText.format(rateUnits, scale: Self.scale, minimumDecimals: 0)
  }

  public var description: String { decimalText }
}
