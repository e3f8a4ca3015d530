import FXDomain
import Testing

@testable import FXBankCapitec

@Suite struct `Texts of the bank` {
  @Test func `numbers keep their text`() throws {
    let value = try AnswerValue(
      reading: Array(#" {"a":[0.10,-0,1e5,123456789012345678901234567890],"b":{"c":null}} "#.utf8))
    #expect(
      value
        == .object([
          "a": .array([
            .number("0.10"), .number("-0"), .number("1e5"),
            .number("123456789012345678901234567890"),
          ]), "b": .object(["c": .null]),
        ]))
  }

  @Test(arguments: [
    (#""\u0041\n\"\\\/""#, "A\n\"\\/"), (#""\ud83d\ude00""#, "😀"), ("\"é😀\"", "é😀"), ("\"\"", ""),
  ])
  func `strings are decoded`(text: String, expected: String) throws {
    #expect(try AnswerValue(reading: Array(text.utf8)) == .string(expected))
  }

  @Test(arguments: [
    "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "[1 2]", "01", "1.", ".1", "+1",
    "1e", "--1", "nul", "nulll", "True", "\"a", "\"\t\"", #""\x""#, #""\u12""#, #""\ud800""#,
    #""\ud800\u0041""#, #""\udc00""#, "1 1", "\u{feff}1", "'a'", "// x\n1", "NaN", "Infinity",
    #"{"a":1,"a":1}"#, #"{"a":1,"\u0061":2}"#, #"[{"x":{"a":1,"a":2}}]"#,
  ])
  func `what is not strict JSON is refused`(text: String) {
    #expect(throws: AnswerSyntaxError.self) { try AnswerValue(reading: Array(text.utf8)) }
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    #expect(throws: AnswerSyntaxError.notUTF8) {
      try AnswerValue(reading: [0x22, 0xff, 0x22])
    }
  }

  @Test(arguments: [(32, true), (33, false), (100_000, false)])
  func `nesting has a bound`(levels: Int, isRead: Bool) {
    let text = String(repeating: "[", count: levels) + "1" + String(repeating: "]", count: levels)
    if isRead {
      #expect(throws: Never.self) { try AnswerValue(reading: Array(text.utf8)) }
    } else {
      #expect(throws: AnswerSyntaxError.tooDeep) { try AnswerValue(reading: Array(text.utf8)) }
    }
  }

  @Test func `what is written is read back the same`() throws {
    let odd = "quote \" backslash \\ line\nend \u{1} é 😀"
    let written = RequestValue.object([("b", .string(odd)), ("a", .object([("n", .integer(-7))]))])
    #expect(
      try AnswerValue(reading: written.bytes)
        == .object(["b": .string(odd), "a": .object(["n": .number("-7")])]))
    #expect(written.bytes.starts(with: Array(#"{"b":"quote \""#.utf8)))
  }

  @Test(arguments: [
    ("Sun, 06 Nov 1994 08:49:37 GMT", "1994-11-06T08:49:37.000Z"),
    ("Thu, 29 Feb 2024 23:59:59 GMT", "2024-02-29T23:59:59.000Z"),
    ("Mon, 06 Nov 1994 08:49:37 GMT", nil), ("Sunday, 06-Nov-94 08:49:37 GMT", nil),
    ("Sun Nov  6 08:49:37 1994", nil), ("Sun, 06 Nov 1994 08:49:37 UTC", nil),
    ("Sun, 6 Nov 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 24:00:00 GMT", nil),
    ("Thu, 30 Feb 2023 00:00:00 GMT", nil), ("", nil), ("Sun, 06 Nov 1994 08:49:3é GMT", nil),
  ])
  func `dates of HTTP are read strictly`(text: String, expected: String?) {
    #expect(HTTPDate.read(text)?.description == expected)
  }

  @Test(arguments: [
    ("0", Int64?(0)), ("5", 5_000), ("300", 300_000), ("301", 300_000),
    ("999999999999999999", 300_000), ("-1", nil), ("1.5", nil), ("", nil), ("soon", nil),
    ("Tue, 10 Nov 2026 08:50:10 GMT", 10_000), ("Tue, 10 Nov 2026 08:49:00 GMT", 0),
    ("Wed, 11 Nov 2026 08:49:00 GMT", 300_000),
  ])
  func `a wish to slow down is read within its bound`(text: String, expected: Int64?) {
    #expect(HTTPDate.retryAfterMilliseconds(text, now: Asked.moment) == expected)
  }
}
