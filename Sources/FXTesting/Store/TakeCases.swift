import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  static let takeCases: [StoreCase] = [
    StoreCase("takes trades in the order of their rows, up to the limit") { world in
      let batch = try await world.running([3, 2, 1, 0, 3])
      #expect(try await world.take(batch, limit: 2).map(\.row) == [1, 2])
      let answer = try await world.store.take(
        TakeRequest(hold: world.hold(batch), limit: 2, actor: .node(world.node)))
      #expect(answer.trades.map(\.trade.row) == [3, 4])
      #expect(answer.batch.counts.quoting == 4)
      #expect(answer.batch == (try await world.present(batch)))
      #expect(try await world.take(batch).map(\.row) == [5])
      #expect(try await world.take(batch).isEmpty)
    },
    StoreCase("tells when the next trade is due, and takes none before") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      for (index, trade) in taken.enumerated() {
        let due = world.clock.now.advanced(byMilliseconds: Int64(9_000 - index * 1_000))
        try await world.perform(.deferQuote(nil, notBefore: due), trade, under: batch)
      }
      let request = TakeRequest(hold: world.hold(batch), limit: 5, actor: .node(world.node))
      let answer = try await world.store.take(request)
      #expect(answer.trades.isEmpty)
      #expect(answer.nextDue == world.clock.now.advanced(byMilliseconds: 8_000))
      #expect(!answer.blockedClients)
      world.clock.advance(byMilliseconds: 8_000)
      #expect(try await world.store.take(request).trades.map(\.trade.row) == [2])
    },
    StoreCase("passes over trades of a blocked client, and says so") { world in
      let batch = try await world.running([0, 0, 1])
      let first = try #require(try await world.take(batch, limit: 1).first)
      let sent = try await world.book(first, under: batch)
      try await world.perform(
        .recordUnclear(attempt: 1, Failure(.bankTimeout, "-")), sent, under: batch)
      let answer = try await world.store.take(
        TakeRequest(hold: world.hold(batch), limit: 5, actor: .node(world.node)))
      #expect(answer.trades.map(\.trade.row) == [3])
      #expect(answer.blockedClients)
    },
    StoreCase("hands out with a trade what its quote needs") { world in
      let pair = world.deal(rands: 1).pair
      let rate = try await world.store.setOTCRate(
        Rate(units: 1_780_000_000), for: pair, by: "thandi", confirmed: false,
        jumpBasisPoints: 300
      ).get()
      let batch = try await world.running([0])
      let request = TakeRequest(hold: world.hold(batch), limit: 5, actor: .node(world.node))
      let taken = try #require(try await world.store.take(request).trades.first)
      #expect(taken.otcRate == rate)
      #expect(taken.isClientActive)
      #expect(taken.accounts.map(\.currency) == [.usd, .zar])
      #expect(taken.earlierAttempts.isEmpty)
      let sent = try await world.book(taken.trade, under: batch)
      let back = try await world.perform(
        .recordNotSent(attempt: 1, Failure(.bankUnavailable, "-")), sent, under: batch)
      _ = try await world.store.setActive(false, cifNumber: back.cifNumber)
      let again = try #require(try await world.store.take(request).trades.first)
      #expect(again.earlierAttempts == [try #require(sent.dealTransactionID)])
      #expect(!again.isClientActive)
    },
    StoreCase("takes nothing when the batch may not book, and answers how it stands") { world in
      let batch = try await world.running([0, 1])
      let request = TakeRequest(hold: world.hold(batch), limit: 5, actor: .node(world.node))
      _ = try await world.store.setKillSwitch(engaged: true, reason: "-", actor: world.person)
      #expect(try await world.store.take(request).trades.isEmpty)
      _ = try await world.store.setKillSwitch(engaged: false, reason: "-", actor: world.person)
      _ = try await world.command(.pause, batch).get()
      let paused = try await world.store.take(request)
      #expect(paused.trades.isEmpty)
      #expect(paused.batch.status == .paused)
      _ = try await world.command(.resume, batch).get()
      _ = try await world.command(.requestCancel(), batch).get()
      let cancelled = try await world.store.take(request)
      #expect(cancelled.trades.isEmpty)
      #expect(cancelled.batch.isCancelRequested)
    },
    StoreCase("pages through trades that are under way, each with its last attempt") { world in
      let batch = try await world.running([0, 1, 2, 3])
      let taken = try await world.take(batch, limit: 3)
      let sent = try await world.book(taken[1], under: batch)
      let statuses: Set<TradeStatus> = [.quoting, .booking]
      let first = try await world.store.trades(
        of: batch.key, in: statuses, after: nil, limit: 2)
      #expect(first.map(\.trade.row) == [1, 2])
      #expect(first[0].attempt == nil)
      #expect(first[1].attempt?.dealTransactionID == sent.dealTransactionID)
      let rest = try await world.store.trades(
        of: batch.key, in: statuses, after: first[1].trade.key, limit: 2)
      #expect(rest.map(\.trade.row) == [3])
    },
  ]
}
