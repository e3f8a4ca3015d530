import FXDomain
import FXPorts
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G27 to G32.
@Suite struct `Quotes` {
  @Test func `G27: a quote is asked for in the bank's words and exact decimals`() async throws {
    let members =
      #""payload":{"quoteId":9007199254740993,"quoteExpiryDateTime":"2026-11-10T10:50:30+02:00"}"#
    try await withBankAndGateway(["createquote": [.success(members)]]) { bank, gateway in
      let answer = await gateway.createQuote(try Asked.quote())
      #expect(
        answer
          == .success(
            CreatedQuote(
              quoteID: 9_007_199_254_740_993,
              expiresAt: Asked.moment.advanced(byMilliseconds: 30_000)),
            BankReceipt(bankTransactionID: "3f1c0f7e-0000-4000-8000-000000000001")))
      let request = try #require(await bank.requests("createquote").first)
      #expect(
        request.body
          == #"{"header":{"userId":"user@canary.example"},"customer":{"cifNo":"900001","#
          + #""fromSettlementAccount":{"currency":"ZAR","accountNumber":"1050000042"},"#
          + #""toSettlementAccount":{"currency":"USD","accountNumber":"1050000043"}},"#
          + #""trade":{"tradeType":"Buy","deliveryType":"Spot","currencyPair":"USD/ZAR","#
          + #""dealCurrency":"ZAR","dealCurrencyAmount":200000.00,"settlementDate":"20261112","#
          + #""dealDateTime":"2026-11-10T08:50:00.000Z"}}"#)
      #expect(request.headers["content-type"] == "application/json")
      #expect(request.headers["content-length"] == "\(request.body.utf8.count)")
    }
  }

  @Test(arguments: [
    (Side.sell, "12345678901234.56", Delivery.cash, "Sell", "Cash"),
    (.buy, "0.01", .tom, "Buy", "Tom"),
  ])
  func `G28: sides, deliveries and the extremes of amounts are written exactly`(
    side: Side, amount: String, delivery: Delivery, sideText: String, deliveryText: String
  ) async throws {
    try await withBankAndGateway(["createquote": [.refusal("BUSINESS")]]) { bank, gateway in
      let answer = await gateway.createQuote(
        try Asked.quote(side: side, amount: amount, currency: .usd, delivery: delivery))
      #expect(summary(answer) == "refused BUSINESS")
      let body = try #require(await bank.requests("createquote").first).body
      #expect(body.contains(#""dealCurrency":"USD","dealCurrencyAmount":\#(amount),"#))
      #expect(body.contains(#""tradeType":"\#(sideText)","deliveryType":"\#(deliveryText)""#))
    }
  }

  @Test(arguments: [
    ("17.793", "17.7930"), ("17.99995", "17.99995"), ("18", "18.0000"), ("0.05617", "0.05617"),
    ("0.00000001", "0.00000001"), ("92233720368.54775807", "92233720368.54775807"),
    ("17.7930000000000", "17.7930"),
  ])
  func `G29: a rate is read exactly`(text: String, expected: String) async throws {
    try await withBankAndGateway(["getlatestquote": [Self.latest(rate: text)]]) { bank, gateway in
      guard case .success(let quoted, _) = await gateway.latestQuote(123) else {
        Issue.record("the quote was not read")
        return
      }
      #expect(quoted.rate.decimalText == expected)
      #expect(quoted.quoteID == 123)
      #expect(await bank.requests("getlatestquote").first?.body.contains(#""quoteID":123"#) == true)
    }
  }

  @Test(arguments: [
    "null", "\"17.793\"", "1.7793e1", "17793E-3", "0", "0.0000", "-17.793", "17.1234567891", "true",
    "92233720368.54775808", "{}", "017.793", "+17.793", "17.", ".5", "NaN",
  ])
  func `G30: a rate that is none is a failed quote`(text: String) async throws {
    try await withBankAndGateway(["getlatestquote": [Self.latest(rate: text)]]) { bank, gateway in
      #expect(summary(await gateway.latestQuote(123)) == "unreadable")
    }
  }

  @Test(arguments: [
    #""payload":{"quoteId":123,"quoteExpiryDateTime":"2026-11-10T08:50:30Z"}"#,
    #""payload":{"quoteId":124,"quoteExpiryDateTime":"2026-11-10T08:50:30Z","quoteRate":17.793}"#,
    #""payload":{"quoteId":"123","quoteExpiryDateTime":"2026-11-10T08:50:30Z","quoteRate":17.793}"#,
    #""payload":{"quoteId":123,"quoteExpiryDateTime":"2026-11-10T08:50:30","quoteRate":17.793}"#,
    #""payload":{"quoteId":123,"quoteRate":17.793}"#, #""payload":null"#, "",
    #""payload":{"quoteId":123,"quoteId":123,"quoteExpiryDateTime":"2026-11-10T08:50:30Z","quoteRate":17.793}"#,
  ])
  func `G31: an answer about another quote, or without its parts, is unreadable`(
    members: String
  ) async throws {
    try await withBankAndGateway(["getlatestquote": [.success(members)]]) { bank, gateway in
      #expect(summary(await gateway.latestQuote(123)) == "unreadable")
    }
  }

  @Test(arguments: [
    (Act.refusal("QUOTE_EXPIRED"), "refused QUOTE_EXPIRED"),
    (.refusal("VALIDATION", status: 400), "refused VALIDATION"),
    (.refusal("BUSINESS", status: 500), "status 500"), (.refusal("X", status: 403), "unauthorized"),
    (.answer(404, "not here"), "status 404"), (.answer(200, "<html>"), "unreadable"),
    (.answer(429, "", headers: ["Retry-After: 7"]), "rate limited 7000"),
    (.answer(429, "", headers: ["Retry-After: 86400"]), "rate limited 300000"),
    (.answer(429, "", headers: ["Retry-After: soon"]), "rate limited -"),
    (
      .answer(
        503, "",
        headers: [
          "Date: Tue, 10 Nov 2026 08:00:00 GMT", "Retry-After: Tue, 10 Nov 2026 08:00:09 GMT",
        ]), "rate limited 9000"
    ),
    (.answer(503, ""), "rate limited -"), (.hangUp, "connection lost"),
    (.answer(200, String(repeating: " ", count: 1_048_577)), "unreadable"),
  ])
  func `G32: trouble on the way is no refusal, and a refusal is no trouble`(
    act: Act, expected: String
  ) async throws {
    try await withBankAndGateway(["cancelquote": [act]]) { bank, gateway in
      #expect(summary(await gateway.cancelQuote(123)) == expected)
    }
  }

  static func latest(rate: String) -> Act {
    .success(
      #""payload":{"quoteId":123,"quoteExpiryDateTime":"2026-11-10T08:50:30Z","quoteRate":\#(rate)}"#
    )
  }
}
