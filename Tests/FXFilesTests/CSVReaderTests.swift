import FXFiles
import Testing

@Suite struct `A CSV reader` {
  @Test(arguments: [
    ("a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
    ("a,b\r\n1,2\r\n", [["a", "b"], ["1", "2"]]),
    ("a,b\n1,2", [["a", "b"], ["1", "2"]]),
    ("a,b\n1,", [["a", "b"], ["1", ""]]),
    ("\u{FEFF}a,b\n1,2\n", [["a", "b"], ["1", "2"]]),
    ("\u{FEFF}\"a\",b\n", [["a", "b"]]),
    ("\u{FF01}a\n", [["\u{FF01}a"]]),
    ("a,b\n\n\r\n1,2\n\n\n", [["a", "b"], ["1", "2"]]),
    ("a,b\n\"x,y\",\"p\r\nq\"\n", [["a", "b"], ["x,y", "p\r\nq"]]),
    ("a\n\"say \"\"hi\"\"\"\n", [["a"], ["say \"hi\""]]),
    ("a\n\"\"\n", [["a"], [""]]),
    ("a\n\"\"", [["a"], [""]]),
    (" a , b \n", [[" a ", " b "]]),
    ("naïve,€,𝄞\n", [["naïve", "€", "𝄞"]]),
    ("", []),
    ("\n\r\n", []),
    ("\u{FEFF}", []),
  ])
  func `reads what RFC 4180 allows`(text: String, rows: [[String]]) {
    let reading = Reading(text)
    #expect(reading.rows == rows)
    #expect(reading.faults.isEmpty)
  }

  private static let faulty: [(String, Int, Int?, CSVFault.Kind)] = [
    ("a,b\n1,\"2", 1, 1, .unterminatedQuote),
    ("a,b\n1\",2\n", 1, 0, .strayQuote),
    ("a,b\n1,\"2\"x\n", 1, 1, .textAfterQuote),
    ("a,b\n1,\"2\" \"3\"\n", 1, 1, .textAfterQuote),
    ("a,b\n1,2\n3,4,5\n", 2, nil, .fieldCount(found: 3, expected: 2)),
    ("a,b\n\n1\n", 1, nil, .fieldCount(found: 1, expected: 2)),
    ("a,b\n1,\u{0}\n", 1, 1, .nulByte),
    ("a,b\n1,\"\u{0}\"\n", 1, 1, .nulByte),
    ("a,b\n1\r,2\n", 1, 0, .bareCarriageReturn),
    ("a,b\n1,2\r", 1, 1, .bareCarriageReturn),
    ("a,b\n1,\"2\"\r3\n", 1, 1, .bareCarriageReturn),
    ("a\u{0},b\n1,2\n", 0, 0, .nulByte),
  ]

  @Test(arguments: faulty)
  func `names the row and the field of a fault`(
    text: String, row: Int, field: Int?, kind: CSVFault.Kind
  ) {
    #expect(Reading(text).faults == [.init(row: row, field: field, kind: kind)])
  }

  @Test(arguments: [
    [0xFF], [0xC3], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xEF, 0xBB],
    [0xE2, 0x82], [0x80],
  ])
  func `refuses bytes that are not UTF-8, plain and in quotes`(bytes: [UInt8]) {
    let plain = Array("a,b\nü,".utf8) + bytes + Array("\nx,y\n".utf8)
    let quoted = Array("a,b\nü,\"".utf8) + bytes + Array("\"\nx,y\n".utf8)
    let fault = Reading.Fault(row: 1, field: 1, kind: .notUTF8)
    #expect(Reading(plain).faults == [fault])
    #expect(Reading(quoted).faults == [fault])
    #expect(Reading(plain).rows.last == ["x", "y"])
  }

  @Test func `takes the start of a byte order mark for text when it is no whole one`() {
    #expect(Reading([0xEF, 0xBB]).faults == [.init(row: 0, field: 0, kind: .notUTF8)])
    #expect(Reading([0xEF, 0x61, 0x0A]).faults == [.init(row: 0, field: 0, kind: .notUTF8)])
  }

  @Test func `goes on after a fault and finds the next ones`() {
    let reading = Reading("a,b\nx\"y,1\n1,2,3\nok,ok\n\"p\"q,\"r\"s\n")
    #expect(
      reading.faults == [
        .init(row: 1, field: 0, kind: .strayQuote),
        .init(row: 2, field: nil, kind: .fieldCount(found: 3, expected: 2)),
        .init(row: 4, field: 0, kind: .textAfterQuote),
        .init(row: 4, field: 1, kind: .textAfterQuote),
      ])
    #expect(reading.rows == [["a", "b"], ["x\"y", "1"], ["ok", "ok"], ["pq", "rs"]])
  }

  @Test(arguments: ["", "\""])
  func `bounds a field`(quote: String) {
    let most = String(repeating: "x", count: FileBounds.maximumFieldBytes)
    let whole = Reading("a,b\n1,\(quote)\(most)\(quote)\n")
    #expect(whole.faults.isEmpty)
    #expect(whole.rows.last == ["1", most])
    let bytes = Array("a,b\n1,\(quote)\(most)x\(quote)\n1,2,3\n".utf8)
    let fault = Reading.Fault(row: 1, field: 1, kind: .fieldTooLong(isQuoted: !quote.isEmpty))
    #expect(Reading(bytes).faults == [fault])
    #expect(Reading(bytes, chunk: 1).faults == [fault])
  }

  @Test func `bounds the columns`() {
    let most = Array(repeating: "c", count: FileBounds.maximumColumns).joined(separator: ",")
    #expect(Reading(most + "\n").faults.isEmpty)
    #expect(Reading(most + ",c\n").faults == [.init(row: 0, field: nil, kind: .tooManyColumns)])
  }

  @Test func `bounds the rows`() {
    var bytes: [UInt8] = Array("a\n".utf8)
    for _ in 0..<FileBounds.maximumDataRows { bytes += [UInt8(ascii: "1"), UInt8(ascii: "\n")] }
    #expect(Reading(bytes).rows.count == FileBounds.maximumDataRows + 1)
    bytes += Array("2\n3\n".utf8)
    let row = FileBounds.maximumDataRows + 1
    #expect(Reading(bytes).faults == [.init(row: row, field: nil, kind: .tooManyRows)])
  }

  @Test func `gives the same rows wherever the chunks end`() {
    let text = """
      \u{FEFF}a,"b ""q"" €",c\r
      1,"x\r\ny",naïve\r
      \r
      "p"q,r"s,t\ru
      1,2
      """
    let bytes = Array(text.utf8) + [0xC3, 0x0A, 0x31, 0x2C, 0x00, 0x2C, 0x22, 0x7A]
    let whole = Reading(bytes)
    #expect(whole.faults.count == 7)
    for chunk in 1...bytes.count { #expect(Reading(bytes, chunk: chunk) == whole) }
    for cut in 0...bytes.count {
      var reader = CSVReader()
      var rows: [[String]] = []
      for part in [Array(bytes[..<cut]), Array(bytes[cut...])] {
        var position = 0
        while reader.advance(through: part.span, from: &position) {
          if !reader.row.isBroken { rows.append(reader.row.fields) }
        }
      }
      #expect(!reader.finish() || reader.row.isBroken)
      #expect(rows == whole.rows)
    }
  }
}
