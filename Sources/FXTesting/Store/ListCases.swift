import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  static let listCases: [StoreCase] = [
    StoreCase("pages through trades by batch, status, client and code, in the order of keys") {
      world in
      let first = try await world.running([0, 1, 2, 0, 1])
      _ = try await world.create([2, 0, 1])
      let taken = try await world.take(first)
      let codes: [FailureCode] = [.rateCheck, .quoteRefused, .rateCheck]
      for (trade, code) in zip(taken, codes) {
        try await world.perform(.refuseQuote(Failure(code, "-")), trade, under: first)
      }
      let all = try await world.pages(TradeQuery(), of: 3)
      #expect(all.count == 8)
      #expect(all.map(\.key) == all.map(\.key).sorted())
      let batches: [BatchKey?] = [nil, first.key, BatchKey(77_777)]
      let statuses: [Set<TradeStatus>] = [
        [], [.pending], [.failed, .pending], [.quoting, .booked],
      ]
      for batch in batches {
        for set in statuses {
          for cif in [nil, "101", "999"] {
            for code in [nil, FailureCode.rateCheck, .limitExceeded] {
              let found = try await world.pages(
                TradeQuery(batch: batch, statuses: set, cifNumber: cif, code: code))
              let expected = all.filter {
                (batch == nil || $0.batch == batch) && (set.isEmpty || set.contains($0.status))
                  && (cif == nil || $0.cifNumber == cif)
                  && (code == nil || $0.failure?.code == code)
              }
              #expect(found == expected)
            }
          }
        }
      }
    },
    StoreCase("pages through batches by status and name, in each order") { world in
      var created: [Batch] = []
      for (index, name) in ["alpha", "beta", "gamma", "alphabet", "delta"].enumerated() {
        world.clock.advance(byMilliseconds: 10)
        created.append(
          try await world.create([0], name: name, priority: 3 + index % 3, starts: index != 2))
      }
      let names = { (batches: [Batch]) in batches.map(\.name) }
      #expect(
        names(try await world.pages(BatchQuery(order: .oldestFirst, limit: 2))) == names(created))
      #expect(
        names(try await world.pages(BatchQuery(limit: 2))) == names(created.reversed()))
      #expect(
        names(try await world.pages(BatchQuery(order: .queue, limit: 2)))
          == names(created.sorted(by: Batch.precedes)))
      #expect(
        names(try await world.pages(BatchQuery(statuses: [.pending], order: .queue, limit: 2)))
          == names(created.filter { $0.status == .pending }.sorted(by: Batch.precedes)))
      #expect(
        names(try await world.pages(BatchQuery(statuses: [.staged, .running], limit: 1)))
          == ["gamma"])
      #expect(
        names(try await world.pages(BatchQuery(text: "alpha", order: .oldestFirst, limit: 1)))
          == ["alpha", "alphabet"])
      #expect(try await world.store.batch(world.identifier()) == nil)
    },
    StoreCase("groups the failures of a batch by code, most frequent first") { world in
      let batch = try await world.running([0, 1, 2, 3])
      let taken = try await world.take(batch)
      let codes: [FailureCode] = [.quoteRefused, .rateCheck, .rateCheck]
      for (trade, code) in zip(taken, codes) {
        try await world.perform(
          .refuseQuote(Failure(code, "row of \(code.rawValue)")), trade, under: batch)
      }
      #expect(
        try await world.summary(batch).failures == [
          FailureGroup(code: .rateCheck, count: 2, example: "row of rate_check"),
          FailureGroup(code: .quoteRefused, count: 1, example: "row of quote_refused"),
        ])
    },
  ]

  static let logCases: [StoreCase] = [
    StoreCase("numbers events over all batches in the order of commits, and pages them") { world in
      let first = try await world.create([0])
      let second = try await world.create([1])
      _ = try await world.claim(booking: 2)
      var all: [JournalEvent] = []
      while true {
        let page = try await world.store.events(of: nil, after: all.last?.sequence ?? 0, limit: 3)
        if page.isEmpty { break }
        all += page
      }
      #expect(all.map(\.sequence) == all.map(\.sequence).sorted())
      for batch in [first, second] {
        let own = all.filter { $0.batch == batch.key }
        #expect(own.map(\.batchSequence) == Array(1...Int64(own.count)))
        // A cursor may be any number of the installation, not only one of this batch.
        for cursor in all.map(\.sequence) {
          #expect(
            try await world.store.events(of: batch.key, after: cursor, limit: 100)
              == own.filter { $0.sequence > cursor })
        }
      }
      let feed = try await world.store.feed(of: nil, after: 0, limit: 100)
      #expect(feed.map(\.event) == all)
      for batch in [first, second] {
        #expect(
          feed.filter { $0.batchID == batch.id }.map(\.event.batch).allSatisfy { $0 == batch.key })
        #expect(
          try await world.store.feed(of: batch.id, after: feed[0].event.sequence, limit: 100)
            == feed.filter { $0.batchID == batch.id && $0.event.sequence > feed[0].event.sequence })
      }
      #expect(try await world.store.newestSequence() == all.last?.sequence)
      #expect(
        try await world.store.feed(of: Identifier(high: 5, low: 5), after: 0, limit: 9).isEmpty)
      #expect(try await world.store.events(of: BatchKey(5_555), after: 0, limit: 9).isEmpty)
      #expect(try await world.store.chainHead(of: BatchKey(5_555)) == nil)
    },
    StoreCase("seals the heads that have moved, and those only") { world in
      let first = try await world.create([0])
      let second = try await world.create([1])
      try await world.store.seal()
      try await world.store.seal()
      let seals = try await world.store.seals(after: 0, limit: 9)
      #expect(seals.count == 1)
      #expect(seals[0].heads.map(\.batch) == [first.key, second.key])
      _ = try await world.command(.pause, second).get()
      world.clock.advance(byMilliseconds: 60_000)
      try await world.store.seal()
      let next = try #require(try await world.store.seals(after: 1, limit: 9).first)
      #expect(next.number == 2)
      #expect(next.at == world.clock.now)
      #expect(next.heads.map(\.batch) == [second.key])
      #expect(next.heads[0].head == (try await world.present(second)).chain)
    },
    StoreCase("shows what the log has where it was sealed") { world in
      let batch = try await world.create([0])
      try await world.store.seal()
      _ = try await world.command(.pause, batch).get()
      try await world.store.seal()
      let heads = try await world.store.seals(after: 0, limit: 9).flatMap(\.heads)
      let digests = try await world.store.digests(at: heads)
      #expect(digests == heads.map(\.head.digest))
      let gone = [
        Seal.Head(batch: batch.key, head: ChainHead(length: 99, digest: [])),
        Seal.Head(batch: BatchKey(5_555), head: ChainHead(length: 1, digest: [])),
      ]
      #expect(try await world.store.digests(at: gone) == [nil, nil])
      #expect(try await world.store.digests(at: []) == [])
    },
  ]
}
