import FXBankSandbox
import FXDomain
import FXPorts
import Foundation
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G45 to G48: the gateway and the sandbox bank, written apart from the same
/// description.
@Suite(.serialized) struct `The gateway at the sandbox bank` {
  private static func quick() -> SandboxSettings {
    var settings = SandboxSettings()
    settings.settlementDelay = 0
    return settings
  }

  private func withDesk(
    _ sandbox: SandboxSettings = quick(),
    _ body: (SandboxClient, CapitecGateway) async throws -> Void
  ) async throws {
    try await withSandbox(sandbox) { bank in
      let base = "http://127.0.0.1:\(bank.port)"
      let credentials = sandbox.credentials
      let settings = CapitecSettings(
        tokenURL: "\(base)/oauth2/v2.0/token",
        tradingURL: "\(base)/trading-channel-service/api/v1", accountURL: "\(base)/account/api/v1",
        clientID: credentials.clientID, clientSecret: Secret(credentials.clientSecret),
        username: credentials.username, password: Secret(credentials.password))
      let clock = { @Sendable in
        Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000))
      }
      try await withGateway(settings, clock: clock) { try await body(bank, $0) }
    }
  }

  private func order(_ gateway: CapitecGateway) async throws -> BookingOrder {
    guard case .success(let created, _) = await gateway.createQuote(try Asked.quote()),
      case .success(let quoted, _) = await gateway.latestQuote(created.quoteID)
    else { throw SandboxClient.Unexpected(text: "no quote") }
    #expect(quoted.rate.isPositive)
    return BookingOrder(
      quoteID: created.quoteID, dealTransactionID: Asked.dealID, quoteRate: quoted.rate,
      clientRate: try quoted.rate.adding(Pips("358")))
  }

  @Test func `calls about one trade are one trace, each a span of its own`() async throws {
    try await withDesk { bank, gateway in
      let trade = Identifier(high: 0x01a2_02de_7a7a_7b93, low: 0xb8f2_f886_44e1_71ce)
      try await TraceID.$current.withValue(TraceID(trade)) {
        let order = try await order(gateway)
        _ = await gateway.book(order, timeoutMilliseconds: 10_000)
        _ = await gateway.dealStatus(.dealTransactionID(Asked.dealID))
      }
      _ = await gateway.accounts(page: 0)
      guard case .array(let calls) = try await bank.send("GET", "/sandbox/traces").json else {
        Issue.record("no list")
        return
      }
      var fields: [String: String] = [:]
      for call in calls {
        if case .string(let name)? = call["call"], case .string(let field)? = call["traceparent"] {
          fields[name] = field
        }
      }
      for name in ["token", "quote", "latest_quote", "book", "status"] {
        let field = try #require(fields[name])
        #expect(field.hasPrefix("00-01a202de7a7a7b93b8f2f88644e171ce-"), "\(name) \(field)")
        #expect(TraceID(traceparent: field) == TraceID(trade))
      }
      #expect(Set(fields.values).count == 6)
      let other = TraceID(traceparent: try #require(fields["bulk_balance"]))
      #expect(other != nil && other != TraceID(trade))
    }
  }

  @Test func `G45: a deal is quoted, booked, found by either id and listed on the statement`()
    async throws
  {
    try await withDesk { bank, gateway in
      let order = try await order(gateway)
      guard case .accepted(let receipt) = await gateway.book(order, timeoutMilliseconds: 10_000)
      else {
        Issue.record("the booking was not accepted")
        return
      }
      let bankID = try #require(receipt.bankTransactionID)
      #expect(receipt.bankDate != nil)
      guard
        case .found(let deal, _) = await gateway.dealStatus(.dealTransactionID(Asked.dealID))
      else {
        Issue.record("the deal was not found")
        return
      }
      #expect(deal.status == .completed)
      #expect(deal.bankTransactionID == bankID)
      #expect(deal.dealReference?.isEmpty == false)
      #expect(try await bank.ledger().count == 1)
      // One machine, one clock: what is left is the header's second and the way.
      #expect(abs(try #require(receipt.clockSkewMilliseconds)) < 10_000)

      guard case .success(let page, _) = await gateway.accounts(page: 0) else {
        Issue.record("the accounts were not listed")
        return
      }
      #expect(Set(page.rows.map(\.currency)) == [.zar, .usd])
      let today = CivilDate(dayNumber: Int(Date.now.timeIntervalSince1970) / 86_400)
      guard
        case .success(let lines, _) = await gateway.statement(
          accountNumber: Asked.accountNumber, cifNumber: "900001",
          from: today.advanced(byDays: -2), to: today.advanced(byDays: 2)),
        case .success(let balance, _) = await gateway.balance(
          accountNumber: Asked.accountNumber, cifNumber: "900001")
      else {
        Issue.record("the account was not reported on")
        return
      }
      #expect(lines.contains { $0.reference == "\(Asked.dealID)" })
      #expect(balance.status == .open)
    }
  }

  @Test(arguments: [
    (BankFault.lostBefore, "unclear: connection lost", 0),
    (.lostAfter, "unclear: connection lost", 1),
    (.errorBefore, "unclear: status 500", 0), (.errorAfter, "unclear: status 500", 1),
    (.garbled, "unclear: unreadable", 1), (.dateless, "accepted", 1),
    (.rateLimited, "unclear: rate limited", 0), (.unavailable, "unclear", 0),
    (.expiredToken, "unclear: unauthorized", 0), (.refusal, "refused BUSINESS", 0),
    (.quoteExpired, "refused QUOTE_EXPIRED", 0), (.quoteUsed, "refused QUOTE_USED", 0),
    (.rateMismatch, "refused RATE_MISMATCH", 0), (.internal, "refused INTERNAL", 0),
    (.settlementFailed, "accepted", 1),
  ])
  func `G46: whatever befalls a booking, the bank hears it once`(
    fault: BankFault, expected: String, deals: Int
  ) async throws {
    try await withDesk { bank, gateway in
      let order = try await order(gateway)
      try await bank.order(fault, for: .book)
      let answer = await gateway.book(order, timeoutMilliseconds: 10_000)
      let got = summary(answer)
      // The sandbox picks among the statuses above 499.
      let isServerError = expected.hasSuffix("500") && got.hasPrefix("unclear: status 5")
      #expect(got.hasPrefix(expected) || isServerError, "\(got)")
      #expect(try await bank.ledger().count == deals)
      let received = try await bank.send("GET", "/sandbox/received?at_least=1")
      #expect(received.text.contains(#""calls":1"#), "\(received.text)")
    }
  }

  @Test func `G47: an answer that comes too late is unclear, and the deal is found afterwards`()
    async throws
  {
    var sandbox = Self.quick()
    sandbox.faults = try FaultPlan("slow=1000,slow_ms=2500")
    try await withDesk(sandbox) { bank, gateway in
      let order = try await order(gateway)
      let answer = await gateway.book(order, timeoutMilliseconds: 1_200)
      #expect(answer == .unclear(.timeout, BankReceipt()))
      let status = await gateway.dealStatus(.dealTransactionID(Asked.dealID))
      #expect(summary(status) == "found COMPLETED")
      let received = try await bank.send("GET", "/sandbox/received?at_least=1")
      #expect(received.text.contains(#""calls":1"#), "\(received.text)")
    }
  }

  @Test(arguments: [
    (BankCall.quote, BankFault.refusal, "refused BUSINESS"),
    (.latestQuote, .garbled, "unreadable"), (.quote, .lostBefore, "connection lost"),
    (.quote, .rateLimited, "rate limited"), (.latestQuote, .expiredToken, "recovered"),
  ])
  func `G48: troubles of a quote carry no money, and a token that has run out is renewed`(
    call: BankCall, fault: BankFault, expected: String
  ) async throws {
    try await withDesk { bank, gateway in
      _ = try await order(gateway)
      try await bank.order(fault, for: call)
      let created = await gateway.createQuote(try Asked.quote())
      var got = summary(created)
      if case .success(let quote, _) = created {
        let latest = await gateway.latestQuote(quote.quoteID)
        if case .success = latest { got = "recovered" } else { got = summary(latest) }
      }
      #expect(got.hasPrefix(expected), "\(got)")
      #expect(try await bank.ledger().isEmpty)
    }
  }
}
