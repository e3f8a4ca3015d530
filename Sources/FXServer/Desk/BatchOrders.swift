import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts
import HTTPTypes

/// Orders about one batch: pause, resume, cancel, retry, accept, and its place in the queue.
struct BatchOrders: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      order("pause", .pause), order("resume", .resume),
      Route(.post, "/api/batches/{id}/cancel", .role(.dealer), body: .json, takesKey: true) {
        try await cancel($0)
      },
      Route(.post, "/api/batches/{id}/retry", .role(.dealer), body: .json, takesKey: true) {
        try await retry($0)
      },
      Route(.post, "/api/batches/{id}/accept", .role(.dealer), body: .json, takesKey: true) {
        try await accept($0)
      },
      Route(.post, "/api/batches/priority", .role(.dealer), body: .json, takesKey: true) {
        try await setPriority($0)
      },
    ]
  }

  private func order(_ name: String, _ command: BatchCommand) -> Route {
    Route(.post, "/api/batches/{id}/\(name)", .role(.dealer), takesKey: true) { call in
      try await carryOut(command, on: try await backend.batch(of: call), for: call)
    }
  }

  /// What it destroys can be given a reason, which is kept.
  private func cancel(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    var fields = Fields(call.json == .null ? [:] : call.json)
    let note = fields.note()
    try fields.demandNothingWrong()
    return try await carryOut(.requestCancel(note: note), on: batch, for: call)
  }

  private func retry(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    var fields = Fields(call.json)
    let trades = fields.list(
      "trade_ids", atMost: CallBounds.selectedTrades, of: "a trade's identifier"
    ) { Identifier($0) }
    let codes = fields.list("codes", atMost: FailureCode.allCases.count, of: "a failure code") {
      FailureCode(rawValue: $0)
    }
    let all = fields.bool("all")
    let note = fields.note()
    let named = ["trade_ids", "codes", "all"].count { fields.has($0) }
    if named != 1 || trades?.isEmpty == true || codes?.isEmpty == true || all == false {
      fields.refuse(
        "", "empty_filter", "Give one of trade_ids, codes and all: true, and not an empty one.")
    }
    try fields.demandNothingWrong()
    let selection: RetrySelection
    if let trades, !trades.isEmpty {
      selection = .trades(try await keys(of: trades, call))
    } else if let codes, !codes.isEmpty {
      selection = .codes(Set(codes))
    } else {
      selection = .all
    }
    return try await carryOut(
      .retry(
        selection, note: note, byApprover: call.isByApprover, rules: backend.intake.rules),
      on: batch, for: call)
  }

  private func keys(of trades: [Identifier], _ call: Call) async throws -> Set<TradeKey> {
    var keys: Set<TradeKey> = []
    var unknown: [Problem.Detail] = []
    for (place, id) in trades.enumerated() {
      if let trade = try await backend.store.trade(id) {
        keys.insert(trade.key)
      } else {
        unknown.append(
          .init(
            place: .pointer("/trade_ids/\(place)"), code: "unknown_trade",
            detail: "There is no trade \(id)."))
      }
    }
    guard unknown.isEmpty else { throw Problem(unknown) }
    return keys
  }

  private func accept(_ call: Call) async throws -> Answer {
    let batch = try await backend.batch(of: call)
    var fields = Fields(call.json)
    let note = fields.note()
    fields.require("note")
    try fields.demandNothingWrong()
    return try await carryOut(.accept(note: note ?? ""), on: batch, for: call)
  }

  private func setPriority(_ call: Call) async throws -> Answer {
    var fields = Fields(call.json)
    let id = fields.identifier("batch_id")
    let priority = fields.clamped("priority", to: 1...10)
    let position = fields.integer("queue_position", in: 0...1_000_000_000)
    fields.require("batch_id", "priority")
    try fields.demandNothingWrong()
    guard let id, let priority, let batch = try await backend.store.batch(id) else {
      throw Problem.notFound("such batch")
    }
    call.observed.name(id.description)
    return try await carryOut(
      .setPriority(priority, queuePosition: position.map { Int64($0) }), on: batch, for: call)
  }

  /// Gives the order once, and answers the batch as it stands then.
  func carryOut(_ command: BatchCommand, on before: Batch, for call: Call) async throws -> Answer {
    try await carryOut(on: before, for: call) { expectedVersion in
      try await perform(command, on: before, for: call, expectedVersion: expectedVersion)
    }
  }

  /// The same for an order that is more than one command.
  func carryOut(
    on before: Batch, for call: Call,
    _ perform: (_ expectedVersion: Int64?) async throws -> Result<Batch, BatchRefusal>
  ) async throws -> Answer {
    // The order was carried out for an earlier request that was never answered.
    if call.earlier != nil { return try await present(before) }
    let batch = try await demand(try await perform(try call.expectedVersion()), of: before)
    backend.nudge()
    return try await backend.afterChange { try await present(batch) }
      .changing(from: before.brief, to: batch.brief)
  }

  /// A retry must not lead around an approval that the configuration asks for.
  func perform(
    _ command: BatchCommand, on batch: Batch, for call: Call, expectedVersion: Int64?
  ) async throws -> Result<Batch, BatchRefusal> {
    if case .retry = command, try await backend.intake.isUnreleased(batch) {
      return .failure(.approvalRequired)
    }
    return try await backend.store.perform(
      BatchStep(
        batch: batch.key, actor: call.actor, command: command, expectedVersion: expectedVersion),
      receipt: call.receipt)
  }

  /// What was done; throws what was refused, with who decided first.
  func demand(
    _ result: Result<Batch, BatchRefusal>, of before: Batch
  ) async throws -> Batch {
    switch result {
    case .success(let batch): return batch
    case .failure(let refusal): throw Problem(refusal, of: try await backend.store.batch(before.id))
    }
  }

  func present(_ batch: Batch, findings: [Examination.Item] = []) async throws -> Answer {
    .json(
      try await BatchView(of: batch, in: backend.store).json.adding(findings.members),
      fields: .version(batch.version))
  }

  /// A batch that has just been stored, and what about its file was noted without being wrong.
  ///
  /// - Parameter findings: what the desk's rules said without refusing it.
  /// - Parameter newSecrets: of its callbacks, shown this once.
  func created(
    _ batch: Batch, warnings: [FileWarning] = [], findings: [Examination.Item] = [],
    newSecrets: [Identifier: SigningSecret] = [:]
  ) async throws -> Answer {
    let view = try await backend.afterChange {
      var view = try await BatchView(of: batch, in: backend.store)
      view.newSecrets = newSecrets
      return view.json
    }
    var fields = HTTPFields.version(batch.version)
    fields[.location] = "/api/batches/\(batch.id)"
    let noted = warnings.isEmpty ? [] : [JSON.Member(name: "warnings", value: warnings.json)]
    var answer = Answer.json(
      view.adding(noted + findings.members), .created, fields: fields)
    answer.isSecret = !newSecrets.isEmpty
    return answer.changing(to: batch.brief)
  }
}

