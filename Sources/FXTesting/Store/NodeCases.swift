import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  func life(_ node: NodeID, bank: String = "bank-a") -> NodeLife {
    NodeLife(
      node: node, bank: BankIdentity(bank), leaseMilliseconds: leaseMilliseconds,
      bankTimeoutMilliseconds: 30_000, doubtMarginMilliseconds: 60_000)
  }

  func pulse(_ node: NodeID, confirms: Bool = false) async throws {
    _ = try await store.pulse(life(node), confirmsKillSwitch: confirms)
  }

  func engage(_ engaged: Bool) async throws {
    _ = try await store.setKillSwitch(engaged: engaged, reason: "drill", actor: person).get()
  }

  /// The names of the nodes that have confirmed the kill switch.
  func confirmed() async throws -> [NodeID] {
    try await store.nodes().filter(\.confirmsKillSwitch).map(\.node)
  }
}

extension StoreConformance {
  static let nodeCases: [StoreCase] = [
    StoreCase("lists its nodes by name, and tells which may still act") { world in
      #expect(try await world.store.nodes().isEmpty)
      try await world.pulse(world.other)
      let seen = world.clock.now
      world.clock.advance(byMilliseconds: 1_000)
      try await world.pulse(world.node)
      let until = seen.advanced(byMilliseconds: world.leaseMilliseconds)
      #expect(
        try await world.store.nodes() == [
          LiveNode(
            node: world.node, lastSeenAt: world.clock.now,
            leaseUntil: until.advanced(byMilliseconds: 1_000), confirmsKillSwitch: false,
            isAlive: true),
          LiveNode(
            node: world.other, lastSeenAt: seen, leaseUntil: until, confirmsKillSwitch: false,
            isAlive: true),
        ])
      world.clock.advance(byMilliseconds: world.leaseMilliseconds - 1_000)
      #expect(try await world.store.nodes().map(\.isAlive) == [true, false])
    },
    StoreCase("tells what a node waits for, as it last said") { world in
      let life = world.life(world.node)
      for waitsFor in [nil, "the bank", "the bank, still", nil] as [String?] {
        _ = try await world.store.pulse(life, confirmsKillSwitch: false, waitsFor: waitsFor)
        #expect(try await world.store.nodes().map(\.waitsFor) == [waitsFor])
      }
    },
    StoreCase("calls a node alive while a batch is in its hands") { world in
      try await world.pulse(world.node)
      world.clock.advance(byMilliseconds: 10_000)
      let batch = try await world.running([0])
      let node = try #require(try await world.store.nodes().first)
      #expect(node.leaseUntil == batch.lease?.expiresAt)
      try await world.store.release([world.hold(batch)], node: world.node)
      #expect(
        try await world.store.nodes().first?.leaseUntil
          == node.lastSeenAt.advanced(byMilliseconds: world.leaseMilliseconds))
    },
    StoreCase("forgets predecessors, with the leases in their hands") { world in
      try await world.pulse(world.node)
      let mine = try await world.running([0])
      let trade = try #require(try await world.take(mine).first)
      let ended = try await world.create([1])
      _ = try await world.command(.requestCancel(), ended).get()
      _ = try await world.store.sweepCancelled(ended.key, limit: 9, actor: world.person)
      try await world.store.forgetPredecessors()
      #expect(try await world.store.nodes().isEmpty)
      #expect(try await world.present(mine).lease == nil)
      let log = try await world.store.events(of: mine.key, after: 0, limit: 100)
      #expect(log.last?.entry.kind == .batchReleased)
      #expect(log.last?.entry.actor == .node(world.node))
      // What was held is nobody's, and another bank's node may begin at once.
      #expect(try await world.tryIntent(trade, under: mine) == .failure(.leaseLost))
      _ = try await world.store.pulse(
        world.life(world.other, bank: "bank-b"), confirmsKillSwitch: false)
      #expect(try await world.claim(by: world.other).map(\.key) == [mine.key])
    },
    StoreCase("keeps the bank of open deals when predecessors are forgotten") { world in
      let batch = try await world.running([0, 1])
      let taken = try #require(try await world.take(batch, limit: 1).first)
      _ = try await world.book(taken, under: batch)
      try await world.store.forgetPredecessors()
      let again = try #require(try await world.claim(by: world.other).first)
      let next = try #require(try await world.take(again).first)
      #expect(
        try await world.tryIntent(next, under: again, bank: BankIdentity("bank-b"))
          == .failure(.otherBank(world.bank)))
    },
    StoreCase("takes a node's word, and not its reading, for a confirmed kill switch") { world in
      try await world.pulse(world.node, confirms: true)
      #expect(try await world.confirmed() == [])
      try await world.engage(true)
      try await world.pulse(world.node)
      #expect(try await world.confirmed() == [])
      try await world.pulse(world.node, confirms: true)
      try await world.pulse(world.other)
      #expect(try await world.confirmed() == [world.node])
    },
    StoreCase("has each engagement of the kill switch confirmed anew") { world in
      try await world.engage(true)
      try await world.pulse(world.node, confirms: true)
      try await world.engage(false)
      #expect(try await world.confirmed() == [])
      // A node that has not heard of the release says nothing about what comes after it.
      try await world.pulse(world.node, confirms: true)
      #expect(try await world.confirmed() == [])
      try await world.engage(true)
      #expect(try await world.confirmed() == [])
      try await world.pulse(world.node, confirms: true)
      #expect(try await world.confirmed() == [world.node])
      try await world.engage(true)
      #expect(try await world.confirmed() == [])
      try await world.pulse(world.node, confirms: true)
      #expect(try await world.confirmed() == [world.node])
    },
  ]
}
