import FXAPI
import FXDomain
import FXFiles
import FXJSON
import FXPorts
import HTTPTypes
import Hummingbird
import NIOCore

/// One batch, looked at from every side.
struct BatchReads: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      look("") { call, batch in
        .json(
          try await BatchView(of: batch, in: backend.store).json, fields: .version(batch.version))
      },
      look("/progress") { try await progress($0, $1) },
      look("/results") { try await results($0, $1) },
      look("/errors") { try await errors($0, $1) },
      look("/events") { try await events($0, $1) },
      look("/trades") { try await trades($0, $1) },
      look("/export") { try await export($0, $1) },
    ]
  }

  private func look(
    _ ending: String, _ answer: @escaping @Sendable (Call, Batch) async throws -> Answer
  ) -> Route {
    Route(.get, "/api/batches/{id}\(ending)", .role(.viewer)) { call in
      let id = try call.identifier("id", "such batch")
      guard let batch = try await backend.store.batch(id) else {
        throw Problem.notFound("such batch")
      }
      return try await answer(call, batch)
    }
  }

  /// With what the engine waits for, which changes without a trace in the log.
  private func progress(_ call: Call, _ batch: Batch) async throws -> Answer {
    let progress = BatchProgress(of: batch, at: backend.now).json
    guard case .object(let members) = progress else { return .json(progress) }
    let wait = JSON.Member(name: "waits_for", value: JSON(try await backend.store.wait(on: batch)))
    return .json(.object(members + [wait]))
  }

  // MARK: Trades

  private func trades(_ call: Call, _ batch: Batch) async throws -> Answer {
    let page = try await page(call, of: batch)
    return .json(.page(page.trades.map(\.json), next: page.next))
  }

  /// Sums over the batch, and what became of each trade.
  private func results(_ call: Call, _ batch: Batch) async throws -> Answer {
    let page = try await page(call, of: batch)
    let view = try await BatchView(of: batch, in: backend.store).json
    let sums: [JSON.Member] = ["status", "counts", "amounts", "margin"].compactMap { name in
      view[name].map { .init(name: name, value: $0) }
    }
    let list = JSON.page(page.trades.map(\.result), next: page.next)
    return .json(list.adding([.init(name: "batch_id", value: JSON(batch.id))] + sums))
  }

  private func page(
    _ call: Call, of batch: Batch
  ) async throws -> (trades: [Trade], next: String?) {
    var query = try call.query()
    let limit = query.limit()
    let statuses = query.choices("status", of: TradeStatus.self)
    let code = query.choice("code", of: FailureCode.self)
    let cifNumber = query.text("cif_number")
    let cursor = query.text("cursor")
    try query.finish()
    let list = "\(batch.id)/trades?\(query.filters)"
    let after = try cursor.map { text throws(Problem) in
      TradeKey(try Cursor(text, of: list, parts: 1).integer(0))
    }
    let found = try await backend.store.trades(
      TradeQuery(
        batch: batch.key, statuses: statuses, cifNumber: cifNumber, code: code, after: after,
        limit: limit + 1))
    let next = Cursor.next(after: found, limit: limit, of: list) { [String($0.key.value)] }
    return (Array(found.prefix(limit)), next)
  }

  /// Failures by code, most frequent first, each with the first of its trades.
  private func errors(_ call: Call, _ batch: Batch) async throws -> Answer {
    var query = try call.query()
    try query.finish()
    var items: [JSON] = []
    for group in try await backend.store.summary(of: batch.key).failures {
      let trades = try await backend.store.trades(
        TradeQuery(batch: batch.key, code: group.code, limit: CallBounds.namedTrades))
      items.append([
        "code": .string(group.code.rawValue), "category": .string(group.code.category.rawValue),
        "count": JSON(group.count), "example": .string(group.example),
        "trade_ids": .array(trades.map { JSON($0.id) }),
        "has_more": .bool(group.count > trades.count),
      ])
    }
    return .json(["items": .array(items), "next_cursor": .null])
  }

  // MARK: The log

  private func events(_ call: Call, _ batch: Batch) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let begin = query.integer("after", in: 0...Int.max) ?? 0
    let cursor = query.text("cursor")
    try query.finish()
    let list = "\(batch.id)/events?\(query.filters)"
    let after = try cursor.map { text throws(Problem) in
      try Cursor(text, of: list, parts: 1).integer(0)
    }
    let found = try await backend.store.feed(
      of: batch.id, after: after ?? Int64(begin), limit: limit + 1)
    let next = Cursor.next(after: found, limit: limit, of: list) { [String($0.event.sequence)] }
    return .json(.page(found.prefix(limit).map(\.json), next: next))
  }

  // MARK: Export

  private enum Format: String, CaseIterable { case csv, ndjson }

  private enum Columns: String, CaseIterable { case all, desk }

  private func export(_ call: Call, _ batch: Batch) async throws -> Answer {
    var query = try call.query()
    let format = query.choice("format", of: Format.self) ?? .csv
    let wanted = query.choice("columns", of: Columns.self) ?? .all
    if wanted == .desk, format != .csv {
      query.refuse("columns", "unexpected", "Leave this out, or give format=csv.")
    }
    try query.finish()
    let store = backend.store
    let columns =
      switch wanted {
      case .all: Trade.exportColumns
      case .desk: Trade.deskColumns
      }
    let (type, render): (String, @Sendable ([Trade]) -> [UInt8]) =
      switch format {
      case .csv: ("text/csv; charset=utf-8", { Self.csv($0, columns) })
      case .ndjson: ("application/x-ndjson", Self.ndjson)
      }
    var answer = Answer(
      body: .stream(type: type) { writer in
        if format == .csv {
          var header = CSVWriter()
          header.write(columns.map(\.name))
          try await writer.write(ByteBuffer(bytes: header.drain()))
        }
        var query = TradeQuery(batch: batch.key, limit: CallBounds.pageItems.upperBound)
        while true {
          let page = try await store.trades(query)
          if !page.isEmpty { try await writer.write(ByteBuffer(bytes: render(page))) }
          guard page.count == query.limit, let last = page.last else { return }
          query.after = last.key
        }
      })
    answer.fields[.contentDisposition] =
      "attachment; filename=\"batch-\(batch.id).\(format.rawValue)\""
    return answer
  }

  private static func csv(_ trades: [Trade], _ columns: [ExportColumn]) -> [UInt8] {
    var writer = CSVWriter()
    for trade in trades { writer.write(columns.map { $0.value(trade) ?? "" }) }
    return writer.drain()
  }

  @Sendable private static func ndjson(_ trades: [Trade]) -> [UInt8] {
    trades.flatMap { $0.json.bytes + [UInt8(ascii: "\n")] }
  }
}

