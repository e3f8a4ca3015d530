import FXDomain

/// What is wrong with one value, wherever it came from.
public struct CellProblem: Error, Hashable, Sendable {
  public let code: RowProblem.Code
  /// One sentence that says what to do.
  public let detail: String

  public init(_ code: RowProblem.Code, _ detail: String) {
    self.code = code
    self.detail = detail
  }
}

/// The rules for single values, without regard to where they stand.
public enum CellValue {
  /// An exact amount above zero that its currency's minor unit can hold.
  public static func amount(
    _ text: String, in currency: Currency
  ) throws(CellProblem) -> Money {
    let amount = try amountOrNothing(text, in: currency)
    guard amount.isPositive else { throw notPositive }
    return amount
  }

  /// The same, or zero.
  public static func amountOrNothing(
    _ text: String, in currency: Currency
  ) throws(CellProblem) -> Money {
    let amount: Money
    do { amount = try Money(text, currency) } catch { throw problem(error, example: "200000.00") }
    guard amount.minorUnits >= 0 else { throw notPositive }
    return amount
  }

  public static func day(_ text: String) throws(CellProblem) -> CivilDate {
    guard let day = CivilDate(text) else { throw unknown(text, use: "a day such as 2026-12-31") }
    return day
  }

  /// An exchange rate above zero.
  public static func rate(_ text: String) throws(CellProblem) -> Rate {
    let rate: Rate
    do { rate = try Rate(text) } catch { throw problem(error, example: "17.8288") }
    guard rate.isPositive else { throw notPositive }
    return rate
  }

  /// A spread in pips, of either sign and within ``Pips/greatestSpread``.
  public static func spread(_ text: String) throws(CellProblem) -> Pips {
    let spread = try pips(text)
    guard spread.isPlausibleSpread else {
      throw CellProblem(
        .spreadOutOfBounds,
        "Give a spread from -\(Pips.greatestSpread) to \(Pips.greatestSpread) pips.")
    }
    return spread
  }

  /// Pips of either sign, such as a least margin.
  public static func pips(_ text: String) throws(CellProblem) -> Pips {
    do { return try Pips(text) } catch { throw problem(error, example: "358") }
  }

  public static func currency(_ text: String) throws(CellProblem) -> Currency {
    guard let currency = Currency(text.uppercased()) else {
      throw CellProblem(
        .unknownCurrency, "Use an ISO 4217 code such as ZAR in place of \(echo(text)).")
    }
    return currency
  }

  public static func pair(_ text: String) throws(CellProblem) -> CurrencyPair {
    guard let pair = CurrencyPair(text.uppercased()) else {
      throw CellProblem(
        .unknownPair, "Use two ISO 4217 codes such as USD/ZAR in place of \(echo(text)).")
    }
    return pair
  }

  public static func side(_ text: String) throws(CellProblem) -> Side {
    guard let side = Side(rawValue: text.lowercased()) else {
      throw unknown(text, use: "buy or sell")
    }
    return side
  }

  /// The `Deal Type` of a file.
  public static func dealType(_ text: String) throws(CellProblem) -> Delivery {
    switch text.lowercased() {
    case "same_day": return .cash
    case "next_day": return .tom
    case "spot": return .spot
    default: throw unknown(text, use: "same_day, next_day or spot")
    }
  }

  public static func allowance(_ text: String) throws(CellProblem) -> Allowance {
    guard let allowance = Allowance(rawValue: text.uppercased()) else {
      throw unknown(text, use: "SDA or FIA")
    }
    return allowance
  }

  public static func flag(_ text: String) throws(CellProblem) -> Bool {
    switch text.lowercased() {
    case "yes", "true", "1": return true
    case "no", "false", "0": return false
    default: throw unknown(text, use: "yes or no")
    }
  }

  /// A client's number at the bank.
  public static func cifNumber(_ text: String) throws(CellProblem) -> String {
    try filledLine(text, maximumCharacters: FileBounds.maximumCIFCharacters)
  }

  /// The caller's own reference of a trade.
  public static func reference(_ text: String) throws(CellProblem) -> String {
    try line(text, maximumCharacters: FileBounds.maximumReferenceCharacters)
  }

  /// A client's name.
  public static func name(_ text: String) throws(CellProblem) -> String {
    try filledLine(text, maximumCharacters: FileBounds.maximumNameCharacters)
  }

  /// The number under which the tax authority has cleared a client's investments.
  public static func clearancePIN(_ text: String) throws(CellProblem) -> String {
    try filledLine(text, maximumCharacters: FileBounds.maximumReferenceCharacters)
  }

  /// A settlement account's number: ASCII letters and digits.
  public static func accountNumber(_ text: String) throws(CellProblem) -> String {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "a")...UInt8(ascii: "z"):
        true
      default: false
      }
    }
    guard isPlain else {
      throw CellProblem(.malformedAccount, "Write the account number with letters and digits only.")
    }
    return try filledLine(text, maximumCharacters: FileBounds.maximumAccountCharacters)
  }

  // MARK: Parts

  private static func filledLine(
    _ text: String, maximumCharacters: Int
  ) throws(CellProblem) -> String {
    guard !text.isEmpty else { throw CellProblem(.empty, "Give at least one character.") }
    return try line(text, maximumCharacters: maximumCharacters)
  }

  /// A text of bounded length without control characters. Characters are Unicode scalars.
  private static func line(
    _ text: String, maximumCharacters: Int
  ) throws(CellProblem) -> String {
    guard text.utf8.count <= maximumCharacters || text.unicodeScalars.count <= maximumCharacters
    else { throw CellProblem(.tooLong, "Shorten it to \(maximumCharacters) characters.") }
    guard !text.unicodeScalars.contains(where: isControl) else {
      throw CellProblem(.controlCharacter, "Remove line breaks, tabs and other control characters.")
    }
    return text
  }

  private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
  }

  private static var notPositive: CellProblem {
    CellProblem(.notPositive, "Give a number above zero.")
  }

  private static func unknown(_ text: String, use values: String) -> CellProblem {
    CellProblem(.unknownValue, "Use \(values) in place of \(echo(text)).")
  }

  private static func problem(_ error: DecimalTextError, example: String) -> CellProblem {
    switch error {
    case .empty:
      CellProblem(.empty, "Give a number such as \(example).")
    case .malformed:
      CellProblem(
        .malformedNumber, "Write the number with digits and one point only, such as \(example).")
    case .tooManyDecimals(allowed: 0):
      CellProblem(.tooManyDecimals, "Give a whole number.")
    case .tooManyDecimals(let allowed):
      CellProblem(.tooManyDecimals, "Give at most \(allowed) decimals.")
    case .overflow:
      CellProblem(.overflow, "Give a smaller number.")
    }
  }
}

/// A text from a file as it may stand in a message: short, in quotes, without control characters.
func echo(_ text: String) -> String {
  let shown = text.clipped.unicodeScalars.map {
    $0.properties.generalCategory == .control ? "\u{FFFD}" : Character($0)
  }
  return "\"\(String(shown))\""
}
