import ArgumentParser
import FXDomain
import FXJSON

extension ClientsCommand {
  struct AllowanceUse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "allowance",
      abstract: "Shows what a client has used of the allowances, and deals today.",
      discussion: """
        Counted are what the client has declared, what is under way and what is booked, in rands. With \
        --declare, records what the client says to have used elsewhere: the last word of a year holds, \
        and 0 takes it back.

          fxbatch clients allowance CIF1000
          fxbatch clients allowance CIF1000 --year 2025
          fxbatch clients allowance CIF1000 --declare 150000.00
          fxbatch clients allowance CIF1000 --declare 0 --of FIA --year 2026
        """)
    @Argument(help: "The client's CIF number.") var cif: String
    @Option(help: ArgumentHelp("What was used elsewhere, in rands.", valueName: "amount"))
    var declare: String?
    @Option(
      help: ArgumentHelp("With --declare: SDA, which is usual, or FIA.", valueName: "allowance"))
    var of: String?
    @Option(help: "The calendar year; this one, unless given.") var year: Int?
    @OptionGroup var place: CallOptions

    func validate() throws {
      guard of == nil || declare != nil else {
        throw ValidationError("Give --of with --declare only.")
      }
    }

    func run() async throws {
      try await place.open(declare == nil ? .reads : .changes) { desk in
        if let declare {
          let year = year ?? DeskClock.johannesburg.date(of: .now).year
          let allowance = DeskCall.encoded((of ?? Allowance.sda.rawValue).uppercased())
          _ = try await desk.make(
            DeskCall(
              method: .put, path: "\(path(cif))/declared-use/\(year)/\(allowance)",
              body: .json(["amount": .string(declare)])))
        }
        let query = year.map { "?year=\($0)" } ?? ""
        desk.say(try await desk.get(ClientsCommand.path(cif) + "/allowances" + query), Self.text)
      }
    }

    private static func text(_ answer: JSON) -> String {
      var table = Table(
        "\(answer.words("cif_number")) in \(answer.words("year"))", ">limit", ">declared",
        ">under way", ">used", ">left")
      func add(_ name: String, _ line: JSON, declared: String) {
        table.add(
          name, line.words("limit"), declared, line.words("reserved"), line.words("used"),
          line.words("left"))
      }
      for line in answer["allowances"]?.elements ?? [] {
        add(line.words("allowance"), line, declared: line.words("declared"))
      }
      if let today = answer["today"] { add("dealt \(today.words("day"))", today, declared: "-") }
      return table.text
    }
  }
}
