import ArgumentParser
import FXDomain
import FXJSON

struct TokenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "token", abstract: "Tokens: with which people and programs come in.",
    discussion: """
      A role may do what those before it may: viewer, dealer, approver, admin. Whoever can open a local \
      store may make tokens for it, the first among them; at a server it takes an admin's.

        fxbatch token create --local --person "Thandi N." --role admin --name laptop
        fxbatch token list
        fxbatch token revoke 0191…
      """,
    subcommands: [Create.self, List.self, Revoke.self])

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a token. It is shown once, and kept nowhere.",
      discussion: """
          fxbatch token create --person "Thandi N." --role dealer --name laptop
          fxbatch token create --person desk --role viewer --name board > board.token
        """)
    @Option(help: "Who acts with it; stands in the log and the audit.") var person: String
    @Option(help: "What they may do.") var role: Role
    @Option(help: "What it is for, such as a machine.") var name = "command line"
    @Option(help: ArgumentHelp("When it ends; never otherwise.", valueName: "moment"))
    var expiresAt: String?
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.writes) { desk in
        var members: [JSON.Member] = [
          .init(name: "name", value: .string(name)),
          .init(name: "person", value: .string(person)),
          .init(name: "role", value: .string(role.rawValue)),
        ]
        if let expiresAt {
          members.append(.init(name: "expires_at", value: .string(expiresAt)))
        }
        let answer = try await desk.post("/api/tokens", .object(members))
        if desk.asJSON { return Terminal.say(answer.text) }
        Terminal.note(
          "the token \(answer["issued"]?.words("id") ?? "") of \(person), \(role.rawValue); it is not "
            + "shown again:")
        Terminal.say(answer.words("token"))
      }
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the tokens that were made.", discussion: "  fxbatch token list")
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        try await desk.list(
          "/api/tokens", none: "no tokens yet",
          Table("id", "person", "role", "name", "created", "last used", "ended")
        ) { table, token in
          let revoked = token.words("revoked_at")
          table.add(
            token.words("id"), token.words("person"), token.words("role"), token.words("name"),
            token.words("created_at"), token.words("last_used_at"),
            revoked.isEmpty ? token.words("expires_at") : revoked)
        }
      }
    }
  }

  struct Revoke: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a token worth nothing, from the next call on.",
      discussion: "  fxbatch token revoke 0191…")
    @Argument(help: "The token's identifier, as `fxbatch token list` shows it.") var id: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let answer = try await desk.make(
          DeskCall(method: .delete, path: "/api/tokens/\(DeskCall.encoded(id))"))
        desk.say(answer) { "the token of \($0.words("person")) was revoked".plain }
      }
    }
  }
}

struct AuditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "audit", abstract: "Who did what, the newest first; takes an approver.",
    discussion: "  fxbatch audit --person \"Thandi N.\" --limit 20")
  @Option(help: "Only what this person did.") var person: String?
  @OptionGroup var paging: PageOptions
  @OptionGroup var place: CallOptions

  func run() async throws {
    let query = paging.query + (person.map { [(name: "person", value: $0)] } ?? [])
    let page = try await place.open(.reads) { try await $0.get("/api/audit", query) }
    if place.json {
      for entry in page.items { Terminal.say(entry.text) }
    } else {
      var table = Table(">number", "at", "person", "role", "call", "object", ">status", "from")
      for entry in page.items {
        table.add(
          entry.words("number"), entry.words("at"), entry.words("person"), entry.words("role"),
          entry.words("call"), entry.words("object"), entry.words("status"),
          entry.words("address"))
      }
      Terminal.say(table.isEmpty ? "nothing was done yet" : table.text)
    }
    Pages.tellOfMore(page)
  }
}

struct MeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "me", abstract: "Shows as whom you act, and what you may do.",
    discussion: "  fxbatch me --server https://desk.example:8443")
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { desk in
      desk.say(try await desk.get("/api/me")) { "\($0.words("person")), \($0.words("role"))".plain }
    }
  }
}

extension Role: ExpressibleByArgument {}
