import FXFiles
import Testing

@Suite struct `A CSV writer` {
  @Test(arguments: [
    (["a", "b"], "a,b\r\n"),
    (
      ["a,b", "say \"hi\"", "two\nlines", "cr\rcr"],
      "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\rcr\"\r\n"
    ),
    ([""], "\"\"\r\n"),
    (["", ""], ",\r\n"),
    (["=1+1", "+1", "@x", "-x", "-"], "'=1+1,'+1,'@x,'-x,'-\r\n"),
    (["\tx", "\rx"], "'\tx,\"'\rx\"\r\n"),
    (["=A1,\"B\""], "\"'=A1,\"\"B\"\"\"\r\n"),
    (["-13.44", "-20", "13.44"], "-13.44,-20,13.44\r\n"),
    (["-1.", "-.5", "-1.2.3", "-1+2", "--1", "-1e3"], "'-1.,'-.5,'-1.2.3,'-1+2,'--1,'-1e3\r\n"),
  ])
  func `quotes by RFC 4180 and disarms formulas`(cells: [String], line: String) {
    var writer = CSVWriter()
    writer.write(cells)
    #expect(String(decoding: writer.drain(), as: UTF8.self) == line)
    #expect(writer.drain().isEmpty)
  }

  @Test(arguments: UInt64(0)..<40)
  func `writes what the reader reads back`(seed: UInt64) {
    var generator = SeededGenerator(state: seed)
    let alphabet: [Character] = [
      "a", "7", ",", "\"", "\n", "\r", "\r\n", " ", "é", "€", "𝄞", "'", ";",
    ]
    let columns = Int.random(in: 1...6, using: &generator)
    let rows = (0..<30).map { _ in
      (0..<columns).map { _ in
        // An x in front: cells that look like formulas do not come back as they were.
        let length = Int.random(in: 0...8, using: &generator)
        let text = String(
          (0..<length).map { _ in alphabet.randomElement(using: &generator) ?? "a" })
        return text.first == "\r" || text.first == "\r\n" ? "x" + text : text
      }
    }
    var writer = CSVWriter()
    for row in rows { writer.write(row) }
    let bytes = writer.drain()
    for chunk in [1, 2, 7, bytes.count] {
      let reading = Reading(bytes, chunk: chunk)
      #expect(reading.rows == rows)
      #expect(reading.faults.isEmpty)
    }
  }
}
