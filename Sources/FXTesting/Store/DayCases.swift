import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  fileprivate var day: CivilDate { CivilDate(dayNumber: 20_769) }

  fileprivate func wanted(scheduled: Bool = false, day: CivilDate? = nil) -> Reconciliation {
    Reconciliation(
      id: identifier(), day: day ?? self.day, isScheduled: scheduled, requestedAt: clock.now,
      requestedBy: scheduled ? .node(node) : person)
  }

  fileprivate func request(
    scheduled: Bool = false, day: CivilDate? = nil
  ) async throws -> Reconciliation {
    try await store.request(wanted(scheduled: scheduled, day: day), receipt: nil).get()
  }

  fileprivate func takeReconciliation(by node: NodeID) async throws -> Reconciliation? {
    try await store.takeReconciliation(by: node, leaseMilliseconds: 60_000)
  }

  fileprivate func lastEvent() async throws -> JournalEvent? {
    let newest = try await store.newestSequence()
    return try await store.events(of: nil, after: max(0, newest - 1), limit: 1).last
  }

  fileprivate func inquiry(
    _ trade: Trade, _ answer: String, asked: String = "d1"
  ) -> Inquiry {
    Inquiry(
      trade: trade.key, asked: asked, isByOurID: true, answer: answer, firstAskedAt: clock.now,
      lastAskedAt: clock.now, lastAnsweredAt: clock.now, bankDate: nil)
  }
}

