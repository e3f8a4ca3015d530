import FXDomain
import FXFiles
import Testing

@Suite struct `A trades file` {
  @Test func `gives every value of a full row`() throws {
    let result = tradeFile(
      "Client CIF,Amount ZAR,CurPair,Side,Deal Type,External Ref,"
        + "Fix Rate?,Fixed Rate,Spread,Reference",
      "CIF100001,200000.00,USD/ZAR,sell,next_day,SDA,yes,17.8288,-20.5,\"Invoice 7, part 2\"",
      "CIF100002,50000,,,,,,,,")
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let full = TradeRow(
      row: 1, cifNumber: "CIF100001", amount: Money(minorUnits: 20_000_000, currency: .zar),
      pair: pair, side: .sell, delivery: .tom, allowance: .sda, isFixed: true,
      fixedRate: Rate(units: 1_782_880_000), spread: Pips(rateUnits: -205_000),
      reference: "Invoice 7, part 2")
    let bare = TradeRow(
      row: 2, cifNumber: "CIF100002", amount: Money(minorUnits: 5_000_000, currency: .zar),
      pair: pair)
    #expect(result.rows == [full, bare])
    #expect(result.warnings.isEmpty)
    #expect(bare.side == .buy && bare.delivery == .spot && !bare.isFixed)
  }

  @Test(arguments: [
    ("client cif, AMOUNT zar ", "C1,5", "ZAR 5.00"),
    ("Sell Amount ZAR,Client CIF", "5.10,C1", "ZAR 5.10"),
    ("Currency,Client CIF,Amount", "USD,C1,7", "USD 7.00"),
    ("Client CIF,Amount,Currency,CurPair", "C1,700,jpy,usd/jpy", "JPY 700"),
    ("Client CIF,Amount ZAR", " C1 , 5.500 ", "ZAR 5.50"),
  ])
  func `finds the amount under each of its names, in any order`(
    header: String, row: String, amount: String
  ) {
    let rows = tradeFile(header, row).rows
    #expect(rows?.map(\.amount.description) == [amount])
    #expect(rows?.map(\.cifNumber) == ["C1"])
  }

  @Test(arguments: [
    ("", ["-|-|empty_file"]),
    ("Client CIF,Amount ZAR", ["-|-|no_rows"]),
    ("Side", ["-|-|missing_column"]),
    ("Client CIF,Amount", ["-|-|missing_column"]),
    ("Client CIF,Currency", ["-|-|missing_column"]),
    ("Client CIF,Client cif,Amount ZAR", ["-|Client CIF|duplicate_column"]),
    ("Client CIF,Amount ZAR,Sell Amount ZAR", ["-|Amount ZAR|duplicate_column"]),
    ("Client CIF,Amount ZAR,Spread,Fixed Spread", ["-|Spread|duplicate_column"]),
    ("Client CIF,Amount ZAR,Amount,Currency", ["-|Amount|conflicting_columns"]),
    ("Client CIF,Amount ZAR,Currency", ["-|Currency|conflicting_columns"]),
    ("Client CIF,Amount\" ZAR", ["-|-|stray_quote"]),
    ("\"Client CIF", ["-|-|unterminated_quote"]),
  ])
  func `refuses a header it cannot read by`(header: String, findings: [String]) {
    #expect(tradeFile(header).findings == findings)
  }

