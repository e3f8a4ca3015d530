import FXFiles
import Testing

@Suite struct `A file of 300,000 rows` {
  private static let rowCount = FileBounds.maximumDataRows

  /// Feeds the header and then the row again and again, so that the file is never in memory.
  private func parsed(_ row: String, count: Int) -> TradeFileResult {
    var parser = TradeFileParser()
    parser.consume(Array("Client CIF,Amount ZAR,Reference\n".utf8))
    let thousand = Array(String(repeating: row + "\n", count: 1_000).utf8)
    for _ in 0..<(count / 1_000) { parser.consume(thousand) }
    for _ in 0..<(count % 1_000) { parser.consume(Array((row + "\n").utf8)) }
    return parser.finish()
  }

  @Test func `is taken whole, in rows of at most 96 bytes`() {
    let rows = parsed("CIF-of-a-long-standing-client,1234.56,ref", count: Self.rowCount).rows
    #expect(rows?.count == Self.rowCount)
    #expect(rows?.last?.row == Self.rowCount)
    #expect(MemoryLayout<TradeRow>.stride <= 96)
  }

  @Test func `keeps the first problems and counts all of them`() {
    let problems = parsed(",0,ref", count: Self.rowCount).problems
    #expect(problems.total == 2 * Self.rowCount)
    #expect(problems.kept.count == FileBounds.maximumKeptProblems)
    #expect(problems.kept.last?.row == FileBounds.maximumKeptProblems / 2)
  }

  @Test func `is refused with one row more`() {
    let result = parsed("C1,5,ref", count: Self.rowCount + 1)
    #expect(result.findings == ["\(Self.rowCount + 1)|-|too_many_rows"])
  }
}
