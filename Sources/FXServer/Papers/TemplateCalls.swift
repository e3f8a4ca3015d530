import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// Batches that are made again and again: saved from one, and made anew with other amounts.
struct TemplateCalls: Sendable {
  let orders: BatchOrders

  private var backend: Backend { orders.backend }

  var routes: [Route] {
    [
      Route(.get, "/api/templates", .role(.viewer)) { try await list($0) },
      Route(.post, "/api/templates", .role(.dealer), body: .json, takesKey: true) {
        try await save($0)
      },
      Route(.get, "/api/templates/{id}", .role(.viewer)) {
        .json(try await template(of: $0).json)
      },
      Route(.get, "/api/templates/{id}/rows", .role(.viewer)) { try await rows($0) },
      Route(.patch, "/api/templates/{id}", .role(.dealer), body: .json) { try await rename($0) },
      Route(.delete, "/api/templates/{id}", .role(.dealer)) { try await delete($0) },
      Route(.post, "/api/templates/{id}/batches", .role(.dealer), body: .json, takesKey: true) {
        try await makeBatch($0)
      },
    ]
  }

  private func template(of call: Call) async throws -> Template {
    let id = try call.identifier("id", "such template")
    guard let template = try await backend.store.template(id) else {
      throw Problem.notFound("such template")
    }
    return template
  }

  private func list(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    try query.finish()
    let list = "templates?\(query.filters)"
    let after = try cursor.map { text throws(Problem) in
      try Cursor(text, of: list, parts: 1).parts[0]
    }
    let found = try await backend.store.templates(after: after, limit: limit + 1)
    let next = Cursor.next(after: found, limit: limit, of: list) { [$0.name] }
    return .json(.page(found.prefix(limit).map(\.json), next: next))
  }

  private func rows(_ call: Call) async throws -> Answer {
    let template = try await template(of: call)
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    try query.finish()
    let list = "\(template.id)/rows?\(query.filters)"
    let after = try cursor.map { text throws(Problem) in
      try Cursor(text, of: list, parts: 1).integer(0)
    }
    let found = try await backend.store.rows(
      of: template.id, after: Int(after ?? 0), limit: limit + 1)
    let next = Cursor.next(after: found, limit: limit, of: list) { [String($0.row)] }
    return .json(.page(found.prefix(limit).map(\.json), next: next))
  }

  /// Keeps how a batch is run, and its rows as they were asked for.
  private func save(_ call: Call) async throws -> Answer {
    var fields = Fields(call.json)
    fields.require("batch_id", "name")
    let batchID = fields.identifier("batch_id")
    let name = fields.checkedName()
    try fields.demandNothingWrong()
    guard let batchID, let name else { throw Problem.notFound("such batch") }
    if let id = call.earlier, let made = try await backend.store.template(id) {
      return created(made)
    }
    guard let batch = try await backend.store.batch(batchID) else {
      throw Problem([
        .init(
          place: .pointer("/batch_id"), code: "unknown_batch", detail: "There is no such batch.")
      ])
    }
    guard batch.counts.total <= TemplateBounds.rows else {
      throw Problem([
        .init(
          place: .pointer("/batch_id"), code: "too_many",
          detail: "A template has at most \(TemplateBounds.rows) rows: keep the file instead.")
      ])
    }
    var rows: [TemplateRow] = []
    try await backend.eachTrade(of: batch) { rows.append(TemplateRow(of: $0, row: rows.count + 1)) }
    let now = backend.now
    let template = Template(
      id: backend.newIdentifier(), name: name, pricing: batch.pricing, priority: batch.priority,
      maxConcurrentTrades: batch.maxConcurrentTrades, policy: batch.policy, rows: rows.count,
      createdAt: now, createdBy: call.actor.description, updatedAt: now)
    return created(
      try await backend.store.save(template, rows: rows, receipt: call.receipt).get())
  }

