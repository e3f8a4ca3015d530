import FXDomain
import FXJSON
import Testing

@testable import FXBankSandbox

@Suite struct `The sandbox token desk` {
  @Test func `grants, renews and lets expire`() async throws {
    let clock = try StandingClock()
    try await withSandbox(clock: clock) { bank in
      let granted = try await bank.token()
      #expect(try granted.json["token_type"] == "Bearer")
      #expect(try granted.json["expires_in"] == .number("3600"))
      #expect(try granted.json["scope"] == "offline_access api://sandbox-client/.default")
      clock.advance(milliseconds: 3_600_000)
      let expired = try await bank.call(.latestQuote, #""quoteID":1"#)
      #expect(expired.status == 401)
      #expect(try expired.json["error"] == "invalid_token")
      guard case .string(let refresh) = try granted.json["refresh_token"] else {
        Issue.record("no refresh token")
        return
      }
      let renewed = try await bank.token(
        form: "client_id=sandbox-client&client_secret=sandbox-secret"
          + "&grant_type=refresh_token&refresh_token=\(refresh)")
      guard case .string(let token) = try renewed.json["access_token"] else {
        Issue.record("no access token: \(renewed.text)")
        return
      }
      let fresh = SandboxClient(port: bank.port, token: token)
      #expect(try await fresh.call(.latestQuote, #""quoteID":1"#).reason == "NOT_FOUND")
      // A refresh token is no access token.
      let swapped = SandboxClient(port: bank.port, token: refresh)
      #expect(try await swapped.call(.latestQuote, #""quoteID":1"#).status == 401)
    }
  }

  @Test(arguments: [
    ("client_id=x&client_secret=y&grant_type=password", 401, "invalid_client"),
    (SandboxClient.grant.replacing("sandbox-password", with: "wrong"), 400, "invalid_grant"),
    (SandboxClient.grant.replacing("=password&", with: "=magic&"), 400, "unsupported_grant_type"),
    (SandboxClient.grant + "&client_id=again", 400, "invalid_request"),
    (
      "client_id=sandbox-client&client_secret=sandbox-secret&grant_type=refresh_token"
        + "&refresh_token=sbx-refresh.99999999999999.a.b", 400, "invalid_grant"
    ),
  ])
  func `refuses what is not right`(form: String, status: Int, error: String) async throws {
    try await withSandbox { bank in
      let reply = try await bank.token(form: form)
      #expect(reply.status == status)
      #expect(try reply.json["error"] == .string(error))
    }
  }

  @Test(arguments: [nil, "", "wat", "sbx-access.99999999999999.x.0"] as [String?])
  func `guards every business call`(token: String?) async throws {
    try await withSandbox { bank in
      let stranger = SandboxClient(port: bank.port, token: token)
      for call in BankCall.allCases where call != .token {
        let reply = try await stranger.call(call)
        #expect(reply.status == 401)
      }
    }
  }
}

@Suite struct `The sandbox accounts` {
  private static func statement(_ account: String, from: String, to: String) -> String {
    """
    "accountNumber":"\(account)","cifNumber":"900001","fromDate":"\(from)","toDate":"\(to)"
    """
  }

