import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  /// Every page of a list, in pages of this size.
  func pages(_ query: BatchQuery, of size: Int = 2) async throws -> [Batch] {
    var query = query
    query.limit = size
    var found: [Batch] = []
    while true {
      let page = try await store.batches(query)
      #expect(page.count <= query.limit)
      if page.isEmpty { return found }
      found += page
      query.after = page.last.map { BatchCursor(of: $0, in: query.order) }
    }
  }

  func pages(_ query: TradeQuery, of size: Int = 2) async throws -> [Trade] {
    var query = query
    query.limit = size
    var found: [Trade] = []
    while true {
      let page = try await store.trades(query)
      #expect(page.count <= query.limit)
      if page.isEmpty { return found }
      found += page
      query.after = page.last?.key
    }
  }

  /// Seven batches of all kinds, made ten seconds apart, in the order of their making.
  fileprivate func desk() async throws -> [Batch] {
    let approval = BatchPolicy(approval: .required)
    var made = [try await create([0, 1], name: "Morning run", starts: false)]
    clock.advance(byMilliseconds: 10_000)
    let failed = try await running([1])
    let trade = try #require(try await take(failed).first)
    try await perform(.refuseQuote(Failure(.quoteRefused, "-")), trade, under: failed)
    made.append(failed)
    clock.advance(byMilliseconds: 10_000)
    made.append(try await create([0], name: "MÜLLER morning", policy: approval, starts: false))
    clock.advance(byMilliseconds: 10_000)
    made.append(try await running([2, 3, 1]))
    clock.advance(byMilliseconds: 10_000)
    let ended = try await running([0])
    let other = try #require(try await take(ended).first)
    try await perform(.refuseQuote(Failure(.rateCheck, "-")), other, under: ended)
    _ = try await command(.accept(note: "agreed"), ended).get()
    made.append(ended)
    clock.advance(byMilliseconds: 10_000)
    made.append(
      try await store.create(request(drafts([3, 3, 3], reference: "PAY-17"), name: "x")).get())
    clock.advance(byMilliseconds: 10_000)
    made.append(try await create([3], name: "Evening", priority: 9))
    var present: [Batch] = []
    for batch in made { present.append(try await self.present(batch)) }
    return present
  }
}

