import ArgumentParser
import FXDomain
import FXFiles
import FXJSON

struct ClientsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "clients", abstract: "The desk's clients: imports, lists and changes them.",
    discussion: "  fxbatch clients import clients.csv\n  fxbatch clients list",
    subcommands: [
      Import.self, List.self, Show.self, Change.self, AllowanceUse.self, Clearance.self,
      Remove.self,
    ])

  static func path(_ cif: String) -> String { "/api/clients/\(DeskCall.encoded(cif))" }

  static func text(_ client: JSON) -> String {
    var table = Table("client", client.words("cif_number"))
    table.add("name", client.words("name"))
    table.add("spread", "\(client.words("spread")) pips")
    table.add("active", client.words("active"))
    for account in client["accounts"]?.elements ?? [] {
      table.add(
        "account", "\(account.words("currency")) \(account.words("account_number"))")
    }
    addTerms(of: client, to: &table)
    return table.text
  }

  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Creates clients and updates those that are known, from a CSV file.",
      discussion: """
        Columns: Client, Client CIF, Fixed Spread (pips, -10000 to 10000), and optionally an account \
        for each currency: ZAR Account, USD Account and so on. The file is taken whole or not at all. A \
        local store that is not there yet is made.

          fxbatch clients import clients.csv
        """)

    @Argument(help: ArgumentHelp("A CSV file.", valueName: "file"), completion: .file())
    var file: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      // No store is made for a file that would be refused.
      _ = try FileReading.rows(of: file, with: ClientFileParser.self, asJSON: place.json)
      try await place.open(.writes) { desk in
        let answer = try await desk.make(
          DeskCall(
            method: .post, path: "/api/clients/import", body: .csv(try FileReading.bytes(of: file)))
        )
        desk.say(answer) {
          "\($0.words("created")) clients created, \($0.words("updated")) updated"
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the clients in the order of their CIF numbers.",
      discussion: "  fxbatch clients list --json | head")

    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        try await desk.list(
          "/api/clients", none: "no clients yet",
          Table("cif number", "name", ">spread", "active")
        ) { table, client in
          table.add(
            client.words("cif_number"), client.words("name"), client.words("spread"),
            client.words("active"))
        }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows one client.", discussion: "  fxbatch clients show CIF1000")
    @Argument(help: "The client's CIF number.") var cif: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        desk.say(try await desk.get(ClientsCommand.path(cif)), ClientsCommand.text)
      }
    }
  }

  struct Change: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "set", abstract: "Changes a client, or registers a new one.",
      discussion: """
        A client that is not known is registered, with the name and the spread that are given.

          fxbatch clients set CIF1000 --spread 340
          fxbatch clients set CIF1000 --inactive
          fxbatch clients set CIF1000 --day-limit 500000.00
          fxbatch clients set CIF2000 --name "New Imports" --spread 358 --account ZAR=1000000001
        """)
    @Argument(help: "The client's CIF number.") var cif: String
    @Option(help: "The client's name.") var name: String?
    @Option(parsing: .unconditional, help: "The client's spread, in pips.") var spread: Pips?
    @Flag(help: "The client may deal.") var active = false
    @Flag(help: "The client may not deal.") var inactive = false
    @Option(
      help: ArgumentHelp("The most to deal on one day, in rands; or none.", valueName: "amount"))
    var dayLimit: String?
    @Option(
      help: ArgumentHelp("An account of a new client; may be repeated.", valueName: "CUR=number"))
    var account: [String] = []
    @OptionGroup var place: CallOptions

    private var wish: [JSON.Member] {
      var members: [JSON.Member] = []
      if let name { members.append(.init(name: "name", value: .string(name))) }
      if let spread { members.append(.init(name: "spread", value: .string(spread.decimalText))) }
      if active != inactive { members.append(.init(name: "active", value: .bool(active))) }
      if let dayLimit {
        members.append(
          .init(name: "day_limit", value: dayLimit == "none" ? .null : .string(dayLimit)))
      }
      return members
    }

    private var accounts: [JSON] {
      account.compactMap { text in
        let parts = text.split(separator: "=", maxSplits: 1)
        guard parts.count == 2 else { return nil }
        return ["currency": .string(String(parts[0])), "account_number": .string(String(parts[1]))]
      }
    }

    func validate() throws {
      guard !wish.isEmpty, !(active && inactive) else {
        throw ValidationError(
          "Say what is to be changed: --name, --spread, --day-limit, --active or --inactive.")
      }
      guard accounts.count == account.count else {
        throw ValidationError("--account is a currency and a number, such as ZAR=1000000001.")
      }
    }

    func run() async throws {
      try await place.open(.writes) { desk in
        let known = try await desk.calls.send(
          DeskCall(method: .get, path: ClientsCommand.path(cif)))
        guard known.status == 404 else {
          guard account.isEmpty else {
            throw Complaint(
              "\(cif) is known already: `fxbatch clients import` changes accounts.", .badInput)
          }
          let answer = try await desk.make(
            DeskCall(
              method: .patch, path: ClientsCommand.path(cif), body: .json(.object(wish))))
          return desk.say(answer, ClientsCommand.text)
        }
        guard dayLimit == nil else {
          throw Complaint("register \(cif) first: only a known client has a limit.", .badInput)
        }
        let new: [JSON.Member] = [
          .init(name: "cif_number", value: .string(cif)),
          .init(name: "accounts", value: .array(accounts)),
        ]
        desk.say(
          try await desk.post("/api/clients", .object(new + wish)), ClientsCommand.text)
      }
    }
  }

  struct Remove: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Removes a client that has no trades; another one is set inactive.",
      discussion: "  fxbatch clients remove CIF1000")
    @Argument(help: "The client's CIF number.") var cif: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let answer = try await desk.make(
          DeskCall(method: .delete, path: ClientsCommand.path(cif)))
        desk.say(answer) { _ in "\(cif.plain) is removed" }
      }
    }
  }
}

struct AccountsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts", abstract: "Settlement accounts, as the bank tells of them.",
    discussion: "  fxbatch accounts sync --config bank.env\n  fxbatch accounts list",
    subcommands: [Sync.self, List.self])

  struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Asks the bank for all accounts and stores those of known clients.",
      discussion: "  fxbatch accounts sync --config bank.env")

    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes, bank: .needed) { desk in
        let answer = try await desk.post("/api/accounts/sync")
        desk.say(answer) {
          "\($0.words("created")) accounts created, \($0.words("updated")) updated, "
            + "\($0.words("unknown")) of unknown clients left out"
        }
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the settlement accounts, all or one client's.",
      discussion: "  fxbatch accounts list --client CIF1000")

    @Option(help: ArgumentHelp("One client only.", valueName: "cif")) var client: String?
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        try await desk.list(
          "/api/accounts", client.map { [("cif_number", $0)] } ?? [], none: "no accounts yet",
          Table("cif number", "currency", "account", "status", ">balance", "as of")
        ) { table, account in
          table.add(
            account.words("cif_number"), account.words("currency"),
            account.words("account_number"), account.words("status"), account.words("balance"),
            account.words("synced_at"))
        }
      }
    }
  }
}
