import FXDomain
import FXJSON
import Testing

@testable import FXBankSandbox

@Suite struct `A fault of the sandbox` {
  /// What the client gets, and whether the deal was booked.
  enum Outcome: Hashable, Sendable {
    case answer(Int)
    case reason(String)
    case unreadable
    case dropped
  }

  @Test(arguments: [
    (BankFault.lostBefore, Outcome.dropped, false),
    (.lostAfter, .dropped, true),
    (.held, .reason(""), true),
    (.slow, .reason(""), true),
    (.garbled, .unreadable, true),
    (.dateless, .reason(""), true),
    (.rateLimited, .answer(429), false),
    (.unavailable, .answer(503), false),
    (.expiredToken, .answer(401), false),
    (.refusal, .reason("BUSINESS"), false),
    (.quoteExpired, .reason("QUOTE_EXPIRED"), false),
    (.quoteUsed, .reason("QUOTE_USED"), false),
    (.rateMismatch, .reason("RATE_MISMATCH"), false),
    (.internal, .reason("INTERNAL"), false),
    (.settlementFailed, .reason(""), true),
  ])
  func `does to a booking what its name says`(
    fault: BankFault, outcome: Outcome, booked: Bool
  ) async throws {
    try await withSandbox(Self.quick()) { bank in
      let quote = try await bank.quote()
      try await bank.order(fault, for: .book)
      switch outcome {
      case .dropped:
        await #expect(throws: (any Error).self) {
          try await bank.call(.book, quote.order("deal"))
        }
      case .answer(let status):
        let reply = try await bank.call(.book, quote.order("deal"))
        #expect(reply.status == status)
        #expect((reply.headers["retry-after"] != nil) == (status == 429))
      case .reason(let reason):
        let reply = try await bank.call(.book, quote.order("deal"))
        #expect(try reply.reason == reason)
        #expect((reply.headers["date"] == nil) == (fault == .dateless))
      case .unreadable:
        let reply = try await bank.call(.book, quote.order("deal"))
        #expect(throws: JSONError.self) { try reply.json }
      }
      #expect(try await bank.ledger().count == (booked ? 1 : 0))
      // The fault befell one call only, and the call was counted whatever came of it.
      let again = try await bank.call(.book, try await bank.quote().order("deal"))
      #expect(try again.reason == "")
      let received = try await bank.send("GET", "/sandbox/received").json
      #expect(received == [["deal_transaction_id": "deal", "calls": .number("2")]])
      let stats = try await bank.send("GET", "/sandbox/stats").json
      #expect(stats["faults"]?["book"]?[fault.rawValue] == .number("1"))
    }
  }

  @Test(
    arguments: [
      (BankFault.errorBefore, nil, false), (.errorAfter, nil, true),
      (.unlisted, true, true), (.unlisted, false, false),
    ] as [(BankFault, Bool?, Bool)])
  func `leaves the client in doubt`(fault: BankFault, done: Bool?, booked: Bool) async throws {
    try await withSandbox(Self.quick()) { bank in
      let quote = try await bank.quote()
      try await bank.order(fault, for: .book, done: done)
      let reply = try await bank.call(.book, quote.order("deal"))
      if fault == .unlisted {
        #expect(try reply.reason == "SBX_UNLISTED")
      } else {
        #expect(reply.status >= 500)
      }
      #expect(try await bank.ledger().count == (booked ? 1 : 0))
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `books late, when the connection is gone long since`() async throws {
    try await withSandbox(Self.quick()) { bank in
      let quote = try await bank.quote()
      try await bank.order(.late, for: .book)
      await #expect(throws: (any Error).self) { try await bank.call(.book, quote.order("late")) }
      while try await bank.ledger().isEmpty {}
      let deals = try await bank.ledger()
      #expect(deals.map { $0["deal_transaction_id"] } == ["late"])
    }
  }

  @Test func `that holds a booking beyond the quote's life books nothing`() async throws {
    var settings = Self.quick()
    settings.quoteLife = 0
    try await withSandbox(settings) { bank in
      let created = try await bank.call(.quote, SandboxClient.quoteRequest())
      #expect(try created.reason == "")
      try await bank.order(.held, for: .book)
      let reply = try await bank.call(.book, QuoteInHand(id: 1, rate: "17").order("held"))
      #expect(try reply.reason == "QUOTE_EXPIRED")
    }
  }

  @Test func `makes a deal fail to settle, and moves no money`() async throws {
    let clock = try StandingClock()
    try await withSandbox(Self.quick(), clock: clock) { bank in
      try await bank.order(.settlementFailed, for: .book)
      _ = try await bank.call(.book, try await bank.quote().order("deal"))
      clock.advance(milliseconds: 1_000)
      let status = try await bank.call(.status, #""transactionID":"deal""#)
      #expect(try status.json["transaction"]?["status"] == "FAILED")
      let statement = try await bank.call(
        .statement,
        """
        "accountNumber":"900001-ZAR","cifNumber":"900001","fromDate":"2026-11-01",\
        "toDate":"2026-11-30"
        """)
      #expect(try statement.json["payload"]?["transactionDetails"]?["entry"] == [])
    }
  }

  @Test(arguments: [BankCall.quote, .latestQuote, .book, .status, .cancel])
  func `can be ordered for one customer, and lets the others pass`(call: BankCall) async throws {
    try await withSandbox(Self.quick(), clock: try StandingClock()) { bank in
      let mine = try await bank.quote(SandboxClient.quoteRequest(cif: "900007"))
      let others = try await bank.quote(SandboxClient.quoteRequest(cif: "900008"))
      _ = try await bank.call(.book, try await bank.quote().order("deal"))
      let victim = call == .status ? "900001" : "900007"
      try await bank.order(.refusal, for: call, cif: victim)
      let (pass, refused): (String, String) =
        switch call {
        case .quote:
          (
            SandboxClient.quoteRequest(cif: "900008"), SandboxClient.quoteRequest(cif: "900007")
          )
        case .book: (others.order("others"), mine.order("mine"))
        case .status: (#""transactionID":"unknown""#, #""transactionID":"deal""#)
        default: (#""quoteID":\#(others.id)"#, #""quoteID":\#(mine.id)"#)
        }
      #expect(try await bank.call(call, pass).reason == (call == .status ? "NOT_FOUND" : ""))
      #expect(try await bank.call(call, refused).reason == "BUSINESS")
      #expect(try await bank.call(call, refused).reason == "")
    }
  }

  @Test func `is not ordered for a customer where calls bear none`() async throws {
    try await withSandbox(Self.quick()) { bank in
      let order = #"{"call":"token","fault":"refusal","cif":"900001"}"#
      let reply = try await bank.send("POST", "/sandbox/next", body: order)
      #expect(reply.status == 400)
    }
  }

  @Test func `befalls tokens and quotes as well`() async throws {
    try await withSandbox(Self.quick()) { bank in
      try await bank.order(.refusal, for: .token)
      let refused = try await bank.token()
      #expect(refused.status == 400)
      #expect(try refused.json["error"] == "invalid_grant")
      try await bank.order(.lostAfter, for: .quote)
      await #expect(throws: (any Error).self) {
        try await bank.call(.quote, SandboxClient.quoteRequest())
      }
      #expect(try await bank.quote().id == 2)
    }
  }

  @Test func `comes by the plan, changed at run time, the same for the same seed`() async throws {
    var runs: [[Int]] = []
    for seed in [UInt64(3), 3, 4] {
      var settings = Self.quick()
      settings.seed = seed
      try await withSandbox(settings) { bank in
        let plan = #"{"plan":"latest_quote.unavailable=300,latest_quote.rate_limited=200"}"#
        #expect(try await bank.send("PUT", "/sandbox/faults", body: plan).status == 200)
        var statuses: [Int] = []
        for _ in 0..<60 {
          statuses.append(try await bank.call(.latestQuote, #""quoteID":1"#).status)
        }
        runs.append(statuses)
        #expect(
          try await bank.send("PUT", "/sandbox/faults", body: #"{"plan":"wat=1"}"#).status == 400)
        let empty = #"{"plan":""}"#
        #expect(try await bank.send("PUT", "/sandbox/faults", body: empty).status == 200)
        #expect(try await bank.call(.latestQuote, #""quoteID":1"#).status == 200)
      }
    }
    #expect(runs[0] == runs[1])
    #expect(runs[0] != runs[2])
    #expect(Set(runs[0]) == [200, 429, 503])
  }

  private static func quick() -> SandboxSettings {
    var settings = SandboxSettings()
    settings.faults.slowMilliseconds = 20
    settings.faults.lateMilliseconds = 20
    return settings
  }
}

@Suite struct `A fault plan` {
  @Test func `reads and writes its text`() throws {
    let plan = try FaultPlan("lost_after=30, quote.slow=20,*.rate_limited=5,slow_ms=7,late_ms=9")
    #expect(plan.slowMilliseconds == 7)
    #expect(plan.lateMilliseconds == 9)
    #expect(plan.description.contains("book.lost_after=30,book.rate_limited=5"))
    #expect(plan.description.contains("quote.slow=20,quote.rate_limited=5"))
    #expect(try FaultPlan(plan.description) == plan)
    #expect(try FaultPlan("") == .none)
  }

  @Test(arguments: [
    ("lost_after", FaultPlanError.unreadable("lost_after")),
    ("lost_after=", .unreadable("lost_after=")),
    ("lost_after=-1", .unreadable("lost_after=-1")),
    ("lost_after=1001", .unreadable("lost_after=1001")),
    ("wat=1", .unknownFault("wat")),
    ("wat.slow=1", .unknownCall("wat")),
    ("quote.settlement_failed=1", .bookingsOnly("quote.settlement_failed=1")),
    ("slow=600,late=401", .moreThanCertain(.book)),
  ])
  func `refuses what it cannot mean`(text: String, error: FaultPlanError) {
    #expect(throws: error) { try FaultPlan(text) }
  }

  @Test func `draws about as often as it says, and the same again`() throws {
    let plan = try FaultPlan("lost_before=100,slow=50")
    let draws = (UInt64(0)..<20_000).map { plan.draw(for: .book, seed: 11, counter: $0) }
    let lost = draws.count { $0?.fault == .lostBefore }
    let slow = draws.count { $0?.fault == .slow }
    #expect((1_800...2_200).contains(lost))
    #expect((850...1_150).contains(slow))
    #expect(
      draws == (UInt64(0)..<20_000).map { plan.draw(for: .book, seed: 11, counter: $0) })
    #expect(plan.draw(for: .quote, seed: 11, counter: 0) == nil)
  }
}