extension Call {
  /// Whether whoever calls may take up what only an approver tries again.
  var isByApprover: Bool { principal.map { $0.role >= .approver } ?? false }
}

extension Fields {
  /// Ends the reading; throws everything that was wrong.
  mutating func demandNothingWrong() throws(Problem) {
    let errors = finish()
    guard errors.isEmpty else { throw Problem(errors) }
  }

  mutating func note(_ name: String = "note") -> String? {
    guard let text = text(name) else { return nil }
    guard CallBounds.noteCharacters.contains(text.unicodeScalars.count),
      !text.unicodeScalars.contains(where: {
        $0.properties.generalCategory == .control && $0 != "\n"
      })
    else {
      refuse(
        name, "too_long",
        "Give 1 to \(CallBounds.noteCharacters.upperBound) characters, none of them a control.")
      return nil
    }
    return text
  }

  mutating func identifier(_ name: String) -> Identifier? {
    guard let text = text(name) else { return nil }
    guard let id = Identifier(text) else {
      refuse(name, "malformed", "Give an identifier, as it was read.")
      return nil
    }
    return id
  }
}

extension Batch {
  /// What people decide about it, for the audit.
  var brief: JSON {
    [
      "id": JSON(id), "name": .string(name), "status": .string(status.rawValue),
      "priority": JSON(priority),
      "queue_position": .integer(queuePosition),
      "max_concurrent_trades": JSON(maxConcurrentTrades), "policy": policy.json,
      "cancel_requested_at": JSON(cancelRequestedAt), "approved_by": JSON(approvedBy),
      "rejected_by": JSON(rejectedBy), "accepted_by": JSON(acceptedBy),
      "pause_cause": JSON(pauseCause?.rawValue), "version": .integer(version),
    ]
  }
}
