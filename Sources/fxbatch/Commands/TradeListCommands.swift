import ArgumentParser
import FXAPI
import FXDomain
import FXPorts

struct TradesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trades", abstract: "Lists a batch's trades in the order of their rows.",
    discussion: "  fxbatch trades morning --status failed --json")

  @Argument(help: "A batch's identifier, or a name that only one has.") var batch: String
  @Option(help: "Only trades of this status; may be repeated.") var status: [TradeStatus] = []
  @Option(help: ArgumentHelp("Only one client's trades.", valueName: "cif")) var client: String?
  @Flag(help: "One JSON object a line.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Desk.open(common, .reads) { desk in
      let batch = try await desk.batch(named: batch)
      var table = Table(
        ">row", "trade", "client", "side", ">deal", ">client rate", ">counter", ">margin",
        "status", "reference or failure")
      try await desk.eachTrade(
        of: TradeQuery(batch: batch.key, statuses: Set(status), cifNumber: client)
      ) { trade in
        if json {
          Terminal.say(trade.json.text)
          return
        }
        let priced = trade.figures?.priced
        table.add(
          "\(trade.row)", trade.id.description, trade.clientName,
          "\(trade.deal.side.rawValue) \(trade.deal.pair.base)", trade.deal.amount.description,
          priced?.clientRate.decimalText ?? "", priced?.counterAmount.description ?? "",
          priced?.margin.decimalText ?? "", trade.status.rawValue,
          trade.status == .completed
            ? trade.dealReference ?? "" : trade.failure?.code.rawValue ?? "",
          colour: trade.status.colour, at: 8)
      }
      if !json { Terminal.say(table.isEmpty ? "no such trades" : table.text) }
    }
  }
}

struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Shows everything that happened to a batch, in order.",
    discussion: "  fxbatch events morning --after 120")

  @Argument(help: "A batch's identifier, or a name that only one has.") var batch: String
  @Option(help: ArgumentHelp("Only what came after the event of this number.", valueName: "seq"))
  var after: Int64 = 0
  @Flag(help: "One JSON object a line.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Desk.open(common, .reads) { desk in
      let batch = try await desk.batch(named: batch)
      var last = after
      while true {
        let page = try await desk.store.feed(of: batch.id, after: last, limit: Pages.rows)
        for event in page { Terminal.say(json ? event.json.text : Self.line(event)) }
        guard page.count == Pages.rows, let end = page.last else { return }
        last = end.event.sequence
      }
    }
  }

  private static func line(_ item: FeedEvent) -> String {
    let entry = item.event.entry
    var words = ["\(item.event.sequence)", "\(item.event.at)", item.type]
    if let trade = item.tradeID { words.append("trade \(trade)") }
    if let from = entry.from, let to = entry.to { words.append("\(from) → \(to)") }
    if let attempt = entry.attempt { words.append("attempt \(attempt)") }
    if let code = entry.code { words.append(code.rawValue) }
    words.append("by \(entry.actor)")
    if let note = entry.note { words.append("— \(note)") }
    return words.joined(separator: "  ").plain
  }
}

extension Desk {
  /// Every trade that a query finds, page by page.
  func eachTrade(of query: TradeQuery, _ body: (Trade) -> Void) async throws {
    var query = query
    query.limit = Pages.rows
    while true {
      let page = try await store.trades(query)
      page.forEach(body)
      guard page.count == Pages.rows, let last = page.last else { return }
      query.after = last.key
    }
  }
}
