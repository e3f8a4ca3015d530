import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  func notice(
    _ kind: NoticeKind, of batch: Batch? = nil, sequence: Int64 = 1
  ) -> Notice {
    Notice(
      id: identifier(), kind: kind, at: clock.now, sequence: sequence, batch: batch?.key,
      batchID: batch?.id, text: "A sentence.")
  }

  func announce(_ notices: Notice..., deliveries: [MessageDelivery] = []) async throws {
    let cursor = try await store.noticeCursor()
    let isWritten = try await store.announce(
      Announcement(
        expecting: cursor, upTo: cursor + 1, notices: notices, deliveries: deliveries))
    #expect(isWritten)
  }

  fileprivate func listed(
    by person: String = "thandi", unread: Bool = false, before: Int64? = nil, limit: Int = 50
  ) async throws -> [ListedNotice] {
    try await store.notices(
      NoticeQuery(person: person, isUnread: unread, before: before, limit: limit))
  }
}

extension StoreConformance {
  static let noticeCases: [StoreCase] = [
    StoreCase("writes notices and messages with the cursor, once") { world in
      #expect(try await world.store.noticeCursor() == 0)
      let hook = try await world.store.add(world.webhook(), receipt: nil).get()
      let message = world.delivery(to: hook)
      let announcement = Announcement(
        expecting: 0, upTo: 7, notices: [world.notice(.success)], deliveries: [message])
      #expect(try await world.store.announce(announcement))
      // Another process that had read the same events comes too late, and writes nothing.
      #expect(try await !world.store.announce(announcement))
      #expect(try await world.store.noticeCursor() == 7)
      #expect(try await world.listed().count == 1)
      let put = try await world.store.deliveries(of: hook.id, before: nil, limit: 9)
      #expect(put.map(\.delivery) == [message])
    },
    StoreCase("lists notices newest first, a page at a time") { world in
      let batch = try await world.create([0], starts: false)
      for number in 1...5 {
        try await world.announce(world.notice(.started, of: batch, sequence: Int64(number)))
      }
      let first = try await world.listed(limit: 2)
      #expect(first.map(\.notice.sequence) == [5, 4])
      #expect(first[0].notice.batch == batch.key && first[0].notice.batchID == batch.id)
      let rest = try await world.listed(before: first[1].notice.number)
      #expect(rest.map(\.notice.sequence) == [3, 2, 1])
    },
    StoreCase("knows what each person has read") { world in
      for number in 1...4 {
        try await world.announce(world.notice(.failed, sequence: Int64(number)))
      }
      let all = try await world.listed()
      #expect(all.allSatisfy { !$0.isRead })
      #expect(try await world.store.unreadNotices(of: "thandi") == 4)
      let store = world.store
      try await store.markNotices(
        .these([all[0].notice.id, world.identifier()]), readBy: "thandi")
      try await store.markNotices(.these([all[0].notice.id]), readBy: "thandi")
      #expect(try await store.unreadNotices(of: "thandi") == 3)
      #expect(try await world.listed().map(\.isRead) == [true, false, false, false])
      try await store.markNotices(.upTo(all[2].notice.id), readBy: "thandi")
      #expect(try await world.listed(unread: true).map(\.notice) == [all[1].notice])
      // A mark never goes back.
      try await store.markNotices(.upTo(all[3].notice.id), readBy: "thandi")
      try await store.markNotices(.upTo(world.identifier()), readBy: "thandi")
      #expect(try await store.unreadNotices(of: "thandi") == 1)
      #expect(try await store.unreadNotices(of: "sipho") == 4)
    },
    StoreCase("knows whether a batch's doubt was told since it started") { world in
      let batch = try await world.create([0, 1])
      let other = try await world.create([2])
      func isKnown() async throws -> Bool {
        try await world.store.isDoubtAnnounced(of: batch.key)
      }
      #expect(try await !isKnown())
      try await world.announce(world.notice(.started, of: batch))
      try await world.announce(world.notice(.inDoubt, of: other))
      #expect(try await !isKnown())
      try await world.announce(world.notice(.inDoubt, of: batch))
      try await world.announce(world.notice(.failed, of: batch))
      #expect(try await isKnown())
      try await world.announce(world.notice(.started, of: batch))
      #expect(try await !isKnown())
    },
    StoreCase("forgets old notices and deliveries, and never a number") { world in
      let hook = try await world.store.add(world.webhook(), receipt: nil).get()
      let message = world.delivery(to: hook)
      try await world.announce(world.notice(.success), deliveries: [message])
      let old = try await world.listed()[0].notice
      try await world.store.markNotices(.these([old.id]), readBy: "thandi")
      try await world.store.markNotices(.upTo(old.id), readBy: "sipho")
      world.clock.advance(byMilliseconds: 1_000)
      try await world.store.forgetNotices(before: world.clock.now)
      #expect(try await world.listed().isEmpty)
      #expect(try await world.store.deliveries(of: hook.id, before: nil, limit: 9).isEmpty)
      #expect(try await world.taken().isEmpty)
      try await world.announce(world.notice(.success))
      let new = try await world.listed(by: "sipho")[0]
      #expect(new.notice.number > old.number && !new.isRead)
    },
    StoreCase("keeps webhooks, changes them, and deletes them") { world in
      let first = try await world.store.add(world.webhook(), receipt: nil).get()
      let second = try await world.store.add(world.webhook(), receipt: nil).get()
      #expect(try await world.store.webhooks() == [first, second])
      world.clock.advance(byMilliseconds: 5)
      let secret = SigningSecret(Array(repeating: 9, count: 32))
      let until = world.clock.now.advanced(byMilliseconds: 1_000)
      let changed = try #require(
        try await world.store.change(
          first.id,
          EndpointChange(
            url: "https://desk.example/2", kinds: [.killSwitch], note: "new", isEnabled: false,
            secret: secret, previousUntil: until)))
      #expect(try await world.store.endpoint(first.id) == changed)
      #expect(changed.updatedAt == world.clock.now && changed.kinds == [.killSwitch])
      #expect(changed.secrets(at: world.clock.now) == [secret, first.secret])
      #expect(changed.secrets(at: until) == [secret])
      #expect(try await world.store.deleteEndpoint(first.id) == changed)
      #expect(try await world.store.endpoint(first.id) == nil)
      #expect(try await world.store.webhooks() == [second])
      #expect(try await world.store.change(first.id, EndpointChange(isEnabled: true)) == nil)
      #expect(try await world.store.deleteEndpoint(first.id) == nil)
    },
    StoreCase("makes a webhook once for its receipt, and not too many") { world in
      let receipt = Receipt(
        owner: world.identifier(), key: "one", digest: Array(repeating: 1, count: 32))
      _ = try await world.store.add(world.webhook(), receipt: receipt).get()
      #expect(
        try await world.store.add(world.webhook(), receipt: receipt) == .failure(.repeated))
      for _ in 1..<NoticeBounds.webhooks {
        _ = try await world.store.add(world.webhook(), receipt: nil).get()
      }
      #expect(try await world.store.add(world.webhook(), receipt: nil) == .failure(.tooMany))
    },
    StoreCase("stores a batch's callbacks with it, or neither") { world in
      var request = world.request(world.drafts([0]))
      let callback = world.webhook()
      request.callbacks = [callback]
      let batch = try await world.store.create(request, receipt: nil).get()
      let stored = try await world.store.callbacks(of: batch.key)
      #expect(stored.map(\.id) == [callback.id] && stored[0].batch == batch.key)
      #expect(try await world.store.webhooks().isEmpty)
      #expect(try await world.store.endpoint(callback.id) == stored[0])
      var refused = world.request([], name: "Empty")
      refused.callbacks = [world.webhook()]
      #expect(try await world.store.create(refused, receipt: nil) == .failure(.empty))
      #expect(try await world.store.endpoint(refused.callbacks[0].id) == nil)
    },
  ]
}
