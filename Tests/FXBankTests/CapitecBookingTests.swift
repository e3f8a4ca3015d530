import FXDomain
import FXPorts
import NIOCore
import NIOPosix
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G1 to G13.
@Suite struct `The booking call` {
  @Test func `G1: an accepted booking is one request of exactly the announced bytes`() async throws
  {
    try await withBankAndGateway(["bookquoteddeal": [.ok]]) { bank, gateway in
      let order = try Asked.order()
      let answer = await gateway.book(order, timeoutMilliseconds: 10_000)
      #expect(
        answer
          == .accepted(BankReceipt(bankTransactionID: "3f1c0f7e-0000-4000-8000-000000000001")))
      let requests = await bank.requests("bookquoteddeal")
      #expect(requests.count == 1)
      let request = try #require(requests.first)
      #expect(Array(request.body.utf8) == gateway.bookingBody(order))
      #expect(request.path == "/trading/api/v1/bookquoteddeal")
      #expect(request.headers["authorization"] == "Bearer access-1-canary")
      #expect(
        request.body
          == #"{"header":{"userId":"user@canary.example"},"trade":{"quoteID":123,"#
          + #""dealTransactionID":"00112233-4455-5677-8899-aabbccddeeff","#
          + #""quoteRate":17.7930,"dealRate":17.8288}}"#)
    }
  }

  @Test(arguments: [
    (Act.hangUp, "unclear: connection lost"),
    (
      .rawThenHangUp("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{\"head"),
      "unclear: connection lost"
    ),
    (.rawThenHangUp("HTTP/1.1 200 OK\r\nContent-Le"), "unclear: connection lost"),
    (.rawThenHangUp("no answer at all"), "unclear: connection lost"),
  ])
  func
    `G2: a connection that breaks after the request leaves the deal unclear, and is no reason to repeat`(
      act: Act, expected: String
    ) async throws
  {
    try await withBankAndGateway(["bookquoteddeal": [act, .ok]]) { bank, gateway in
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(summary(answer) == expected)
      #expect(await bank.requests("bookquoteddeal").count == 1)
    }
  }

  @Test func `G3: a connection that was used before and breaks is no reason to repeat either`()
    async throws
  {
    // The second answer on the same script closes the connection: were it a kept one, a client that
    // repeats on another connection would be heard three times.
    let acts = ["bookquoteddeal": [Act.ok, .hangUp, .ok], "cancelquote": [.ok, .hangUp, .ok]]
    try await withBankAndGateway(acts) { bank, gateway in
      #expect(summary(await gateway.cancelQuote(1)) == "Nothing()")
      #expect(summary(await gateway.cancelQuote(2)) == "connection lost")
      let cancels = await bank.requests("cancelquote")
      #expect(cancels.count == 2)
      #expect(Set(cancels.map(\.connection)).count == 1, "the connection was not reused")

      let first = await gateway.book(try Asked.order(quoteID: 1), timeoutMilliseconds: 10_000)
      let second = await gateway.book(try Asked.order(quoteID: 2), timeoutMilliseconds: 10_000)
      #expect(summary(first) == "accepted")
      #expect(summary(second) == "unclear: connection lost")
      #expect(await bank.requests("bookquoteddeal").count == 2)
    }
  }

  @Test func `G4: every booking has a connection of its own`() async throws {
    try await withBankAndGateway(["bookquoteddeal": [.ok], "cancelquote": [.ok]]) { bank, gateway in
      _ = await gateway.cancelQuote(1)
      for quote in Int64(1)...3 {
        let answer = await gateway.book(
          try Asked.order(quoteID: quote), timeoutMilliseconds: 10_000)
        #expect(summary(answer) == "accepted")
      }
      let bookings = await bank.requests("bookquoteddeal")
      let others = await bank.heard.filter { !$0.path.hasSuffix("bookquoteddeal") }
      #expect(Set(bookings.map(\.connection)).count == 3)
      #expect(Set(others.map(\.connection)).isDisjoint(with: bookings.map(\.connection)))
    }
  }

  @Test func `G5: without an answer in time the deal is unclear`() async throws {
    try await withBankAndGateway(["bookquoteddeal": [.silence]]) { bank, gateway in
      _ = await gateway.cancelQuote(1)
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 1_500)
      #expect(answer == .unclear(.timeout, BankReceipt()))
      #expect(await bank.requests("bookquoteddeal").count == 1)
    }
  }

  @Test func `G6: a booking whose task is cancelled after sending is unclear`() async throws {
    try await withBankAndGateway(["bookquoteddeal": [.silence]]) { bank, gateway in
      let order = try Asked.order()
      let answer = await withTaskGroup(of: BookingAnswer.self) { group in
        group.addTask { await gateway.book(order, timeoutMilliseconds: 60_000) }
        await bank.hears(2)  // the token, then the booking
        group.cancelAll()
        return await group.next()
      }
      #expect(answer.map(summary) == "unclear: connection lost")
      #expect(await bank.requests("bookquoteddeal").count == 1)
    }
  }

  @Test(arguments: [
    (401, [], "unauthorized"), (403, [], "unauthorized"),
    (429, ["Retry-After: 2"], "rate limited 2000"), (429, [], "rate limited -"),
    (503, ["Retry-After: 2"], "rate limited 2000"), (503, [], "rate limited -"),
    (500, [], "status 500"), (502, [], "status 502"), (504, [], "status 504"),
    (408, [], "status 408"), (201, [], "status 201"), (204, [], "status 204"),
    (301, ["Location: /trading/api/v1/bookquoteddeal"], "status 301"),
    (307, ["Location: /trading/api/v1/bookquoteddeal"], "status 307"),
    (308, ["Location: /trading/api/v1/bookquoteddeal"], "status 308"),
  ])
  func `G7: a status that is not the bank's word leaves the deal unclear, whatever the body says`(
    status: Int, headers: [String], expected: String
  ) async throws {
    let refused = Act.envelope(#""resultCode":7,"resultReasonCode":"BUSINESS""#, "")
    let body = status == 204 ? "" : refused
    let acts = ["bookquoteddeal": [Act.answer(status, body, headers: headers), .ok]]
    try await withBankAndGateway(acts) { bank, gateway in
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(summary(answer) == "unclear: \(expected)")
      // The envelope proves nothing, and its id is one more to ask by.
      if case .unclear(_, let receipt) = answer {
        let id = body.isEmpty ? nil : "3f1c0f7e-0000-4000-8000-000000000001"
        #expect(receipt.bankTransactionID == id)
      }
      #expect(await bank.requests("bookquoteddeal").count == 1)
    }
  }

  @Test(arguments: [
    "", "OK", "<html>", "null", "[]", "{}", #"{"result":{}}"#, #"{"result":{"resultCode":"0"}}"#,
    #"{"result":{"resultCode":0.0}}"#, #"{"result":{"resultCode":-1}}"#,
    #"{"result":{"resultCode":null}}"#, #"{"resultCode":0}"#,
    #"{"result":{"resultCode":0,"resultCode":7}}"#,
    #"{"result":{"resultCode":0},"result":{"resultCode":7}}"#,
    #"{"result":{"resultCode":0}} trailing"#, #"{"result":{"resultCode":0}"#,
  ])
  func `G8: 200 without a well-formed envelope leaves the deal unclear`(body: String) async throws {
    try await withBankAndGateway(["bookquoteddeal": [.answer(200, body)]]) { bank, gateway in
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(summary(answer) == "unclear: unreadable")
      #expect(await bank.requests("bookquoteddeal").count == 1)
    }
  }

  @Test(arguments: [200, 400, 409, 422])
  func `G9: a well-formed refusal is told with the bank's words`(status: Int) async throws {
    let body = Act.envelope(
      #""resultCode":7,"resultReasonCode":"VALIDATION","resultmsg":"Not so.\nReally.","#
        + #""validationErrors":[{"validation":"dealRate","error":"too low"},"#
        + #"{"validation":"quoteID","error":"odd"}]"#, "")
    try await withBankAndGateway(["bookquoteddeal": [.answer(status, body)]]) { bank, gateway in
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(
        answer
          == .refused(
            BankRefusal(
              reasonCode: "VALIDATION",
              message: "Not so. Really. (dealRate: too low; quoteID: odd)"),
            BankReceipt(bankTransactionID: "3f1c0f7e-0000-4000-8000-000000000001")))
      #expect(await bank.requests("bookquoteddeal").count == 1)
    }
  }

  @Test(arguments: [
    #"{"error":"bad request"}"#, "", Act.envelope(#""resultCode":0"#, ""),
  ])
  func `G10: 400 without a refusal in it leaves the deal unclear`(body: String) async throws {
    try await withBankAndGateway(["bookquoteddeal": [.answer(400, body)]]) { bank, gateway in
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(summary(answer) == "unclear: status 400")
      #expect(await bank.requests("bookquoteddeal").count == 1)
    }
  }

  @Test(arguments: ["127.0.0.1", "localhost", "[::1]"])
  func `G11: a refused connection is not sent`(host: String) async throws {
    try await withScriptedBank([:]) { bank, port in
      var settings = CapitecSettings.local(port: port)
      settings.tradingURL = "http://\(host):\(try await freePort())/trading"
      try await withGateway(settings) { gateway in
        let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
        #expect(summary(answer) == "not sent: not sent")
        #expect(summary(await gateway.cancelQuote(1)) == "not sent")
      }
    }
  }

  @Test func `G12: a name that does not resolve is not sent`() async throws {
    try await withScriptedBank([:]) { bank, port in
      var settings = CapitecSettings.local(port: port)
      settings.tradingURL = "https://no-such-bank.invalid/trading"
      try await withGateway(settings) { gateway in
        let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 60_000)
        #expect(summary(answer) == "not sent: not sent")
      }
    }
  }

  @Test(arguments: [
    (Act.answer(400, #"{"error":"invalid_grant"}"#), "not sent: unauthorized"),
    (.answer(500, ""), "not sent: status 500"), (.hangUp, "not sent: connection lost"),
    (.answer(429, "", headers: ["Retry-After: 1"]), "not sent: rate limited 1000"),
    (.answer(200, "{}"), "not sent: unreadable"), (.silence, "not sent: timeout"),
  ])
  func `G13: without a token nothing is sent`(act: Act, expected: String) async throws {
    try await withBankAndGateway(["token": [act], "bookquoteddeal": [.ok]]) { bank, gateway in
      let timeout: Int64 = if case .silence = act { 300 } else { 20_000 }
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: timeout)
      #expect(summary(answer) == expected)
      #expect(await bank.requests("bookquoteddeal").isEmpty)
    }
  }

  @Test
  func `a body that was not read and a connection that was not made are both needed for not sent`()
  {
    let refused = IOError(errnoCode: 111, reason: "connect")
    #expect(summary(BankConnections.trouble(refused, bodyWasRead: false)) == "not sent")
    #expect(summary(BankConnections.trouble(refused, bodyWasRead: true)) == "connection lost")
    let reset = IOError(errnoCode: 104, reason: "read")
    #expect(summary(BankConnections.trouble(reset, bodyWasRead: false)) == "connection lost")
    let closed = ChannelError.ioOnClosedChannel
    #expect(summary(BankConnections.trouble(closed, bodyWasRead: false)) == "connection lost")
  }
}

/// A port that nobody listens on, as far as this machine knows.
private func freePort() async throws -> Int {
  let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .bind(host: "127.0.0.1", port: 0).get()
  let port = try #require(server.localAddress?.port)
  try await server.close()
  return port
}
