import ArgumentParser
import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts

struct AccountsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accounts", abstract: "Settlement accounts, as the bank tells of them.",
    discussion: "  fxbatch accounts sync --config bank.env\n  fxbatch accounts list",
    subcommands: [Sync.self, List.self])

  struct Sync: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Asks the bank for all accounts and stores those of known clients.",
      discussion: "  fxbatch accounts sync --config bank.env")

    @Flag(help: "Answer as JSON.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      let counts = try await Desk.open(common, .changes, withBank: true) { desk in
        try await desk.withBank { bank in
          let sync = AccountSync(store: desk.store, bank: bank, now: { .now })
          do throws(AccountSync.Failure) {
            return try await sync.run()
          } catch {
            throw Self.complaint(about: error)
          }
        }
      }
      let answer: JSON = [
        "created": JSON(counts.created), "updated": JSON(counts.updated),
        "unknown": JSON(counts.unknown),
      ]
      Terminal.say(
        json
          ? answer.text
          : "\(counts.created) accounts created, \(counts.updated) updated, "
            + "\(counts.unknown) of unknown clients left out")
    }

    private static func complaint(about failure: AccountSync.Failure) -> any Error {
      switch failure {
      case .refused(let refusal):
        Complaint("the bank refused: \(refusal.message) [\(refusal.reasonCode)]", .unavailable)
      case .trouble(let trouble):
        Complaint("\(trouble.failure.message) Nothing more was stored.", .unavailable)
      case .store(let error): error
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the settlement accounts, all or one client's.",
      discussion: "  fxbatch accounts list --client CIF1000")

    @Option(help: ArgumentHelp("One client only.", valueName: "cif")) var client: String?
    @Flag(help: "One JSON object a line.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Desk.open(common, .reads) { desk in
        var table = Table("cif number", "currency", "account", "status", ">balance", "as of")
        var last: AccountCursor?
        while true {
          let page = try await desk.store.accounts(
            after: last, cifNumber: client, limit: Pages.rows)
          for account in page {
            if json {
              Terminal.say(account.json.text)
            } else {
              table.add(
                account.cifNumber, account.currency.code, account.accountNumber,
                account.status.rawValue, account.balance?.decimalText ?? "",
                account.syncedAt?.description ?? "")
            }
          }
          guard page.count == Pages.rows, let end = page.last else { break }
          last = AccountCursor(cifNumber: end.cifNumber, currency: end.currency)
        }
        if !json { Terminal.say(table.isEmpty ? "no accounts yet" : table.text) }
      }
    }
  }
}
