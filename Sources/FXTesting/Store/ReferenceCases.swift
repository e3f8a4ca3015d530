import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  static let referenceCases: [StoreCase] = [
    StoreCase("creates clients and updates those it knows, by CIF number") { world in
      let counts = try await world.store.upsert([
        ClientRecord(name: "Renamed", cifNumber: "101", spread: .zero, accounts: []),
        ClientRecord(name: "New", cifNumber: "200", spread: .zero, accounts: []),
      ])
      #expect(counts == UpsertCounts(created: 1, updated: 1))
      let found = try await world.store.clients(withCIF: ["101", "200", "999"])
      #expect(Set(found.map(\.name)) == ["Renamed", "New"])
      #expect(found.first { $0.cifNumber == "101" }?.key == world.clients[0].key)
    },
    StoreCase("pages through clients in the order of CIF numbers") { world in
      let first = try await world.store.clients(after: nil, limit: 3)
      #expect(first.map(\.cifNumber) == ["101", "102", "103"])
      let rest = try await world.store.clients(after: "103", limit: 3)
      #expect(rest.map(\.cifNumber) == ["104"])
    },
    StoreCase("switches a client off and on") { world in
      let off = try await world.store.setActive(false, cifNumber: "101")
      #expect(off?.isActive == false)
      #expect(try await world.store.clients(withCIF: ["101"]) == [try #require(off)])
      // A file that names the client again does not switch it on.
      _ = try await world.store.upsert([
        ClientRecord(name: "Client 1", cifNumber: "101", spread: .zero, accounts: [])
      ])
      #expect(try await world.store.clients(withCIF: ["101"]).first?.isActive == false)
      #expect(try await world.store.setActive(true, cifNumber: "101")?.isActive == true)
      #expect(try await world.store.setActive(true, cifNumber: "999") == nil)
    },
    StoreCase("keeps what the bank tells of accounts, and counts those of unknown clients") {
      world in
      let told = SettlementAccount(
        cifNumber: "101", currency: .zar, accountNumber: "771ZAR", status: .open,
        balance: Money(minorUnits: 1_234_567, currency: .zar), syncedAt: world.clock.now)
      let new = SettlementAccount(
        cifNumber: "101", currency: .eur, accountNumber: "771EUR", status: .dormant,
        balance: nil, syncedAt: world.clock.now)
      let unknown = SettlementAccount(cifNumber: "999", currency: .zar, accountNumber: "1")
      #expect(
        try await world.store.sync([told, new, unknown])
          == UpsertCounts(created: 1, updated: 1, unknown: 1))
      let accounts = try await world.store.accounts(after: nil, cifNumber: "101", limit: 9)
      #expect(accounts.map(\.currency) == [.eur, .usd, .zar])
      #expect(accounts.first == new)
      #expect(accounts.last == told)
      // A file that gives the same number does not undo what the bank has told.
      _ = try await world.store.upsert([
        ClientRecord(
          name: "Client 1", cifNumber: "101", spread: .zero,
          accounts: [SettlementAccount(cifNumber: "101", currency: .zar, accountNumber: "771ZAR")])
      ])
      #expect(
        try await world.store.accounts(after: nil, cifNumber: "101", limit: 9).last == told)
    },
    StoreCase("pages through accounts by CIF number and currency") { world in
      var found: [SettlementAccount] = []
      while true {
        let cursor = found.last.map {
          AccountCursor(cifNumber: $0.cifNumber, currency: $0.currency)
        }
        let page = try await world.store.accounts(after: cursor, cifNumber: nil, limit: 3)
        if page.isEmpty { break }
        found += page
      }
      let expected = ["101", "102", "103", "104"].flatMap { ["\($0) USD", "\($0) ZAR"] }
      #expect(found.map { "\($0.cifNumber) \($0.currency)" } == expected)
      let after = AccountCursor(cifNumber: "101", currency: .usd)
      let rest = try await world.store.accounts(after: after, cifNumber: "101", limit: 3)
      #expect(rest.map(\.currency) == [.zar])
    },
    StoreCase("finds the accounts of many clients at once") { world in
      let found = try await world.store.accounts(ofCIF: ["103", "101", "999"])
      #expect(
        found.map { "\($0.cifNumber) \($0.currency)" } == [
          "101 USD", "101 ZAR", "103 USD", "103 ZAR",
        ])
      #expect(try await world.store.accounts(ofCIF: []).isEmpty)
    },
    StoreCase("asks for a confirmation before an OTC rate jumps") { world in
      let pair = world.deal(rands: 1).pair
      #expect(try await world.store.otcRate(pair) == nil)
      func set(_ units: Int64, confirmed: Bool) async throws -> Result<OTCRate, RateJump> {
        try await world.store.setOTCRate(
          Rate(units: units), for: pair, by: "thandi", confirmed: confirmed, jumpBasisPoints: 300)
      }
      let first = try await set(1_000_000_000, confirmed: false).get()
      #expect(first.setAt == world.clock.now)
      let edge = try await set(1_030_000_000, confirmed: false).get()
      #expect(
        try await set(1_070_000_000, confirmed: false) == .failure(RateJump(present: edge)))
      #expect(try await world.store.otcRate(pair) == edge)
      let jumped = try await set(1_070_000_000, confirmed: true).get()
      #expect(try await world.store.otcRate(pair) == jumped)
    },
  ]

  static let createCases: [StoreCase] = [
    StoreCase("stores a batch with its trades as they were given") { world in
      var draft = world.drafts([2, 0])
      draft[0].allowance = .sda
      draft[0].valueDate = CivilDate("2026-11-12")
      draft[0].externalRef = "order 7"
      draft[0].fixedRate = Rate(units: 1_800_000_000)
      draft[1].delivery = .tom
      let policy = BatchPolicy(
        onFailure: .cancel, toleratedFailures: 3, toleratedFailurePercent: 20, maxAttempts: 4,
        retries: QuoteRetries(
          transient: RetryRule(tries: 6, firstDelayMilliseconds: 7),
          rule: RetryRule(tries: 2, firstDelayMilliseconds: 8, greatestDelayMilliseconds: 9)),
        minimumMargin: Pips(rateUnits: 50_000))
      let request = world.request(draft, name: "Morning", policy: policy, starts: false)
      let batch = try await world.store.create(request).get()
      #expect(batch.status == .staged)
      #expect(batch.policy == policy)
      #expect(batch.counts.pending == 2)
      #expect(try await world.present(batch) == batch)
      let trades = try await world.trades(batch)
      #expect(trades.map(\.id) == request.tradeIDs)
      let expected = zip(trades, draft).map { trade, draft in
        var expected = Trade(
          key: trade.key, id: trade.id, batch: batch.key, batchID: batch.id,
          client: world.clients[draft.row == 1 ? 2 : 0], draft: draft, createdAt: world.clock.now)
        expected.value = draft.deal.amount
        return expected
      }
      #expect(trades == expected)
      let next = try await world.create([0])
      #expect(next.queuePosition > batch.queuePosition)
      #expect(next.status == .pending)
    },
    StoreCase("refuses a batch without trades, and one with clients gone or inactive") { world in
      #expect(try await world.store.create(world.request([])) == .failure(.empty))
      _ = try await world.store.setActive(false, cifNumber: "102")
      var drafts = world.drafts([0, 1, 2])
      drafts[2].client = ClientKey(987_654)
      #expect(
        try await world.store.create(world.request(drafts)) == .failure(.clients(rows: [2, 3])))
      #expect(try await world.store.batches(BatchQuery()).isEmpty)
    },
    StoreCase("refuses trades that stand in another batch of the window") { world in
      let window: Int64 = 86_400_000
      let first = try await world.create([0, 1])
      world.clock.advance(byMilliseconds: 1_000)
      let same = world.request(
        [world.drafts([3])[0]] + world.drafts([0, 1]).suffix(1), window: window)
      let duplicate = CreateRefusal.Duplicate(
        row: 2, batchID: first.id, createdAt: first.createdAt)
      #expect(try await world.store.create(same) == .failure(.duplicates([duplicate])))
      #expect(try await world.store.batches(BatchQuery()).count == 1)

      let otherReference = world.request(world.drafts([0, 1], reference: "B"), window: window)
      _ = try await world.store.create(otherReference).get()
      _ = try await world.store.create(world.request(world.drafts([0, 1]))).get()
      world.clock.advance(byMilliseconds: window + 1)
      _ = try await world.store.create(world.request(world.drafts([0, 1]), window: window)).get()
    },
    StoreCase("calls nothing a duplicate of a trade that was cancelled or failed") { world in
      let batch = try await world.create([0])
      _ = try await world.command(.requestCancel(), batch).get()
      _ = try await world.store.sweepCancelled(batch.key, limit: 9, actor: world.person)
      _ = try await world.store.create(
        world.request(world.drafts([0]), window: 86_400_000)
      ).get()
    },
  ]
}
