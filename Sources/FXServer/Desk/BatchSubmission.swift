import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// New batches, from JSON or from a CSV file.
struct BatchSubmission: Sendable {
  let orders: BatchOrders

  private var backend: Backend { orders.backend }

  var routes: [Route] {
    [
      Route(.post, "/api/batches", .role(.dealer), body: .jsonOrCSV, takesKey: true) {
        try await submit($0)
      }
    ]
  }

  private func submit(_ call: Call) async throws -> Answer {
    let wanted = try await wanted(call)
    let rows = wanted.rows
    if let id = call.earlier {
      guard let batch = try await backend.store.batch(id) else {
        throw Problem.notFound("such batch")
      }
      return try await created(batch, wanted, call)
    }
    var options = wanted.options
    // It waits for its approval where it is.
    if options.policy.approval == .required { options.starts = false }
    let submitted = try await backend.intake.take(
      rows, options, by: call.actor, receipt: call.receipt)
    switch submitted {
    case .success(let taken):
      if options.starts { backend.nudge() }
      return try await created(
        taken.batch, wanted, call, findings: taken.warnings, newSecrets: wanted.newSecrets)
    case .failure(.problems(let problems)):
      throw Problem(problems.naming(wanted.columns)).pointing(into: call.body)
    case .failure(let refusal): throw Problem(refusal).pointing(into: call.body)
    }
  }

  private func created(
    _ batch: Batch, _ wanted: Wanted, _ call: Call, findings: [Examination.Item] = [],
    newSecrets: [Identifier: SigningSecret] = [:]
  ) async throws -> Answer {
    call.observed.name(batch.id.description)
    return try await orders.created(
      batch, warnings: wanted.warnings, findings: findings, newSecrets: newSecrets)
  }

  // MARK: What is asked for

  private struct Wanted {
    let rows: [TradeRow]
    let options: BatchOptions
    var warnings: [FileWarning] = []
    /// How a file calls its columns.
    var columns: [String: String] = [:]
    /// Of callbacks that came without one of their own.
    var newSecrets: [Identifier: SigningSecret] = [:]
  }

  /// The rows and how they are to be run, or one refusal that names everything that is wrong.
  private func wanted(_ call: Call) async throws -> Wanted {
    switch call.body {
    case .csv(let bytes): return try await wanted(csv: bytes, call)
    case .json(let json, _):
      // Everything stands in the body.
      var query = try call.query()
      try query.finish()
      return try await wanted(json: json, call)
    case .none: throw Problem(.unsupportedType, "Send the batch as application/json or text/csv.")
    }
  }

  private func wanted(csv bytes: [UInt8], _ call: Call) async throws -> Wanted {
    var query = try call.query()
    let callbacks = query.callbacks(Callbacks(backend: backend, actor: call.actor))
    var options = options(&query)
    options.callbacks = callbacks.endpoints
    try query.finish()
    var parser = TradeFileParser()
    parser.consume(bytes.span)
    switch parser.finish() {
    case .accepted(let rows, let warnings):
      return Wanted(
        rows: rows, options: options, warnings: warnings, columns: parser.columnNames,
        newSecrets: callbacks.newSecrets)
    case .refused(var problems, _):
      let found = try await backend.intake.problems(
        with: parser.goodRows, besidesAmount: parser.rowsBesidesAmount, options)
      problems.merge(found.naming(parser.columnNames))
      throw Problem(problems)
    }
  }

  /// How the rows of a file are to be run, as query parameters say it.
  func options(_ query: inout Query) -> BatchOptions {
    BatchOptions(
      name: query.value("name", "a batch's name that can be seen") {
        $0.isVisible ? $0 : nil
      } ?? defaultName,
      pricing: query.choice("pricing", of: PricingMode.self) ?? .bank,
      priority: query.clamped("priority", to: 1...10) ?? 5,
      maxConcurrentTrades: query.integer(
        "max_concurrent_trades", in: BatchBounds.concurrentTrades) ?? 5,
      policy: query.policy(), starts: query.bool("start") ?? false,
      allowsDuplicates: query.bool("allow_duplicates") ?? false)
  }

