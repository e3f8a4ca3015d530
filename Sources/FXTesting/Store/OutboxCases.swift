import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  func webhook(kinds: Set<NoticeKind> = [.success, .failed]) -> Endpoint {
    Endpoint(
      id: identifier(), url: "https://desk.example/fx", kinds: kinds,
      secret: SigningSecret(Array(repeating: 7, count: 32)), createdAt: clock.now,
      createdBy: "person:admin", updatedAt: clock.now)
  }

  func delivery(to endpoint: Endpoint, dueIn milliseconds: Int64 = 0) -> MessageDelivery {
    MessageDelivery(
      id: identifier(), endpoint: endpoint.id, type: "batch.success", body: Array("{}".utf8),
      createdAt: clock.now, dueAt: clock.now.advanced(byMilliseconds: milliseconds))
  }

  func taken(limit: Int = 9) async throws -> [MessageDelivery] {
    try await store.takeDue(limit: limit, leaseMilliseconds: 1_000).map(\.delivery)
  }

  fileprivate func report(
    _ delivery: MessageDelivery, _ next: DeliveryReport.Next, status: Int? = 200,
    disables: String? = nil
  ) async throws {
    try await store.note(
      DeliveryReport(
        delivery: delivery.id,
        attempt: DeliveryAttempt(
          at: clock.now, milliseconds: 3, status: status,
          error: status == nil ? "no answer" : nil),
        next: next, disables: disables))
  }

  fileprivate func hook() async throws -> Endpoint {
    try await store.add(webhook(), receipt: nil).get()
  }

  fileprivate func put(_ endpoint: Endpoint, dueIn milliseconds: Int64 = 0) async throws
    -> MessageDelivery
  {
    let delivery = delivery(to: endpoint, dueIn: milliseconds)
    #expect(try await store.put(delivery))
    return delivery
  }
}

extension StoreConformance {
  static let outboxCases: [StoreCase] = [
    StoreCase("hands out one message of each endpoint at a time") { world in
      let (hook, other) = (try await world.hook(), try await world.hook())
      let first = try await world.put(hook)
      world.clock.advance(byMilliseconds: 1)
      let second = try await world.put(hook)
      let third = try await world.put(other)
      #expect(Set(try await world.taken()) == [first, third])
      #expect(try await world.taken().isEmpty)
      // What comes meanwhile waits for its turn.
      _ = try await world.put(hook)
      #expect(try await world.taken().isEmpty)
      try await world.report(first, .ended(.delivered))
      #expect(try await world.taken() == [second])
    },
    StoreCase("hands out again what its taker never noted") { world in
      let hook = try await world.hook()
      let delivery = try await world.put(hook)
      #expect(try await world.taken() == [delivery])
      world.clock.advance(byMilliseconds: 999)
      #expect(try await world.taken().isEmpty)
      world.clock.advance(byMilliseconds: 1)
      #expect(try await world.taken() == [delivery])
    },
    StoreCase("hands out no more than is asked for, and nothing early") { world in
      for _ in 0..<3 { _ = try await world.put(try await world.hook()) }
      let late = try await world.put(try await world.hook(), dueIn: 50)
      #expect(try await world.taken(limit: 2).count == 2)
      #expect(try await world.taken().count == 1)
      world.clock.advance(byMilliseconds: 50)
      #expect(try await world.taken() == [late])
    },
    StoreCase("tries again when it was told to, and logs every try") { world in
      let hook = try await world.hook()
      let delivery = try await world.put(hook)
      _ = try await world.taken()
      let again = world.clock.now.advanced(byMilliseconds: 100)
      try await world.report(delivery, .retry(at: again), status: nil)
      #expect(try await world.taken().isEmpty)
      world.clock.advance(byMilliseconds: 100)
      let taken = try await world.taken()
      #expect(taken.map(\.tries) == [1] && taken.map(\.body) == [delivery.body])
      try await world.report(delivery, .ended(.delivered))
      let logged = try #require(
        try await world.store.deliveries(of: hook.id, before: nil, limit: 9).first)
      #expect(logged.delivery.outcome == .delivered && logged.delivery.dueAt == nil)
      #expect(logged.delivery.endedAt == world.clock.now)
      #expect(logged.attempts.map(\.number) == [1, 2])
      #expect(logged.attempts.map(\.status) == [nil, 200])
      #expect(logged.attempts.map(\.error) == ["no answer", nil])
      world.clock.advance(byMilliseconds: 100_000)
      #expect(try await world.taken().isEmpty)
    },
    StoreCase("pages deliveries, and sends one again with its id") { world in
      let (hook, other) = (try await world.hook(), try await world.hook())
      let deliveries = [
        try await world.put(hook), try await world.put(hook), try await world.put(hook),
      ]
      let page = try await world.store.deliveries(of: hook.id, before: nil, limit: 2)
      #expect(page.map(\.delivery.id) == [deliveries[2].id, deliveries[1].id])
      let rest = try await world.store.deliveries(of: hook.id, before: page[1].cursor, limit: 2)
      #expect(rest.map(\.delivery.id) == [deliveries[0].id])
      _ = try await world.taken()
      try await world.report(deliveries[0], .ended(.failed), status: 500)
      let id = deliveries[0].id
      #expect(try await world.store.redeliver(id, to: other.id) == nil)
      #expect(try await world.store.redeliver(world.identifier(), to: hook.id) == nil)
      let again = try #require(try await world.store.redeliver(id, to: hook.id))
      #expect(again.delivery.outcome == nil && again.delivery.dueAt == world.clock.now)
      #expect(again.attempts.count == 1)
      var left: Set<Identifier> = []
      for _ in 0..<3 {
        for delivery in try await world.taken() {
          left.insert(delivery.id)
          try await world.report(delivery, .ended(.delivered))
        }
      }
      #expect(left == Set(deliveries.map(\.id)))
    },
    StoreCase("sends nothing to what is disabled or deleted") { world in
      let (hook, gone) = (try await world.hook(), try await world.hook())
      let first = try await world.put(hook)
      let second = try await world.put(hook, dueIn: 1)
      _ = try await world.put(gone, dueIn: 1)
      _ = try await world.taken()
      try await world.report(first, .ended(.failed), status: 410, disables: "It is gone.")
      let disabled = try #require(try await world.store.endpoint(hook.id))
      #expect(!disabled.isEnabled && disabled.disabledReason == "It is gone.")
      _ = try await world.store.deleteEndpoint(gone.id)
      world.clock.advance(byMilliseconds: 10)
      #expect(try await world.taken().isEmpty)
      #expect(try await !world.store.put(world.delivery(to: gone)))
      // Nor is anything new written for them.
      try await world.announce(
        deliveries: [world.delivery(to: hook), world.delivery(to: gone)])
      #expect(try await world.store.deliveries(of: hook.id, before: nil, limit: 9).count == 2)
      let enabled = try await world.store.change(hook.id, EndpointChange(isEnabled: true))
      #expect(enabled?.disabledReason == nil)
      #expect(try await world.taken() == [second])
    },
    StoreCase("takes no later word on what was delivered") { world in
      let hook = try await world.hook()
      let delivery = try await world.put(hook)
      _ = try await world.taken()
      try await world.report(delivery, .ended(.delivered))
      try await world.report(delivery, .retry(at: world.clock.now), status: nil)
      #expect(try await world.taken().isEmpty)
    },
  ]
}
