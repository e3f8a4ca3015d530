import FXDomain
import FXPorts
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G39 to G41.
@Suite struct `Accounts` {
  @Test(arguments: [
    (
      #""accountName":"Invented","accountStatus":"OPEN","currentBalance":-1.50,"availableBalance":0"#,
      AccountBalance(
        accountName: "Invented", status: .open, currentBalance: "-1.50", availableBalance: "0")
    ),
    (
      #""accountName":"","accountStatus":"DORM","currentBalance":12345678901234567.89,"#
        + #""availableBalance":0.10"#,
      AccountBalance(
        accountName: "", status: .dormant, currentBalance: "12345678901234567.89",
        availableBalance: "0.10")
    ),
    (
      #""accountName":"x","accountStatus":"FROZEN","currentBalance":1,"availableBalance":1"#, nil
    ),
    (#""accountName":"x","accountStatus":"OPEN","currentBalance":1e3,"availableBalance":1"#, nil),
    (#""accountName":"x","accountStatus":"OPEN","availableBalance":1"#, nil),
    (#""accountName":"x","accountStatus":"OPEN","currentBalance":"1","availableBalance":1"#, nil),
  ])
  func `G39: a balance is read exactly, or not at all`(
    members: String, expected: AccountBalance?
  ) async throws {
    try await withBankAndGateway(["balance": [.success(members)]]) { bank, gateway in
      let answer = await gateway.balance(
        accountNumber: Asked.accountNumber, cifNumber: "900001")
      if case .success(let balance, _) = answer {
        #expect(balance == expected)
      } else {
        #expect(expected == nil && summary(answer) == "unreadable")
      }
      let request = try #require(await bank.requests("balance").first)
      #expect(request.path == "/account/api/v1/balance")
      #expect(request.body.hasSuffix(#","accountNumber":"1050000042","cifNumber":"900001"}"#))
    }
  }

  static func row(type: String, currency: String, balance: String, status: String = "OPEN")
    -> String
  {
    #"{"cusCifNo":"900001","cusName":"Invented","accountNo":"1050000042","accountType":"\#(type)","#
      + #""accountStatus":"\#(status)","accountCurrency":"\#(currency)","#
      + #""currAccountBalance":\#(balance)}"#
  }

  static func page(_ rows: [String], pages: String = "3") -> Act {
    .success(
      #""payload":{"content":[\#(rows.joined(separator: ","))],"page":{"totalPages":\#(pages)}}"#)
  }

  @Test func `G40: the listing gives trade accounts and passes over all others`() async throws {
    let acts = [
      "bulk-balance": [
        Self.page([
          Self.row(type: "SAVINGS", currency: "XXX", balance: "null", status: "?"),
          Self.row(type: "FX TRADE ACCOUNT", currency: "USD", balance: "100.5"),
        ])
      ]
    ]
    try await withBankAndGateway(acts) { bank, gateway in
      guard case .success(let page, _) = await gateway.accounts(page: 2) else {
        Issue.record("the page was not read")
        return
      }
      #expect(page.totalPages == 3)
      #expect(page.rows.map(\.balance) == [Money(minorUnits: 10_050, currency: .usd)])
      let body = try #require(await bank.requests("bulk-balance").first).body
      #expect(body.hasSuffix(#","page":2,"size":100}"#))
    }
  }

  @Test(arguments: [
    page([row(type: "FX TRADE ACCOUNT", currency: "QQQ", balance: "1")]),
    page([row(type: "FX TRADE ACCOUNT", currency: "USD", balance: "1.005")]),
    page([row(type: "FX TRADE ACCOUNT", currency: "USD", balance: "1", status: "ODD")]),
    page([], pages: "-1"), page([], pages: "1.5"), page(["7"]),
    page(Array(repeating: row(type: "SAVINGS", currency: "USD", balance: "1"), count: 101)),
    .success(""),
  ])
  func `a trade account that cannot be read makes its page unreadable`(act: Act) async throws {
    try await withBankAndGateway(["bulk-balance": [act]]) { bank, gateway in
      #expect(summary(await gateway.accounts(page: 0)) == "unreadable")
    }
  }

  @Test(arguments: [("1050000042", true), ("1050000043", false)])
  func `G41: a statement is read line by line, for the account that was asked for`(
    number: String, isRead: Bool
  ) async throws {
    let members =
      #""payload":{"accountNumber":"\#(number)","productName":"p","currencyCode":"ZAR","#
      + #""accountName":"n","transactionDetails":{"balanceBroughtForward":0.00,"entry":["#
      + #"{"tranDate":"2026-11-10","tranType":"DEBIT","reference":"FX-4711","#
      + #""tranAmount":-200000.00,"balance":99.10,"fees":0}]},"total":{"amount":1,"fees":0}}"#
    try await withBankAndGateway(["statement": [.success(members)]]) { bank, gateway in
      let answer = await gateway.statement(
        accountNumber: Asked.accountNumber, cifNumber: "900001",
        from: try #require(CivilDate("2026-11-01")), to: try #require(CivilDate("2026-11-10")))
      if case .success(let lines, _) = answer {
        let date = try #require(CivilDate("2026-11-10"))
        #expect(isRead)
        #expect(
          lines == [
            StatementLine(
              date: date, type: "DEBIT", reference: "FX-4711", amount: "-200000.00",
              balance: "99.10")
          ])
      } else {
        #expect(!isRead && summary(answer) == "unreadable")
      }
      let body = try #require(await bank.requests("statement").first).body
      #expect(body.hasSuffix(#""fromDate":"2026-11-01","toDate":"2026-11-10"}"#))
    }
  }
}
