import FXPorts
import Synchronization
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G21 to G26.
@Suite struct `The token` {
  @Test func `G21: callers at the same time share one request for a token`() async throws {
    try await withBankAndGateway(["cancelquote": [.ok]]) { bank, gateway in
      await withTaskGroup(of: String.self) { group in
        for quote in Int64(1)...32 {
          group.addTask { summary(await gateway.cancelQuote(quote)) }
        }
        for await answer in group { #expect(answer == "Nothing()") }
      }
      #expect(await bank.requests("token").count == 1)
    }
  }

  @Test func `G22: after a 401 a call that carries no money is sent once more with a new token`()
    async throws
  {
    let acts = ["cancelquote": [Act.answer(401, ""), .ok]]
    try await withBankAndGateway(acts) { bank, gateway in
      #expect(summary(await gateway.cancelQuote(1)) == "Nothing()")
      let bearers = await bank.requests("cancelquote").map { $0.headers["authorization"] }
      #expect(bearers == ["Bearer access-1-canary", "Bearer access-2-canary"])
      let grants = await bank.requests("token").map(\.body)
      #expect(grants.count == 2)
      #expect(grants[1].contains("grant_type=refresh_token&refresh_token=refresh-1-canary"))
    }
  }

  @Test func `G23: a second 401 is an answer`() async throws {
    try await withBankAndGateway(["cancelquote": [.answer(401, "")]]) { bank, gateway in
      #expect(summary(await gateway.cancelQuote(1)) == "unauthorized")
      #expect(await bank.requests("cancelquote").count == 2)
    }
  }

  @Test func `G24: a booking that met 401 is not sent again, and the next call has a new token`()
    async throws
  {
    let acts = ["bookquoteddeal": [Act.answer(401, ""), .ok]]
    try await withBankAndGateway(acts) { bank, gateway in
      let first = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(summary(first) == "unclear: unauthorized")
      #expect(await bank.requests("bookquoteddeal").count == 1)
      let second = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(summary(second) == "accepted")
      let bearers = await bank.requests("bookquoteddeal").map { $0.headers["authorization"] }
      #expect(bearers == ["Bearer access-1-canary", "Bearer access-2-canary"])
    }
  }

  @Test func `G25: a token is renewed before its end, and by password where that is refused`()
    async throws
  {
    let start = ContinuousClock.now
    let seconds = Mutex(Int64(0))
    let acts = ["token": [Act.token(1), .answer(400, "{}"), .token(2), .token(3)]]
    try await withScriptedBank(acts) { bank, port in
      var settings = CapitecSettings.local(port: port)
      settings.externalToken = Secret("external-canary")
      try await withGateway(
        settings, uptime: { start.advanced(by: .seconds(seconds.withLock { $0 })) }
      ) { gateway in
        for (second, count) in [(Int64(0), 1), (3_539, 1), (3_540, 3), (7_079, 3), (7_080, 4)] {
          seconds.withLock { $0 = second }
          _ = await gateway.cancelQuote(1)
          #expect(await bank.requests("token").count == count, "after \(second) s")
        }
      }
      let form =
        "client_id=client-canary&client_secret=secret%26canary&grant_type=password"
        + "&username=user%40canary.example&password=pass+word%2Bcanary"
        + "&scope=offline_access+api%3A%2F%2Fclient-canary%2F.default"
      let grants = await bank.requests("token")
      #expect(grants[0].body == form)
      #expect(grants[1].body.contains("grant_type=refresh_token&refresh_token=refresh-1-canary"))
      #expect(grants[2].body == form)
      #expect(grants[3].body.contains("grant_type=refresh_token&refresh_token=refresh-2-canary"))
      #expect(grants.allSatisfy { $0.headers["authorization"] == "Bearer external-canary" })
      #expect(
        grants.allSatisfy { $0.headers["content-type"] == "application/x-www-form-urlencoded" })
    }
  }

