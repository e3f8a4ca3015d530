import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  static let queueCases: [StoreCase] = [
    StoreCase("claims in the order of the queue: priority, then position, then age") { world in
      let low = try await world.create([0], name: "low", priority: 3)
      let high = try await world.create([1], name: "high", priority: 9)
      let moved = try await world.create([2], name: "moved", priority: 3)
      let last = try await world.create([3], name: "last", priority: 3)
      let before = low.queuePosition - 1
      _ = try await world.command(.setPriority(3, queuePosition: before), moved).get()
      let order = [high, moved, low, last].map(\.name)
      let queue = try await world.store.batches(
        BatchQuery(statuses: [.pending], order: .queue, limit: 10))
      #expect(queue.map(\.name) == order)
      let after = try await world.store.batches(
        BatchQuery(
          statuses: [.pending], order: .queue, after: BatchCursor(of: queue[1], in: .queue),
          limit: 10))
      #expect(after.map(\.name) == [low.name, last.name])
      var claimed: [String] = []
      while let batch = try await world.claim().first { claimed.append(batch.name) }
      #expect(claimed == order)
    },
    StoreCase("keeps a batch's position when only its priority changes, and re-orders at once") {
      world in
      let first = try await world.create([0], name: "first")
      let second = try await world.create([1], name: "second")
      let changed = try await world.command(.setPriority(8, queuePosition: nil), second).get()
      #expect(changed.queuePosition == second.queuePosition)
      #expect(changed.priority == 8)
      #expect(try await world.claim().map(\.name) == ["second"])
      #expect(try await world.claim().map(\.name) == [first.name])
    },
    StoreCase("claims as many batches as there is room to book and to watch") { world in
      let booking = [
        try await world.create([0], name: "one"), try await world.create([1], name: "two"),
      ]
      let doubtful = try await world.running([2], policy: BatchPolicy())
      let trade = try #require(try await world.take(doubtful).first)
      let sent = try await world.book(trade, under: doubtful)
      try await world.perform(
        .recordUnclear(attempt: 1, Failure(.bankTimeout, "no answer")), sent, under: doubtful)
      try await world.store.release([world.hold(doubtful)], node: world.node)

      #expect(try await world.claim(booking: 0, watching: 0).isEmpty)
      let watched = try await world.claim(booking: 0, watching: 5)
      #expect(watched.map(\.key) == [doubtful.key])
      #expect(watched.first?.status == .running)
      #expect(try await world.claim(booking: 1, watching: 0).map(\.key) == [booking[0].key])
      #expect(try await world.claim(booking: 9, watching: 9).map(\.key) == [booking[1].key])
      #expect(try await world.claim(booking: 9, watching: 9).isEmpty)
    },
    StoreCase("claims only what it is asked for") { world in
      _ = try await world.create([0])
      let wanted = try await world.create([1])
      #expect(try await world.claim(booking: 5, only: [wanted.key]).map(\.key) == [wanted.key])
      #expect(try await world.claim(booking: 5, only: []).isEmpty)
    },
    StoreCase("claims no staged batch, and a paused one only to watch") { world in
      _ = try await world.create([0], starts: false)
      let paused = try await world.create([1])
      _ = try await world.command(.pause, paused).get()
      #expect(try await world.claim(booking: 5, watching: 5).isEmpty)
      _ = try await world.command(.requestCancel(), paused).get()
      #expect(try await world.claim(booking: 0, watching: 1).map(\.key) == [paused.key])
    },
    StoreCase("counts a batch that is flagged cancelled as one to watch") { world in
      let batch = try await world.create([0, 1])
      _ = try await world.command(.requestCancel(), batch).get()
      #expect(try await world.claim(booking: 5, watching: 0).isEmpty)
      #expect(try await world.claim(booking: 0, watching: 1).count == 1)
    },
  ]

  static let leaseCases: [StoreCase] = [
    StoreCase("raises the generation with each claim and writes who holds the batch") { world in
      let created = try await world.create([0])
      #expect(created.generation == 0)
      #expect(created.lease == nil)
      let claimed = try #require(try await world.claim().first)
      let now = world.clock.now
      #expect(claimed.generation == 1)
      #expect(claimed.status == .running)
      #expect(claimed.startedAt == now)
      #expect(
        claimed.lease
          == Lease(
            owner: world.node, lockedAt: now,
            expiresAt: now.advanced(byMilliseconds: world.leaseMilliseconds)))
      #expect(try await world.present(created) == claimed)
    },
    StoreCase("gives a batch to another node only once the lease has ended") { world in
      let mine = try await world.running([0])
      world.clock.advance(byMilliseconds: world.leaseMilliseconds - 1)
      #expect(try await world.claim(by: world.other).isEmpty)
      world.clock.advance(byMilliseconds: 1)
      let theirs = try #require(try await world.claim(by: world.other).first)
      #expect(theirs.generation == mine.generation + 1)
      #expect(theirs.lease?.owner == world.other)
    },
    StoreCase("prolongs a hold that has not ended, and no other") { world in
      let batch = try await world.running([0])
      let hold = world.hold(batch)
      let lease = world.leaseMilliseconds
      world.clock.advance(byMilliseconds: 100_000)
      let renewed = try await world.store.renew(
        [hold], node: world.node, leaseMilliseconds: lease)
      #expect(
        renewed.first?.lease?.expiresAt == world.clock.now.advanced(byMilliseconds: lease))
      #expect(
        try await world.store.renew([hold], node: world.other, leaseMilliseconds: lease).isEmpty)
      let older = Hold(batch: hold.batch, generation: hold.generation - 1)
      #expect(
        try await world.store.renew([older], node: world.node, leaseMilliseconds: lease).isEmpty)
      world.clock.advance(byMilliseconds: lease)
      #expect(
        try await world.store.renew([hold], node: world.node, leaseMilliseconds: lease).isEmpty)
      #expect(try await world.present(batch).lease == renewed.first?.lease)
    },
    StoreCase("ends a hold that is still this one, so that others may claim at once") { world in
      let batch = try await world.running([0])
      try await world.store.release(
        [Hold(batch: batch.key, generation: batch.generation - 1)], node: world.node)
      #expect(try await world.claim(by: world.other).isEmpty)
      try await world.store.release([world.hold(batch)], node: world.node)
      #expect(try await world.present(batch).lease == nil)
      #expect(try await world.claim(by: world.other).first?.generation == 2)
    },
    StoreCase("refuses a write from an owner whose lease was taken over") { world in
      let mine = try await world.running([0])
      let trade = try #require(try await world.take(mine).first)
      world.clock.advance(byMilliseconds: world.leaseMilliseconds)
      let late = world.step(.recordIntent(try world.intent(trade)), trade, under: mine)
      // Ended is enough: nobody need have taken over.
      #expect(try await world.perform(late) == .failure(.leaseLost))
      let theirs = try #require(try await world.claim(by: world.other).first)
      #expect(try await world.perform(late) == .failure(.leaseLost))
      #expect(try await world.present(mine).counts == theirs.counts)
      let answer = try await world.store.take(
        TakeRequest(hold: world.hold(mine), limit: 5, actor: .node(world.node)))
      #expect(answer.trades.isEmpty)
      #expect(answer.batch.generation == theirs.generation)
    },
    StoreCase("refuses to start a node beside a living one with another bank or other bounds") {
      world in
      func life(_ node: NodeID, bank: String = "bank-a", lease: Int64 = 300_000) -> NodeLife {
        NodeLife(
          node: node, bank: BankIdentity(bank), leaseMilliseconds: lease,
          bankTimeoutMilliseconds: 30_000, doubtMarginMilliseconds: 60_000)
      }
      let installation = try await world.store.pulse(life(world.node), confirmsKillSwitch: false)
      #expect(try await world.store.installation() == installation)
      _ = try await world.store.pulse(life(world.other), confirmsKillSwitch: false)
      for wrong in [life(NodeID("third"), bank: "bank-b"), life(NodeID("third"), lease: 200_000)] {
        await #expect { try await world.store.pulse(wrong, confirmsKillSwitch: false) } throws: {
          error in
          if case StoreError.engineElsewhere = error { true } else { false }
        }
      }
      world.clock.advance(byMilliseconds: 300_001)
      _ = try await world.store.pulse(
        life(NodeID("third"), bank: "bank-b"), confirmsKillSwitch: false)
    },
  ]
}
