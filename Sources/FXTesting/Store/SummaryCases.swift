import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  func summary(_ batch: Batch) async throws -> BatchSummary {
    try await store.summary(of: batch.key)
  }

  /// Drafts of deals such as `EUR/ZAR 5000.00 EUR`, one for each client in turn.
  fileprivate func drafts(of deals: [String]) throws -> [TradeDraft] {
    try deals.enumerated().map { index, words in
      let parts = words.split(separator: " ")
      let pair = try #require(CurrencyPair(parts[0]))
      let amount = try Money(parts[1], try #require(Currency(parts[2])))
      return TradeDraft(
        row: index + 1, client: clients[index % clients.count].key,
        deal: try #require(Deal(pair: pair, side: .buy, amount: amount)))
    }
  }

  fileprivate func sums(_ amounts: [Money]) -> [MoneySum] {
    Dictionary(grouping: amounts, by: \.currency).map { currency, amounts in
      MoneySum(
        minorUnits: amounts.reduce(0) { $0 + Int128($1.minorUnits) }, currency: currency)
    }.sorted { $0.currency < $1.currency }
  }

  /// Expects the sums of these deals and of no others.
  fileprivate func expectDealt(
    _ deals: [Trade], in batch: Batch, _ comment: Comment
  ) async throws {
    let totals = try await summary(batch).totals
    let priced = deals.compactMap(\.figures?.priced)
    #expect(try await totals.requested == sums(trades(batch).map(\.deal.amount)), comment)
    #expect(totals.dealt == sums(deals.map(\.deal.amount)), comment)
    #expect(totals.countered == sums(priced.map(\.counterAmount)), comment)
    #expect(totals.margin == sums(priced.map(\.margin)), comment)
    #expect(totals.roundingDifference == sums(priced.map(\.roundingDifference)), comment)
  }

  /// Expects so many failures of the most frequent code, and a message that stands for them.
  fileprivate func expectFailures(
    _ count: Int, _ example: String?, in batch: Batch
  ) async throws {
    let group = try await summary(batch).failures.first
    #expect(group?.count ?? 0 == count)
    #expect(group?.example == example)
  }

  fileprivate func evidence(of trade: Trade) async throws -> Trade {
    try await perform(
      step(openly: .recordBookingEvidence(attempt: 1, note: "statement line"), trade)
    ).get()
  }
}

extension StoreConformance {
  static let summaryCases: [StoreCase] = [
    StoreCase("sums what is asked for by currency, and shows nothing of it as dealt") { world in
      let deals = [
        "USD/ZAR 200000.00 ZAR", "EUR/ZAR 5000.00 EUR", "USD/ZAR 300.50 USD", "USD/JPY 70000 JPY",
        "EUR/ZAR 0.01 ZAR",
      ]
      let batch = try await world.store.create(world.request(world.drafts(of: deals))).get()
      let totals = try await world.summary(batch).totals
      #expect(
        totals.requested.map(\.description)
          == ["EUR 5000.00", "JPY 70000", "USD 300.50", "ZAR 200000.01"])
      #expect(totals.dealt.map(\.description) == ["EUR 0.00", "JPY 0", "USD 0.00", "ZAR 0.00"])
      #expect(totals.margin.map(\.description) == ["JPY 0", "ZAR 0.00"])
      #expect(try await world.summary(batch).failures.isEmpty)
    },
    StoreCase("sums a deal as long as it stands") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let first = try await world.deal(taken[0], under: batch)
      try await world.expectDealt([first], in: batch, "booked")
      try await world.perform(
        .recordSettled(attempt: 1, dealReference: "FX-1"), first, under: batch)
      try await world.expectDealt([first], in: batch, "settled")
      let second = try await world.deal(taken[1], under: batch)
      try await world.expectDealt([first, second], in: batch, "both booked")
      let failed = try await world.perform(
        .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "no funds")), second,
        under: batch)
      try await world.expectDealt([first], in: batch, "the other has failed")
      #expect(
        try await world.summary(batch).failures
          == [FailureGroup(code: .settlementFailed, count: 1, example: "no funds")])
      _ = try await world.command(.retry(.trades([failed.key]), note: "agreed"), batch).get()
      try await world.expectDealt([first], in: batch, "the other is tried again")
      #expect(try await world.summary(batch).failures.isEmpty)
    },
    StoreCase("sums what a person and evidence say of a deal") { world in
      let batch = try await world.running([0, 1])
      let taken = try await world.take(batch)
      let sent = try await world.book(taken[0], under: batch)
      let refused = try await world.perform(
        .recordRefused(attempt: 1, Failure(.bookingRefused, "no")), sent, under: batch)
      let unsent = try await world.perform(
        .refuseQuote(Failure(.rateCheck, "no")), taken[1], under: batch)
      #expect(try await world.summary(batch).failures.map(\.code) == [.bookingRefused, .rateCheck])
      // One has figures, the other was never sent by us.
      let doubts = [try await world.evidence(of: refused), try await world.evidence(of: unsent)]
      #expect(try await world.summary(batch).failures.isEmpty)
      #expect(try await world.summary(batch).totals.dealt.map(\.minorUnits) == [0])
      world.clock.advance(byMilliseconds: 100_000)
      for (number, doubt) in doubts.enumerated() {
        let word = TradeCommand.resolve(
          .booked(dealReference: "FX-\(number)"), note: "x", marginMilliseconds: 60_000)
        _ = try await world.perform(world.step(openly: word, doubt)).get()
      }
      let totals = try await world.summary(batch).totals
      #expect(totals.dealt == world.sums(taken.map(\.deal.amount)))
      #expect(
        totals.countered == world.sums([try #require(sent.figures?.priced.counterAmount)]))
    },
    StoreCase("counts as failed what a person found not to be booked") { world in
      let batch = try await world.running([0])
      let sent = try await world.book(try #require(try await world.take(batch).first), under: batch)
      let doubt = try await world.perform(
        .recordUnclear(attempt: 1, Failure(.bankTimeout, "late")), sent, under: batch)
      #expect(try await world.summary(batch).failures.isEmpty)
      world.clock.advance(byMilliseconds: 100_000)
      let word = TradeCommand.resolve(.notBooked, note: "x", marginMilliseconds: 60_000)
      _ = try await world.perform(world.step(openly: word, doubt)).get()
      #expect(try await world.summary(batch).failures.map(\.code) == [.notBooked])
      #expect(try await world.summary(batch).totals.dealt.map(\.minorUnits) == [0])
    },
    StoreCase("shows the message of the first failed trade of each code") { world in
      // The last one stays open: of a batch that has ended, no trade is retried by itself.
      let batch = try await world.running([0, 1, 2, 3, 0])
      let taken = try await world.take(batch)
      func fail(_ row: Int) -> TradeStep {
        world.step(.refuseQuote(Failure(.rateCheck, "row \(row)")), taken[row], under: batch)
      }
      func retry(_ row: Int) -> TradeStep {
        world.step(openly: .retry(note: nil), taken[row])
      }
      _ = try await world.store.perform([fail(2), fail(3)])
      try await world.expectFailures(2, "row 2", in: batch)
      _ = try await world.store.perform([fail(1)])
      try await world.expectFailures(3, "row 1", in: batch)
      // One that fails and is tried again in one transaction leaves nothing behind.
      _ = try await world.store.perform([fail(0), retry(0)])
      try await world.expectFailures(3, "row 1", in: batch)
      _ = try await world.store.perform([retry(1)])
      try await world.expectFailures(2, "row 2", in: batch)
      _ = try await world.command(.retry(.all, note: nil), batch).get()
      try await world.expectFailures(0, nil, in: batch)
    },
    StoreCase("keeps nothing of a step that is refused") { world in
      let batch = try await world.running([0])
      let booked = try await world.deal(
        try #require(try await world.take(batch).first), under: batch)
      let before = try await world.summary(batch)
      let failure = Failure(.settlementFailed, "-")
      let stale = world.step(.recordSettlementFailed(attempt: 9, failure), booked, under: batch)
      #expect(try await world.perform(stale) == .failure(.staleAttempt(present: 1)))
      #expect(try await world.summary(batch) == before)
    },
    StoreCase("sums the trades of a staged batch as they are changed, and none once deleted") {
      world in
      let drafts = try world.drafts(of: ["USD/ZAR 100.00 ZAR", "EUR/ZAR 5.00 EUR"])
      let batch = try await world.store.create(world.request(drafts, starts: false)).get()
      let trades = try await world.trades(batch)
      func restage(
        add: [String] = [], change: [String] = [], remove: [Trade] = []
      ) async throws -> [String] {
        let request = RestageRequest(
          batch: batch.key,
          add: try world.drafts(of: add).map { .init(id: world.identifier(), draft: $0) },
          change: try world.drafts(of: change).map { .init(id: trades[0].id, draft: $0) },
          remove: Set(remove.map(\.id)), actor: world.person,
          duplicateWindowMilliseconds: nil)
        _ = try await world.store.restage(request).get()
        return try await world.summary(batch).totals.requested.map(\.description)
      }
      #expect(
        try await restage(add: ["USD/ZAR 11.00 ZAR", "GBP/ZAR 3.00 GBP"])
          == ["EUR 5.00", "GBP 3.00", "ZAR 111.00"])
      #expect(
        try await restage(change: ["USD/ZAR 90.00 USD"])
          == ["EUR 5.00", "GBP 3.00", "USD 90.00", "ZAR 11.00"])
      #expect(try await restage(remove: [trades[1]]) == ["GBP 3.00", "USD 90.00", "ZAR 11.00"])
      _ = try await world.command(.delete, batch).get()
      #expect(try await world.summary(batch) == BatchSummary())
      let failing = try await world.running([0])
      let trade = try #require(try await world.take(failing).first)
      try await world.perform(.refuseQuote(Failure(.rateCheck, "-")), trade, under: failing)
      _ = try await world.command(.delete, failing).get()
      #expect(try await world.summary(failing) == BatchSummary())
      let recount = try await world.store.recount(failing.key)
      #expect(recount == Recount(kept: BatchSummary(), counted: BatchSummary()))
    },
    StoreCase("keeps sums that no amount can hold") { world in
      let large = Array(repeating: "USD/ZAR 5000000000000000.00 USD", count: 4)
      let created = try await world.store.create(world.request(world.drafts(of: large))).get()
      let batch = try #require(try await world.claim(only: [created.key]).first)
      for trade in try await world.take(batch) { _ = try await world.deal(trade, under: batch) }
      let totals = try await world.summary(batch).totals
      #expect(totals.dealt.map(\.description) == ["USD 20000000000000000.00"])
      let countered = try #require(totals.countered.first)
      #expect(countered.minorUnits > Int128(Int64.max) * 3)
      let recount = try await world.store.recount(batch.key)
      #expect(recount.kept == recount.counted)
    },
    StoreCase("reads the summaries of a page of batches at once") { world in
      let first = try await world.create([0])
      let second = try await world.create([1, 2])
      let keys = [second.key, BatchKey(77_777), first.key]
      let summaries = try await world.store.summaries(of: keys)
      #expect(
        summaries == [
          try await world.summary(second), BatchSummary(), try await world.summary(first),
        ])
      #expect(try await world.store.summaries(of: []).isEmpty)
    },
  ]
}
