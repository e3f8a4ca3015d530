import FXAPI
import FXDomain
import FXFiles
import FXJSON
import FXPorts
import Foundation

/// The desk's clients, one by one and from files.
struct ClientCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/clients", .role(.viewer)) { try await list($0) },
      Route(.post, "/api/clients", .role(.dealer), body: .json, takesKey: true) {
        try await create($0)
      },
      Route(.post, "/api/clients/import", .role(.dealer), body: .csv, takesKey: true) {
        try await importFile($0)
      },
      Route(.get, "/api/clients/{cif_number}", .role(.viewer)) { call in
        .json(try await present(try await client(of: call)))
      },
      Route(.patch, "/api/clients/{cif_number}", .role(.dealer), body: .json) {
        try await change($0)
      },
      Route(.delete, "/api/clients/{cif_number}", .role(.dealer)) { try await delete($0) },
    ] + termsRoutes
  }

  func client(of call: Call) async throws -> Client {
    try await client(call.parameter("cif_number"))
  }

  func client(_ cifNumber: String) async throws -> Client {
    guard let client = try await backend.store.client(cifNumber) else {
      throw Problem.notFound("such client")
    }
    return client
  }

  /// With the accounts and what was declared.
  func present(_ client: Client) async throws -> JSON {
    let accounts = try await backend.store.accounts(ofCIF: [client.cifNumber])
    return client.json.adding([
      .init(name: "accounts", value: .array(accounts.map(\.json))),
      .init(name: "declared_use", value: try await declaredUse(of: client)),
    ])
  }

  private func list(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    let text = query.text("q")
    let isActive = query.bool("active")
    try query.finish()
    let list = "clients?\(query.filters)"
    let after = try cursor.map { text throws(Problem) in
      try Cursor(text, of: list, parts: 1).parts[0]
    }
    let found = try await backend.store.clients(
      ClientQuery(text: text, isActive: isActive, after: after, limit: limit + 1))
    let next = Cursor.next(after: found, limit: limit, of: list) { [$0.cifNumber] }
    return .json(.page(found.prefix(limit).map(\.json), next: next))
  }

  // MARK: Changes

  private func create(_ call: Call) async throws -> Answer {
    var fields = Fields(call.json)
    fields.require("cif_number", "name", "spread")
    let cifNumber = fields.value("cif_number", CellValue.cifNumber)
    let name = fields.value("name", CellValue.name)
    let spread = fields.decimal("spread", CellValue.spread)
    var currencies: Set<Currency> = []
    let accounts: [SettlementAccount] =
      fields.objects("accounts", atMost: CallBounds.accountsOfOneClient) { account, _ in
        account.require("currency", "account_number")
        let currency = account.value("currency", CellValue.currency)
        let number = account.value("account_number", CellValue.accountNumber)
        if let currency, !currencies.insert(currency).inserted {
          account.refuse("currency", "repeated", "Give one account of each currency.")
        }
        guard let cifNumber, let currency, let number else { return SettlementAccount?.none }
        return SettlementAccount(cifNumber: cifNumber, currency: currency, accountNumber: number)
      } ?? []
    try fields.demandNothingWrong()
    guard let cifNumber, let name, let spread else { throw Problem.notFound("such client") }
    call.observed.name(cifNumber)
    let registered = try await backend.store.register(
      ClientRecord(name: name, cifNumber: cifNumber, spread: spread, accounts: accounts),
      receipt: call.receipt)
    let client: Client
    if case .failure(.repeated) = registered {
      // By this very request, whose answer was lost.
      client = try await self.client(cifNumber)
    } else {
      client = try registered.get()
    }
    let answer = try await backend.afterChange { try await present(client) }
    return Answer.json(
      answer, .created, fields: [.location: "/api/clients/\(Self.escaped(cifNumber))"]
    ).changing(to: answer)
  }

  private static func escaped(_ text: String) -> String {
    text.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
  }

  private func change(_ call: Call) async throws -> Answer {
    let before = try await client(of: call)
    var fields = Fields(call.json)
    let change = ClientChange(
      name: fields.value("name", CellValue.name),
      spread: fields.decimal("spread", CellValue.spread), isActive: fields.bool("active"),
      dayLimit: dayLimit(in: &fields), taxClearance: taxClearance(in: &fields))
    fields.refuseNulls(except: ["day_limit", "tax_clearance"])
    if fields.isEmpty { fields.refuse("", "empty", "Say what is to be changed.") }
    try fields.demandNothingWrong()
    guard let after = try await backend.store.update(change, cifNumber: before.cifNumber) else {
      throw Problem.notFound("such client")
    }
    return Answer.json(try await backend.afterChange { try await present(after) })
      .changing(from: before.json, to: after.json)
  }

  private func delete(_ call: Call) async throws -> Answer {
    let deleted = try await backend.store.deleteClient(call.parameter("cif_number")).get()
    return Answer.noContent.changing(from: deleted.json)
  }

  private func importFile(_ call: Call) async throws -> Answer {
    var query = try call.query()
    try query.finish()
    var parser = ClientFileParser()
    parser.consume(call.body.bytes.span)
    switch parser.finish() {
    case .refused(let problems, _): throw Problem(problems)
    case .accepted(let rows, let warnings):
      let counts = try await backend.intake.importClients(rows)
      let answer: JSON = [
        "created": JSON(counts.created), "updated": JSON(counts.updated),
        "warnings": warnings.json,
      ]
      return Answer.json(answer).changing(to: answer)
    }
  }
}
