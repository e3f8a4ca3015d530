import FXDomain
import Foundation
import Testing

@testable import FXBankSandbox

@Suite struct `The sandbox bank deals` {
  private static let dealID = "0197a000-0000-7000-8000-000000000001"

  @Test func `from quote to settlement, in exact decimals`() async throws {
    let clock = try StandingClock()
    var settings = SandboxSettings()
    settings.pricingDay = CivilDate("2025-07-07")
    try await withSandbox(settings, clock: clock) { bank in
      let quote = try await bank.quote()
      let rates = try ReferenceRates(on: CivilDate("2025-07-07"))
      let pair = try #require(CurrencyPair("USD/ZAR"))
      #expect(quote.rate == rates.rate(of: pair, seed: 1, number: quote.id)?.decimalText)
      let booked = try await bank.call(.book, quote.order(Self.dealID, dealRate: "17.8288"))
      #expect(try booked.reason == "")
      #expect(booked.headers["date"] == "Tue, 10 Nov 2026 08:30:00 GMT")

      let pending = try await bank.call(.status, #""transactionID":"\#(Self.dealID)""#)
      let transaction = try #require(try pending.json["transaction"])
      #expect(transaction["status"] == "PENDING")
      #expect(try transaction["transactionId"] == booked.json["header"]?["transactionId"])
      #expect(transaction["context"]?["thirdPartyDealID"] == "SBX1")
      clock.advance(milliseconds: settings.settlementDelay)
      let settled = try await bank.call(.status, #""transactionID":"\#(Self.dealID)""#)
      #expect(try settled.json["transaction"]?["status"] == "COMPLETED")

      let deal = try #require(try await bank.ledger().first)
      #expect(deal["deal_transaction_id"] == .string(Self.dealID))
      #expect(deal["deal_amount"] == "200000.00")
      #expect(deal["counter_currency"] == "USD")
      #expect(deal["counter_amount"] == "11217.80")
      #expect(deal["deal_rate"] == "17.8288")
      #expect(deal["quote_rate"] == .string(quote.rate))
      #expect(deal["booked_at"] == "2026-11-10T08:30:00.000Z")
      #expect(deal["status"] == "COMPLETED")
      #expect(deal["calls"] == .number("1"))
    }
  }

  @Test(arguments: [
    ("Buy", "ZAR", "1000000.00", "18.01495", "USD", "55509.45"),
    ("Buy", "USD", "10000.00", "17.8288", "ZAR", "178288.00"),
    ("Sell", "USD", "10000.00", "17.7572", "ZAR", "177572.00"),
    ("Sell", "ZAR", "200000.00", "17.7572", "USD", "11263.04"),
    ("Buy", "ZAR", "123456.78", "18.37015", "USD", "6720.51"),
  ])
  func `both legs at the client's rate`(
    side: String, currency: String, amount: String, rate: String, counter: String, expected: String
  ) async throws {
    try await withSandbox { bank in
      let (from, to) = side == "Buy" ? ("ZAR", "USD") : ("USD", "ZAR")
      let quote = try await bank.quote(
        SandboxClient.quoteRequest(
          side: side, currency: currency, amount: amount, from: from, to: to))
      #expect(try await bank.call(.book, quote.order(Self.dealID, dealRate: rate)).reason == "")
      let deal = try #require(try await bank.ledger().first)
      #expect(deal["deal_amount"] == .string(amount))
      #expect(deal["counter_currency"] == .string(counter))
      #expect(deal["counter_amount"] == .string(expected))
    }
  }

  @Test func `until the quote's expiry and no longer, by its own clock`() async throws {
    let clock = try StandingClock()
    var settings = SandboxSettings()
    settings.clockSkew = 5_000
    try await withSandbox(settings, clock: clock) { bank in
      let created = try await bank.call(.quote, SandboxClient.quoteRequest())
      let expiry = try created.json["payload"]?["quoteExpiryDateTime"]
      #expect(expiry == "2026-11-10T08:30:35.000Z")
      #expect(created.headers["date"] == "Tue, 10 Nov 2026 08:30:05 GMT")
      let (early, late) = (try await bank.quote(), try await bank.quote())
      clock.advance(milliseconds: 29_999)
      #expect(try await bank.call(.book, early.order(Self.dealID)).reason == "")
      clock.advance(milliseconds: 1)
      #expect(try await bank.call(.book, late.order("second")).reason == "QUOTE_EXPIRED")
      let latest = try await bank.call(.latestQuote, #""quoteID":\#(late.id)"#)
      #expect(try latest.reason == "QUOTE_EXPIRED")
      #expect(try await bank.ledger().count == 1)
    }
  }

  @Test func `once on a quote, also when asked concurrently`() async throws {
    try await withSandbox { bank in
      let quote = try await bank.quote()
      let reasons = try await withThrowingTaskGroup(of: String.self) { group in
        for number in 0..<40 {
          group.addTask { try await bank.call(.book, quote.order("deal-\(number)")).reason }
        }
        return try await group.reduce(into: [:]) { $0[$1, default: 0] += 1 }
      }
      #expect(reasons == ["": 1, "QUOTE_USED": 39])
      #expect(try await bank.ledger().count == 1)
    }
  }

  @Test func `at the quote's rate only`() async throws {
    try await withSandbox { bank in
      let quote = try await bank.quote()
      let rate = try Rate(quote.rate)
      let near = Rate(units: rate.units + 1).decimalText
      #expect(
        try await bank.call(.book, quote.order("a", rate: near)).reason == "RATE_MISMATCH")
      #expect(try await bank.call(.book, quote.order("b", dealRate: "0")).reason == "VALIDATION")
      #expect(
        try await bank.call(.book, quote.order("c", dealRate: "-17.5")).reason == "VALIDATION")
      // Trailing zeros do not make another rate.
      #expect(try await bank.call(.book, quote.order("d", rate: quote.rate + "0")).reason == "")
    }
  }

  @Test func `not on a cancelled or unknown quote`() async throws {
    try await withSandbox { bank in
      let quote = try await bank.quote()
      #expect(try await bank.call(.cancel, #""quoteID":\#(quote.id)"#).reason == "")
      #expect(try await bank.call(.book, quote.order(Self.dealID)).reason == "BUSINESS")
      let unknown = QuoteInHand(id: quote.id + 1, rate: quote.rate)
      #expect(try await bank.call(.book, unknown.order(Self.dealID)).reason == "NOT_FOUND")
      let used = try await bank.quote()
      #expect(try await bank.call(.book, used.order(Self.dealID)).reason == "")
      #expect(try await bank.call(.cancel, #""quoteID":\#(used.id)"#).reason == "QUOTE_USED")
    }
  }

  @Test(arguments: [false, true])
  func `twice under one id on two quotes, unless told to refuse it`(refuses: Bool) async throws {
    var settings = SandboxSettings()
    settings.refuseRepeatedDealIDs = refuses
    try await withSandbox(settings) { bank in
      for expected in ["", refuses ? "BUSINESS" : ""] {
        let quote = try await bank.quote()
        #expect(try await bank.call(.book, quote.order(Self.dealID)).reason == expected)
      }
      #expect(try await bank.ledger().count == (refuses ? 1 : 2))
      let received = try await bank.send("GET", "/sandbox/received?at_least=2").json
      #expect(
        received == [["deal_transaction_id": .string(Self.dealID), "calls": .number("2")]])
      let stats = try await bank.send("GET", "/sandbox/stats").json
      #expect(stats["ledger"]?["deal_ids_booked_twice"] == .integer(refuses ? 0 : 1))
      #expect(stats["calls"]?["book"] == .number("2"))
    }
  }

