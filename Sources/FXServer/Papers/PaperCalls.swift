import FXDomain
import FXFiles
import FXJSON
import FXPorts
import HTTPTypes
import Hummingbird
import NIOCore

/// What leaves the desk on paper: confirmations for clients, and what deals have earned.
struct PaperCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [
      Route(.get, "/api/trades/{id}/confirmation", .role(.viewer)) { try await confirmation($0) },
      Route(.get, "/api/reports/margins", .role(.viewer)) { try await margins($0) },
    ]
  }

  private func confirmation(_ call: Call) async throws -> Answer {
    var query = try call.query()
    try query.finish()
    let id = try call.identifier("id", "such trade")
    guard let trade = try await backend.store.trade(id) else {
      throw Problem.notFound("such trade")
    }
    guard trade.status.isDealt else {
      var problem = Problem(
        .wrongState, "The trade is \(trade.status.rawValue): only a booked deal is confirmed.")
      problem.facts = [.init(name: "state", value: .string(trade.status.rawValue))]
      throw problem
    }
    let page = Confirmation(trade: trade, deskClock: backend.settings.deskClock)
    return Answer(
      fields: [.contentSecurityPolicy: Confirmation.contentSecurityPolicy],
      body: .bytes(Array(page.html.utf8), type: "text/html; charset=utf-8"))
  }

  // MARK: Margins

  private enum Format: String, CaseIterable { case json, csv }

  /// Costs as much as the days have deals. A file is read in large pages, a list in small ones.
  private func margins(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let limit = query.limit()
    let cursor = query.text("cursor")
    let grouping = query.choice("by", of: MarginGrouping.self) ?? .day
    let format = query.choice("format", of: Format.self) ?? .json
    let clock = backend.settings.deskClock
    let last = query.day("to") ?? clock.date(of: backend.now)
    let first = query.day("from") ?? last
    if first > last || last.dayNumber - first.dayNumber >= CallBounds.reportedDays {
      query.refuse(
        "from", "out_of_range",
        "Give a day up to \(CallBounds.reportedDays - 1) days before the last one, \(last).")
    }
    if format == .csv, cursor != nil {
      query.refuse("cursor", "unexpected", "Leave this out: a file has all of it.")
    }
    try query.finish()
    var wanted = MarginQuery(
      grouping, from: clock.start(of: first),
      to: clock.start(of: CivilDate(dayNumber: last.dayNumber + 1)), deskClock: clock)
    if format == .csv { return file(of: wanted, named: "margins-by-\(grouping)-\(first)-\(last)") }
    // Without days, today's are meant, which a cursor keeps.
    let list = "margins?\(query.filters)&\(first)&\(last)"
    wanted.after = try cursor.map { text throws(Problem) in
      let cursor = try Cursor(text, of: list, parts: 5)
      return MarginLine.Place(
        number: try cursor.integer(0), text: cursor.parts[1], terms: Array(cursor.parts[2...]))
    }
    wanted.limit = limit + 1
    let found = try await backend.store.margins(wanted)
    let next = Cursor.next(after: found, limit: limit, of: list) { line in
      [String(line.place.number), line.place.text] + line.place.terms
    }
    let head: [JSON.Member] = [
      .init(name: "by", value: .string(grouping.rawValue)),
      .init(name: "from", value: JSON(first)), .init(name: "to", value: JSON(last)),
    ]
    let page = JSON.page(found.prefix(limit).map(\.json), next: next)
    return .json(page.adding(head))
  }

  private func file(of query: MarginQuery, named name: String) -> Answer {
    let store = backend.store
    var answer = Answer(
      body: .stream(type: "text/csv; charset=utf-8") { writer in
        var file = CSVWriter()
        file.write(MarginLine.columns(of: query.grouping))
        var query = query
        query.limit = CallBounds.reportedLinesAtOnce
        while true {
          let page = try await store.margins(query)
          for line in page { file.write(line.cells) }
          try await writer.write(ByteBuffer(bytes: file.drain()))
          guard page.count == query.limit, let last = page.last else { return }
          query.after = last.place
        }
      })
    answer.fields[.contentDisposition] = "attachment; filename=\"\(name).csv\""
    return answer
  }
}

extension Query {
  mutating func day(_ name: String) -> CivilDate? {
    value(name, "a day of the desk such as 2026-03-01") { CivilDate($0) }
  }
}

extension MarginLine {
  private static let figures = [
    "pair", "trades", "deal_currency", "dealt", "counter_currency", "countered", "margin_currency",
    "margin", "rounding_difference",
  ]

  static func columns(of grouping: MarginGrouping) -> [String] {
    switch grouping {
    case .batch: ["batch_id", "batch_name"] + figures
    case .client: ["cif_number", "client_name"] + figures
    case .day: ["day"] + figures
    }
  }

  /// In the order of the columns.
  var cells: [String] {
    let names: [String] =
      switch group {
      case .batch(_, let id, let name): [id.description, name]
      case .client(let cif, let name): [cif, name]
      case .day(let date): [date.description]
      }
    let counter = terms.pair.counter(of: terms.currency)
    func text(_ sum: Int128, _ currency: Currency) -> String {
      MoneySum(minorUnits: sum, currency: currency).decimalText
    }
    return names + [
      terms.pair.description, String(trades), terms.currency.code,
      text(sums.dealt, terms.currency), counter.code, text(sums.countered, counter),
      terms.pair.quote.code, text(sums.margin, terms.pair.quote),
      text(sums.roundingDifference, terms.pair.quote),
    ]
  }

  var json: JSON {
    let grouping: MarginGrouping =
      switch group {
      case .batch: .batch
      case .client: .client
      case .day: .day
      }
    return .object(
      zip(Self.columns(of: grouping), cells).map { name, cell in
        .init(name: name, value: name == "trades" ? JSON(trades) : .string(cell))
      })
  }
}