extension Trade {
  /// What became of it.
  fileprivate var result: JSON {
    let all = json
    let names = [
      "id", "row", "cif_number", "client_name", "status", "deal_amount", "deal_currency",
      "client_rate", "counter_amount", "counter_currency", "margin_pips", "margin_amount",
      "deal_reference", "error", "completed_at",
    ]
    return .object(names.map { .init(name: $0, value: all[$0] ?? .null) })
  }

  static let exportColumns: [ExportColumn] = [
    .init(name: "id") { $0.id.description },
    .init(name: "row") { String($0.row) },
    .init(name: "cif_number") { $0.cifNumber },
    .init(name: "client_name") { $0.clientName },
    .init(name: "pair") { $0.deal.pair.description },
    .init(name: "side") { $0.deal.side.rawValue },
    .init(name: "deal_amount") { $0.deal.amount.decimalText },
    .init(name: "deal_currency") { $0.deal.amount.currency.code },
    .init(name: "delivery") { $0.delivery.rawValue },
    .init(name: "value_date") { $0.valueDate?.description },
    .init(name: "allowance") { $0.allowance?.rawValue },
    .init(name: "external_ref") { $0.externalRef },
    .init(name: "spread") { $0.spread.decimalText },
    .init(name: "status") { $0.status.rawValue },
    .init(name: "attempt") { String($0.attempt) },
    .init(name: "quote_rate") { $0.figures?.priced.quoteRate.decimalText },
    .init(name: "client_rate") { $0.figures?.priced.clientRate.decimalText },
    .init(name: "counter_amount") { $0.figures?.priced.counterAmount.decimalText },
    .init(name: "counter_currency") { $0.deal.pair.counter(of: $0.deal.amount.currency).code },
    .init(name: "margin_pips") { $0.figures?.priced.marginPips.decimalText },
    .init(name: "margin_amount") { $0.figures?.priced.margin.decimalText },
    .init(name: "deal_transaction_id") { $0.dealTransactionID?.description },
    .init(name: "deal_reference") { $0.dealReference },
    .init(name: "error_code") { $0.failure?.code.rawValue },
    .init(name: "error_message") { $0.failure?.message },
    .init(name: "created_at") { $0.createdAt.description },
    .init(name: "completed_at") { $0.completedAt?.description },
  ]
}
