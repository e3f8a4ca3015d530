import FXDomain
import FXJSON
import FXPorts
import Testing

@testable import FXServer

@Suite struct `A preview of a file` {
  private static let path = "/api/batches/preview"

  @Test func `tells what each row would become, and stores nothing`() async throws {
    let world = try await CallWorld()
    _ = try await world.call(.put, "/api/otc-rates/USD-ZAR", json: #"{"rate":"17.7930"}"#)
    let reply = try await world.call(
      .post, Self.path + "?pricing=otc", as: .dealer,
      csv: "Client CIF,Amount ZAR,Spread\nC1,200000.00,358\n")
    #expect(reply.status == 200)
    let json = try reply.json
    #expect(json["is_valid"] == .bool(true))
    #expect(
      json["totals"] == [
        [
          "pair": "USD/ZAR", "side": "buy", "trades": .integer(1), "currency": "ZAR",
          "amount": "200000.00",
        ]
      ])
    let row = try #require(json.rows.first)
    #expect(row["client_name"] == "Anna Example")
    #expect(row["expected_rate"] == "17.8288")
    #expect(row["expected_counter_amount"] == "11217.80")
    #expect(row["is_indicative"] == .bool(false))
    #expect(row["value_date"] != .null)
    let stored = try await world.call(.get, "/api/batches").json
    #expect(stored["items"] == [])
  }

  @Test func `names every cell that is wrong beside the rows that are right`() async throws {
    let world = try await CallWorld()
    let reply = try await world.call(
      .post, Self.path, as: .dealer,
      csv: "Client CIF,Amount ZAR,Odd\nC1,1.00,\nC9,2.00,\nC1,-3,\n")
    #expect(reply.status == 200)
    let json = try reply.json
    #expect(json["is_valid"] == .bool(false))
    #expect(json["readable_rows"] == .integer(2))
    #expect(json["total_errors"] == .integer(2))
    let errors = json.array("errors")
    #expect(errors.map { $0["row"] } == [.integer(2), .integer(3)])
    #expect(errors.map { $0["column"] } == ["Client CIF", "Amount ZAR"])
    #expect(json.array("warnings").map { $0["column"] } == ["Odd"])
    #expect(json.rows.map { $0["expected_rate"] } == [.null, .null])
  }

  @Test func `calls a rate indicative that the bank's quote decides`() async throws {
    let world = try await CallWorld()
    _ = try await world.call(.put, "/api/otc-rates/USD-ZAR", json: #"{"rate":"17.7930"}"#)
    let json = try await world.call(
      .post, Self.path + "?pricing=bank", as: .dealer,
      csv: "Client CIF,Amount,Currency,Side,Spread\nC1,10000,USD,sell,358\n"
    ).json
    #expect(json.rows.map { $0["expected_rate"] } == ["17.7572"])
    #expect(json.rows.map { $0["is_indicative"] } == [.bool(true)])
  }

  @Test func `lists a thousand rows and sums up all`() async throws {
    let world = try await CallWorld()
    let rows = (1...1_200).map { "C1,\($0).00" }.joined(separator: "\n")
    let json = try await world.call(
      .post, Self.path, as: .dealer, csv: "Client CIF,Amount ZAR\n\(rows)\n"
    ).json
    #expect(json.rows.count == CallBounds.previewedRows)
    #expect(json["readable_rows"] == .integer(1_200))
    #expect(json.array("totals").map { $0["amount"] } == ["720600.00"])
  }
}

extension JSON {
  fileprivate var rows: [JSON] { array("rows") }

  fileprivate func array(_ name: String) -> [JSON] {
    guard case .array(let elements)? = self[name] else { return [] }
    return elements
  }
}
