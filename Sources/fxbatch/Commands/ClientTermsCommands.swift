import ArgumentParser
import FXJSON

extension ClientsCommand {
  struct Clearance: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Records the tax authority's clearance of a client's foreign investments.",
      discussion: """
          fxbatch clients clearance CIF1000 --pin AIT00001 --approved 5000000.00 --expires 2026-12-31
          fxbatch clients clearance CIF1000 --remove
        """)
    @Argument(help: "The client's CIF number.") var cif: String
    @Option(help: ArgumentHelp("The authority's number.", valueName: "text")) var pin: String?
    @Option(help: ArgumentHelp("What it has approved, in rands.", valueName: "amount"))
    var approved: String?
    @Option(help: ArgumentHelp("The last day on which it holds.", valueName: "YYYY-MM-DD"))
    var expires: String?
    @Flag(help: "Takes the clearance away.") var remove = false
    @OptionGroup var place: CallOptions

    func validate() throws {
      let given = [pin, approved, expires].count { $0 != nil }
      guard given == (remove ? 0 : 3) else {
        throw ValidationError("Give --pin, --approved and --expires, or --remove alone.")
      }
    }

    func run() async throws {
      var clearance = JSON.null
      if let pin, let approved, let expires {
        clearance = [
          "pin": .string(pin), "approved": .string(approved), "expires": .string(expires),
        ]
      }
      try await place.open(.changes) { desk in
        let answer = try await desk.make(
          DeskCall(
            method: .patch, path: path(cif), body: .json(["tax_clearance": clearance])))
        desk.say(answer, ClientsCommand.text)
      }
    }
  }

  /// What is agreed with a client, as far as there is something.
  static func addTerms(of client: JSON, to table: inout Table) {
    if let limit = client["day_limit"], limit != .null {
      table.add("limit of a day", "ZAR \(client.words("day_limit"))")
    }
    if let clearance = client["tax_clearance"], clearance != .null {
      table.add(
        "tax clearance",
        "\(clearance.words("pin")), ZAR \(clearance.words("approved")), to "
          + clearance.words("expires"))
    }
    for use in client["declared_use"]?.elements ?? [] {
      table.add(
        "used elsewhere",
        "\(use.words("allowance")) \(use.words("year")): ZAR \(use.words("amount"))")
    }
  }
}
