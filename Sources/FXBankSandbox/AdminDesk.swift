import FXDomain
import FXJSON
import Hummingbird

/// What a test or an operator asks the sandbox itself, beside the bank's calls; without a token, which
/// is why the sandbox listens on a loopback address.
struct AdminDesk: Sendable {
  /// Longest page of any list.
  static let maximumPage: Int64 = 10_000
  /// A fault plan with every fault of every call is about 4,000 long; an empty one has no faults.
  static let planCharacters = 0...10_000
  static let prefix = "/sandbox/"

  let ledger: Ledger
  let faults: FaultDesk
  let traces: TraceDesk
  /// The bank's clock.
  let clock: @Sendable () -> Timestamp

  func answer(
    _ method: HTTPRequest.Method, _ path: String, query: [String: String], body: [UInt8]
  ) async -> Answer {
    do {
      switch (method, path.dropFirst(Self.prefix.count)) {
      case (.get, "ledger"): return Answer(try await deals(query))
      case (.get, "received"): return Answer(try await received(query))
      // The calls of this process, the newest 5,000 at least, with the traces that they came in.
      case (.get, "traces"): return Answer(traces.json)
      case (.get, "stats"): return Answer(try await stats())
      case (.get, "faults"): return Answer(["plan": .string(faults.plan.description)])
      case (.put, "faults"):
        let plan = try RequestFields(body: body).text("plan", characters: Self.planCharacters)
        faults.plan = try FaultPlan(plan)
        return Answer(["plan": .string(faults.plan.description)])
      case (.post, "next"): return try order(try RequestFields(body: body))
      case (.put, "accounts"): return Answer(try await seed(body))
      default: return .error(.notFound, "not_found", "there is no \(method) \(path)")
      }
    } catch let refusal as BankRefusal {
      let field = refusal.field.map { "\($0): " } ?? ""
      return .error(.badRequest, "invalid_request", field + refusal.message)
    } catch let error as FaultPlanError {
      return .error(.badRequest, "invalid_request", error.description)
    } catch {
      return .error(.internalServerError, "internal", "\(error)")
    }
  }

  /// `GET ledger?after=0&limit=1000`: every deal that the bank booked, a page at a time.
  private func deals(_ query: [String: String]) async throws -> JSON {
    let deals = try await ledger.deals(
      after: number("after", of: query, default: 0, in: 0...Int64.max),
      limit: number("limit", of: query, default: 1_000, in: 1...Self.maximumPage))
    let now = clock()
    return .array(deals.map { $0.json(at: now) })
  }

  /// `GET received?at_least=2&limit=1000`: the deal ids that BookQuotedDeal bore so often.
  private func received(_ query: [String: String]) async throws -> JSON {
    let received = try await ledger.received(
      atLeast: number("at_least", of: query, default: 2, in: 1...Int64.max),
      limit: number("limit", of: query, default: 1_000, in: 1...Self.maximumPage))
    return .array(
      received.map { ["deal_transaction_id": .string($0.id), "calls": .integer($0.calls)] })
  }

  /// `GET stats`: calls and faults of this process, totals of the ledger.
  private func stats() async throws -> JSON {
    guard case .object(let counts) = faults.counts else {
      preconditionFailure("counts are an object")
    }
    let totals = try await ledger.totals().map {
      JSON.Member(name: $0.name, value: .integer($0.count))
    }
    return .object(counts + [.init(name: "ledger", value: .object(totals))])
  }

  /// `POST next {"call":"book","fault":"lost_after"}`: the next such call meets that fault; with
  /// `"cif":"900001"`, the next one of that customer.
  private func order(_ request: RequestFields) throws(BankRefusal) -> Answer {
    guard let call = BankCall(rawValue: try request.text("call")) else {
      throw request.invalid("call", "is no call")
    }
    guard let fault = BankFault(rawValue: try request.text("fault")),
      call == .book || fault != .settlementFailed
    else { throw request.invalid("fault", "is no fault of \(call.rawValue)") }
    let done = request.has("done") ? try request.flag("done") : nil
    let cif = request.has("cif") ? try request.text("cif") : nil
    guard cif == nil || (call != .token && call != .bulkBalance) else {
      throw request.invalid("cif", "stands in no call of \(call.rawValue)")
    }
    guard faults.order(fault, for: call, done: done, cif: cif) else {
      throw request.invalid("fault", "too many faults are waiting")
    }
    return Answer(
      ["call": .string(call.rawValue), "fault": .string(fault.rawValue)], status: .accepted)
  }

  /// `PUT accounts`: a list of `{"cif","name","number","currency","status","type","balance"}`, of
  /// which status (`OPEN`) and type may be left out.
  private func seed(_ body: [UInt8]) async throws -> JSON {
    var accounts: [Account] = []
    for fields in try RequestFields.list(body: body) {
      let currency = try fields.currency("currency")
      let status = fields.has("status") ? try fields.text("status") : "OPEN"
      guard ["OPEN", "DORM", "CLOS"].contains(status) else {
        throw fields.invalid("status", "must be OPEN, DORM or CLOS")
      }
      let balance = try fields.amount("balance", in: currency, signed: true).minorUnits
      guard balance.magnitude <= Account.maximumBalance else {
        throw fields.invalid("balance", "is too large")
      }
      accounts.append(
        Account(
          cif: try fields.text("cif"), number: try fields.text("number"),
          name: try fields.text("name"), currency: currency, status: status,
          type: fields.has("type") ? try fields.text("type") : Account.tradeAccount,
          openingBalance: balance, balance: balance))
    }
    try await ledger.seed(accounts, on: clock().bankDay)
    return ["accounts": .integer(accounts.count)]
  }

  private func number(
    _ name: String, of query: [String: String], default standard: Int64,
    in range: ClosedRange<Int64>
  ) throws(BankRefusal) -> Int64 {
    guard let text = query[name] else { return standard }
    guard let number = Int64(text), range.contains(number) else {
      throw .invalid(name, "must be a number from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }
}

extension BankDeal {
  /// The row of the ledger for comparison with another's books; amounts and rates as decimal texts.
  fileprivate func json(at now: Timestamp) -> JSON {
    [
      "number": .integer(number),
      "deal_transaction_id": .string(dealTransactionID),
      "bank_transaction_id": .string(bankTransactionID),
      "deal_reference": .string(reference),
      "quote_id": .integer(quoteID),
      "cif": .string(terms.cif),
      "pair": .string(terms.pair.description),
      "side": .string(terms.side.rawValue),
      "delivery": .string(terms.delivery.rawValue),
      "settlement_date": .string(terms.settlementDate.description),
      "deal_currency": .string(terms.amount.currency.code),
      "deal_amount": .string(terms.amount.decimalText),
      "counter_currency": .string(counterAmount.currency.code),
      "counter_amount": .string(counterAmount.decimalText),
      "quote_rate": .string(quoteRate.decimalText),
      "deal_rate": .string(dealRate.decimalText),
      "from_account": .string(terms.from),
      "to_account": .string(terms.to),
      "booked_at": .string(bookedAt.description),
      "status": .string(settlement(at: now).rawValue),
      "calls": .integer(received),
    ]
  }
}
