import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  /// Hundreds of random steps of concurrent batches under limits and an allowance, by two dealers,
  /// over several days. After every step nobody has more under way and dealt than the rules let; at the
  /// end, when nothing is under way, nothing is reserved. Answers the whole log.
  @discardableResult
  public static func walkUnderLimits(
    seed: UInt64, steps: Int = 250, on makeStore: (ManualClock) async throws -> any BatchStore
  ) async throws -> [JournalEvent] {
    let clock = ManualClock()
    let world = try await StoreWorld(store: makeStore(clock), clock: clock)
    var walk = LimitWalk(world: world, random: SeededRandom(seed: seed))
    try await walk.setRate()
    for index in 0..<steps {
      try await walk.step()
      try await walk.checkLimits(at: index)
      if index % 50 == 49 { try await world.audit() }
    }
    try await walk.rest()
    try await world.audit()
    try await walk.checkRest()
    return try await world.store.events(of: nil, after: 0, limit: 1_000_000)
  }
}

private struct LimitWalk {
  let world: StoreWorld
  var random: SeededRandom
  /// Under which everything is started.
  let rules: DeskRules
  /// Under which a trade is looked at once more; now and then stricter.
  var rulesOfIntents: DeskRules
  var batches: [Batch] = []

  init(world: StoreWorld, random: SeededRandom) {
    var random = random
    func rands(_ range: ClosedRange<Int64>) -> Money {
      Money(minorUnits: Int64.random(in: range, using: &random) * 100, currency: .zar)
    }
    rules = DeskRules(
      limits: DealLimits(
        trade: rands(300_000...500_000), batch: rands(700_000...1_500_000),
        clientDay: rands(500_000...1_200_000), dealerDay: rands(1_500_000...3_000_000)),
      allowances: AllowanceSchedule([
        AllowanceSchedule.Step(
          .sda, from: CivilDate(dayNumber: 0), limit: rands(600_000...1_500_000))
      ]))
    rulesOfIntents = rules
    self.world = world
    self.random = random
  }

  mutating func setRate() async throws {
    let pair = try #require(CurrencyPair(base: .usd, quote: .zar))
    _ = try await world.store.setOTCRate(
      Rate(units: 1_780_000_000), for: pair, by: "thandi", confirmed: true, jumpBasisPoints: 300)
  }

  mutating func step() async throws {
    world.clock.advance(byMilliseconds: Int64.random(in: 0...9_000, using: &random))
    switch Int.random(in: 0..<30, using: &random) {
    case 0...3: try await create()
    case 4...7: try await command()
    case 8...10:
      for claimed in try await world.claim(booking: 3, watching: 3) {
        if let index = batches.firstIndex(where: { $0.key == claimed.key }) {
          batches[index] = claimed
        }
      }
    case 11: world.clock.advance(byMilliseconds: Int64.random(in: 1...40_000_000, using: &random))
    case 12:
      rulesOfIntents = rules
      if Bool.random(using: &random) {
        rulesOfIntents.limits.clientDay = Money(minorUnits: 30_000_000, currency: .zar)
        rulesOfIntents.limits.batch = Money(minorUnits: 50_000_000, currency: .zar)
      }
    case 13...15:
      guard let batch = batches.randomElement(using: &random) else { return }
      _ = try await world.take(batch, limit: 3)
    default: try await tradeSteps()
    }
  }

  private mutating func create() async throws {
    let drafts = (1...Int.random(in: 1...4, using: &random)).map { row in
      let client = world.clients[Int.random(in: 0..<4, using: &random)]
      let isForeign = Int.random(in: 0..<4, using: &random) == 0
      let rands = Int.random(in: 20_000...450_000, using: &random)
      return TradeDraft(
        row: row, client: client.key,
        deal: isForeign ? world.deal(dollars: rands / 20) : world.deal(rands: rands),
        allowance: Bool.random(using: &random) ? .sda : nil, spread: client.spread)
    }
    var request = world.request(drafts, starts: Bool.random(using: &random))
    request.rules = rules
    if Bool.random(using: &random) { request.actor = .person("sipho") }
    switch try await world.store.create(request) {
    case .success(let batch): batches.append(batch)
    case .failure(let refusal):
      guard case .rulesBroken(let breaches) = refusal else { throw refusal }
      #expect(request.starts && !breaches.isEmpty)
      #expect(try await world.store.batch(request.batch.id) == nil)
    }
  }

  private mutating func command() async throws {
    guard let batch = batches.randomElement(using: &random) else { return }
    let commands: [BatchCommand] = [
      .start(rules: rules), .start(rules: rules), .start(rules: rules), .pause, .resume, .resume,
      .requestCancel(), .retry(.all, note: nil, rules: rules),
      .retry(.all, note: nil, rules: rules),
      .retry(.codes([.limitExceeded]), note: nil, rules: rules),
    ]
    guard let command = commands.randomElement(using: &random) else { return }
    let before = try await world.present(batch)
    let result = try await world.command(command, batch)
    if case .failure(.rulesBroken(let breaches)) = result {
      #expect(!breaches.isEmpty)
      #expect(try await world.present(batch) == before)
    }
  }