  @Test func `names every missing column in one problem`() {
    let problems = tradeFile("Side,Spread", "buy,1").problems
    #expect(problems.total == 1)
    #expect(
      problems.kept.first?.detail
        == "Add to the header: Client CIF, Amount ZAR (or Amount with Currency).")
  }

  @Test func `warns of columns it does not know, and of nameless ones`() {
    let result = tradeFile("Client CIF,Colour,Amount ZAR,", "C1,red,5,")
    #expect(result.rows?.count == 1)
    #expect(result.warnings.map(\.column) == ["Colour", ""])
    #expect(result.warnings.first?.detail == "The column \"Colour\" is not known and was not read.")
  }

  @Test(arguments: [
    ("Client CIF", "", "empty"),
    ("Client CIF", "  ", "empty"),
    ("Client CIF", String(repeating: "9", count: 41), "too_long"),
    ("Client CIF", "C\t1", "control_character"),
    ("Client CIF", "C\u{85}1", "control_character"),
    ("Client CIF", "\"C\n1\"", "control_character"),
    ("Amount", "", "empty"),
    ("Amount", "abc", "malformed_number"),
    ("Amount", "1 000", "malformed_number"),
    ("Amount", "\"1,000.00\"", "malformed_number"),
    ("Amount", "1e3", "malformed_number"),
    ("Amount", "+5", "malformed_number"),
    ("Amount", ".5", "malformed_number"),
    ("Amount", "5.", "malformed_number"),
    ("Amount", "0", "not_positive"),
    ("Amount", "0.00", "not_positive"),
    ("Amount", "-5", "not_positive"),
    ("Amount", "5.001", "too_many_decimals"),
    ("Amount", "99999999999999999999", "overflow"),
    ("Currency", "", "empty"),
    ("Currency", "XXQ", "unknown_currency"),
    ("Currency", "EUR", "currency_not_in_pair"),
    ("CurPair", "USDZAR", "unknown_pair"),
    ("CurPair", "USD/QQQ", "unknown_pair"),
    ("CurPair", "ZAR/ZAR", "unknown_pair"),
    ("Side", "hold", "unknown_value"),
    ("Deal Type", "tomorrow", "unknown_value"),
    ("External Ref", "TFSA", "unknown_value"),
    ("Fix Rate?", "maybe", "unknown_value"),
    ("Fixed Rate", "x", "malformed_number"),
    ("Fixed Rate", "0", "not_positive"),
    ("Fixed Rate", "-17.5", "not_positive"),
    ("Fixed Rate", "17.123456789", "too_many_decimals"),
    ("Spread", "ten", "malformed_number"),
    ("Spread", "1.00001", "too_many_decimals"),
    ("Spread", "10000.0001", "spread_out_of_bounds"),
    ("Spread", "-99999999", "spread_out_of_bounds"),
    ("Reference", String(repeating: "r", count: 141), "too_long"),
    ("Reference", "a\u{7F}b", "control_character"),
    ("Reference", "a\u{0}b", "control_character"),
    ("Reference", "a\"b", "stray_quote"),
    ("Reference", "\"a\"b", "text_after_quote"),
  ])
  func `names the cell that is bad, and nothing else`(column: String, cell: String, code: String) {
    let good = [
      ("Client CIF", "C1"), ("Amount", "5"), ("Currency", "ZAR"), ("CurPair", "USD/ZAR"),
      ("Side", "buy"), ("Deal Type", "spot"), ("External Ref", ""), ("Fix Rate?", "no"),
      ("Fixed Rate", ""), ("Spread", ""), ("Reference", "r"),
    ]
    let header = good.map(\.0).joined(separator: ",")
    let row = good.map(\.1).joined(separator: ",")
    let bad = good.map { $0.0 == column ? cell : $0.1 }.joined(separator: ",")
    let result = tradeFile(header, row, bad)
    #expect(result.findings == ["2|\(column)|\(code)"])
    #expect(result.rows == nil)
    #expect(result.problems.kept.allSatisfy { $0.detail.last == "." })
  }

  @Test func `holds texts at their longest, counted in characters`() {
    let cif = String(repeating: "é", count: FileBounds.maximumCIFCharacters)
    let reference = String(repeating: "€", count: FileBounds.maximumReferenceCharacters)
    let rows = tradeFile("Client CIF,Amount ZAR,Reference", "\(cif),5,\(reference)").rows
    #expect(rows?.map(\.cifNumber) == [cif])
    #expect(rows?.map(\.reference) == [reference])
  }

  @Test(arguments: [
    ("yes", true), ("TRUE", true), ("1", true), ("No", false), ("false", false), ("0", false),
    ("", false),
  ])
  func `reads whether the rate is fixed`(answer: String, isFixed: Bool) {
    let rows = tradeFile(
      "Client CIF,Amount ZAR,Fix Rate?,Fixed Rate", "C1,5,\(answer),17.5"
    ).rows
    #expect(rows?.map(\.isFixed) == [isFixed])
    #expect(rows?.map(\.fixedRate) == [Rate(units: 1_750_000_000)])
  }

  @Test(arguments: [
    ("same_day", Delivery.cash), ("Next_Day", .tom), ("spot", .spot), ("", .spot),
  ])
  func `reads the deal type`(text: String, delivery: Delivery) {
    let rows = tradeFile("Client CIF,Amount ZAR,Deal Type", "C1,5,\(text)").rows
    #expect(rows?.map(\.delivery) == [delivery])
  }

  @Test func `asks for the rate of a fixed row`() {
    let withColumn = tradeFile("Client CIF,Amount ZAR,Fix Rate?,Fixed Rate", "C1,5,yes,")
    #expect(withColumn.findings == ["1|Fixed Rate|missing_fixed_rate"])
    let without = tradeFile("Client CIF,Amount ZAR,Fix Rate?", "C1,5,yes")
    #expect(without.findings == ["1|Fix Rate?|missing_fixed_rate"])
    let bad = tradeFile("Client CIF,Amount ZAR,Fix Rate?,Fixed Rate", "C1,5,yes,x")
    #expect(bad.findings == ["1|Fixed Rate|malformed_number"])
  }

  @Test func `finds every problem of every row in one pass`() {
    let result = tradeFile(
      "Client CIF,Amount ZAR,CurPair,Side", "C1,5,USD/ZAR,buy", ",x,USD/EUR,hold", "C3,5", "",
      "C\"4,0,,", "C5,5,,\"sell")
    #expect(
      result.findings == [
        "2|Client CIF|empty", "2|Amount ZAR|currency_not_in_pair", "2|Amount ZAR|malformed_number",
        "2|Side|unknown_value", "3|-|wrong_field_count", "4|Client CIF|stray_quote",
        "4|Amount ZAR|not_positive", "5|Side|unterminated_quote",
      ])
  }

  @Test func `names the row and column that are not UTF-8`() {
    var parser = TradeFileParser()
    parser.consume(Array("Client CIF,Amount ZAR\nC1,5\nC".utf8) + [0xE9] + Array(",0\n".utf8))
    #expect(parser.finish().findings == ["2|Client CIF|not_utf8", "2|Amount ZAR|not_positive"])
  }

  @Test func `reads the same in chunks of any size`() {
    let text = "\u{FEFF}Client CIF,Amount ZAR,Reference\r\nC1,5.25,\"a, \"\"b\"\"\"\r\nC2,6,é\r\n"
    let bytes = Array(text.utf8)
    var whole = TradeFileParser()
    whole.consume(bytes)
    let rows = whole.finish().rows
    #expect(rows?.count == 2)
    for size in 1...bytes.count {
      var parser = TradeFileParser()
      for start in stride(from: 0, to: bytes.count, by: size) {
        parser.consume(Array(bytes[start..<min(start + size, bytes.count)]))
      }
      #expect(parser.finish().rows == rows)
    }
  }

  @Test func `stops early where nothing more can be learned`() {
    var parser = TradeFileParser()
    parser.consume(Array("Nothing,Known\n".utf8))
    #expect(parser.isStopped)
    parser.consume(Array("1,2\n".utf8))
    #expect(parser.finish().findings == ["-|-|missing_column"])
  }

  @Test func `keeps the good rows of a bad file, so that all faults can be told in order`() {
    var parser = TradeFileParser()
    parser.consume(Array("Client CIF,Amount ZAR\nC1,5\nC2,1e5\nC3,6\nC4,\n".utf8))
    var problems = parser.finish().problems
    #expect(parser.goodRows.map(\.row) == [1, 3])
    var others = FileProblems()
    for row in [1, 3] {
      others.append(RowProblem(row: row, column: nil, code: .clientUnknown, detail: ""))
    }
    problems.merge(others)
    #expect(problems.kept.map(\.row) == [1, 2, 3, 4])
    #expect(problems.total == 4)
  }

  @Test func `keeps the rows of which only the amount is bad, and how the header calls columns`() {
    var parser = TradeFileParser()
    let text =
      "client cif,Sell Amount ZAR,Side\nC1,1e5,buy\nC2,2,sell\nC3,,buy\nC4,x,hold\nC5,-1,sell\n"
    parser.consume(Array(text.utf8))
    _ = parser.finish()
    #expect(parser.goodRows.map(\.row) == [2])
    #expect(parser.rowsBesidesAmount.map(\.row) == [1, 3, 5])
    #expect(parser.rowsBesidesAmount.map(\.cifNumber) == ["C1", "C3", "C5"])
    #expect(
      parser.columnNames == [
        "Client CIF": "client cif", "Amount": "Sell Amount ZAR", "Currency": "Sell Amount ZAR",
      ])
    var problems = FileProblems()
    for column in ["Amount", "CurPair", nil] {
      problems.append(RowProblem(row: 1, column: column, code: .overflow, detail: ""))
    }
    #expect(
      problems.naming(parser.columnNames).kept.map(\.column) == ["Sell Amount ZAR", "CurPair", nil])
  }

  @Test func `says that semicolons and tabs separate nothing`() {
    for separator in [";", "\t"] {
      let result = tradeFile("Client CIF\(separator)Amount ZAR", "C1\(separator)5")
      #expect(result.findings == ["-|-|missing_column"])
      #expect(result.problems.kept.first?.detail.contains("commas") == true)
      #expect(result.warnings.isEmpty)
    }
  }

  @Test func `cuts a long column name short in its messages`() {
    let name = String(repeating: "n", count: 5_000)
    let result = tradeFile("Client CIF,Amount ZAR,\(name)", "C1,5,x")
    #expect(result.warnings.allSatisfy { $0.column.count < 50 && $0.detail.count < 150 })
  }
}