  @Test func `move by the legs of a deal`() async throws {
    // Half past eleven at night UTC is the next day at the bank.
    let clock = try StandingClock("2026-11-10T23:30:00.000Z")
    try await withSandbox(clock: clock) { bank in
      let quote = try await bank.quote()
      _ = try await bank.call(.book, quote.order("deal", dealRate: "17.8288"))
      let balance = try await bank.call(
        .balance, #""accountNumber":"900001-USD","cifNumber":"900001""#)
      #expect(try balance.json["accountStatus"] == "OPEN")
      #expect(try balance.json["currentBalance"] == .number("100000011217.80"))

      let statement = try await bank.call(
        .statement, Self.statement("900001-ZAR", from: "2026-11-11", to: "2026-11-11"))
      let payload = try #require(try statement.json["payload"])
      #expect(payload["currencyCode"] == "ZAR")
      let details = payload["transactionDetails"]
      #expect(details?["balanceBroughtForward"] == .number("100000000000.00"))
      let entry: JSON = [
        "tranDate": "2026-11-11", "tranType": "DEBIT", "reference": "deal",
        "tranAmount": .number("-200000.00"), "balance": .number("99999800000.00"),
        "fees": .number("0.00"),
      ]
      #expect(details?["entry"] == [entry])
      #expect(payload["total"]?["amount"] == .number("-200000.00"))
      let later = try await bank.call(
        .statement, Self.statement("900001-ZAR", from: "2026-11-12", to: "2026-11-30"))
      let forward = try later.json["payload"]?["transactionDetails"]?["balanceBroughtForward"]
      #expect(forward == .number("99999800000.00"))
    }
  }

  @Test func `are seeded, listed by pages and must be funded and open`() async throws {
    var settings = SandboxSettings()
    settings.strictAccounts = true
    try await withSandbox(settings) { bank in
      let seed = try await bank.send(
        "PUT", "/sandbox/accounts",
        body: """
          [{"cif":"900001","name":"Acacia Imports","number":"900001-ZAR","currency":"ZAR",\
          "balance":150000.00},
          {"cif":"900001","name":"Acacia Imports","number":"900001-USD","currency":"USD","balance":0},
          {"cif":"900002","name":"Baobab Trading","number":"900002-ZAR","currency":"ZAR",\
          "status":"CLOS","balance":-1.50}]
          """)
      #expect(try seed.json["accounts"] == .number("3"), "\(seed.text)")
      var numbers: [JSON?] = []
      for page in 0...1 {
        let bulk = try await bank.call(.bulkBalance, #""page":\#(page),"size":2"#)
        let payload = try bulk.json["payload"]
        #expect(payload?["page"]?["totalPages"] == .number("2"))
        guard case .array(let content) = payload?["content"] else { continue }
        numbers += content.map { $0["accountNo"] }
        #expect(content.allSatisfy { $0["accountType"] == "FX TRADE ACCOUNT" })
      }
      #expect(numbers == ["900001-USD", "900001-ZAR", "900002-ZAR"])

      // Value today needs the funds, value spot does not.
      for (delivery, reason) in [("Cash", "BUSINESS"), ("Tom", "BUSINESS"), ("Spot", "")] {
        let quote = try await bank.quote(SandboxClient.quoteRequest(delivery: delivery))
        #expect(try await bank.call(.book, quote.order("deal-\(delivery)")).reason == reason)
      }
      #expect(try await bank.ledger().count == 1)
      let closed = try await bank.call(.quote, SandboxClient.quoteRequest(cif: "900002"))
      #expect(try closed.reason == "BUSINESS")
      let unknown = try await bank.call(.quote, SandboxClient.quoteRequest(cif: "900003"))
      #expect(try unknown.reason == "VALIDATION")
    }
  }
}

@Suite struct `The sandbox reference rates` {
  @Test(arguments: [
    ("2025-07-07", "USD/ZAR", "17.7513", "2025-07-07"),
    ("2025-07-06", "EUR/ZAR", "20.7358", "2025-07-04"),
  ])
  func `are crossed through the euro, on the last day known`(
    day: String, pair: String, rate: String, tableDay: String
  ) throws {
    let rates = try ReferenceRates(on: CivilDate(day))
    #expect(rates.day.description == tableDay)
    #expect(rates.rate(of: try #require(CurrencyPair(pair)))?.decimalText == rate)
  }

  @Test func `end where the table begins, and know no other pair`() throws {
    #expect(throws: SandboxError.self) { try ReferenceRates(on: CivilDate("2014-12-31")) }
    let rates = try ReferenceRates()
    #expect(rates.rate(of: try #require(CurrencyPair("JPY/ZAR"))) == nil)
    #expect(rates.rate(of: try #require(CurrencyPair("USD/EUR"))) == nil)
  }

  @Test func `move a few pips from quote to quote, as the seed has it`() throws {
    let rates = try ReferenceRates()
    let pair = try #require(CurrencyPair("GBP/ZAR"))
    let reference = try #require(rates.rate(of: pair))
    let quotes = (1...200).compactMap { rates.rate(of: pair, seed: 5, number: $0) }
    #expect(quotes.allSatisfy { abs($0.units - reference.units) <= 50_000 })
    #expect(Set(quotes).count > 50)
    #expect(quotes == (1...200).compactMap { rates.rate(of: pair, seed: 5, number: $0) })
  }
}

@Suite struct `The sandbox JSON` {
  @Test(arguments: [
    #"{"a":[1,-0.50,1e5,"\u00e9\n\ud83d\ude00",true,null,{}]}"#,
    "  123456789012345678901234567890.12345678901234567890 ",
    #""""#,
  ])
  func `keeps numbers as they were written`(text: String) throws {
    let value = try JSON(parsing: text.utf8)
    #expect(try JSON(parsing: value.bytes) == value)
    if case .number(let digits) = value { #expect(text.contains(digits)) }
  }

  @Test(arguments: [
    "", "{", "[1,]", "{\"a\":1,}", "01", "1.", ".5", "+1", "1e", "NaN", "tru", "\"\u{1}\"", "\"",
    #""\ud800""#, #""\u12g4""#, #""\x""#, "1 2", "{a:1}", #"{"a":1,"a":2}"#, "'a'",
    String(repeating: "[", count: 40) + String(repeating: "]", count: 40),
    String(repeating: "9", count: 65),
  ])
  func `is strict`(text: String) {
    #expect(throws: JSONError.self) { try JSON(parsing: text.utf8) }
  }

  @Test func `refuses bytes that are no UTF-8`() {
    #expect(throws: JSONError.self) { try JSON(parsing: [0x22, 0xff, 0x22]) }
  }
}
