import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  static let deskCases: [StoreCase] = [
    StoreCase("finds clients by the beginning of their number and any part of their name") {
      world in
      _ = try await world.store.upsert([
        ClientRecord(name: "Ångström Ltd", cifNumber: "250", spread: .zero, accounts: [])
      ])
      _ = try await world.store.setActive(false, cifNumber: "102")
      func found(_ query: ClientQuery) async throws -> [String] {
        try await world.store.clients(query).map(\.cifNumber)
      }
      #expect(try await found(ClientQuery(text: "10")) == ["101", "102", "103", "104"])
      #expect(try await found(ClientQuery(text: "10", after: "102", limit: 1)) == ["103"])
      #expect(try await found(ClientQuery(text: "01")) == [])
      #expect(try await found(ClientQuery(text: "ÅNG")) == ["250"])
      #expect(try await found(ClientQuery(isActive: false)) == ["102"])
      #expect(try await found(ClientQuery(text: "client", isActive: true)).count == 3)
    },
    StoreCase("changes what is given of a client, also in the trades' names") { world in
      let batch = try await world.create([0])
      let spread = Pips(rateUnits: 10_000)
      let changed = try await world.store.update(
        ClientChange(name: "Renamed", spread: spread), cifNumber: "101")
      #expect(changed?.name == "Renamed")
      #expect(changed?.spread == spread)
      #expect(changed?.isActive == true)
      #expect(try await world.store.client("101") == changed)
      #expect(try await world.trades(batch).map(\.clientName) == ["Renamed"])
      #expect(try await world.store.update(ClientChange(), cifNumber: "999") == nil)
    },
    StoreCase("deletes a client without trades, and takes the number up again") { world in
      _ = try await world.create([0], starts: false)
      #expect(try await world.store.deleteClient("101") == .failure(.hasTrades))
      #expect(try await world.store.deleteClient("999") == .failure(.unknown))
      let client = try await world.store.deleteClient("104").get()
      #expect(try await world.store.client("104") == nil)
      #expect(try await world.store.clients(after: nil, limit: 9).count == 3)
      #expect(try await world.store.accounts(ofCIF: ["104"]).isEmpty)
      let draft = TradeDraft(row: 1, client: client.key, deal: world.deal(rands: 1))
      #expect(
        try await world.store.create(world.request([draft])) == .failure(.clients(rows: [1])))
      let record = ClientRecord(name: "Back", cifNumber: "104", spread: .zero, accounts: [])
      #expect(try await world.store.upsert([record]) == UpsertCounts(created: 1))
      #expect(try await world.store.client("104")?.name == "Back")
    },
    StoreCase("creates clients once for a receipt") { world in
      let receipt = Receipt(
        owner: world.identifier(), key: "k", digest: Array(repeating: 1, count: 32))
      let record = ClientRecord(name: "New", cifNumber: "300", spread: .zero, accounts: [])
      let counts = try await world.store.upsert([record], receipt: receipt).get()
      #expect(counts == UpsertCounts(created: 1))
      #expect(
        try await world.store.upsert([record], receipt: receipt) == .failure(AlreadyCarriedOut()))
    },
    StoreCase("lists all OTC rates by their pairs") { world in
      #expect(try await world.store.otcRates().isEmpty)
      for text in ["USD/ZAR", "EUR/ZAR", "EUR/USD"] {
        let pair = try #require(CurrencyPair(text))
        _ = try await world.store.setOTCRate(
          Rate(units: 1_000_000_000), for: pair, by: "thandi", confirmed: true,
          jumpBasisPoints: 300
        ).get()
      }
      let pairs = try await world.store.otcRates().map { "\($0.pair)" }
      #expect(pairs == ["EUR/USD", "EUR/ZAR", "USD/ZAR"])
    },
    StoreCase("tells the outside of every event by identifiers alone") { world in
      #expect(try await world.store.newestSequence() == 0)
      let batch = try await world.running([0, 1])
      let trade = try #require(try await world.take(batch, limit: 1).first)
      _ = try await world.store.setKillSwitch(engaged: true, reason: "r", actor: world.person)
      let events = try await world.store.events(of: nil, after: 0, limit: 100)
      let feed = try await world.store.feed(of: nil, after: 0, limit: 100)
      #expect(feed.map(\.event) == events)
      #expect(try await world.store.newestSequence() == events.last?.sequence)
      for item in feed {
        let isOwn = item.event.batch == Journal.installation
        #expect(item.batchID == (isOwn ? nil : batch.id))
        #expect(item.tradeID == (item.event.entry.trade == nil ? nil : trade.id))
      }
      let own = feed.filter { $0.batchID == batch.id }
      #expect(try await world.store.feed(of: batch.id, after: 0, limit: 100) == own)
      #expect(
        try await world.store.feed(of: batch.id, after: own[0].event.sequence, limit: 1)
          == [own[1]])
      #expect(try await world.store.feed(of: world.identifier(), after: 0, limit: 9).isEmpty)
    },
    StoreCase("says how the desk stands") { world in
      #expect(try await world.store.gauges() == StoreGauges())
      let batch = try await world.running([0])
      let trade = try #require(try await world.take(batch).first)
      let sent = try await world.book(trade, under: batch)
      try await world.perform(
        .recordUnclear(attempt: 1, Failure(.bankTimeout, "-")), sent, under: batch)
      let since = world.clock.now
      world.clock.advance(byMilliseconds: 5_000)
      _ = try await world.create([1])
      _ = try await world.create([1], policy: BatchPolicy(approval: .required), starts: false)
      #expect(
        try await world.store.gauges()
          == StoreGauges(
            queued: 1, oldestQueuedAt: world.clock.now, running: 1, doubts: 1,
            oldestDoubtSince: since, needingDecision: 1))
    },
  ]
}
