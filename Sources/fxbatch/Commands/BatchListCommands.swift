import ArgumentParser
import FXAPI
import FXDomain
import FXJSON
import FXPorts

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists batches, the newest first.",
    discussion: "  fxbatch list --status running --status paused")

  @Option(help: "Only batches of this status; may be repeated.") var status: [BatchStatus] = []
  @Option(help: "Only batches whose name holds this.") var name: String?
  @Option(help: "At most so many, up to 500.") var limit = 50
  @Flag(help: "One JSON object a line.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...Pages.rows).contains(limit) else {
      throw ValidationError("--limit is from 1 to \(Pages.rows).")
    }
  }

  func run() async throws {
    try await Desk.open(common, .reads) { desk in
      let batches = try await desk.store.batches(
        BatchQuery(statuses: Set(status), text: name, limit: limit))
      if json {
        for view in try await BatchView.all(of: batches, in: desk.store) {
          Terminal.say(view.json.text)
        }
        return
      }
      var table = Table("id", "name", "status", ">done", ">trades", ">priority", "created")
      for batch in batches {
        table.add(
          batch.id.description, batch.name, batch.status.rawValue,
          "\(batch.counts.total - batch.counts.open)", "\(batch.counts.total)",
          "\(batch.priority)", batch.createdAt.description, colour: batch.status.colour, at: 2)
      }
      Terminal.say(table.isEmpty ? "no batches" : table.text)
    }
  }
}

struct ShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Shows a batch: counts, amounts, margin, failures.",
    discussion: "  fxbatch show morning --json")

  @Argument(help: "A batch's identifier, or a name that only one has.") var batch: String
  @Flag(help: "Answer as JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Desk.open(common, .reads) { desk in
      let batch = try await desk.batch(named: batch)
      let view = try await BatchView(of: batch, in: desk.store)
      Terminal.say(json ? view.json.text : try await view.text(in: desk.store))
      if !json, let wait = try await desk.wait(on: batch) { Terminal.say("\nwaiting: \(wait)") }
    }
  }
}

struct ErrorsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "errors", abstract: "Shows a batch's failures by code, with their trades.",
    discussion: "  fxbatch errors morning")

  @Argument(help: "A batch's identifier, or a name that only one has.") var batch: String
  @Flag(help: "One JSON object a line, a line for each code.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Desk.open(common, .reads) { desk in
      let batch = try await desk.batch(named: batch)
      let view = try await BatchView(of: batch, in: desk.store)
      if view.failures.isEmpty, !json { Terminal.say("no failures") }
      if !json, let wait = try await desk.wait(on: batch) { Terminal.say("waiting: \(wait)") }
      for group in view.failures {
        var trades: [Trade] = []
        try await desk.eachTrade(
          of: TradeQuery(batch: batch.key, statuses: [.failed], code: group.code)
        ) { trades.append($0) }
        if json {
          let line: JSON = [
            "code": .string(group.code.rawValue),
            "category": .string(group.code.category.rawValue), "count": JSON(group.count),
            "trade_ids": .array(trades.map { JSON($0.id) }),
          ]
          Terminal.say(line.text)
          continue
        }
        Terminal.say(
          Terminal.coloured("\(group.code.rawValue): \(group.count)", .red)
            + " (\(group.code.category.rawValue))")
        var table = Table("  trade", ">row", "client", "bank's code", "message")
        for trade in trades {
          table.add(
            "  \(trade.id)", "\(trade.row)", trade.clientName,
            trade.failure?.bankReasonCode ?? "", trade.failure?.message ?? "")
        }
        Terminal.say(table.text)
      }
    }
  }
}

extension BatchStatus: ExpressibleByArgument {}
extension TradeStatus: ExpressibleByArgument {}
