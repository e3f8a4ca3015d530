import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  var today: CivilDate { Ledger.day(of: clock.now) }

  func deal(dollars: Int) -> Deal {
    guard let pair = CurrencyPair(base: .usd, quote: .zar),
      let deal = Deal(
        pair: pair, side: .buy, amount: Money(minorUnits: Int64(dollars) * 100, currency: .usd))
    else { preconditionFailure("dollars are of the pair") }
    return deal
  }

  /// Trades of so many rands, each of the client with this number.
  fileprivate func drafts(
    _ trades: [(client: Int, rands: Int)], allowance: Allowance? = nil
  ) -> [TradeDraft] {
    trades.enumerated().map { index, trade in
      TradeDraft(
        row: index + 1, client: clients[trade.client].key, deal: deal(rands: trade.rands),
        allowance: allowance, spread: clients[trade.client].spread)
    }
  }

  fileprivate func staged(
    _ trades: [(client: Int, rands: Int)], allowance: Allowance? = nil
  ) async throws -> Batch {
    try await store.create(request(drafts(trades, allowance: allowance), starts: false)).get()
  }

  fileprivate func standing(_ client: Int, on day: CivilDate? = nil) async throws -> ClientStanding
  {
    try #require(try await store.standing(of: clients[client].key, on: day ?? today))
  }

  fileprivate func rands(_ rands: Int64) -> Money { Money(minorUnits: rands * 100, currency: .zar) }

  /// Takes a trade to `booked`.
  fileprivate func deal(
    _ trade: Trade, under batch: Batch, rules: DeskRules = DeskRules()
  ) async throws -> Trade {
    let sent = try await perform(.recordIntent(intent(trade), rules: rules), trade, under: batch)
    return try await perform(
      .recordAccepted(attempt: sent.attempt, bankTransactionID: nil), sent, under: batch)
  }
}

private func usage(_ reserved: Int128, _ used: Int128) -> Usage {
  Usage(reserved: reserved * 100, used: used * 100)
}

