import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

/// One trade: its history, another try, its cancellation, and a person's word on a doubt.
struct TradeOrders: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/trades", .role(.viewer)) { try await list($0) },
      Route(.get, "/api/trades/{id}", .role(.viewer)) { try await show($0) },
      Route(.get, "/api/trades/{id}/bank-word", .role(.approver)) { try await bankWord($0) },
      Route(.post, "/api/trades/{id}/retry", .role(.dealer), body: .json, takesKey: true) {
        try await retry($0)
      },
      Route(.post, "/api/trades/{id}/cancel", .role(.dealer), takesKey: true) {
        try await carryOut(.cancel, on: try await trade(of: $0), for: $0)
      },
      Route(.post, "/api/trades/{id}/resolve", .role(.approver), body: .json, takesKey: true) {
        try await resolve($0)
      },
    ]
  }

  private func trade(of call: Call) async throws -> Trade {
    let id = try call.identifier("id", "such trade")
    guard let trade = try await backend.store.trade(id) else {
      throw Problem.notFound("such trade")
    }
    return trade
  }

  /// The blotter, newest first.
  private func list(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    let batchID = query.value("batch_id", "a batch's identifier") { Identifier($0) }
    var wanted = TradeQuery(
      statuses: query.choices("status", of: TradeStatus.self),
      cifNumber: query.text("cif_number", atMost: FileBounds.maximumCIFCharacters),
      createdFrom: query.moment("from"), createdTo: query.moment("to"), text: query.text("q"),
      order: .newestFirst, limit: limit + 1)
    try query.finish()
    let list = "trades?\(query.filters)"
    wanted.after = try cursor.map { text throws(Problem) in
      TradeKey(try Cursor(text, of: list, parts: 1).integer(0))
    }
    if let batchID {
      guard let batch = try await backend.store.batch(batchID) else {
        return .json(.page([], next: nil))
      }
      wanted.batch = batch.key
    }
    let found = try await backend.store.trades(wanted)
    let next = Cursor.next(after: found, limit: limit, of: list) { [String($0.key.value)] }
    return .json(.page(found.prefix(limit).map(\.json), next: next))
  }

  private func show(_ call: Call) async throws -> Answer {
    try await present(try await trade(of: call))
  }

  /// A retry is an order about the batch, which it may take back into the queue.
  private func retry(_ call: Call) async throws -> Answer {
    let trade = try await trade(of: call)
    var fields = Fields(call.json == .null ? [:] : call.json)
    let note = fields.note()
    try fields.demandNothingWrong()
    if call.earlier == nil {
      let selection = RetrySelection.trade(trade.key, expectedVersion: try call.expectedVersion())
      let command = BatchCommand.retry(
        selection, note: note, byApprover: call.isByApprover, rules: backend.intake.rules)
      guard let batch = try await backend.store.batch(trade.batchID) else {
        throw Problem.notFound("such trade")
      }
      let orders = BatchOrders(backend: backend)
      let result = try await orders.perform(
        command, on: batch, for: call, expectedVersion: nil)
      _ = try await orders.demand(result, of: batch)
      backend.nudge()
    }
    return try await backend.afterChange {
      let after = try await self.trade(of: call)
      return try await present(after).changing(from: trade.json, to: after.json)
    }
  }

  private func resolve(_ call: Call) async throws -> Answer {
    try call.demandPerson()
    let trade = try await trade(of: call)
    var fields = Fields(call.json)
    fields.require("outcome", "note")
    let outcome = fields.choice("outcome", of: Outcome.self)
    let reference = fields.shortText("deal_reference", isNeeded: outcome == .booked)
    let note = fields.note()
    if outcome == .notBooked, reference != nil {
      fields.refuse(
        "deal_reference", "unexpected", "Leave this field out: what was not booked has none.")
    }
    try fields.demandNothingWrong()
    guard let outcome, let note else { throw Problem.notFound("such outcome") }
    let resolution: Resolution =
      switch outcome {
      case .booked: .booked(dealReference: reference ?? "")
      case .notBooked: .notBooked
      }
    return try await carryOut(
      .resolve(
        resolution, note: note, marginMilliseconds: backend.settings.doubtMarginMilliseconds),
      on: trade, for: call)
  }

  /// What the bank says to what a person is about to call the trade; nothing is changed.
  private func bankWord(_ call: Call) async throws -> Answer {
    let trade = try await trade(of: call)
    var query = try call.query()
    let reference = query.value("deal_reference", "the bank's reference of the deal") { $0 }
    try query.finish()
    let margin = backend.settings.doubtMarginMilliseconds
    if let until = trade.mayBeBookedUntil(marginMilliseconds: margin), backend.now <= until {
      throw StepRefusal.tooEarly(until: until)
    }
    let resolution = reference.map { Resolution.booked(dealReference: $0) } ?? .notBooked
    return .json(try await word(on: resolution, of: trade, call).json)
  }

  private func word(
    on resolution: Resolution, of trade: Trade, _ call: Call
  ) async throws(StoreError) -> BankWord {
    guard let bank = backend.bank else {
      return .couldNotBeAsked("No bank is configured that could be asked.")
    }
    let reconciler = Reconciler(
      store: backend.store, bank: bank, actor: call.actor,
      doubtMarginMilliseconds: backend.settings.doubtMarginMilliseconds, now: { backend.now })
    return try await reconciler.word(on: resolution, of: trade)
  }

  private enum Outcome: String, CaseIterable {
    case booked
    case notBooked = "not_booked"
  }

  private func carryOut(
    _ command: TradeCommand, on trade: Trade, for call: Call
  ) async throws -> Answer {
    if call.earlier != nil { return try await present(trade) }
    let step = TradeStep(
      batch: trade.batch, trade: trade.key, authority: .open, actor: call.actor, command: command,
      expectedVersion: try call.expectedVersion())
    let after: Trade
    if let receipt = call.receipt {
      after = try await backend.store.perform(step, receipt: receipt).get()
    } else {
      guard let result = try await backend.store.perform([step]).first else {
        throw Problem(.internalError, "The store gave no answer.")
      }
      after = try result.result.get()
    }
    backend.nudge()
    return try await backend.afterChange { try await present(after) }
      .changing(from: trade.json, to: after.json)
  }

  private func present(_ trade: Trade) async throws -> Answer {
    let attempts = try await backend.store.attempts(of: trade.key)
    let evidence = try await backend.store.evidence(of: trade.key)
    let history = try await backend.store.history(
      of: trade.key, limit: CallBounds.eventsOfOneTrade
    ).map { FeedEvent(event: $0, batchID: trade.batchID, tradeID: trade.id) }
    return .json(
      trade.json.adding([
        .init(name: "attempts", value: .array(attempts.map(\.json))),
        .init(name: "evidence", value: .array(evidence.map(\.json))),
        .init(name: "history", value: .array(history.map(\.json))),
      ]), fields: .version(trade.version))
  }
}

extension BankWord {
  fileprivate var json: JSON {
    let verdict: JSON =
      switch self {
      case .confirms: "confirms"
      case .contradicts: "contradicts"
      case .isSilent: "is_silent"
      case .couldNotBeAsked: "could_not_be_asked"
      }
    return ["verdict": verdict, "sentence": .string(sentence)]
  }
}
