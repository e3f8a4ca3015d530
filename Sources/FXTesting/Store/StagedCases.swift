import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  private func edit(_ draft: TradeDraft) -> RestageRequest.Entry {
    RestageRequest.Entry(id: identifier(), draft: draft)
  }

  fileprivate func restaging(
    _ batch: Batch, add: [TradeDraft] = [], change: [RestageRequest.Entry] = [],
    remove: Set<Identifier> = [], version: Int64? = nil, window: Int64? = nil
  ) -> RestageRequest {
    RestageRequest(
      batch: batch.key, add: add.map { edit($0) }, change: change, remove: remove, actor: person,
      expectedVersion: version, duplicateWindowMilliseconds: window)
  }

  fileprivate func draft(row: Int, client: Int, rands: Int) -> TradeDraft {
    TradeDraft(row: row, client: clients[client].key, deal: deal(rands: rands))
  }
}

extension StoreConformance {
  static let stagedCases: [StoreCase] = [
    StoreCase("changes the trades of a staged batch, and voids its approval") { world in
      let policy = BatchPolicy(approval: .required)
      let batch = try await world.create([0, 1, 2], policy: policy, starts: false)
      let later = try await world.create([3], starts: false)
      let before = try await world.trades(batch)
      let approval = BatchStep(
        batch: batch.key, actor: .person("sipho"),
        command: .approve(contentHash: batch.contentHash))
      let approved = try await world.store.perform(approval).get()
      #expect(approved.approvedBy != nil)
      let change = RestageRequest.Entry(
        id: before[2].id, draft: world.draft(row: 1, client: 3, rands: 7))
      let request = world.restaging(
        batch, add: [world.draft(row: 2, client: 0, rands: 9)], change: [change],
        remove: [before[0].id], version: approved.version)
      let edited = try await world.store.restage(request).get()
      #expect(edited.approvedBy == nil)
      #expect(edited.needsDecision == [.approval])
      #expect(edited.version == approved.version + 1)
      #expect(edited.counts.total == 3)
      #expect(try await world.present(batch) == edited)
      let after = try await world.trades(batch)
      #expect(after.map(\.id) == [before[1].id, before[2].id, request.add[0].id])
      #expect(after.map(\.row) == [1, 2, 3])
      #expect(after.map(\.cifNumber) == ["102", "104", "101"])
      #expect(after[1].deal == world.deal(rands: 7))
      #expect(after[0].version == before[1].version + 1)
      #expect(try await world.store.trade(before[0].id) == nil)
      #expect(try await world.pages(TradeQuery(statuses: [.pending])).count == 4)
      #expect(
        try await world.pages(TradeQuery(text: "104")).map(\.batch) == [batch.key, later.key])
      #expect(try await world.store.perform(approval) == .failure(.contentChanged))
      #expect(edited.contentHash != batch.contentHash)

      // The same content gets the same hash, by whatever way it came about.
      let back = world.restaging(
        batch, remove: [after[1].id, after[2].id], version: edited.version)
      let single = try await world.store.restage(back).get()
      var alone = world.request(
        [try await world.trades(batch)[0].draft], name: single.name, policy: policy,
        starts: false)
      alone.batch.pricing = single.pricing
      #expect(try await world.store.create(alone).get().contentHash == single.contentHash)
    },
    StoreCase("lets a batch be run whose trades were changed") { world in
      let batch = try await world.create([0, 1], starts: false)
      _ = try await world.create([2])
      let first = try #require(try await world.trades(batch).first)
      let added = [
        world.draft(row: 1, client: 2, rands: 5), world.draft(row: 2, client: 3, rands: 6),
      ]
      _ = try await world.store.restage(
        world.restaging(batch, add: added, remove: [first.id])
      ).get()
      _ = try await world.command(.start(), batch).get()
      let held = try #require(try await world.claim(only: [batch.key]).first)
      let taken = try await world.take(held)
      #expect(taken.map(\.row) == [1, 2, 3])
      for trade in taken {
        try await world.perform(.refuseQuote(Failure(.rateCheck, "-")), trade, under: held)
      }
      #expect(try await world.present(batch).status == .failed)
      #expect(try await world.store.summary(of: batch.key).failures.map(\.count) == [3])
      #expect(try await world.store.summary(of: batch.key).totals.requested.count == 1)
    },
    StoreCase("refuses a change of trades that it cannot make whole, and changes nothing") {
      world in
      let batch = try await world.create([0, 1], starts: false)
      let other = try await world.create([2], starts: false)
      let trades = try await world.trades(batch)
      let foreign = try await world.trades(other)[0]
      func refusal(_ request: RestageRequest) async throws -> RestageRefusal? {
        if case .failure(let refusal) = try await world.store.restage(request) {
          refusal
        } else {
          nil
        }
      }
      #expect(
        try await refusal(world.restaging(batch, remove: [foreign.id]))
          == .unknownTrades([foreign.id]))
      #expect(
        try await refusal(world.restaging(batch, remove: [trades[0].id], version: 99))
          == .batch(.staleVersion(present: batch.version)))
      if case .batch(.outOfBounds) = try await refusal(
        world.restaging(batch, remove: Set(trades.map(\.id))))
      {
      } else {
        Issue.record("a batch became empty")
      }
      _ = try await world.store.setActive(false, cifNumber: "104")
      #expect(
        try await refusal(
          world.restaging(batch, add: [world.draft(row: 7, client: 3, rands: 1)]))
          == .clients(rows: [7]))
      let window: Int64 = 3_600_000
      let twin = foreign.draft
      let again = try await refusal(world.restaging(batch, add: [twin], window: window))
      if case .duplicates(let found) = again {
        #expect(found.map(\.batchID) == [other.id])
      } else {
        Issue.record("\(String(describing: again))")
      }
      let new = world.draft(row: 3, client: 0, rands: 77)
      let twice = try await refusal(world.restaging(batch, add: [new, new], window: window))
      if case .duplicates(let found) = twice {
        #expect(found.map(\.batchID) == [batch.id])
      } else {
        Issue.record("\(String(describing: twice))")
      }
      #expect(try await world.present(batch) == batch)
      #expect(try await world.trades(batch) == trades)
      // What a change replaces is no duplicate of what it brings.
      let swap = RestageRequest.Entry(id: trades[0].id, draft: trades[0].draft)
      #expect(try await refusal(world.restaging(batch, change: [swap], window: window)) == nil)
      _ = try await world.command(.start(), batch).get()
      #expect(
        try await refusal(world.restaging(batch, remove: [trades[0].id]))
          == .batch(.wrongState(.pending)))
    },
    StoreCase("deletes what never sent a booking, out of every list") { world in
      let batch = try await world.create([0, 1], name: "Mistaken", starts: false)
      let kept = try await world.create([2], name: "Kept")
      let trades = try await world.trades(batch)
      let deleted = try await world.command(.delete, batch).get()
      #expect(deleted.deletedBy == world.person.description)
      #expect(try await world.store.batch(batch.id) == nil)
      #expect(try await world.store.trade(trades[0].id) == nil)
      for order in BatchQuery.Order.allCases where order != .lastEnded {
        #expect(try await world.pages(BatchQuery(order: order)).map(\.id) == [kept.id])
      }
      #expect(try await world.pages(BatchQuery(text: "mistaken")).isEmpty)
      #expect(try await world.pages(TradeQuery()).map(\.batch) == [kept.key])
      #expect(try await world.pages(TradeQuery(batch: batch.key)).isEmpty)
      #expect(try await world.pages(TradeQuery(cifNumber: "102")).isEmpty)
      #expect(try await world.command(.start(), batch) == .failure(.unknownBatch))
      #expect(
        try await world.perform(world.step(openly: .cancel, trades[0])) == .failure(.unknownTrade))
      #expect(
        try await world.store.restage(world.restaging(batch, remove: [trades[0].id]))
          == .failure(.batch(.unknownBatch)))
      let again = world.request(trades.map(\.draft), starts: false, window: 3_600_000)
      #expect(try await world.store.create(again).get().counts.total == 2)
      let events = try await world.store.feed(of: batch.id, after: 0, limit: 10)
      #expect(events.map(\.event.entry.kind) == [.batchCreated, .batchDeleted])
      try await world.store.seal()
    },
    StoreCase("keeps what has sent a booking, or may still run") { world in
      let batch = try await world.running([0])
      #expect(try await world.command(.delete, batch) == .failure(.wrongState(.running)))
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      try await world.perform(
        .recordRefused(attempt: 1, Failure(.bookingRefused, "-")), sent, under: batch)
      #expect(try await world.command(.delete, batch) == .failure(.recordsKept))
      let refused = try await world.running([1])
      let other = try #require(try await world.take(refused).first)
      try await world.perform(.refuseQuote(Failure(.rateCheck, "-")), other, under: refused)
      #expect(try await world.command(.delete, refused).get().deletedAt == world.clock.now)
      let cancelled = try await world.create([0], starts: false)
      #expect(try await world.command(.requestCancel(), cancelled).get().status == .cancelled)
      #expect(try await world.command(.delete, cancelled).get().deletedAt == world.clock.now)
    },
    StoreCase("is approved only as it was shown") { world in
      let policy = BatchPolicy(approval: .required)
      let batch = try await world.create([0], policy: policy, starts: false)
      func approve(_ seen: String) async throws -> Result<Batch, BatchRefusal> {
        try await world.store.perform(
          BatchStep(
            batch: batch.key, actor: .person("sipho"), command: .approve(contentHash: seen)))
      }
      let renamed = try await world.command(
        .change(name: "Other", maxConcurrentTrades: nil, policy: nil), batch
      ).get()
      #expect(renamed.contentHash.count == 64)
      #expect(try await approve(batch.contentHash) == .failure(.contentChanged))
      #expect(try await approve(renamed.contentHash).get().approvedBy == "person:sipho")
    },
    StoreCase("is no longer approved once it is edited, nor approved by an editor") { world in
      let batch = try await world.create(
        [0], policy: BatchPolicy(approval: .required), starts: false)
      func approve(_ person: Actor) async throws -> Result<Batch, BatchRefusal> {
        let seen = try await world.present(batch).contentHash
        return try await world.store.perform(
          BatchStep(batch: batch.key, actor: person, command: .approve(contentHash: seen)))
      }
      let (other, third) = (Actor.person("sipho"), Actor.person("lerato"))
      _ = try await approve(other).get()
      var policy = batch.policy
      policy.minimumMargin = Pips(rateUnits: -1)
      _ = try await world.command(.change(policy: policy), batch).get()
      #expect(try await world.present(batch).approvedBy == nil)
      #expect(try await world.command(.start(), batch) == .failure(.approvalRequired))
      // How urgent it is belongs to nothing that is approved.
      _ = try await approve(other).get()
      _ = try await world.command(.change(priority: 9), batch).get()
      #expect(try await world.present(batch).approvedBy != nil)

      _ = try await world.store.restage(
        RestageRequest(
          batch: batch.key,
          add: [.init(id: world.identifier(), draft: try #require(world.drafts([1]).first))],
          actor: other, duplicateWindowMilliseconds: nil)
      ).get()
      #expect(try await approve(other) == .failure(.approvesOwn))
      _ = try await approve(third).get()
      #expect(try await world.command(.start(), batch).get().status == .pending)
    },
    StoreCase("is not dealt unapproved by being cancelled and tried again") { world in
      let batch = try await world.create(
        [0], policy: BatchPolicy(approval: .required), starts: false)
      let trade = try #require(try await world.trades(batch).first)
      _ = try await world.perform(world.step(openly: .cancel, trade)).get()
      #expect(try await world.present(batch).status == .cancelled)
      #expect(
        try await world.command(.retry(.all, note: nil), batch) == .failure(.approvalRequired))
      let seen = try await world.present(batch).contentHash
      _ = try await world.store.perform(
        BatchStep(
          batch: batch.key, actor: .person("sipho"), command: .approve(contentHash: seen))
      ).get()
      #expect(try await world.command(.retry(.all, note: nil), batch).get().status == .pending)
    },
    StoreCase("ends at once when it is cancelled before it was started") { world in
      let batch = try await world.create([0, 1], starts: false)
      let cancelled = try await world.command(.requestCancel(), batch).get()
      #expect(cancelled.status == .cancelled)
      #expect(cancelled.counts.cancelled == 2)
      #expect(try await world.command(.retry(.all, note: nil), batch).get().status == .pending)
    },
    StoreCase("ends the leases that are over, and no others") { world in
      let first = try await world.running([0])
      world.clock.advance(byMilliseconds: world.leaseMilliseconds)
      let second = try await world.running([1])
      let freed = try await world.store.cleanUpLocks(actor: world.person)
      #expect(freed.map(\.id) == [first.id])
      #expect(try await world.present(first).lease == nil)
      #expect(try await world.present(second).lease != nil)
      let last = try await world.store.events(of: first.key, after: 0, limit: 100).last
      #expect(last?.entry.kind == .batchReleased)
      #expect(last?.entry.actor == world.person)
      #expect(try await world.store.cleanUpLocks(actor: world.person).isEmpty)
    },
  ]
}
