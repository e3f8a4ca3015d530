import FXDomain
import FXEngine
import FXJSON
import FXPorts
import Testing

@testable import FXServer

@Suite struct `Limits and allowances over the API` {
  private static func rands(_ amount: Int64) -> Money {
    Money(minorUnits: amount * 100, currency: .zar)
  }

  private static func world() async throws -> CallWorld {
    try await CallWorld(
      intake: IntakeSettings(rules: DeskRules(limits: DealLimits(clientDay: rands(1_500_000)))))
  }

  private static func body(_ rands: [Int], allowance: String = "SDA", start: Bool) -> String {
    let trades = rands.map {
      #"{"cif_number":"C1","deal_amount":"\#($0).00","allowance":"\#(allowance)"}"#
    }
    return #"{"name":"B","start":\#(start),"trades":[\#(trades.joined(separator: ","))]}"#
  }

  @Test func `a creation that would start beyond them stores nothing, and names its rows`()
    async throws
  {
    let world = try await Self.world()
    let refused = try await world.call(
      .post, "/api/batches", as: .dealer, json: Self.body([900_000, 600_001], start: true))
    #expect(refused.status == 422)
    let errors = try refused.json["errors"]?.items ?? []
    #expect(errors.map { $0["code"] } == ["limit_exceeded", "limit_exceeded"])
    #expect(errors.map { $0["pointer"] } == ["/trades/0", "/trades/1"])
    #expect(try await world.store.batches(BatchQuery()).isEmpty)
    let clearance = try await world.call(
      .post, "/api/batches", as: .dealer, json: Self.body([5], allowance: "FIA", start: true))
    #expect(try clearance.json["errors"]?.items.map { $0["code"] } == ["allowance_exceeded"])
    // What is only staged is looked at when it is started.
    let staged = try await world.call(
      .post, "/api/batches", as: .dealer, json: Self.body([900_000, 600_001], start: false))
    #expect(staged.status == 201)
    let id = try await world.store.batches(BatchQuery()).first?.id
    let start = try await world.call(.post, "/api/batches/\(try #require(id))/start", as: .dealer)
    #expect(start.status == 422)
    #expect(try start.json["errors"]?.items.map { $0["row"] } == [.integer(1), .integer(2)])
    #expect(try start.json["total_errors"] == .integer(2))
  }

  @Test func `show what a client has used, and deals today`() async throws {
    let world = try await Self.world()
    let made = try await world.call(
      .post, "/api/batches", as: .dealer, json: Self.body([700_000], start: true))
    #expect(made.status == 201)
    let shown = try await world.call(.get, "/api/clients/C1/allowances", as: .viewer)
    #expect(
      try shown.json == [
        "cif_number": "C1", "year": .integer(2026),
        "allowances": [
          [
            "allowance": "SDA", "declared": "0.00", "limit": "2000000.00",
            "reserved": "700000.00", "used": "0.00", "left": "1300000.00",
          ],
          [
            "allowance": "FIA", "declared": "0.00", "limit": .null, "reserved": "0.00",
            "used": "0.00", "left": .null,
          ],
        ],
        "today": [
          "day": "2026-11-10", "limit": "1500000.00", "reserved": "700000.00", "used": "0.00",
          "left": "800000.00",
        ],
      ])
    let past = try await world.call(.get, "/api/clients/C1/allowances?year=2025", as: .viewer)
    let first = try past.json["allowances"]?.items.first
    #expect(first?["limit"] == "1000000.00")
    #expect(first?["reserved"] == "0.00")
    #expect(try await world.call(.get, "/api/clients/C9/allowances", as: .viewer).status == 404)
    #expect(
      try await world.call(.get, "/api/clients/C1/allowances?year=1", as: .viewer).status == 422)
  }
}

extension JSON {
  fileprivate var items: [JSON] {
    if case .array(let items) = self { items } else { [] }
  }
}
