import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// What is agreed with a client: the limit of each day, the tax authority's clearance, and what the
/// client says to have used of an allowance elsewhere.
extension ClientCalls {
  var termsRoutes: [Route] {
    [
      Route(
        .put, "/api/clients/{cif_number}/declared-use/{year}/{allowance}", .role(.dealer),
        body: .json
      ) { try await declare($0) }
    ]
  }

  /// Null takes the limit away.
  func dayLimit(in fields: inout Fields) -> Money?? {
    if fields.isNull("day_limit") {
      _ = fields.text("day_limit")
      return .some(nil)
    }
    return fields.decimal("day_limit", Self.rands).map { .some($0) }
  }

  /// Null takes the clearance away.
  func taxClearance(in fields: inout Fields) -> TaxClearance?? {
    let isRemoved = fields.isNull("tax_clearance")
    let given = fields.object("tax_clearance") { clearance -> TaxClearance? in
      clearance.require("pin", "approved", "expires")
      let pin = clearance.value("pin", CellValue.clearancePIN)
      let approved = clearance.decimal("approved", Self.rands)
      let expires = clearance.value("expires", CellValue.day)
      guard let pin, let approved, let expires else { return nil }
      return TaxClearance(pin: pin, approved: approved, expires: expires)
    }
    if isRemoved { return .some(nil) }
    return given.flatMap { $0 }.map { .some($0) }
  }

  func declaredUse(of client: Client) async throws -> JSON {
    let uses = try await backend.store.declaredUses(ofCIF: [client.cifNumber])
    return .array(uses[client.cifNumber, default: []].map(\.json))
  }

  private static func rands(_ text: String) throws(CellProblem) -> Money {
    try bounded(try CellValue.amount(text, in: .zar))
  }

  private static func bounded(_ amount: Money) throws(CellProblem) -> Money {
    guard amount.minorUnits <= IntakeBounds.greatestAmountMinorUnits else {
      throw CellProblem(.overflow, "Give a smaller amount.")
    }
    return amount
  }

  private func declare(_ call: Call) async throws -> Answer {
    let client = try await client(of: call)
    let digits = call.parameter("year")
    guard digits.utf8.count == 4, let year = Int(digits), CallBounds.declaredYears.contains(year),
      let allowance = Allowance(rawValue: call.parameter("allowance"))
    else {
      throw Problem.notFound("such allowance of a year")
    }
    var fields = Fields(call.json)
    fields.require("amount")
    let amount = fields.decimal("amount") { text throws(CellProblem) in
      try Self.bounded(try CellValue.amountOrNothing(text, in: .zar))
    }
    try fields.demandNothingWrong()
    guard let amount else { throw Problem.notFound("such client") }
    let before = try await declaredUse(of: client)
    let isKnown = try await backend.store.declare(
      DeclaredUse(allowance, year: year, amount: amount), byCIF: client.cifNumber)
    guard isKnown else { throw Problem.notFound("such client") }
    return try await backend.afterChange {
      Answer.json(try await present(client))
        .changing(from: before, to: try await declaredUse(of: client))
    }
  }
}
