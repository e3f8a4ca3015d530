import ArgumentParser
import FXDomain
import FXJSON
import Foundation

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a batch: counts, amounts, margin, failures.",
    discussion: "  fxbatch show morning --json")

  @OptionGroup var batch: BatchArgument
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { desk in
      let answer = try await desk.get(try await desk.path(ofBatch: batch.batch))
      try await BatchText.say(answer, at: desk)
      try await BatchText.sayWait(of: answer.words("id"), at: desk, before: "\n")
    }
  }
}

struct TradesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trades", abstract: "Lists a batch's trades, or those of all batches.",
    discussion: """
      A batch's trades come in the order of their rows; without a batch, the newest of all come first.

        fxbatch trades morning --status failed --json
        fxbatch trades --client CIF1000 --limit 20
      """)

  @Argument(
    help: "A batch's identifier, or a name that only one has; all batches otherwise.",
    completion: .batchNames)
  var batch: String?
  @Option(help: "Only trades of this status; may be repeated.") var status: [TradeStatus] = []
  @Option(help: "Only trades that failed with this code; of a batch.") var code: FailureCode?
  @Option(help: ArgumentHelp("Only one client's trades.", valueName: "cif")) var client: String?
  @Option(help: "Only trades with this client's name, reference or deal; of all batches.")
  var query: String?
  @Option(help: ArgumentHelp("Only trades from then on; of all batches.", valueName: "moment"))
  var from: String?
  @Option(help: ArgumentHelp("Only trades before then; of all batches.", valueName: "moment"))
  var to: String?
  @OptionGroup var paging: PageOptions
  @OptionGroup var place: CallOptions

  func validate() throws {
    let ofAll = query != nil || from != nil || to != nil || paging.cursor != nil
    guard batch == nil ? code == nil : !ofAll else {
      throw ValidationError(
        batch == nil ? "--code is for one batch." : "Give filters of all batches without a batch.")
    }
  }

  func run() async throws {
    let chosen = status.map { (name: "status", value: $0.rawValue) }
    try await place.open(.reads) { desk in
      guard let batch else { return try await blotter(chosen, desk) }
      let query = chosen + Self.given([("code", code?.rawValue), ("cif_number", client)])
      try await desk.list(
        try await desk.path(ofBatch: batch, "trades"), query, none: "no such trades",
        TradeText.listColumns
      ) { TradeText.addRow($1, to: &$0) }
    }
  }

  /// One page: of all trades that ever were, nobody wants the whole.
  private func blotter(
    _ chosen: [(name: String, value: String)], _ desk: DeskClient
  ) async throws {
    let query =
      chosen
      + Self.given([
        ("cif_number", client), ("q", query), ("from", from), ("to", to),
      ]) + paging.query
    let page = try await desk.get("/api/trades", query)
    var table = TradeText.listColumns
    for trade in page.items {
      if desk.asJSON { Terminal.say(trade.text) } else { TradeText.addRow(trade, to: &table) }
    }
    if !desk.asJSON { Terminal.say(table.isEmpty ? "no such trades" : table.text) }
    Pages.tellOfMore(page)
  }

  private static func given(_ values: [(String, String?)]) -> [(name: String, value: String)] {
    values.compactMap { name, value in value.map { (name: name, value: $0) } }
  }
}

struct ErrorsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "errors", abstract: "Shows a batch's failures by code, with their trades.",
    discussion: "  fxbatch errors morning")

  @OptionGroup var batch: BatchArgument
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { desk in
      let path = try await desk.path(ofBatch: batch.batch)
      let groups = try await desk.get(path + "/errors").items
      if desk.asJSON { return Pages.sayLines(groups) }
      if groups.isEmpty { Terminal.say("no failures") }
      try await BatchText.sayWait(of: try await desk.batch(named: batch.batch), at: desk)
      for group in groups {
        Terminal.say(
          Terminal.coloured("\(group.words("code")): \(group.words("count"))", .red)
            + " (\(group.words("category")))")
        var table = Table("  trade", ">row", "client", "bank's code", "message")
        let query = [("status", "failed"), ("code", group.words("code"))]
          .map { (name: $0.0, value: $0.1) }
        try await desk.eachItem(of: path + "/trades", query) { trade in
          let error = trade["error"] ?? .null
          table.add(
            "  \(trade.words("id"))", trade.words("row"), trade.words("client_name"),
            error.words("bank_reason_code"), error.words("message"))
        }
        Terminal.say(table.text)
      }
    }
  }
}

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Shows everything that happened to a batch, in order.",
    discussion: "  fxbatch events morning --after 120")

  @OptionGroup var batch: BatchArgument
  @Option(help: ArgumentHelp("Only what came after the event of this number.", valueName: "seq"))
  var after: Int64 = 0
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { desk in
      let path = try await desk.path(ofBatch: batch.batch, "events")
      try await desk.eachItem(of: path, [("after", "\(after)")]) { event in
        Terminal.say(desk.asJSON ? event.text : TradeText.line(ofEvent: event))
      }
    }
  }
}

struct ResultsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "results", abstract: "Shows what a batch came to: sums, and each trade's outcome.",
    discussion: "  fxbatch results morning --json")

  @OptionGroup var batch: BatchArgument
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { desk in
      let path = try await desk.path(ofBatch: batch.batch, "results")
      var table = TradeText.listColumns
      var query = [(name: "limit", value: "\(Pages.rows)")]
      while true {
        let page = try await desk.get(path, query)
        if desk.asJSON { Terminal.say(page.text) }
        for trade in page.items { TradeText.addRow(trade, to: &table) }
        guard let cursor = page["next_cursor"], cursor != .null else {
          if !desk.asJSON { Terminal.say("\(table.text)\n\n\(Self.sums(page))") }
          return
        }
        query = [("limit", "\(Pages.rows)"), ("cursor", cursor.words)]
      }
    }
  }

  private static func sums(_ results: JSON) -> String {
    let amounts = results["amounts"] ?? .null
    return [
      ("dealt", amounts["dealt"]), ("countered", amounts["countered"]),
      ("margin", results["margin"]),
    ].map { "\($0.0): \(BatchText.money($0.1))" }.map(\.plain).joined(separator: "\n")
  }
}

struct ExportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes all trades of a batch as CSV or NDJSON.",
    discussion: """
      However many there are, they are written as they come. Cells that a spreadsheet would take for \
      a formula are quoted.

        fxbatch export morning > morning.csv
        fxbatch export morning --format ndjson --output morning.ndjson
      """)

  enum Format: String, CaseIterable, ExpressibleByArgument { case csv, ndjson }

  @OptionGroup var batch: BatchArgument
  @Option(help: "How they are written.") var format = Format.csv
  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("A new file; standard output otherwise.", valueName: "file"),
    completion: .file())
  var output: String?
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { desk in
      let call = DeskCall(
        method: .get, path: try await desk.path(ofBatch: batch.batch, "export"),
        query: [("format", format.rawValue)])
      guard let output else {
        if let refusal = try await desk.calls.fetch(call, { Terminal.say(bytes: $0) }) {
          throw Refusal(refusal)
        }
        return
      }
      let file = try NewFile(output)
      do {
        if let refusal = try await desk.calls.fetch(call, { try file.write($0) }) {
          throw Refusal(refusal)
        }
        try file.finish()
      } catch {
        file.abandon()
        throw error
      }
      Terminal.note("written to \(output)")
    }
  }
}
