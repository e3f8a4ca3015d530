import ArgumentParser
import FXAPI
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts

struct ClientsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clients", abstract: "Imports and lists the desk's clients.",
    discussion: "  fxbatch clients import clients.csv\n  fxbatch clients list",
    subcommands: [Import.self, List.self])

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Creates clients and updates those that are known, from a CSV file.",
      discussion: """
        Columns: Client, Client CIF, Fixed Spread (pips, -10000 to 10000), and optionally an account \
        for each currency: ZAR Account, USD Account and so on. The file is taken whole or not at all.

          fxbatch clients import clients.csv
        """)

    @Argument(help: ArgumentHelp("A CSV file.", valueName: "file")) var file: String
    @Flag(help: "Answer as JSON.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      let rows = try FileReading.rows(of: file, with: ClientFileParser.self, asJSON: json)
      let counts = try await Desk.open(common, .writes) { desk in
        try await desk.intake.importClients(rows)
      }
      if json {
        let answer: JSON = ["created": JSON(counts.created), "updated": JSON(counts.updated)]
        Terminal.say(answer.text)
      } else {
        Terminal.say("\(counts.created) clients created, \(counts.updated) updated")
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the clients in the order of their CIF numbers.",
      discussion: "  fxbatch clients list --json | head")

    @Flag(help: "One JSON object a line.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Desk.open(common, .reads) { desk in
        var table = Table("cif number", "name", ">spread", "active")
        var last: String?
        while true {
          let page = try await desk.store.clients(after: last, limit: Pages.rows)
          for client in page {
            if json {
              Terminal.say(client.json.text)
            } else {
              table.add(
                client.cifNumber, client.name, client.spread.decimalText,
                client.isActive ? "yes" : "no")
            }
          }
          guard page.count == Pages.rows else { break }
          last = page.last?.cifNumber
        }
        if !json { Terminal.say(table.isEmpty ? "no clients yet" : table.text) }
      }
    }
  }
}

/// How much is read from the store or the bank at a time.
enum Pages {
  static let rows = 500
}
