import FXDomain
import FXPorts
import Testing

private func use(_ allowance: Allowance, _ year: Int, _ rands: Int64) -> DeclaredUse {
  DeclaredUse(allowance, year: year, amount: Money(minorUnits: rands * 100, currency: .zar))
}

extension StoreConformance {
  static let clientTermsCases: [StoreCase] = [
    StoreCase("keeps a client's own limit and clearance until they are taken away") { world in
      let clearance = TaxClearance(
        pin: "AIT-INVENTED-7", approved: Money(minorUnits: 500_000_000, currency: .zar),
        expires: CivilDate(dayNumber: 20_800))
      let limit = Money(minorUnits: 100_000_000, currency: .zar)
      let first = try await world.store.update(
        ClientChange(dayLimit: limit, taxClearance: clearance), cifNumber: "101")
      #expect(first?.dayLimit == limit)
      #expect(first?.taxClearance == clearance)
      // What is not spoken of stays, and a file speaks of neither.
      _ = try await world.store.update(ClientChange(spread: .zero), cifNumber: "101")
      _ = try await world.store.upsert([
        ClientRecord(name: "Client 1", cifNumber: "101", spread: .zero, accounts: [])
      ])
      let kept = try await world.store.client("101")
      #expect(kept?.dayLimit == limit)
      #expect(kept?.taxClearance == clearance)
      #expect(try await world.store.clients(withCIF: ["101"]) == [try #require(kept)])
      #expect(try await world.store.clients(after: nil, limit: 1) == [try #require(kept)])
      _ = try await world.store.update(ClientChange(dayLimit: .some(nil)), cifNumber: "101")
      #expect(try await world.store.client("101")?.taxClearance == clearance)
      let last = try await world.store.update(
        ClientChange(taxClearance: .some(nil)), cifNumber: "101")
      #expect(last?.dayLimit == nil)
      #expect(last?.taxClearance == nil)
      #expect(try await world.store.client("102")?.dayLimit == nil)
    },
    StoreCase("keeps what a client declares, by year and allowance, the last word of each") {
      world in
      let declared = [
        use(.sda, 2026, 5), use(.fia, 2026, 7), use(.sda, 2025, 1), use(.sda, 2026, 9),
      ]
      for one in declared {
        let isKnown = try await world.store.declare(one, byCIF: "101")
        #expect(isKnown)
      }
      #expect(try await world.store.declare(use(.sda, 2026, 3), byCIF: "102"))
      #expect(try await world.store.declare(use(.sda, 2026, 3), byCIF: "999") == false)
      #expect(
        try await world.store.declaredUses(ofCIF: ["101", "102", "103", "999"]) == [
          "101": [use(.sda, 2025, 1), use(.fia, 2026, 7), use(.sda, 2026, 9)],
          "102": [use(.sda, 2026, 3)],
        ])
      #expect(try await world.store.declare(use(.sda, 2026, 0), byCIF: "102"))
      #expect(try await world.store.declaredUses(ofCIF: ["102"]).isEmpty)
    },
    StoreCase("forgets the terms of a client who is deleted") { world in
      let limit = Money(minorUnits: 100, currency: .zar)
      _ = try await world.store.update(ClientChange(dayLimit: limit), cifNumber: "104")
      _ = try await world.store.declare(
        DeclaredUse(.sda, year: 2026, amount: limit), byCIF: "104")
      let deleted = try await world.store.deleteClient("104").get()
      #expect(deleted.dayLimit == limit)
      _ = try await world.store.upsert([
        ClientRecord(name: "Back", cifNumber: "104", spread: .zero, accounts: [])
      ])
      #expect(try await world.store.client("104")?.dayLimit == nil)
      #expect(try await world.store.declaredUses(ofCIF: ["104"]).isEmpty)
    },
  ]
}
