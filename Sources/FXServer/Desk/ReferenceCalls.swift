import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// Reference data: accounts as the bank tells of them, and the desk's OTC rates.
struct ReferenceCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/accounts", .role(.viewer)) { try await accounts($0) },
      Route(.post, "/api/accounts/sync", .role(.dealer), takesKey: true) {
        try await syncAccounts($0)
      },
      Route(.get, "/api/otc-rates", .role(.viewer)) { _ in
        .json(.page(try await backend.store.otcRates().map(\.json), next: nil))
      },
      Route(.get, "/api/otc-rates/{pair}", .role(.viewer)) { try await rate($0) },
      Route(.put, "/api/otc-rates/{pair}", .role(.dealer), body: .json) {
        try await setRate($0)
      },
    ]
  }

  // MARK: Accounts

  private func accounts(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    let cifNumber = query.text("cif_number", atMost: FileBounds.maximumCIFCharacters)
    try query.finish()
    let list = "accounts?\(query.filters)"
    var after: AccountCursor?
    if let cursor {
      let parts = try Cursor(cursor, of: list, parts: 2).parts
      guard let currency = Currency(parts[1]) else { throw Cursor.unusable }
      after = AccountCursor(cifNumber: parts[0], currency: currency)
    }
    let accounts = try await backend.store.accounts(
      after: after, cifNumber: cifNumber, limit: limit + 1)
    let next = Cursor.next(after: accounts, limit: limit, of: list) {
      [$0.cifNumber, $0.currency.code]
    }
    return .json(.page(accounts.prefix(limit).map(\.json), next: next))
  }

  private func syncAccounts(_ call: Call) async throws -> Answer {
    guard let bank = backend.bank else {
      throw Problem(.unavailable, "This server has no bank. Ask one that has.")
    }
    let counts: UpsertCounts
    do {
      counts = try await AccountSync(store: backend.store, bank: bank, now: { backend.now }).run()
    } catch {
      throw Problem(error)
    }
    let answer: JSON = [
      "created": JSON(counts.created), "updated": JSON(counts.updated),
      "unknown": JSON(counts.unknown),
    ]
    return Answer.json(answer).changing(to: answer)
  }

  // MARK: OTC rates

  /// `USD-ZAR`: a slash would end the part of a path.
  private func pair(_ call: Call) throws(Problem) -> CurrencyPair {
    let text = call.parameter("pair").replacing("-", with: "/")
    guard let pair = CurrencyPair(text.uppercased()) else { throw .notFound("such pair") }
    return pair
  }

  private func rate(_ call: Call) async throws -> Answer {
    guard let rate = try await backend.store.otcRate(try pair(call)) else {
      throw Problem.notFound("OTC rate of this pair yet")
    }
    return .json(rate.json)
  }

  private func setRate(_ call: Call) async throws -> Answer {
    let pair = try pair(call)
    var fields = Fields(call.json)
    fields.require("rate")
    let rate = fields.decimal("rate", CellValue.rate)
    if rate?.isPositive == false {
      fields.refuse("rate", "not_positive", "Give a rate above zero.")
    }
    let confirmed = fields.bool("confirm") ?? false
    try fields.demandNothingWrong()
    guard let rate else { throw Problem.notFound("such pair") }
    let before = try await backend.store.otcRate(pair)
    let set = try await backend.store.setOTCRate(
      rate, for: pair, by: call.actor.description, confirmed: confirmed,
      jumpBasisPoints: backend.settings.otcJumpBasisPoints)
    switch set {
    case .success(let rate):
      return Answer.json(rate.json).changing(from: before?.json, to: rate.json)
    case .failure(let jump):
      var problem = Problem(
        .rateJump,
        "\(rate) lies more than \(backend.settings.otcJumpBasisPoints / 100) % from the present rate "
          + "of \(pair), \(jump.present.rate) of \(jump.present.setAt). Send confirm: true if it is "
          + "right.")
      problem.facts = [.init(name: "present", value: jump.present.json)]
      throw problem
    }
  }
}

extension OTCRate {
  var json: JSON {
    [
      "pair": JSON(pair), "rate": JSON(rate), "set_at": JSON(setAt),
      "set_by": .string(Actor.name(in: setBy)),
    ]
  }
}

extension Problem {
  init(_ failure: AccountSync.Failure) {
    switch failure {
    case .refused(let refusal):
      self.init(.unavailable, "The bank refused: \(refusal.message) [\(refusal.reasonCode)]")
    case .trouble(let trouble):
      self = .retryLater(
        .unavailable, "\(trouble.failure.message) Nothing more was stored.", seconds: 5)
    case .store(let error): self.init(error)
    }
  }
}
