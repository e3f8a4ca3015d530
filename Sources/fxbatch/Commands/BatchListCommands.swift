import ArgumentParser
import FXDomain
import FXJSON

/// A batch, as a person names it.
struct BatchArgument: ParsableArguments {
  @Argument(
    help: "A batch's identifier, or a name that only one has.", completion: .batchNames)
  var batch: String
}

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Lists batches, the newest first.",
    discussion: """
        fxbatch list --status running --status paused
        fxbatch list --needs-decision
        fxbatch list --active
        fxbatch list --query CIF1000 --from 2026-03-01T00:00:00.000Z --sort total
      """)

  enum Order: String, CaseIterable, ExpressibleByArgument {
    case createdAt = "created_at"
    case newest = "-created_at"
    case status
    case total
  }

  @Flag(help: "What is under way, in the order of the queue; no other filter then.")
  var active = false
  @Flag(help: "What has ended, the last first; no other filter then.") var recent = false
  @Option(help: "Only batches of this status; may be repeated.") var status: [BatchStatus] = []
  @Option(help: "Only batches with this in their name, clients or references, or of this id.")
  var query: String?
  @Flag(help: "Only batches that wait for a person's decision.") var needsDecision = false
  @Option(help: ArgumentHelp("Only batches created from then on.", valueName: "moment"))
  var from: String?
  @Option(help: ArgumentHelp("Only batches created before then.", valueName: "moment"))
  var to: String?
  @Option(parsing: .unconditional, help: "By what they are ordered.") var sort = Order.newest
  @OptionGroup var paging: PageOptions
  @OptionGroup var place: CallOptions

  func validate() throws {
    let filters = !status.isEmpty || needsDecision || query != nil || from != nil || to != nil
    let lists = [active, recent, filters || sort != .newest || paging.cursor != nil]
    guard lists.count(where: \.self) <= 1 else {
      throw ValidationError(
        "--active and --recent are lists of their own: give no filter, no order.")
    }
  }

  private var path: String {
    "/api/batches" + (active ? "/active" : recent ? "/recent" : "")
  }

  func run() async throws {
    var asked = status.map { (name: "status", value: $0.rawValue) }
    if needsDecision { asked.append(("needs_decision", "true")) }
    for (name, value) in [("q", query), ("created_from", from), ("created_to", to)] {
      if let value { asked.append((name, value)) }
    }
    if sort != .newest { asked.append(("sort", sort.rawValue)) }
    asked += paging.query
    let page = try await place.open(.reads) { [asked] in try await $0.get(path, asked) }
    BatchList.say(page, none: "no batches", asJSON: place.json)
    Pages.tellOfMore(page)
  }
}

/// Batches as rows.
enum BatchList {
  static func say(_ page: JSON, none: String, asJSON: Bool) {
    if asJSON { return Pages.sayLines(page.items) }
    var table = BatchText.listColumns
    for batch in page.items { BatchText.addRow(batch, to: &table) }
    Terminal.say(table.isEmpty ? none : table.text)
  }
}

struct QueueCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "queue", abstract: "Shows which batch is taken next, and what waits behind it.",
    discussion: "A look: nothing is taken.\n\n  fxbatch queue")
  @OptionGroup var place: CallOptions

  func run() async throws {
    let answer = try await place.open(.reads) { try await $0.get("/api/batches/next-queue") }
    if place.json { return Terminal.say(answer.text) }
    var table = BatchText.listColumns
    for batch in answer["queue"]?.elements ?? [] { BatchText.addRow(batch, to: &table) }
    guard let next = answer["next"], next != .null else {
      return Terminal.say(table.isEmpty ? "nothing waits" : table.text)
    }
    Terminal.say("next: \(BatchText.line(next))")
    if !table.isEmpty { Terminal.say(table.text) }
  }
}

struct LocksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "locks", abstract: "Shows which batches are held by whom, or frees them.",
    discussion: "  fxbatch locks list\n  fxbatch locks cleanup",
    subcommands: [List.self, Cleanup.self], defaultSubcommand: List.self)

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the batches that somebody holds.", discussion: "  fxbatch locks list")
    @OptionGroup var place: CallOptions

    func run() async throws {
      let page = try await place.open(.reads) { try await $0.get("/api/batches/locked") }
      if place.json { return Pages.sayLines(page.items) }
      var table = Table("id", "name", "status", "held by", "since", "until")
      for batch in page.items {
        let lock = batch["lock"] ?? .null
        table.add(
          batch.words("id"), batch.words("name"), batch.words("status"), lock.words("locked_by"),
          lock.words("locked_at"), lock.words("expires_at"))
      }
      Terminal.say(table.isEmpty ? "nothing is held" : table.text)
    }
  }

  struct Cleanup: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Frees the batches whose holder's time has ended.",
      discussion: "  fxbatch locks cleanup")
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let answer = try await desk.post("/api/batches/cleanup-locks")
        desk.say(answer) { "\($0.words("released")) batches are free again" }
      }
    }
  }
}

extension BatchStatus: ExpressibleByArgument {}
extension TradeStatus: ExpressibleByArgument {}
