import ArgumentParser
import FXJSON

extension ClientsCommand {
  struct AllowanceUse: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "allowance",
      abstract: "Shows what a client has used of the allowances, and deals today.",
      discussion: """
        Counted are what the client has declared, what is under way and what is booked, in rands.

          fxbatch clients allowance CIF1000
          fxbatch clients allowance CIF1000 --year 2025
        """)
    @Argument(help: "The client's CIF number.") var cif: String
    @Option(help: "The calendar year; this one, unless given.") var year: Int?
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
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