extension StoreConformance {
  static let usageCases: [StoreCase] = [
    StoreCase("reserves at the start, uses at the booking, and gives back what failed") { world in
      let batch = try await world.staged([(0, 1_000), (0, 200), (0, 30)], allowance: .sda)
      #expect(try await world.standing(0).day == ClientUsage())
      let started = try await world.command(.start(), batch).get()
      #expect(started.usageDay == world.today)
      #expect(started.usage == usage(1_230, 0))
      #expect(try await world.standing(0).year.sda == usage(1_230, 0))
      let held = try #require(try await world.claim(only: [batch.key]).first)
      let taken = try await world.take(held)
      let booked = try await world.deal(taken[0], under: held)
      try await world.perform(.refuseQuote(Failure(.rateCheck, "-")), taken[1], under: held)
      let standing = try await world.standing(0)
      #expect(standing.day.dealt == usage(30, 1_000))
      #expect(standing.year.sda == standing.day.dealt)
      #expect(standing.year.fia == Usage())
      // A deal that fails to settle is given back too, and counts again where evidence turns up.
      let unsettled = try await world.perform(
        .recordSettlementFailed(attempt: 1, Failure(.settlementFailed, "-")), booked, under: held)
      #expect(try await world.present(batch).usage == usage(30, 0))
      let evidence = TradeCommand.recordBookingEvidence(attempt: 1, note: "line")
      _ = try await world.perform(world.step(openly: evidence, unsettled)).get()
      #expect(try await world.standing(0).day.sda == usage(1_030, 0))
    },
    StoreCase("counts a trade that is tried again on the day of its retry") { world in
      let batch = try await world.running([0, 1])
      let day = world.today
      for trade in try await world.take(batch) {
        try await world.perform(.refuseQuote(Failure(.rateCheck, "-")), trade, under: batch)
      }
      world.clock.advance(byMilliseconds: 86_400_000)
      let failed = try #require(try await world.trades(batch).first)
      _ = try await world.command(.retry(.trades([failed.key]), note: nil), batch).get()
      #expect(try await world.standing(0, on: day).day == ClientUsage())
      #expect(try await world.standing(0).day.dealt == usage(100_000, 0))
      #expect(try await world.standing(1).year == ClientUsage())
      #expect(try await world.trades(batch).map(\.usageDay) == [world.today, nil])
    },
    StoreCase("counts a deal that turns up in a batch which was never started") { world in
      let batch = try await world.staged([(0, 500), (1, 70)])
      let trade = try #require(try await world.trades(batch).first)
      let evidence = TradeCommand.recordBookingEvidence(attempt: 1, note: "line")
      let doubt = try await world.perform(world.step(openly: evidence, trade)).get()
      #expect(try await world.standing(0).day.dealt == usage(500, 0))
      #expect(try await world.standing(1).day == ClientUsage())
      let word = TradeCommand.resolve(
        .booked(dealReference: "FX-9"), note: "x", marginMilliseconds: 0)
      _ = try await world.perform(world.step(openly: word, doubt)).get()
      #expect(try await world.standing(0).day.dealt == usage(0, 500))
    },
    StoreCase("tells what a trade is worth in rands when it is taken in") { world in
      let pair = try #require(CurrencyPair(base: .usd, quote: .zar))
      var drafts = world.drafts([(0, 1_000), (1, 1_000), (2, 1_000)])
      drafts[1].deal = world.deal(dollars: 100)
      drafts[2].deal = world.deal(dollars: 100)
      drafts[2].fixedRate = Rate(units: 1_900_000_000)
      let before = try await world.store.create(world.request(drafts, starts: false)).get()
      #expect(
        try await world.trades(before).map(\.value)
          == [world.rands(1_000), nil, world.rands(1_900)])
      _ = try await world.store.setOTCRate(
        Rate(units: 1_800_000_000), for: pair, by: "thandi", confirmed: true, jumpBasisPoints: 300)
      let after = try await world.store.create(world.request(drafts, starts: false)).get()
      #expect(try await world.trades(after)[1].value == world.rands(1_800))
      let second = try await world.trades(before)[1]
      let request = RestageRequest(
        batch: before.key, change: [.init(id: second.id, draft: drafts[1])], actor: world.person,
        duplicateWindowMilliseconds: nil)
      _ = try await world.store.restage(request).get()
      #expect(try await world.trades(before)[1].value == world.rands(1_800))
      let limited = DeskRules(limits: DealLimits(trade: world.rands(5_000)))
      #expect(try await world.store.breaches(startingOf: before.key, under: limited).isEmpty)
    },
    StoreCase("starts nothing that breaks a limit, and names every breach") { world in
      let rules = DeskRules(
        limits: DealLimits(
          trade: world.rands(900), batch: world.rands(2_000), clientDay: world.rands(1_000),
          dealerDay: world.rands(2_500)))
      let first = try await world.staged([(0, 800), (1, 900), (2, 100)])
      _ = try await world.command(.start(rules: rules), first).get()
      let second = try await world.staged([(0, 150), (0, 60), (1, 100), (2, 901), (3, 900)])
      let found = try await world.store.breaches(startingOf: second.key, under: rules)
      #expect(
        found.map(\.rule) == [
          .tradeLimit, .batchLimit, .dealerDayLimit, .clientDayLimit, .clientDayLimit,
        ])
      #expect(found.map(\.rows) == [[4], [], [], [1, 2], [4]])
      #expect(found[3].left == MoneySum(minorUnits: 20_000, currency: .zar))
      #expect(found.allSatisfy { $0.code == .limitExceeded && $0.severity == .error })
      #expect(
        try await world.command(.start(rules: rules), second) == .failure(.rulesBroken(found)))
      #expect(try await world.present(second).status == .staged)
      #expect(try await world.standing(3).day == ClientUsage())
      // The same rules as warnings hold nothing up.
      var lenient = rules
      for rule in [
        DeskRules.Rule.tradeLimit, .batchLimit, .dealerDayLimit, .clientDayLimit,
      ] { lenient.exceptions[rule] = .some(.warning) }
      let told = try await world.store.breaches(startingOf: second.key, under: lenient)
      #expect(told.map(\.severity) == Array(repeating: .warning, count: 5))
      _ = try await world.command(.start(rules: lenient), second).get()
      #expect(try await world.store.breaches(startingOf: second.key, under: rules).isEmpty)
    },
    StoreCase("lets no allowance be exceeded over a year, at a start, a creation or a retry") {
      world in
      let schedule = AllowanceSchedule([
        .init(.sda, from: CivilDate(dayNumber: 0), limit: world.rands(1_000))
      ])
      let rules = DeskRules(allowances: schedule)
      let batch = try await world.staged([(0, 700)], allowance: .sda)
      _ = try await world.command(.start(rules: rules), batch).get()
      let held = try #require(try await world.claim(only: [batch.key]).first)
      _ = try await world.deal(try await world.take(held)[0], under: held, rules: rules)
      world.clock.advance(byMilliseconds: 5 * 86_400_000)
      var request = world.request(world.drafts([(0, 301), (1, 1_000)], allowance: .sda))
      request.rules = rules
      let refused = try await world.store.create(request)
      guard case .failure(.rulesBroken(let breaches)) = refused else {
        Issue.record("it was taken in: \(refused)")
        return
      }
      #expect(breaches.map(\.code) == [.allowanceExceeded])
      #expect(breaches.first?.rows == [1])
      #expect(breaches.first?.allowance == .sda)
      #expect(try await world.store.batch(request.batch.id) == nil)
      let other = try await world.staged([(0, 300)], allowance: .sda)
      _ = try await world.command(.start(rules: rules), other).get()
      _ = try await world.command(.requestCancel(), other).get()
      _ = try await world.store.sweepCancelled(other.key, limit: 9, actor: world.person)
      let third = try await world.staged([(0, 200)], allowance: .sda)
      _ = try await world.command(.start(rules: rules), third).get()
      let again = try await world.command(.retry(.all, note: nil, rules: rules), other)
      guard case .failure(.rulesBroken(let late)) = again else {
        Issue.record("it was tried again: \(again)")
        return
      }
      #expect(late.first?.left == MoneySum(minorUnits: 10_000, currency: .zar))
      // Nobody has a tax clearance here.
      let foreign = try await world.staged([(3, 10)], allowance: .fia)
      let clearance = try await world.store.breaches(startingOf: foreign.key, under: rules)
      #expect(clearance.map(\.limit) == [nil])
    },
    StoreCase("looks once more before a trade is booked") { world in
      let batch = try await world.running([0, 0, 1])
      let taken = try await world.take(batch)
      let strict = DeskRules(limits: DealLimits(clientDay: world.rands(150_000)))
      let intent = TradeCommand.recordIntent(try world.intent(taken[0]), rules: strict)
      let refused = try await world.perform(world.step(intent, taken[0], under: batch))
      guard case .failure(.ruleBroken(let failure)) = refused else {
        Issue.record("it was let through: \(refused)")
        return
      }
      #expect(failure.code == .limitExceeded)
      try await world.perform(.refuseQuote(failure), taken[0], under: batch)
      // What has failed makes room for the next.
      _ = try await world.deal(taken[1], under: batch, rules: strict)
      _ = try await world.deal(taken[2], under: batch, rules: strict)
      #expect(try await world.standing(0).day.dealt == usage(0, 100_001))
    },
    StoreCase("lets no more start at the same time than there is room for") { world in
      let rules = DeskRules(limits: DealLimits(clientDay: world.rands(1_000)))
      var batches: [Batch] = []
      for _ in 0..<12 { batches.append(try await world.staged([(0, 150), (1, 10)])) }
      let results = try await withThrowingTaskGroup(
        of: Result<Batch, BatchRefusal>.self
      ) { group in
        for batch in batches {
          group.addTask { try await world.command(.start(rules: rules), batch) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(results.count { if case .success = $0 { true } else { false } } == 6)
      #expect(try await world.standing(0).day.dealt == usage(900, 0))
      #expect(try await world.standing(1).day.dealt == usage(60, 0))
    },
  ]
}
