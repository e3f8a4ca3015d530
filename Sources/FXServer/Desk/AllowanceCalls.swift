import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts

/// What clients have used of their allowances, and deal on a day.
struct AllowanceCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/clients/{cif_number}/allowances", .role(.viewer)) { try await show($0) }
    ]
  }

  private func show(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let asked = query.integer("year", in: 1970...9999)
    try query.finish()
    let today = Ledger.day(of: backend.now)
    let year = asked ?? today.year
    guard let client = try await backend.store.client(call.parameter("cif_number")),
      let now = try await backend.store.standing(of: client.key, on: today),
      let then = try await backend.store.standing(of: client.key, on: today.standing(for: year))
    else { throw Problem.notFound("such client") }
    let rules = backend.intake.rules
    let check = RuleCheck(rules, day: today.standing(for: year), today: today)
    let allowances = Allowance.allCases.map { allowance in
      let declared = then.terms.declared(allowance, in: year)
      return JSON.object(
        [
          .init(name: "allowance", value: .string(allowance.rawValue)),
          .init(name: "declared", value: .string(MoneySum.rands(declared).decimalText)),
        ]
          + then.year[allowance].members(
            under: check.limit(of: allowance, under: then.terms), besides: declared))
    }
    let limit = now.terms.dayLimit ?? rules.limits.clientDay
    return .json([
      "cif_number": .string(client.cifNumber), "year": JSON(year),
      "allowances": .array(allowances),
      "today": .object(
        [.init(name: "day", value: .string(today.description))]
          + now.day.dealt.members(under: limit, besides: 0)),
    ])
  }
}

extension CivilDate {
  /// The day by whose limits a year is told: the last that there was of it, or its first.
  fileprivate func standing(for year: Int) -> CivilDate {
    if year == self.year { return self }
    let day = year < self.year ? (month: 12, day: 31) : (month: 1, day: 1)
    return CivilDate(year: year, month: day.month, day: day.day) ?? self
  }
}

extension MoneySum {
  fileprivate static func rands(_ cents: Int128) -> MoneySum {
    MoneySum(minorUnits: cents, currency: .zar)
  }
}

extension Usage {
  /// What is left is null where there is no limit, and zero where it is exceeded.
  fileprivate func members(under limit: Money?, besides declared: Int128) -> [JSON.Member] {
    let left = limit.map {
      MoneySum.rands(max(0, Int128($0.minorUnits) - total - declared)).decimalText
    }
    return [
      .init(name: "limit", value: JSON(limit?.decimalText)),
      .init(name: "reserved", value: .string(MoneySum.rands(reserved).decimalText)),
      .init(name: "used", value: .string(MoneySum.rands(used).decimalText)),
      .init(name: "left", value: JSON(left)),
    ]
  }
}
