/// Decimals of any length, computed as on paper: a row of digits and a number of decimals.
///
/// Written for the tests alone, by another method than the domain's scaled integers, so that the two
/// do not share their mistakes. Slow, and only as complete as pricing needs.
struct ExactDecimal: Equatable, CustomStringConvertible {
  /// Most significant first, without leading zeros; empty for zero.
  private var digits: [UInt8]
  private var decimals: Int
  private var isNegative: Bool

  init(_ text: String) {
    isNegative = text.hasPrefix("-")
    let parts = text.drop { $0 == "-" }.split(separator: ".")
    decimals = parts.count > 1 ? parts[1].count : 0
    digits = Self.trimmed(parts.joined().utf8.map { $0 - 48 })
  }

  private init(_ digits: [UInt8], _ decimals: Int, _ isNegative: Bool) {
    self.digits = Self.trimmed(digits)
    self.decimals = decimals
    self.isNegative = isNegative && !self.digits.isEmpty
  }

  var isZero: Bool { digits.isEmpty }
  var isPositive: Bool { !isNegative && !isZero }
  var magnitude: ExactDecimal { ExactDecimal(digits, decimals, false) }

  var description: String {
    let padded = [UInt8](repeating: 0, count: max(0, decimals + 1 - digits.count)) + digits
    var text = isNegative ? "-" : ""
    for (index, digit) in padded.enumerated() {
      if index == padded.count - decimals { text += "." }
      text += String(digit)
    }
    return text
  }

  static func == (left: ExactDecimal, right: ExactDecimal) -> Bool { (left - right).isZero }

  static func < (left: ExactDecimal, right: ExactDecimal) -> Bool { (left - right).isNegative }

  static prefix func - (value: ExactDecimal) -> ExactDecimal {
    ExactDecimal(value.digits, value.decimals, !value.isNegative)
  }

  static func - (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal { left + -right }

  static func + (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal {
    let decimals = max(left.decimals, right.decimals)
    let (first, second) = (left.extended(to: decimals), right.extended(to: decimals))
    if left.isNegative == right.isNegative {
      return ExactDecimal(sum(first, second), decimals, left.isNegative)
    }
    return isLess(first, second)
      ? ExactDecimal(difference(second, first), decimals, right.isNegative)
      : ExactDecimal(difference(first, second), decimals, left.isNegative)
  }

  static func * (left: ExactDecimal, right: ExactDecimal) -> ExactDecimal {
    var cells = [Int](repeating: 0, count: left.digits.count + right.digits.count)
    for (row, first) in left.digits.enumerated() {
      for (column, second) in right.digits.enumerated() {
        cells[row + column + 1] += Int(first) * Int(second)
      }
    }
    for index in cells.indices.dropFirst().reversed() {
      cells[index - 1] += cells[index] / 10
      cells[index] %= 10
    }
    return ExactDecimal(
      cells.map(UInt8.init), left.decimals + right.decimals, left.isNegative != right.isNegative)
  }

  /// Half-up, away from zero, as at school: the first digit dropped decides.
  func rounded(to places: Int) -> ExactDecimal {
    guard decimals > places else { return self }
    let surplus = decimals - places
    let kept = Array(digits.dropLast(surplus))
    let first = digits.count >= surplus ? digits[digits.count - surplus] : 0
    return ExactDecimal(first >= 5 ? Self.sum(kept, [1]) : kept, places, isNegative)
  }

  /// Long division to one decimal more than asked for, which then decides the rounding.
  func divided(by divisor: ExactDecimal, to places: Int) -> ExactDecimal {
    let wanted = places + 1
    // Appending zeros to the dividend, or to the divisor, gives the quotient the wanted decimals.
    let shift = wanted - decimals + divisor.decimals
    let dividend = digits + [UInt8](repeating: 0, count: max(0, shift))
    let below = Self.trimmed(divisor.digits + [UInt8](repeating: 0, count: max(0, -shift)))
    var quotient: [UInt8] = []
    var remainder: [UInt8] = []
    for digit in dividend {
      remainder = Self.trimmed(remainder + [digit])
      var times: UInt8 = 0
      while !Self.isLess(remainder, below) {
        remainder = Self.trimmed(Self.difference(remainder, below))
        times += 1
      }
      quotient.append(times)
    }
    return ExactDecimal(quotient, wanted, isNegative != divisor.isNegative).rounded(to: places)
  }

  private func extended(to places: Int) -> [UInt8] {
    digits.isEmpty ? [] : digits + [UInt8](repeating: 0, count: places - decimals)
  }

  private static func trimmed(_ digits: [UInt8]) -> [UInt8] { Array(digits.drop { $0 == 0 }) }

  /// Both without leading zeros.
  private static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.count == right.count
      ? left.lexicographicallyPrecedes(right) : left.count < right.count
  }

  private static func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var (result, carry): ([UInt8], UInt8) = ([], 0)
    for place in 0..<(max(left.count, right.count) + 1) {
      let total = digit(left, place) + digit(right, place) + carry
      result.append(total % 10)
      carry = total / 10
    }
    return result.reversed()
  }

  /// `left` is not less than `right`.
  private static func difference(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var (result, borrow): ([UInt8], UInt8) = ([], 0)
    for place in left.indices {
      let (from, take) = (digit(left, place), digit(right, place) + borrow)
      borrow = from < take ? 1 : 0
      result.append(from + borrow * 10 - take)
    }
    return result.reversed()
  }

  private static func digit(_ digits: [UInt8], _ place: Int) -> UInt8 {
    place < digits.count ? digits[digits.count - 1 - place] : 0
  }
}
