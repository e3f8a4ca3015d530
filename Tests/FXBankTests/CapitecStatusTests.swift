import FXDomain
import FXPorts
import Synchronization
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G33 to G38.
@Suite struct `Status and clock` {
  static let bankID = "b0b0b0b0-0000-4000-8000-00000000000b"

  static func deal(_ status: String, bankID: String = bankID, ourID: String) -> Act {
    .success(
      #""transaction":{"transactionId":"\#(bankID)","userID":"u","organisation":"o","#
        + #""operation":"BookQuotedDeal","correlationID":"c","status":"\#(status)","systemID":"s","#
        + #""context":{"transactionId":"\#(ourID)","thirdPartyDealID":"FX-4711"}}"#)
  }

  @Test(arguments: [
    ("PENDING", DealStatus.pending), ("COMPLETED", .completed), ("FAILED", .failed),
  ])
  func `G33: a deal is found by our id, and by the bank's`(
    text: String, status: DealStatus
  ) async throws {
    let acts = ["GetTxnStatus": [Self.deal(text, ourID: "\(Asked.dealID)")]]
    try await withBankAndGateway(acts) { bank, gateway in
      let queries = [DealQuery.dealTransactionID(Asked.dealID), .bankTransactionID(Self.bankID)]
      for query in queries {
        guard case .found(let deal, _) = await gateway.dealStatus(query) else {
          Issue.record("the deal was not found")
          continue
        }
        #expect(
          deal
            == FoundDeal(
              status: status, dealReference: "FX-4711", bankTransactionID: Self.bankID))
      }
      let asked = await bank.requests("GetTxnStatus").map(\.body)
      #expect(asked[0].contains(#""transactionID":"00112233-4455-5677-8899-aabbccddeeff""#))
      #expect(asked[1].contains(#""transactionID":"\#(Self.bankID)""#))
    }
  }

  @Test(arguments: [
    (Act.refusal("NOT_FOUND"), "not found"), (.refusal("not_found"), "refused not_found"),
    (.refusal("NOT_FOUND", status: 404), "refused NOT_FOUND"),
    (.refusal("INTERNAL"), "refused INTERNAL"), (.refusal(""), "refused "),
    (.refusal("NOT_FOUND", status: 500), "status 500"), (.answer(404, ""), "status 404"),
    (.answer(200, ""), "unreadable"),
  ])
  func `G34: only NOT_FOUND under 200 is not found`(act: Act, expected: String) async throws {
    try await withBankAndGateway(["GetTxnStatus": [act]]) { bank, gateway in
      let answer = await gateway.dealStatus(.dealTransactionID(Asked.dealID))
      #expect(summary(answer) == expected)
    }
  }

  @Test(arguments: [
    deal("SETTLED", ourID: "\(Asked.dealID)"), deal("completed", ourID: "\(Asked.dealID)"),
    deal("COMPLETED", ourID: "ffffffff-0000-4000-8000-00000000000f"), .success(""),
    .success(#""transaction":{"status":null}"#), .success(#""transaction":[]"#),
  ])
  func `G35: another deal, or a status of nobody's list, is unreadable`(act: Act) async throws {
    try await withBankAndGateway(["GetTxnStatus": [act]]) { bank, gateway in
      let answer = await gateway.dealStatus(.dealTransactionID(Asked.dealID))
      #expect(summary(answer) == "unreadable")
    }
  }

  @Test(arguments: [
    (["Date: Tue, 10 Nov 2026 08:50:07 GMT"], Int64?(7_000)), ([], nil),
    (["Date: Tuesday, 10-Nov-26 08:50:07 GMT"], nil),
    (["Date: Wed, 10 Nov 2026 08:50:07 GMT"], nil),
    (["Date: Tue, 10 Nov 2026 08:50:07 GMT", "Date: Tue, 10 Nov 2026 09:50:07 GMT"], nil),
  ])
  func `G36: the bank's clock is kept with the answer, when there is exactly one`(
    headers: [String], offset: Int64?
  ) async throws {
    let body = Act.envelope(#""resultCode":7,"resultReasonCode":"NOT_FOUND""#, "")
    let acts = ["GetTxnStatus": [Act.answer(200, body, headers: headers)]]
    try await withBankAndGateway(acts) { bank, gateway in
      let answer = await gateway.dealStatus(.dealTransactionID(Asked.dealID))
      #expect(
        answer
          == .notFound(
            BankReceipt(
              bankTransactionID: "3f1c0f7e-0000-4000-8000-000000000001",
              bankDate: offset.map { Asked.moment.advanced(byMilliseconds: $0) },
              sentAt: Asked.moment, receivedAt: Asked.moment)))
    }
  }

  @Test func `G37: the skew of the clocks is measured where the answer arrives`() async throws {
    let date = "Date: Tue, 10 Nov 2026 08:50:30 GMT"
    let ok = Act.envelope(#""resultCode":0"#, "")
    let acts = [
      "cancelquote": [Act.answer(200, ok, headers: [date]), .answer(200, ok, headers: [])]
    ]
    // A second passes with each look at our clock: once for the token, then before and after each call.
    let looks = Mutex<Int64>(0)
    let clock: @Sendable () -> Timestamp = {
      let passed = looks.withLock { looks in
        defer { looks += 1_000 }
        return looks
      }
      return Asked.moment.advanced(byMilliseconds: passed)
    }
    try await withBankAndGateway(acts, clock: clock) { bank, gateway in
      var skews: [Int64?] = []
      for _ in 1...2 {
        guard case .success(_, let receipt) = await gateway.cancelQuote(1) else {
          Issue.record("the quote was not cancelled")
          return
        }
        skews.append(receipt.clockSkewMilliseconds)
      }
      #expect(skews == [29_000, nil])
    }
  }

  @Test(
    arguments: [
      // Date − our clock at sending, time until the answer, skew.
      (0, 0, 500), (-1_000, 0, -500), (60_000, 2_000, 59_500), (-60_000, 2_000, -60_500),
    ] as [(Int64, Int64, Int64)])
  func `G38: the skew is the middle of what a Date header allows`(
    ahead: Int64, duration: Int64, skew: Int64
  ) {
    let receipt = BankReceipt(
      bankDate: Asked.moment.advanced(byMilliseconds: ahead), sentAt: Asked.moment,
      receivedAt: Asked.moment.advanced(byMilliseconds: duration))
    #expect(receipt.clockSkewMilliseconds == skew)
  }
}