  private mutating func tradeSteps() async throws {
    guard let batch = batches.randomElement(using: &random) else { return }
    let trades = try await world.trades(batch)
    for _ in 0..<Int.random(in: 1...3, using: &random) {
      guard let trade = trades.randomElement(using: &random), let command = try command(for: trade)
      else { continue }
      let result = try await world.perform(world.step(command, trade, under: batch))
      guard case .recordIntent = command else { continue }
      switch result {
      case .success(let sent): try await checkIntent(of: sent)
      case .failure(.ruleBroken(let failure)):
        #expect(failure.code.category == .rule)
        try await world.perform(.refuseQuote(failure), trade, under: batch)
      case .failure: break
      }
    }
  }

  private mutating func command(for trade: Trade) throws -> TradeCommand? {
    let failure = Failure(.quoteRefused, "walk")
    let attempt = trade.attempt
    let commands: [TradeCommand]
    switch trade.status {
    case .pending: commands = [.take, .take, .cancel]
    case .quoting:
      let intent = TradeCommand.recordIntent(try world.intent(trade), rules: rulesOfIntents)
      commands = [intent, intent, intent, .refuseQuote(failure)]
    case .booking:
      commands = [
        .recordAccepted(attempt: attempt, bankTransactionID: "tx"),
        .recordUnclear(attempt: attempt, failure), .recordNotSent(attempt: attempt, failure),
        .recordRefused(attempt: attempt, failure),
      ]
    case .booked:
      commands = [
        .recordSettled(attempt: attempt, dealReference: "FX"),
        .recordSettlementFailed(attempt: attempt, Failure(.settlementFailed, "walk")),
      ]
    case .inDoubt:
      commands = [.pending, .completed, .failed].map {
        .recordFound(attempt: attempt, FoundDeal(status: $0))
      }
    case .failed, .cancelled, .completed: commands = []
    }
    return commands.randomElement(using: &random)
  }

  // MARK: What must hold

  /// The books as they are kept, of all clients and dealers.
  private func kept() async throws -> UsageBook {
    let clients = try await world.store.recountUsage(of: world.clients.map(\.key))
    let dealers = try await world.store.recountDealerUsage()
    #expect(clients.kept == clients.counted)
    #expect(dealers.kept == dealers.counted)
    var all = clients.kept
    all += dealers.kept
    return all
  }

  func checkLimits(at step: Int) async throws {
    let book = try await kept()
    func check(_ usage: Usage, _ limit: Money?, _ what: String) {
      let most = Int128(limit?.minorUnits ?? 0)
      #expect(usage.total <= most, "step \(step): \(what) has \(usage)")
      #expect(usage.reserved >= 0 && usage.used >= 0, "step \(step): \(what) has \(usage)")
    }
    for (client, days) in book.clients {
      for (day, usage) in days { check(usage.dealt, rules.limits.clientDay, "\(client) on \(day)") }
      for year in Set(days.keys.map(\.year)) {
        check(
          book.usage(of: client, in: year).sda, rules.allowances.limit(of: .sda, on: world.today),
          "\(client) in \(year)")
      }
    }
    for (dealer, days) in book.dealers {
      for (day, usage) in days { check(usage, rules.limits.dealerDay, "\(dealer) on \(day)") }
    }
    for batch in batches {
      check(try await world.present(batch).usage, rules.limits.batch, "batch \(batch.key)")
    }
  }

  /// What is booked keeps to the rules of that very moment.
  private func checkIntent(of trade: Trade) async throws {
    let batch = try #require(try await world.store.batch(trade.batchID))
    let day = try #require(trade.usageDay ?? batch.usageDay)
    let standing = try #require(try await world.store.standing(of: trade.client, on: day))
    let limits = rulesOfIntents.limits
    #expect(standing.day.dealt.total <= Int128(limits.clientDay?.minorUnits ?? 0))
    #expect(batch.usage.total <= Int128(limits.batch?.minorUnits ?? 0))
  }

  /// Cancels what can be, and closes the rest.
  mutating func rest() async throws {
    for batch in batches { _ = try await world.command(.requestCancel(), batch) }
    world.clock.advance(byMilliseconds: 3_600_000)
    for batch in batches {
      _ = try await world.store.sweepCancelled(batch.key, limit: 1_000, actor: world.person)
      for trade in try await world.trades(batch) {
        for command in Self.end(of: trade) {
          _ = try await world.perform(world.step(openly: command, trade)).get()
        }
      }
    }
  }

  private static func end(of trade: Trade) -> [TradeCommand] {
    let notBooked = TradeCommand.resolve(.notBooked, note: "walk", marginMilliseconds: 0)
    switch trade.status {
    case .pending, .quoting: return [.cancel]
    case .booking:
      return [
        .recordUnclear(attempt: trade.attempt, Failure(.bookingUnclear, "walk")), notBooked,
      ]
    case .inDoubt: return [notBooked]
    case .booked: return [.recordSettled(attempt: trade.attempt, dealReference: nil)]
    case .completed, .failed, .cancelled: return []
    }
  }

  func checkRest() async throws {
    let book = try await kept()
    #expect(book.clients.values.flatMap(\.values).allSatisfy { $0.dealt.reserved == 0 })
    #expect(book.clients.values.flatMap(\.values).allSatisfy { $0.sda.reserved == 0 })
    #expect(book.dealers.values.flatMap(\.values).allSatisfy { $0.reserved == 0 })
    for batch in batches { #expect(try await world.present(batch).usage.reserved == 0) }
  }
}
