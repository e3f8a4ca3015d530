import FXDomain
import Testing

@Suite struct `Decimal text` {
  @Test(arguments: [
    ("0", 2, Int64(0)), ("-0", 2, 0), ("0.00", 2, 0), ("1", 2, 100), ("-1", 2, -100),
    ("1.5", 2, 150), ("-1.05", 2, -105), ("200000.00", 2, 20_000_000), ("007", 0, 7),
    // Zeros beyond the scale change nothing.
    ("1.50000", 2, 150), ("1.000", 0, 1), ("17.8288", 8, 1_782_880_000),
    ("0.00000001", 8, 1), ("-0.0001", 4, -1),
    // The edges of 64 bits.
    ("9223372036854775807", 0, .max), ("-9223372036854775808", 0, .min),
    ("92233720368547758.07", 2, .max), ("-92233720368547758.08", 2, .min),
    ("92233720368.54775807", 8, .max), ("92233720368547758.070000000000000000000", 2, .max),
  ])
  func `is read exactly`(text: String, scale: Int, units: Int64) throws {
    #expect(try DecimalText.parse(text, scale: scale) == units)
    #expect(try DecimalText.parse(Substring(text), scale: scale) == units)
  }

  @Test(arguments: [
    ("", DecimalTextError.empty),
    (" ", .malformed), ("\t", .malformed), (" 1", .malformed), ("1 ", .malformed),
    ("1\n", .malformed), ("1 000", .malformed), ("1\u{a0}000", .malformed), ("+1", .malformed),
    ("1e3", .malformed), ("1E3", .malformed), ("1.", .malformed), (".5", .malformed),
    (".", .malformed), ("-", .malformed), ("-.5", .malformed), ("-1.", .malformed),
    ("--1", .malformed), ("1-", .malformed), ("1,000", .malformed), ("1,5", .malformed),
    ("1_000", .malformed), ("12abc", .malformed), ("abc", .malformed), ("0x10", .malformed),
    ("1.2.3", .malformed), ("1..2", .malformed), ("nan", .malformed), ("NaN", .malformed),
    ("inf", .malformed), ("-inf", .malformed), ("1\0", .malformed), ("\0", .malformed),
    ("'1", .malformed), ("R1", .malformed), ("1%", .malformed), ("(1)", .malformed),
    // Digits and signs of other scripts.
    ("１２", .malformed), ("٣", .malformed), ("१.५", .malformed), ("−5", .malformed),
    ("1．5", .malformed), ("1٫5", .malformed), ("½", .malformed), ("1\u{301}", .malformed),
    ("1\u{200b}", .malformed), ("\u{feff}1", .malformed),
    ("1.005", .tooManyDecimals(allowed: 2)), ("0.001", .tooManyDecimals(allowed: 2)),
    ("-0.001", .tooManyDecimals(allowed: 2)), ("1.0000000001", .tooManyDecimals(allowed: 2)),
    // One unit past either edge, tenfold and then some.
    ("92233720368547758.08", .overflow), ("-92233720368547758.09", .overflow),
    ("92233720368547758070", .overflow), ("100000000000000000", .overflow),
    ("99999999999999999999999999999999999999", .overflow),
    (String(repeating: "0", count: 41), .overflow),
  ])
  func `is refused unless it is an exact decimal of two places`(
    text: String, error: DecimalTextError
  ) {
    #expect(throws: error) { try DecimalText.parse(text, scale: 2) }
  }

  @Test(arguments: [
    (Int64(0), 2, 2, "0.00"), (0, 8, 4, "0.0000"), (0, 0, 0, "0"), (5, 2, 2, "0.05"),
    (-5, 2, 2, "-0.05"), (-1_344, 2, 2, "-13.44"), (1_500, 0, 0, "1500"), (1_500, 3, 0, "1.5"),
    (1_801_495_000, 8, 4, "18.01495"), (1_782_880_000, 8, 4, "17.8288"),
    (.max, 0, 0, "\(Int64.max)"),
    (.min, 2, 2, "-92233720368547758.08"), (100_000_000, 8, 0, "1"),
  ])
  func `is written with the decimals it needs`(
    units: Int64, scale: Int, minimum: Int, text: String
  ) {
    #expect(DecimalText.format(units, scale: scale, minimumDecimals: minimum) == text)
  }

  @Test func `written and read again is the same at every scale`() throws {
    var random = SeededRandom(seed: 310)
    for _ in 0..<20_000 {
      let units = random.magnitude(upToBits: 63) * (Bool.random(using: &random) ? 1 : -1)
      let scale = Int.random(in: 0...8, using: &random)
      let text = DecimalText.format(
        units, scale: scale, minimumDecimals: .random(in: 0...scale, using: &random))
      #expect(try DecimalText.parse(text, scale: scale) == units, "\(text)")
    }
  }

  @Test func `is read to its exact value or refused, whatever the bytes`() throws {
    var random = SeededRandom(seed: 8_128)
    let alphabet = Array("0123456789012345678901234567890123456789.-+ eE,x\0é１".unicodeScalars)
    var accepted = 0
    for _ in 0..<20_000 {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...Int.random(in: 1...42, using: &random), using: &random) {
        scalars.append(alphabet.randomElement(using: &random) ?? "0")
      }
      let text = String(scalars)
      let isDecimal = text.wholeMatch(of: /-?[0-9]+(\.[0-9]+)?/) != nil
      let scale = Int.random(in: 0...8, using: &random)
      do {
        let units = try DecimalText.parse(text, scale: scale)
        let again = DecimalText.format(units, scale: scale, minimumDecimals: scale)
        #expect(isDecimal && ExactDecimal(text) == ExactDecimal(again), "\(text)")
        accepted += 1
      } catch {
        switch error {
        case .empty: #expect(text.isEmpty)
        case .malformed: #expect(!isDecimal, "\(text)")
        case .tooManyDecimals: #expect(text.contains("."), "\(text)")
        case .overflow: #expect(text.utf8.count > 9, "\(text)")
        }
      }
    }
    #expect(accepted > 1_000)
  }
}
