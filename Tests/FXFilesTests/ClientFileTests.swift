import FXDomain
import FXFiles
import Testing

@Suite struct `A clients file` {
  @Test func `gives every value of its rows`() throws {
    let result = clientFile(
      "Client,Client CIF,Fixed Spread,ZAR Account,usd account,Notes",
      "\"Protea Imports, Ltd\",CIF100001,358,1000000001,US0000000001,x",
      "Baobab Trading,CIF100002,-20.5,,,")
    let rows = try #require(result.rows)
    #expect(rows.map(\.row) == [1, 2])
    #expect(rows.map(\.name) == ["Protea Imports, Ltd", "Baobab Trading"])
    #expect(rows.map(\.cifNumber) == ["CIF100001", "CIF100002"])
    #expect(rows.map(\.spread.decimalText) == ["358", "-20.5"])
    #expect(rows[0].accounts.map(\.currency) == [.zar, .usd])
    #expect(rows[0].accounts.map(\.number) == ["1000000001", "US0000000001"])
    #expect(rows[1].accounts.isEmpty)
    #expect(result.warnings.map(\.column) == ["Notes"])
  }

  @Test(arguments: [
    (",C1,1,,", ["1|Client|empty"]),
    ("N,,1,,", ["1|Client CIF|empty"]),
    ("N,C1,,,", ["1|Fixed Spread|empty"]),
    ("N,C1,x,,", ["1|Fixed Spread|malformed_number"]),
    ("N,C1,10001,,", ["1|Fixed Spread|spread_out_of_bounds"]),
    ("N,C1,-99999999,,", ["1|Fixed Spread|spread_out_of_bounds"]),
    ("N,C1,1,12-34,", ["1|ZAR Account|malformed_account"]),
    ("N,C1,1,,12 34", ["1|EUR Account|malformed_account"]),
    ("N,C1,1,,é", ["1|EUR Account|malformed_account"]),
    ("N,C1,1,\(String(repeating: "1", count: 35)),", ["1|ZAR Account|too_long"]),
    ("\(String(repeating: "n", count: 201)),C1,1,,", ["1|Client|too_long"]),
    (
      "N\u{1},,x,-,",
      [
        "1|Client|control_character", "1|Client CIF|empty", "1|Fixed Spread|malformed_number",
        "1|ZAR Account|malformed_account",
      ]
    ),
  ])
  func `names every bad cell`(row: String, findings: [String]) {
    let result = clientFile("Client,Client CIF,Fixed Spread,ZAR Account,EUR Account", row)
    #expect(result.findings == findings)
  }

  @Test(arguments: [
    ("Client,Client CIF", ["-|-|missing_column"]),
    ("Client,Client CIF,Fixed Spread,ZAR Account,zar account", ["-|ZAR Account|duplicate_column"]),
    ("Client,Client CIF,Fixed Spread", ["-|-|no_rows"]),
    ("", ["-|-|empty_file"]),
  ])
  func `refuses a header it cannot read by`(header: String, findings: [String]) {
    #expect(clientFile(header).findings == findings)
  }

  @Test func `takes spreads up to the bounds, and names the bounds beyond them`() {
    let header = "Client,Client CIF,Fixed Spread"
    #expect(clientFile(header, "A,C1,10000", "B,C2,-10000").rows?.count == 2)
    #expect(
      clientFile(header, "A,C1,99999999").problems.kept.first?.detail
        == "Give a spread from -10000 to 10000 pips.")
  }

  @Test func `refuses a client named twice, and names the first row`() {
    let result = clientFile("Client,Client CIF,Fixed Spread", "A,C1,1", "B,C2,1", "C,C1,1")
    #expect(result.findings == ["3|Client CIF|duplicate_in_file"])
    #expect(
      result.problems.kept.first?.detail == "Remove this row or row 1: both name this client.")
  }

  @Test func `takes account columns of known currencies only`() {
    let result = clientFile(
      "Client,Client CIF,Fixed Spread,QQQ Account,Bank Account,GBP Account", "A,C1,1,1,2,3")
    #expect(result.rows?.first?.accounts.map(\.number) == ["3"])
    #expect(result.warnings.map(\.column) == ["QQQ Account", "Bank Account"])
  }
}
