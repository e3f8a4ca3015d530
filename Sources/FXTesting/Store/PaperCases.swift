import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  func template(_ name: String, rows: Int = 3) -> Template {
    Template(
      id: identifier(), name: name, pricing: .bank, priority: 7, maxConcurrentTrades: 4,
      policy: BatchPolicy(
        onFailure: .pause, toleratedFailures: 2,
        retries: QuoteRetries(rule: RetryRule(tries: 3, firstDelayMilliseconds: 20)),
        minimumMargin: Pips(rateUnits: 20_000), approval: .required),
      rows: rows, createdAt: clock.now, createdBy: person.description, updatedAt: clock.now)
  }

  fileprivate func templateRows(_ count: Int) -> [TemplateRow] {
    (1...count).map { row in
      TemplateRow(
        row: row, cifNumber: "10\(row)", deal: deal(rands: 1_000 * row),
        delivery: row == 1 ? .cash : .spot, allowance: row == 2 ? .sda : nil,
        spread: clients[0].spread, fixedRate: row == 3 ? Rate(units: 1_950_000_000) : nil,
        externalRef: row == 1 ? "weekly" : nil)
    }
  }

  fileprivate func save(_ name: String) async throws -> Template {
    try await store.save(template(name), rows: templateRows(3), receipt: nil).get()
  }

  /// Takes a trade from `pending` to `booked`, now.
  func deal(_ trade: Trade, under batch: Batch) async throws -> Trade {
    let sent = try await book(trade, under: batch)
    return try await perform(
      .recordAccepted(attempt: sent.attempt, bankTransactionID: nil), sent, under: batch)
  }

  fileprivate func margins(
    _ grouping: MarginGrouping, from: Timestamp, to: Timestamp, after: MarginLine.Place? = nil,
    limit: Int = 50
  ) async throws -> [MarginLine] {
    try await store.margins(
      MarginQuery(grouping, from: from, to: to, after: after, limit: limit))
  }
}

extension StoreConformance {
  static let paperCases: [StoreCase] = [
    StoreCase("keeps a template with its rows, as they were given") { world in
      let store = world.store
      let kept = try await world.save("weekly")
      #expect(try await store.template(kept.id) == kept)
      #expect(try await store.rows(of: kept.id, after: 0, limit: 9) == world.templateRows(3))
      #expect(try await store.rows(of: kept.id, after: 1, limit: 1).map(\.row) == [2])
      #expect(try await store.template(world.identifier()) == nil)
      #expect(try await store.rows(of: world.identifier(), after: 0, limit: 9).isEmpty)
    },
    StoreCase("lists templates by name, a page at a time, and forgets what is deleted") { world in
      let store = world.store
      for name in ["b", "a", "Z", "é"] { _ = try await world.save(name) }
      let all = try await store.templates(after: nil, limit: 9)
      #expect(all.map(\.name) == ["Z", "a", "b", "é"])
      #expect(try await store.templates(after: "a", limit: 1).map(\.name) == ["b"])
      #expect(try await store.deleteTemplate(all[1].id) == all[1])
      #expect(try await store.deleteTemplate(all[1].id) == nil)
      #expect(try await store.rows(of: all[1].id, after: 0, limit: 9).isEmpty)
      #expect(try await store.templates(after: nil, limit: 9).map(\.name) == ["Z", "b", "é"])
    },
    StoreCase("gives no name to two templates, and makes none twice for one receipt") { world in
      let store = world.store
      let first = try await world.save("weekly")
      let again = try await store.save(
        world.template("weekly"), rows: world.templateRows(3), receipt: nil)
      #expect(again == .failure(.nameTaken))
      let second = try await world.save("monthly")
      #expect(try await store.rename(second.id, to: "weekly") == .failure(.nameTaken))
      #expect(try await store.rename(second.id, to: "monthly").get().name == "monthly")
      #expect(try await store.rename(first.id, to: "yearly").get().name == "yearly")
      #expect(
        try await store.rename(world.identifier(), to: "x") == .failure(.unknownTemplate))
      let receipt = Receipt(
        owner: world.identifier(), key: "k", digest: Array(repeating: 1, count: 32))
      let other = world.template("other")
      #expect(
        try await store.save(other, rows: world.templateRows(3), receipt: receipt)
          == .success(other))
      #expect(
        try await store.save(
          world.template("another"), rows: world.templateRows(3), receipt: receipt)
          == .failure(.repeated))
    },
    StoreCase("sums up the deals of a span by batch, client and day, and no others") { world in
      let begin = world.clock.now
      let first = try await world.running([0, 1, 0])
      var dealt: [Trade] = []
      for trade in try await world.trades(first).prefix(2) {
        dealt.append(try await world.deal(trade, under: first))
      }
      world.clock.advance(byMilliseconds: 200_000)
      let noon = world.clock.now
      let second = try await world.running([0])
      let late = try await world.deal(try await world.trades(second)[0], under: second)
      let end = world.clock.now.advanced(byMilliseconds: 1)
      for (grouping, lines) in [(MarginGrouping.batch, 2), (.client, 2)] {
        let found = try await world.margins(grouping, from: begin, to: end)
        #expect(found.count == lines)
        #expect(found.map(\.trades).reduce(0, +) == 3)
        let margin = (dealt + [late]).compactMap(\.figures?.priced.margin.minorUnits)
        #expect(found.map(\.sums.margin).reduce(0, +) == Int128(margin.reduce(0, +)))
        let pages = try await world.margins(grouping, from: begin, to: end, limit: 1)
        let rest = try await world.margins(grouping, from: begin, to: end, after: pages[0].place)
        #expect(pages + rest == found)
      }
      let early = try await world.margins(.batch, from: begin, to: noon)
      #expect(early.map(\.group) == [.batch(first.key, id: first.id, name: first.name)])
      #expect(early[0].sums.dealt == early[0].sums.requested)
      let days = try await world.margins(.day, from: begin, to: end)
      #expect(days.map(\.trades).reduce(0, +) == 3)
      #expect(days.first?.group == .day(DeskClock.johannesburg.date(of: begin)))
      let rest = try await world.margins(
        .day, from: begin, to: end, after: try #require(days.last).place)
      #expect(rest.isEmpty)
    },
  ]
}