extension StoreConformance {
  static let dayCases: [StoreCase] = [
    StoreCase("has one scheduled reconciliation a day, and one that is asked for at a time") {
      world in
      let first = try await world.request(scheduled: true)
      #expect(try await world.request(scheduled: true) == first)
      #expect(first.status == .requested && first.number > 0)
      #expect(
        try await world.store.request(world.wanted(), receipt: nil)
          == .failure(.underWay(first.id)))
      let next = try await world.request(scheduled: true, day: CivilDate(dayNumber: 20_770))
      #expect(next.number > first.number)
      let listed = try await world.store.reconciliations(before: nil, limit: 9)
      #expect(listed == [next, first])
      #expect(try await world.store.reconciliations(before: next.number, limit: 9) == [first])
      #expect(try await world.store.reconciliation(of: world.day) == first)
      #expect(try await world.store.reconciliation(world.identifier()) == nil)
    },
    StoreCase("gives a reconciliation to one node, and to another once it is silent") { world in
      let store = world.store
      #expect(try await world.takeReconciliation(by: world.node) == nil)
      let wanted = try await world.request()
      #expect(try await store.hasWaitingReconciliation())
      let taken = try #require(try await world.takeReconciliation(by: world.node))
      #expect(taken.id == wanted.id && taken.status == .running && taken.tries == 1)
      #expect(try await !store.hasWaitingReconciliation())
      #expect(try await world.takeReconciliation(by: world.other) == nil)
      world.clock.advance(byMilliseconds: 50_000)
      #expect(
        try await store.renewReconciliation(
          wanted.id, by: world.node, leaseMilliseconds: 60_000))
      world.clock.advance(byMilliseconds: 50_000)
      #expect(try await world.takeReconciliation(by: world.other) == nil)
      world.clock.advance(byMilliseconds: 20_000)
      #expect(try await world.takeReconciliation(by: world.other)?.tries == 2)
      #expect(
        try await !store.renewReconciliation(
          wanted.id, by: world.node, leaseMilliseconds: 60_000))
      let result = ReconciliationResult(.agrees, ReconciliationFigures(trades: 1))
      #expect(try await store.finish(wanted.id, by: world.node, result) == nil)
    },
    StoreCase("ends a reconciliation with what was found, and says so in the log") { world in
      let store = world.store
      let wanted = try await world.request()
      _ = try await world.takeReconciliation(by: world.node)
      let trade = world.identifier()
      let found = [
        ReconciliationDifference(kind: "missing_at_bank", trade: trade, sentence: "It is missing."),
        ReconciliationDifference(kind: "unexplained_line", trade: nil, sentence: "A line."),
      ]
      let figures = ReconciliationFigures(
        trades: 3, attempts: 4, statements: 5, unexplainedLines: 1, inDoubt: 1, differences: 2,
        tooEarlyUntil: world.clock.now)
      let ended = try #require(
        try await store.finish(
          wanted.id, by: world.node,
          ReconciliationResult(.differs, figures, reason: "Why.", differences: found)))
      #expect(ended.status == .differs && ended.figures == figures && ended.reason == "Why.")
      #expect(ended.endedAt == world.clock.now)
      #expect(try await store.reconciliation(wanted.id) == ended)
      #expect(try await store.differences(of: wanted.id) == found)
      let event = try #require(try await world.lastEvent())
      #expect(event.batch == Journal.installation && event.entry.kind == .reconciliationEnded)
      #expect(event.entry.to == "differs" && event.entry.note == ended.sentence)
      #expect(
        NoticeKind.kinds(of: event.entry, asksForApproval: false) == [.reconciliation])
      #expect(try await !store.hasWaitingReconciliation())
    },
    StoreCase("gives a reconciliation up that every process dies of") { world in
      let wanted = try await world.request(scheduled: true)
      for number in 1...Reconciliation.greatestTries {
        #expect(try await world.takeReconciliation(by: world.node)?.tries == number)
        world.clock.advance(byMilliseconds: 61_000)
      }
      #expect(try await world.takeReconciliation(by: world.node) == nil)
      let ended = try #require(try await world.store.reconciliation(wanted.id))
      #expect(ended.status == .incomplete && ended.reason != nil)
      #expect(try await world.lastEvent()?.entry.kind == .reconciliationEnded)
    },
    StoreCase("warns of each batch's due deals once, and then of none that day") { world in
      let store = world.store
      let batch = try await world.running([0, 1, 2])
      let trades = try await world.trades(batch)
      let booked = try await world.deal(trades[0], under: batch)
      _ = try await world.deal(trades[1], under: batch)
      let other = try await world.running([3])
      _ = try await world.deal(try await world.trades(other)[0], under: other)
      let day = try #require(booked.valueDate)
      let before = try await store.newestSequence()
      #expect(
        try await !store.warnOfSettlement(on: day, actor: .node(world.node), limit: 1))
      #expect(
        try await !store.warnOfSettlement(on: day, actor: .node(world.node), limit: 1))
      #expect(try await store.warnOfSettlement(on: day, actor: .node(world.node), limit: 1))
      let events = try await store.events(of: nil, after: before, limit: 9)
      #expect(events.map(\.entry.kind) == [.settlementDue, .settlementDue])
      #expect(events.map(\.batch) == [batch.key, other.key])
      #expect(events[0].entry.note?.hasPrefix("2 deals are due on \(day)") == true)
      #expect(events[0].entry.note?.contains(booked.id.description) == true)
      _ = try await world.deal(trades[2], under: batch)
      #expect(try await store.warnOfSettlement(on: day, actor: .node(world.node), limit: 9))
      #expect(try await store.newestSequence() == events[1].sequence + 3)
    },
    StoreCase("warns of no deal that is completed, or due on another day") { world in
      let store = world.store
      let batch = try await world.running([0])
      let booked = try await world.deal(try await world.trades(batch)[0], under: batch)
      let day = try #require(booked.valueDate)
      let next = CivilDate(dayNumber: day.dayNumber + 1)
      let before = try await store.newestSequence()
      #expect(try await store.warnOfSettlement(on: next, actor: .node(world.node), limit: 9))
      #expect(try await store.newestSequence() == before)
      try await world.perform(
        .recordSettled(attempt: booked.attempt, dealReference: "FXD-1"), booked, under: batch)
      let after = try await store.newestSequence()
      #expect(try await store.warnOfSettlement(on: day, actor: .node(world.node), limit: 9))
      #expect(try await store.newestSequence() == after)
    },
    StoreCase("keeps questions about a doubt, and counts those with the same answer") { world in
      let store = world.store
      let batch = try await world.running([0])
      let trade = try await world.trades(batch)[0]
      for (answer, asked) in [
        ("silent", "d1"), ("silent", "d1"), ("not_found", "b1"), ("silent", "d1"),
        ("not_found", "d1"), ("silent", "d1"),
      ] {
        world.clock.advance(byMilliseconds: 1_000)
        try await store.note(world.inquiry(trade, answer, asked: asked))
      }
      let found = try await store.inquiries(about: trade.key)
      #expect(found.map(\.answer) == ["silent", "not_found", "not_found", "silent"])
      #expect(found.map(\.times) == [3, 1, 1, 1])
      #expect(found[0].lastAskedAt.milliseconds(since: found[0].firstAskedAt) == 3_000)
      for number in 0..<Inquiry.keptPerTrade + 5 {
        try await store.note(world.inquiry(trade, "answer \(number)"))
      }
      let kept = try await store.inquiries(about: trade.key)
      #expect(kept.count == Inquiry.keptPerTrade)
      #expect(kept.last?.answer == "answer \(Inquiry.keptPerTrade + 4)")
      #expect(try await store.inquiries(about: TradeKey(999)).isEmpty)
    },
  ]
}