extension StoreConformance {
  static let searchCases: [StoreCase] = [
    StoreCase("lists batches by every condition and in every order, page by page") { world in
      let made = try await world.desk()
      let moments = made.map(\.createdAt)
      for order in BatchQuery.Order.allCases {
        for statuses in [[], [.failed], [.staged, .pending, .running]] as [Set<BatchStatus>] {
          for needs in [nil, true, false] {
            for leased in [nil, true, false] {
              for (from, to) in [(nil, nil), (moments[2], nil), (moments[1], moments[5])] {
                let query = BatchQuery(
                  statuses: statuses, needsDecision: needs, isLeased: leased, createdFrom: from,
                  createdTo: to, order: order)
                let expected = made.filter { batch in
                  (order != .queue || !batch.status.isFinal)
                    && (order != .lastEnded || batch.completedAt != nil)
                    && (statuses.isEmpty || statuses.contains(batch.status))
                    && (needs == nil || needs == !batch.needsDecision.isEmpty)
                    && (leased == nil || leased == (batch.lease != nil))
                    && (from == nil || batch.createdAt >= from!)
                    && (to == nil || batch.createdAt < to!)
                }.sorted { BatchCursor(of: $0, in: order) < BatchCursor(of: $1, in: order) }
                #expect(try await world.pages(query) == expected, "\(query)")
              }
            }
          }
        }
      }
    },
    StoreCase("sorts batches by coming, queue, status, number of trades and end") { world in
      let made = try await world.desk()
      func rows(_ order: BatchQuery.Order) async throws -> [Int] {
        try await world.pages(BatchQuery(order: order)).map { batch in
          made.firstIndex(of: batch) ?? -1
        }
      }
      #expect(try await rows(.oldestFirst) == [0, 1, 2, 3, 4, 5, 6])
      #expect(try await rows(.newestFirst) == [6, 5, 4, 3, 2, 1, 0])
      #expect(try await rows(.queue) == [6, 0, 2, 3, 5])
      #expect(try await rows(.status) == [2, 0, 6, 5, 3, 4, 1])
      #expect(try await rows(.total) == [5, 3, 0, 6, 4, 2, 1])
      #expect(try await rows(.lastEnded) == [4, 1])
    },
    StoreCase("goes on after a cursor though its batch has changed since") { world in
      let made = try await world.desk()
      let query = BatchQuery(order: .status, limit: 3)
      let page = try await world.store.batches(query)
      #expect(page == [made[2], made[0], made[6]])
      _ = try await world.command(.pause, made[6]).get()
      var rest = query
      rest.after = page.last.map { BatchCursor(of: $0, in: .status) }
      rest.limit = 50
      #expect(
        try await world.store.batches(rest).map(\.id)
          == [made[5], made[3], made[6], made[4], made[1]].map(\.id))
      let cursor = BatchCursor(of: made[5], in: .total)
      #expect(BatchCursor(values: cursor.values, in: .total) == cursor)
      #expect(BatchCursor(values: cursor.values, in: .queue) == nil)
    },
    StoreCase("knows a lease that has ended by its own clock") { world in
      let batch = try await world.running([0])
      #expect(try await world.store.batches(BatchQuery(isLeased: true)).map(\.id) == [batch.id])
      world.clock.advance(byMilliseconds: world.leaseMilliseconds)
      #expect(try await world.store.batches(BatchQuery(isLeased: true)).isEmpty)
      #expect(try await world.store.batches(BatchQuery(isLeased: false)).map(\.id) == [batch.id])
    },
    StoreCase("finds what came in while the clock was set back") { world in
      let start = world.clock.now
      var made: [Batch] = []
      for offset in [0, 50_000, 10_000, 20_000, 60_000] as [Int64] {
        world.clock.advance(
          byMilliseconds: start.advanced(byMilliseconds: offset).milliseconds(
            since: world.clock.now))
        made.append(try await world.create([0]))
      }
      for from in [0, 10_000, 15_000, 50_000, 55_000, 70_000] as [Int64] {
        for length in [1, 5_000, 30_000, 100_000] as [Int64] {
          let (first, last) = (
            start.advanced(byMilliseconds: from), start.advanced(byMilliseconds: from + length)
          )
          let expected = made.filter { $0.createdAt >= first && $0.createdAt < last }.map(\.key)
          let batches = BatchQuery(createdFrom: first, createdTo: last, order: .oldestFirst)
          #expect(try await world.pages(batches).map(\.key) == expected)
          for order in TradeQuery.Order.allCases {
            let trades = TradeQuery(createdFrom: first, createdTo: last, order: order)
            #expect(
              try await world.pages(trades).map(\.batch)
                == (order == .oldestFirst ? expected : expected.reversed()))
          }
        }
      }
    },
    StoreCase("finds batches by name, id, client and reference") { world in
      let made = try await world.desk()
      let settled = try await world.settled(in: made[3])
      func rows(_ text: String, _ order: BatchQuery.Order) async throws -> [Int] {
        try await world.pages(BatchQuery(text: text, order: order)).map { batch in
          made.firstIndex { $0.id == batch.id } ?? -1
        }
      }
      let reference = try #require(settled.dealReference)
      let sought: [(String, [Int])] = [
        ("morning", [0, 2]), ("RUN", [0]), ("Müller", [2]), ("üll", [2]), ("mü", [2]),
        ("x", [5]), ("ng", [0, 2, 6]), ("morning runs", []), ("", [0, 1, 2, 3, 4, 5, 6]),
        (made[3].id.description, [3]), ("101", [0, 2, 4]), ("client 4", [3, 5, 6]),
        ("PAY", [5]), ("PAY-17", [5]), ("pay-17", []), (reference, [3]),
        (String(reference.dropLast()), []), ("10", []), (String(repeating: "a", count: 300), []),
      ]
      for (text, expected) in sought {
        #expect(try await rows(text, .oldestFirst) == expected, "\(text)")
        #expect(try await rows(text, .newestFirst) == expected.reversed(), "\(text)")
        #expect(Set(try await rows(text, .total)) == Set(expected), "\(text)")
        #expect(Set(try await rows(text, .status)) == Set(expected), "\(text)")
      }
      #expect(
        try await world.pages(BatchQuery(statuses: [.staged], text: "client 2")).map(\.id)
          == [made[0].id])
      let renamed = try await world.command(
        .change(name: "Noon", maxConcurrentTrades: nil, policy: nil), made[0]
      ).get()
      #expect(try await world.pages(BatchQuery(text: "noon")) == [renamed])
      #expect(try await rows("run", .oldestFirst).isEmpty)
    },
    StoreCase("finds trades by id, deal, reference and client, with every other condition") {
      world in
      let made = try await world.desk()
      let settled = try await world.settled(in: made[3])
      let all = try await world.pages(TradeQuery(), of: 3)
      let (reference, deal) = (settled.dealReference ?? "", settled.dealTransactionID)
      let sought: [(String?, (Trade) -> Bool)] = [
        (nil, { _ in true }), ("101", { $0.cifNumber == "101" }),
        ("LIENT 4", { $0.cifNumber == "104" }), ("client", { _ in true }),
        (settled.id.description, { $0.id == settled.id }),
        (deal?.description, { $0.id == settled.id }), (reference, { $0.id == settled.id }),
        ("PAY-1", { $0.externalRef != nil }), ("PAY-17", { $0.externalRef != nil }),
        ("AY-17", { _ in false }), (made[0].id.description, { _ in false }),
      ]
      for (text, fits) in sought {
        for batch in [nil, made[3].key, made[5].key] {
          for statuses in [[], [.pending], [.pending, .failed]] as [Set<TradeStatus>] {
            for cif in [nil, "104"] {
              for (from, to) in [(nil, nil), (made[1].createdAt, made[5].createdAt)] {
                let query = TradeQuery(
                  batch: batch, statuses: statuses, cifNumber: cif, createdFrom: from,
                  createdTo: to, text: text)
                let span = made.filter { batch in
                  (from == nil || batch.createdAt >= from!) && (to == nil || batch.createdAt < to!)
                }.map(\.key)
                let expected = all.filter { trade in
                  fits(trade) && (batch == nil || batch == trade.batch)
                    && (statuses.isEmpty || statuses.contains(trade.status))
                    && (cif == nil || cif == trade.cifNumber) && span.contains(trade.batch)
                }
                #expect(try await world.pages(query) == expected, "\(query)")
                var backwards = query
                backwards.order = .newestFirst
                #expect(try await world.pages(backwards) == expected.reversed(), "\(query)")
              }
            }
          }
        }
      }
    },
  ]
}

extension StoreWorld {
  /// The first trade of a batch that a node holds, taken to its end.
  fileprivate func settled(in batch: Batch) async throws -> Trade {
    let trade = try #require(try await take(batch, limit: 1).first)
    let sent = try await book(trade, under: batch)
    let booked = try await perform(
      .recordAccepted(attempt: 1, bankTransactionID: nil), sent, under: batch)
    return try await perform(
      .recordSettled(attempt: 1, dealReference: "FXREF-99"), booked, under: batch)
  }
}