  @Test(arguments: [
    (Act.answer(400, #"{"error":"invalid_grant"}"#), "unauthorized"),
    (.answer(401, #"{"error":"invalid_client"}"#), "unauthorized"),
    (.answer(429, "", headers: ["Retry-After: 3"]), "rate limited 3000"),
    (.answer(500, ""), "not sent"), (.hangUp, "not sent"), (.answer(200, "{}"), "not sent"),
    (.token(1, lifeSeconds: 0), "not sent"),
  ])
  func `G26: without a token a call is not sent, and says why`(
    act: Act, expected: String
  ) async throws {
    try await withBankAndGateway(["token": [act], "cancelquote": [.ok]]) { bank, gateway in
      #expect(summary(await gateway.cancelQuote(1)) == expected)
      #expect(await bank.requests("cancelquote").isEmpty)
    }
  }

  @Test func `a failed fetch fails for all who waited, and is not repeated by each of them`()
    async throws
  {
    let fetches = Mutex(0)
    let gate = Gate()
    let keeper = TokenKeeper(
      now: { .now },
      fetch: { _ in
        fetches.withLock { $0 += 1 }
        await gate.wait()
        return .failure(.unauthorized)
      })
    await withTaskGroup(of: TokenKeeper.Outcome.self) { group in
      group.addTask { await keeper.token() }
      await gate.reached()
      for _ in 1...16 { group.addTask { await keeper.token() } }
      while keeper.waitingCount < 16 { await Task.yield() }
      await gate.open()
      for await outcome in group { #expect(outcome == .failure(.unauthorized)) }
    }
    #expect(fetches.withLock { $0 } == 1)
  }

  @Test func `when the caller who fetches is cancelled, another takes over`() async throws {
    let fetches = Mutex(0)
    let keeper = TokenKeeper(
      now: { .now },
      fetch: { _ in
        let number = fetches.withLock { fetches in
          fetches += 1
          return fetches
        }
        if number == 1 {
          while !Task.isCancelled { await Task.yield() }
          return .failure(.connectionLost("cancelled"))
        }
        return .success(
          Grant(accessToken: Secret("t\(number)"), refreshToken: nil, lifeSeconds: 3_600))
      })
    await withTaskGroup(of: TokenKeeper.Outcome.self) { group in
      group.addTask {
        await withTaskGroup(of: TokenKeeper.Outcome.self) { leader in
          leader.addTask { await keeper.token() }
          while keeper.waitingCount < 4 { await Task.yield() }
          leader.cancelAll()
          return await leader.next() ?? .failure(.timeout)
        }
      }
      while fetches.withLock({ $0 }) == 0 { await Task.yield() }
      for _ in 1...4 { group.addTask { await keeper.token() } }
      var succeeded = 0
      for await outcome in group where outcome == .success(Secret("t2")) { succeeded += 1 }
      #expect(succeeded == 4)
    }
    #expect(fetches.withLock { $0 } == 2)
  }

  @Test func `a caller who is cancelled while waiting leaves at once`() async throws {
    let gate = Gate()
    let keeper = TokenKeeper(
      now: { .now },
      fetch: { _ in
        await gate.wait()
        return .success(Grant(accessToken: Secret("t"), refreshToken: nil, lifeSeconds: 3_600))
      })
    await withTaskGroup(of: Void.self) { group in
      group.addTask { #expect(await keeper.token() == .success(Secret("t"))) }
      await gate.reached()
      await withTaskGroup(of: TokenKeeper.Outcome.self) { follower in
        follower.addTask { await keeper.token() }
        while keeper.waitingCount < 1 { await Task.yield() }
        follower.cancelAll()
        let outcome = await follower.next()
        #expect(outcome == .failure(.notSent("no token: the call was cancelled")))
      }
      await gate.open()
    }
  }

  @Test func `a token is used for four fifths of a short life`() {
    var state = TokenState()
    let start = ContinuousClock.now
    #expect(state.ask(replacing: nil, now: start) == .fetch(refreshToken: nil))
    #expect(state.ask(replacing: nil, now: start) == .wait)
    state.fetched(
      Grant(accessToken: Secret("a"), refreshToken: Secret("r"), lifeSeconds: 10), now: start)
    let before = start.advanced(by: .milliseconds(7_999))
    #expect(state.ask(replacing: nil, now: before) == .use(Secret("a")))
    #expect(state.ask(replacing: Secret("b"), now: before) == .use(Secret("a")))
    let after = start.advanced(by: .milliseconds(8_000))
    #expect(state.ask(replacing: nil, now: after) == .fetch(refreshToken: Secret("r")))
    state.failed()
    #expect(state.ask(replacing: nil, now: start) == .fetch(refreshToken: Secret("r")))
  }
}

/// Holds callers until it is opened.
private actor Gate {
  private var isOpen = false
  private var held: [CheckedContinuation<Void, Never>] = []
  private var watching: [CheckedContinuation<Void, Never>] = []

  func wait() async {
    guard !isOpen else { return }
    await withCheckedContinuation { continuation in
      held.append(continuation)
      for watcher in watching { watcher.resume() }
      watching = []
    }
  }

  func reached() async {
    guard held.isEmpty else { return }
    await withCheckedContinuation { watching.append($0) }
  }

  func open() {
    isOpen = true
    for continuation in held { continuation.resume() }
    held = []
  }
}