  private func created(_ template: Template) -> Answer {
    .json(
      template.json, .created, fields: [.location: "/api/templates/\(template.id)"]
    ).changing(to: template.json)
  }

  private func rename(_ call: Call) async throws -> Answer {
    let before = try await template(of: call)
    var fields = Fields(call.json)
    fields.require("name")
    let name = fields.checkedName()
    try fields.demandNothingWrong()
    let after = try await backend.store.rename(before.id, to: name ?? before.name).get()
    return .json(after.json).changing(from: before.json, to: after.json)
  }

  private func delete(_ call: Call) async throws -> Answer {
    let id = try call.identifier("id", "such template")
    guard let template = try await backend.store.deleteTemplate(id) else {
      throw Problem.notFound("such template")
    }
    return .noContent.changing(from: template.json)
  }

  /// A new staged batch of the template's rows, some of them over other amounts.
  private func makeBatch(_ call: Call) async throws -> Answer {
    let template = try await template(of: call)
    var fields = Fields(call.json == .null ? [:] : call.json)
    let amounts = fields.newAmounts()
    let name = fields.checkedName()
    let callbacks = fields.callbacks(Callbacks(backend: backend, actor: call.actor))
    try fields.demandNothingWrong()
    if let id = call.earlier, let made = try await backend.store.batch(id) {
      return try await orders.created(made)
    }
    var rows: [TradeRow] = []
    while rows.count < template.rows {
      let page = try await backend.store.rows(
        of: template.id, after: rows.count, limit: CallBounds.pageItems.upperBound)
      guard !page.isEmpty else { throw Problem.notFound("such template") }
      rows += page.map { TradeRow(of: $0) }
    }
    try amounts.apply(to: &rows)
    let options = BatchOptions(
      name: name ?? template.name, pricing: template.pricing, priority: template.priority,
      maxConcurrentTrades: template.maxConcurrentTrades, policy: template.policy, starts: false,
      // To be made again is what a template is for.
      allowsDuplicates: true, callbacks: callbacks.endpoints)
    let made = try await backend.intake.submit(
      rows, options, by: call.actor, receipt: call.receipt
    ).get()
    return try await orders.created(made, newSecrets: callbacks.newSecrets)
  }
}

extension Template {
  var json: JSON {
    [
      "id": JSON(id), "name": .string(name), "pricing": .string(pricing.rawValue),
      "priority": JSON(priority), "max_concurrent_trades": JSON(maxConcurrentTrades),
      "policy": policy.json, "rows": JSON(rows), "created_at": JSON(createdAt),
      "created_by": .string(Actor.name(in: createdBy)), "updated_at": JSON(updatedAt),
    ]
  }
}

extension TemplateRow {
  fileprivate init(of trade: Trade, row: Int) {
    self.init(
      row: row, cifNumber: trade.cifNumber, deal: trade.deal, delivery: trade.delivery,
      allowance: trade.allowance, spread: trade.spread, fixedRate: trade.fixedRate,
      externalRef: trade.externalRef)
  }

  fileprivate var json: JSON {
    [
      "row": JSON(row), "cif_number": .string(cifNumber), "pair": JSON(deal.pair),
      "side": .string(deal.side.rawValue), "deal_amount": .string(deal.amount.decimalText),
      "deal_currency": JSON(deal.amount.currency), "delivery": .string(delivery.rawValue),
      "allowance": JSON(allowance?.rawValue), "spread": .string(spread.decimalText),
      "fixed_rate": JSON(fixedRate), "external_ref": JSON(externalRef),
    ]
  }
}

extension TradeRow {
  fileprivate init(of row: TemplateRow) {
    self.init(
      row: row.row, cifNumber: row.cifNumber, amount: row.deal.amount, pair: row.deal.pair,
      side: row.deal.side, delivery: row.delivery, allowance: row.allowance,
      isFixed: row.fixedRate != nil, fixedRate: row.fixedRate, spread: row.spread,
      reference: row.externalRef)
  }
}