  private func wanted(json: JSON, _ call: Call) async throws -> Wanted {
    var fields = Fields(json)
    let callbacks = fields.callbacks(Callbacks(backend: backend, actor: call.actor))
    let options = BatchOptions(
      name: fields.batchName() ?? defaultName,
      pricing: fields.choice("pricing", of: PricingMode.self) ?? .bank,
      priority: fields.clamped("priority", to: 1...10) ?? 5,
      maxConcurrentTrades: fields.integer(
        "max_concurrent_trades", in: BatchBounds.concurrentTrades) ?? 5,
      policy: fields.object("policy") { $0.policy() } ?? BatchPolicy(),
      starts: fields.bool("start") ?? false,
      allowsDuplicates: fields.bool("allow_duplicates") ?? false,
      callbacks: callbacks.endpoints)
    fields.require("trades")
    var besidesAmount: [TradeRow] = []
    let rows =
      fields.objects("trades", atMost: FileBounds.maximumDataRows) { trade, place in
        trade.tradeRow(place + 1, besidesAmount: &besidesAmount)
      } ?? []
    if fields.has("trades"), rows.isEmpty, fields.errors.isEmpty {
      fields.refuse("trades", "no_rows", "Give at least one trade.")
    }
    let errors = fields.finish()
    guard errors.isEmpty else {
      // What the desk's rules find wrong with the others is told in the same answer.
      let rules = try await backend.intake.problems(
        with: rows, besidesAmount: besidesAmount, options)
      throw Problem(
        errors + (rules.isEmpty ? [] : Problem(rules).pointing(into: .json(json, [])).errors))
    }
    return Wanted(rows: rows, options: options, newSecrets: callbacks.newSecrets)
  }

  private var defaultName: String { "Batch of \(backend.now)" }
}

extension Problem {
  /// Columns of a file, by the fields of JSON that say the same.
  private static let fieldsByColumn = [
    "Client CIF": "cif_number", "Amount": "deal_amount", "Currency": "deal_currency",
    "CurPair": "pair", "Fixed Rate": "fixed_rate", "Spread": "spread",
  ]

  /// Rows of a file are trades of the array where the batch came as JSON.
  fileprivate func pointing(into body: CallBody) -> Problem {
    guard case .json = body else { return self }
    var problem = self
    problem.errors = errors.map { error in
      guard case .cell(let row?, let column) = error.place else { return error }
      let field = column.map { "/" + (Self.fieldsByColumn[$0] ?? "") } ?? ""
      return .init(
        place: .pointer("/trades/\(row - 1)\(field)"), code: error.code, detail: error.detail)
    }
    return problem
  }
}

extension [FileWarning] {
  /// What was odd about a file, and did no harm.
  var json: JSON {
    .array(map { ["column": .string($0.column), "detail": .string($0.detail)] })
  }
}

extension Fields {
  mutating func batchName() -> String? {
    guard let name = text("name") else { return nil }
    if !name.isEmpty, !name.isVisible {
      refuse("name", "out_of_range", "Give a name that can be seen.")
    }
    return name
  }

  /// One trade of a batch, as `TradeFile` reads one row; nil where something is wrong with it.
  mutating func tradeRow(_ row: Int) -> TradeRow? {
    var besidesAmount: [TradeRow] = []
    return tradeRow(row, besidesAmount: &besidesAmount)
  }

  /// - Parameter besidesAmount: takes a trade of which only the amount is bad; in its place it has one
  ///   minor unit.
  mutating func tradeRow(_ row: Int, besidesAmount: inout [TradeRow]) -> TradeRow? {
    let before = errors.count
    require("cif_number", "deal_amount")
    let cif = value("cif_number", CellValue.cifNumber)
    let pair = value("pair", CellValue.pair) ?? .usdZAR
    let currency = value("deal_currency", CellValue.currency) ?? .zar
    let beforeAmount = errors.count
    let amount = decimal("deal_amount") { text throws(CellProblem) in
      try CellValue.amount(text, in: currency)
    }
    let amountErrors = errors.count - beforeAmount
    let side = choice("side", of: Side.self) ?? .buy
    let delivery = choice("delivery", of: Delivery.self) ?? .spot
    let spread = decimal("spread", CellValue.spread)
    let fixedRate = decimal("fixed_rate", CellValue.rate)
    let allowance = choice("allowance", of: Allowance.self)
    let reference = value("external_ref", CellValue.reference)
    guard errors.count == before + amountErrors, let cif else { return nil }
    let trade = TradeRow(
      row: row, cifNumber: cif, amount: amount ?? Money(minorUnits: 1, currency: pair.quote),
      pair: pair, side: side, delivery: delivery,
      allowance: allowance, isFixed: fixedRate != nil, fixedRate: fixedRate, spread: spread,
      reference: reference)
    if amount != nil { return trade }
    if besidesAmount.count < CallBounds.keptErrors { besidesAmount.append(trade) }
    return nil
  }

  mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int? {
    integer(name, in: Int64(range.lowerBound)...Int64(range.upperBound)).map { Int($0) }
  }
}

extension Query {
  mutating func clamped(_ name: String, to range: ClosedRange<Int>) -> Int? {
    value(name, "a whole number") { text in
      let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
      guard !digits.isEmpty, digits.utf8.allSatisfy({ $0.isDigit }) else { return nil }
      let beyond = text.hasPrefix("-") ? range.lowerBound : range.upperBound
      return min(max(Int(text) ?? beyond, range.lowerBound), range.upperBound)
    }
  }
}

extension CurrencyPair {
  /// What a trade is about when it does not say.
  static let usdZAR: CurrencyPair = {
    guard let pair = CurrencyPair(base: .usd, quote: .zar) else {
      preconditionFailure("two currencies make a pair")
    }
    return pair
  }()
}
