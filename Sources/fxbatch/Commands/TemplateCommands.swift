import ArgumentParser
import FXDomain
import FXJSON

/// Amounts that a copy has instead of those of its rows.
struct NewAmountOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Another amount for a row, in its currency, as 3=120000.00. May be repeated.",
      valueName: "row=amount"))
  var amount: [String] = []
  @Option(
    help: ArgumentHelp(
      "Another amount for the only row of a client, as CIF1000=120000.00. May be repeated.",
      valueName: "cif=amount"))
  var amountOf: [String] = []
  @Option(help: "The new batch's name.") var name: String?

  func validate() throws {
    guard (amount + amountOf).allSatisfy({ $0.contains("=") }),
      amount.allSatisfy({ Int($0.prefix { $0 != "=" }) != nil })
    else { throw ValidationError("Give --amount ROW=AMOUNT, and --amount-of CIF=AMOUNT.") }
  }

  /// What a copy is asked for with; nil for one that is like its original.
  var body: JSON? {
    func pair(_ text: String) -> (of: String, amount: JSON) {
      let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), .string(String(parts[1])))
    }
    let amounts: [JSON] =
      amount.map(pair).map { ["row": JSON(Int($0.of) ?? 0), "deal_amount": $0.amount] }
      + amountOf.map(pair).map { ["cif_number": .string($0.of), "deal_amount": $0.amount] }
    var members: [JSON.Member] = []
    if !amounts.isEmpty { members.append(.init(name: "amounts", value: .array(amounts))) }
    if let name { members.append(.init(name: "name", value: .string(name))) }
    return members.isEmpty ? nil : .object(members)
  }
}

struct CloneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clone", abstract: "Makes a new staged batch of the same trades.",
    discussion: """
      Whoever was told of the batch is told of its copy, with messages signed by the same secrets.

        fxbatch clone morning
        fxbatch clone morning --name afternoon --amount 3=120000.00 --amount-of CIF1000=50000
      """)
  @OptionGroup var order: OrderOptions
  @OptionGroup var amounts: NewAmountOptions

  func run() async throws { try await order.give("clone", amounts.body) }
}

struct TemplatesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "templates", abstract: "Batches that are made again and again.",
    discussion: """
        fxbatch templates save morning --name weekly
        fxbatch templates use weekly --name "week 12" --amount 1=250000.00
        fxbatch start "week 12"
      """,
    subcommands: [List.self, Show.self, Save.self, Use.self, Rename.self, Delete.self],
    defaultSubcommand: List.self)

  /// A template, as a person names it.
  struct Named: ParsableArguments {
    @Argument(help: "A template's identifier or name.") var template: String

    func path(at desk: DeskClient, _ below: String = "") async throws -> String {
      var id = template
      if Identifier(template) == nil {
        var found: String?
        try await desk.eachItem(of: "/api/templates") {
          if $0.words("name") == template { found = $0.words("id") }
        }
        guard let found else {
          throw Complaint(
            "there is no template \"\(template)\". `fxbatch templates` shows them.", .badInput)
        }
        id = found
      }
      return "/api/templates/\(id)\(below)"
    }
  }

  private static func line(_ template: JSON) -> String {
    "\(template.words("id")) \"\(template.words("name"))\" of \(template.words("rows")) rows".plain
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the templates.", discussion: "  fxbatch templates list")
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        try await desk.list(
          "/api/templates", none: "no templates yet",
          Table("id", "name", ">rows", "pricing", "created", "by")
        ) { table, template in
          table.add(
            template.words("id"), template.words("name"), template.words("rows"),
            template.words("pricing"), template.words("created_at"), template.words("created_by"))
        }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the rows of a template.", discussion: "  fxbatch templates show weekly")
    @OptionGroup var named: Named
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        let template = try await desk.get(try await named.path(at: desk))
        desk.say(template, TemplatesCommand.line)
        try await desk.list(
          try await named.path(at: desk, "/rows"), none: "no rows",
          Table(">row", "client", "pair", "side", ">amount", "delivery", "reference")
        ) { table, row in
          table.add(
            row.words("row"), row.words("cif_number"), row.words("pair"), row.words("side"),
            "\(row.words("deal_currency")) \(row.words("deal_amount"))", row.words("delivery"),
            row.words("external_ref"))
        }
      }
    }
  }

  struct Save: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Keeps how a batch is run, and its rows, as a template.",
      discussion: "  fxbatch templates save morning --name weekly")
    @OptionGroup var batch: BatchArgument
    @Option(help: "A name that no other template has.") var name: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let id = try await desk.batch(named: batch.batch)
        let made = try await desk.post(
          "/api/templates", ["batch_id": .string(id), "name": .string(name)])
        desk.say(made, TemplatesCommand.line)
      }
    }
  }

  struct Use: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a staged batch of a template.",
      discussion: "  fxbatch templates use weekly --name \"week 12\" --amount 1=250000.00")
    @OptionGroup var named: Named
    @OptionGroup var amounts: NewAmountOptions
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let path = try await named.path(at: desk, "/batches")
        desk.say(try await desk.post(path, amounts.body), BatchText.line)
      }
    }
  }

  struct Rename: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Names a template anew.",
      discussion: "  fxbatch templates rename weekly --name fortnightly")
    @OptionGroup var named: Named
    @Option(help: "A name that no other template has.") var name: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let answer = try await desk.make(
          DeskCall(
            method: .patch, path: try await named.path(at: desk),
            body: .json(["name": .string(name)])))
        desk.say(answer, TemplatesCommand.line)
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deletes a template; batches that were made of it stay.",
      discussion: "  fxbatch templates delete weekly")
    @OptionGroup var named: Named
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let answer = try await desk.make(
          DeskCall(method: .delete, path: try await named.path(at: desk)))
        desk.say(answer) { _ in "the template was deleted" }
      }
    }
  }
}
