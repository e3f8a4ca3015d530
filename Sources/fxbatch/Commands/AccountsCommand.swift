import ArgumentParser
import FXAPI
import FXDomain
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
          var counts = UpsertCounts()
          var page = 0
          var pages = 1
          while page < min(pages, Pages.accountPages) {
            let answer = try Self.content(of: await bank.accounts(page: page))
            pages = answer.totalPages
            page += 1
            let stored = try await desk.store.sync(answer.rows.map { Self.account($0) })
            counts.created += stored.created
            counts.updated += stored.updated
            counts.unknown += stored.unknown
          }
          return counts
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

    private static func account(_ row: AccountPage.Row) -> SettlementAccount {
      SettlementAccount(
        cifNumber: row.cifNumber, currency: row.currency, accountNumber: row.accountNumber,
        status: row.status, balance: row.balance, syncedAt: .now)
    }

    private static func content(of answer: BankAnswer<AccountPage>) throws -> AccountPage {
      switch answer {
      case .success(let page, _): return page
      case .refused(let refusal, _):
        throw Complaint(
          "the bank refused: \(refusal.message) [\(refusal.reasonCode)]", .unavailable)
      case .trouble(let trouble):
        throw Complaint("\(trouble.failure.message) Nothing more was stored.", .unavailable)
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
