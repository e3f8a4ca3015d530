/// Why a text is not an exact decimal of the wanted scale.
public enum DecimalTextError: Error, Hashable, Sendable {
  case empty
  /// Anything but `-?digits[.digits]`: signs, blanks, grouping, exponents and stray characters alike.
  case malformed
  case tooManyDecimals(allowed: Int)
  case overflow
}

/// Exact decimals as scaled integers: the number of units of 10⁻ˢᶜᵃˡᵉ.
///
/// No binary floating point is involved in either direction, and what cannot be held exactly is an
/// error, never a rounded value.
public enum DecimalText {
  /// Longest accepted text in bytes. No amount or rate that fits 64 bits needs more.
  public static let maximumBytes = 40

  /// Reads `-?digits[.digits]` as units of 10⁻ˢᶜᵃˡᵉ. Trailing zeros beyond the scale are accepted,
  /// since they change nothing; any other surplus digit is refused.
  public static func parse(
    _ text: some StringProtocol, scale: Int
  ) throws(DecimalTextError) -> Int64 {
    var digits = Substring(text).utf8[...]
    guard !digits.isEmpty else { throw .empty }
    guard digits.count <= maximumBytes else { throw .overflow }
    let negative = digits.first == UInt8(ascii: "-")
    if negative { digits = digits.dropFirst() }

    var value: Int64 = 0
    var wholeDigits = 0
    var decimals: Int?
    for byte in digits {
      if byte == UInt8(ascii: ".") {
        guard decimals == nil, wholeDigits > 0 else { throw .malformed }
        decimals = 0
        continue
      }
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { throw .malformed }
      // Summed with its sign, since the least Int64 has no positive counterpart.
      let digit = Int64(byte - UInt8(ascii: "0")) * (negative ? -1 : 1)
      if let seen = decimals {
        decimals = seen + 1
        if seen >= scale {
          guard digit == 0 else { throw .tooManyDecimals(allowed: scale) }
          continue
        }
      } else {
        wholeDigits += 1
      }
      value = try appending(digit, to: value)
    }
    guard wholeDigits > 0, decimals != 0 else { throw .malformed }
    for _ in min(decimals ?? 0, scale)..<scale { value = try appending(0, to: value) }
    return value
  }

  private static func appending(
    _ digit: Int64, to value: Int64
  ) throws(DecimalTextError) -> Int64 {
    let (tenfold, over) = value.multipliedReportingOverflow(by: 10)
    let (sum, overAgain) = tenfold.addingReportingOverflow(digit)
    guard !over, !overAgain else { throw .overflow }
    return sum
  }

  /// The decimal text of `units` × 10⁻ˢᶜᵃˡᵉ, with at least `minimumDecimals` decimals and no further
  /// trailing zeros.
  public static func format<Units: FixedWidthInteger & SignedInteger>(
    _ units: Units, scale: Int, minimumDecimals: Int
  ) -> String {
    var digits = Array(String(units.magnitude).utf8)
    if digits.count <= scale {
      digits.insert(
        contentsOf: repeatElement(UInt8(ascii: "0"), count: scale + 1 - digits.count), at: 0)
    }
    var decimals = scale
    while decimals > minimumDecimals, digits.last == UInt8(ascii: "0") {
      digits.removeLast()
      decimals -= 1
    }
    if decimals > 0 { digits.insert(UInt8(ascii: "."), at: digits.count - decimals) }
    if units < 0 { digits.insert(UInt8(ascii: "-"), at: 0) }
    return String(decoding: digits, as: UTF8.self)
  }
}

/// Integer division rounded half-up, away from zero: 2.5 → 3, −2.5 → −3.
func dividedHalfUp(_ numerator: Int128, by denominator: Int128) -> Int128 {
  precondition(denominator > 0, "the divisor of a rounded division is positive")
  let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
  // Comparing what is left on both sides cannot overflow; adding half a divisor first could.
  let isHalfOrMore = remainder.magnitude >= denominator.magnitude - remainder.magnitude
  return isHalfOrMore ? quotient + numerator.signum() : quotient
}

/// 10ⁿ for the scales in use.
func powerOfTen(_ exponent: Int) -> Int128 {
  var result: Int128 = 1
  for _ in 0..<exponent { result *= 10 }
  return result
}
