import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  fileprivate func token(
    _ number: UInt8, person: String = "thandi", expiresAt: Timestamp? = nil
  ) -> AccessToken {
    AccessToken(
      id: identifier(), name: "laptop", person: person, role: .dealer,
      digest: Array(repeating: number, count: 32), createdAt: clock.now, createdBy: "admin",
      expiresAt: expiresAt)
  }

  fileprivate func session(_ number: UInt8, of token: AccessToken) -> Session {
    Session(
      digest: Array(repeating: number, count: 32), token: token.id, createdAt: clock.now,
      expiresAt: clock.now.advanced(byMilliseconds: 1_000))
  }

  fileprivate func receipt(_ key: String, digest: UInt8 = 1) -> Receipt {
    Receipt(
      owner: Identifier(high: 7, low: 7), key: key, digest: Array(repeating: digest, count: 32))
  }
}

extension StoreConformance {
  static let accessCases: [StoreCase] = [
    StoreCase("knows a token by its digest, and pages through all of them") { world in
      var issued: [AccessToken] = []
      for number in UInt8(1)...5 {
        issued.append(try await world.store.issue(world.token(number), receipt: nil).get())
      }
      #expect(try await world.store.token(digest: issued[2].digest) == issued[2])
      #expect(try await world.store.token(issued[3].id) == issued[3])
      #expect(try await world.store.token(digest: Array(repeating: 99, count: 32)) == nil)
      let first = try await world.store.tokens(after: nil, limit: 2)
      let rest = try await world.store.tokens(after: first.last?.id, limit: 9)
      #expect(first + rest == issued)
      world.clock.advance(byMilliseconds: 5)
      try await world.store.noteUse(of: issued[0].id)
      #expect(try await world.store.token(issued[0].id)?.lastUsedAt == world.clock.now)
    },
    StoreCase("ends a token for good, and its sessions with it") { world in
      let token = try await world.store.issue(world.token(1), receipt: nil).get()
      try await world.store.begin(world.session(9, of: token), replacing: nil)
      let before = try await world.store.installation().changeCounter
      let revoked = try #require(try await world.store.revoke(token.id))
      #expect(revoked.revokedAt == world.clock.now)
      #expect(!revoked.isValid(at: world.clock.now))
      world.clock.advance(byMilliseconds: 10)
      #expect(try await world.store.revoke(token.id) == revoked)
      #expect(try await world.store.session(digest: world.session(9, of: token).digest) == nil)
      #expect(try await world.store.revoke(world.identifier()) == nil)
      // Whoever holds a socket open hears of it.
      #expect(try await world.store.installation().changeCounter > before)
    },
    StoreCase("keeps a session until its end, its replacement, or the end of its token") { world in
      let end = world.clock.now.advanced(byMilliseconds: 500)
      let token = try await world.store.issue(world.token(1, expiresAt: end), receipt: nil).get()
      let lasting = try await world.store.issue(world.token(2), receipt: nil).get()
      let (first, second) = (world.session(1, of: lasting), world.session(2, of: lasting))
      try await world.store.begin(first, replacing: nil)
      #expect(
        try await world.store.session(digest: first.digest)
          == SignedIn(session: first, token: lasting))
      try await world.store.begin(second, replacing: first.digest)
      #expect(try await world.store.session(digest: first.digest) == nil)
      #expect(try await world.store.session(digest: second.digest) != nil)
      let short = world.session(3, of: token)
      try await world.store.begin(short, replacing: nil)
      world.clock.advance(byMilliseconds: 500)
      #expect(try await world.store.session(digest: short.digest) == nil)
      #expect(try await world.store.session(digest: second.digest) != nil)
      world.clock.advance(byMilliseconds: 500)
      #expect(try await world.store.session(digest: second.digest) == nil)
      try await world.store.endSession(digest: second.digest)
    },
    StoreCase("appends to the audit, and pages it newest first") { world in
      func entry(_ person: String?, _ status: Int) -> AuditEntry {
        AuditEntry(
          at: world.clock.now, person: person, role: person.map { _ in .dealer },
          token: person.map { _ in Identifier(high: 3, low: 4) }, address: "192.0.2.1",
          requestID: "r\(status)", call: "POST /api/batches", object: person, status: status,
          before: nil, after: person.map { _ in "{}" })
      }
      try await world.store.record([entry("thandi", 201), entry(nil, 401)])
      try await world.store.record([entry("sipho", 403), entry("thandi", 409)])
      let all = try await world.store.audit(AuditQuery(limit: 9))
      #expect(all.map(\.status) == [409, 403, 401, 201])
      var expected = entry("sipho", 403)
      expected.number = all[1].number
      #expect(all[1] == expected)
      let older = try await world.store.audit(AuditQuery(before: all[1].number, limit: 1))
      #expect(older.map(\.status) == [401])
      let hers = try await world.store.audit(AuditQuery(person: "thandi", limit: 9))
      #expect(hers.map(\.status) == [409, 201])
    },
    StoreCase("makes a change once for its receipt, and keeps the answer") { world in
      let receipt = world.receipt("one")
      let request = world.request(world.drafts([0, 1]))
      let batch = try await world.store.create(request, receipt: receipt).get()
      var again = world.request(world.drafts([0, 1]))
      #expect(try await world.store.create(again, receipt: receipt) == .failure(.repeated))
      #expect(try await world.store.batches(BatchQuery()).count == 1)
      let open = try #require(
        try await world.store.carriedOutRequest(owner: receipt.owner, key: receipt.key))
      #expect(open.subject == batch.id)
      #expect(open.answer == nil)
      #expect(open.receipt == receipt)
      let answer = KeptAnswer(
        status: 201, contentType: "application/json", location: "/api/batches/1", body: [123, 125])
      try await world.store.keep(answer, for: receipt)
      try await world.store.keep(
        KeptAnswer(status: 500, contentType: "text/plain", body: []), for: receipt)
      #expect(
        try await world.store.carriedOutRequest(owner: receipt.owner, key: receipt.key)?.answer
          == answer)
      // Another key is another wish.
      again.batch.name = "Second"
      _ = try await world.store.create(again, receipt: world.receipt("two")).get()
    },
    StoreCase("keeps no receipt of a change that was refused") { world in
      let receipt = world.receipt("pause")
      let batch = try await world.create([0], starts: false)
      let pause = BatchStep(batch: batch.key, actor: world.person, command: .pause)
      #expect(
        try await world.store.perform(pause, receipt: receipt) == .failure(.wrongState(.staged)))
      #expect(
        try await world.store.carriedOutRequest(owner: receipt.owner, key: receipt.key) == nil)
      _ = try await world.command(.start, batch).get()
      _ = try await world.store.perform(pause, receipt: receipt).get()
      #expect(try await world.store.perform(pause, receipt: receipt) == .failure(.repeated))
      let trade = try #require(try await world.trades(batch).first)
      let cancel = world.step(openly: .cancel, trade)
      let other = world.receipt("cancel")
      _ = try await world.store.perform(cancel, receipt: other).get()
      #expect(try await world.store.perform(cancel, receipt: other) == .failure(.repeated))
      #expect(
        try await world.store.carriedOutRequest(owner: other.owner, key: other.key)?.subject
          == trade.id)
    },
    StoreCase("keeps answers to requests that changed nothing, and forgets old ones") { world in
      let answer = KeptAnswer(status: 422, contentType: "application/problem+json", body: [1])
      try await world.store.keep(answer, for: world.receipt("old"))
      world.clock.advance(byMilliseconds: 1_000)
      try await world.store.keep(answer, for: world.receipt("new"))
      while try await world.store.forgetCarriedOutRequests(before: world.clock.now) {}
      let owner = world.receipt("old").owner
      #expect(try await world.store.carriedOutRequest(owner: owner, key: "old") == nil)
      #expect(try await world.store.carriedOutRequest(owner: owner, key: "new")?.answer == answer)
    },
  ]
}