  @Test(arguments: StatusLookup.allCases)
  func `and finds deals by the configured id`(lookup: StatusLookup) async throws {
    var settings = SandboxSettings()
    settings.lookup = lookup
    try await withSandbox(settings) { bank in
      let booked = try await bank.call(.book, try await bank.quote().order(Self.dealID))
      guard case .string(let bankID) = try booked.json["header"]?["transactionId"] else {
        Issue.record("no transaction id")
        return
      }
      for (id, finds) in [
        (Self.dealID, lookup == .byDealTransactionID), (bankID, lookup == .byBankTransactionID),
      ] {
        let status = try await bank.call(.status, #""transactionID":"\#(id)""#)
        #expect(try status.reason == (finds ? "" : "NOT_FOUND"))
      }
    }
  }

  @Test func `and shows a deal after the status lag`() async throws {
    let clock = try StandingClock()
    var settings = SandboxSettings()
    settings.statusLag = 2_000
    try await withSandbox(settings, clock: clock) { bank in
      _ = try await bank.call(.book, try await bank.quote().order(Self.dealID))
      for (moved, reason) in [(1_999, "NOT_FOUND"), (1, "")] {
        clock.advance(milliseconds: Int64(moved))
        let status = try await bank.call(.status, #""transactionID":"\#(Self.dealID)""#)
        #expect(try status.reason == reason)
      }
    }
  }

  @Test(arguments: [
    (SandboxClient.quoteRequest(pair: "USD/JPY", currency: "USD", from: "JPY"), "trade"),
    (SandboxClient.quoteRequest(amount: "0"), "trade.dealCurrencyAmount"),
    (SandboxClient.quoteRequest(amount: "1.005"), "trade.dealCurrencyAmount"),
    (SandboxClient.quoteRequest(amount: "\"1.00\""), "trade.dealCurrencyAmount"),
    (SandboxClient.quoteRequest(amount: "99999999999999999.00"), "trade.dealCurrencyAmount"),
    (SandboxClient.quoteRequest(currency: "EUR"), "trade.dealCurrency"),
    (SandboxClient.quoteRequest(side: "Hold"), "trade.tradeType"),
    (SandboxClient.quoteRequest(from: "USD", to: "ZAR"), "customer.fromSettlementAccount.currency"),
    (#""trade":{}"#, "customer"),
    (#""header":{}"#, "body"),
  ])
  func `only on sound requests`(request: String, field: String) async throws {
    try await withSandbox { bank in
      let reply = try await bank.call(.quote, request)
      #expect(try reply.reason == "VALIDATION")
      guard case .array(let errors) = try reply.json["result"]?["validationErrors"],
        case .string(let named) = errors.first?["validation"]
      else {
        Issue.record("no field is named: \(reply.text)")
        return
      }
      #expect(named.hasPrefix(field))
    }
  }
}

@Suite struct `The sandbox ledger` {
  @Test func `is on disk before the booking is answered`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { #expect(throws: Never.self) { try FileManager.default.removeItem(at: folder) } }
    let clock = try StandingClock()
    var settings = SandboxSettings()
    settings.databasePath = folder.appending(path: "bank.sqlite").path
    let copy = folder.appending(path: "copy.sqlite").path
    var used: QuoteInHand?
    var open: QuoteInHand?
    try await withSandbox(settings, clock: clock) { bank in
      used = try await bank.quote()
      open = try await bank.quote()
      #expect(try await bank.call(.book, try #require(used).order("first")).reason == "")
      // What a killed process leaves behind: the file and its write-ahead log, not closed.
      for suffix in ["", "-wal"] {
        try FileManager.default.copyItem(
          atPath: folder.appending(path: "bank.sqlite\(suffix)").path, toPath: copy + suffix)
      }
    }
    settings.databasePath = copy
    try await withSandbox(settings, clock: clock) { bank in
      let deals = try await bank.ledger()
      #expect(deals.map { $0["deal_transaction_id"] } == ["first"])
      let again = try await bank.call(.book, try #require(used).order("again"))
      #expect(try again.reason == "QUOTE_USED")
      let second = try await bank.call(.book, try #require(open).order("second"))
      #expect(try second.reason == "")
      #expect(try await bank.quote().id == 3)
    }
  }

  @Test func `is read page by page`() async throws {
    try await withSandbox { bank in
      for number in 1...5 {
        _ = try await bank.call(.book, try await bank.quote().order("deal-\(number)"))
      }
      let page = try await bank.ledger("?after=2&limit=2")
      #expect(page.map { $0["deal_reference"] } == ["SBX3", "SBX4"])
      #expect(try await bank.send("GET", "/sandbox/ledger?limit=0").status == 400)
    }
  }
}
