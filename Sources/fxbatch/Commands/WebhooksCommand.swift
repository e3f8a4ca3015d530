import ArgumentParser
import FXDomain
import FXJSON

struct WebhooksCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "webhooks", abstract: "Where the installation sends what happens; takes an admin.",
    discussion: """
      A running server sends: messages by the Standard Webhooks rules, signed with a secret that is \
      shown once, at least once each and with the same id at every try.

        fxbatch webhooks create --url https://desk.example/fx --on success,failed,needs_decision
        fxbatch webhooks test 0191…
        fxbatch webhooks deliveries 0191…
      """,
    subcommands: [
      List.self, Create.self, Update.self, Delete.self, Test.self, Deliveries.self,
      Redeliver.self, RotateSecret.self,
    ], defaultSubcommand: List.self)

  /// Which webhook a command is about.
  struct Named: ParsableArguments {
    @Argument(help: "The webhook's identifier, or that of a batch's callback.") var id: String

    var path: String { "/api/webhooks/\(DeskCall.encoded(id))" }
  }

  private static func line(_ webhook: JSON) -> String {
    "\(webhook.words("id")) \(webhook.words("url")) on \(webhook.words("on"))".plain
  }

  private static func tellSecret(_ answer: JSON, of desk: DeskClient) {
    if desk.asJSON { return Terminal.say(answer.text) }
    Terminal.note("\(line(answer["webhook"] ?? .null)); its secret is not shown again:")
    Terminal.say(answer.words("secret"))
  }

  private static func deliveryLine(_ delivery: JSON) -> String {
    "\(delivery.words("id")) \(delivery.words("type")): \(delivery.words("status"))".plain
  }

  private static func kinds(_ text: String) -> JSON {
    .array(text.split(separator: ",").map { .string(String($0)) })
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the webhooks.", discussion: "  fxbatch webhooks list")
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        let page = try await desk.get("/api/webhooks")
        if desk.asJSON { return Pages.sayLines(page.items) }
        var table = Table("id", "url", "on", "enabled", "description")
        for webhook in page.items {
          let reason = webhook.words("disabled_reason")
          table.add(
            webhook.words("id"), webhook.words("url"), webhook.words("on"),
            reason.isEmpty ? webhook.words("enabled") : reason, webhook.words("description"))
        }
        Terminal.say(table.isEmpty ? "no webhooks yet" : table.text)
      }
    }
  }

  struct Create: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a webhook. Its secret is shown once.",
      discussion: "  fxbatch webhooks create --url https://desk.example/fx --on success,failed")
    @Option(help: "Where messages go.") var url: String
    @Option(
      help: ArgumentHelp(
        "Of what it is told, between commas: "
          + NoticeKind.allCases.map(\.rawValue).joined(separator: ", ") + ".", valueName: "kinds"))
    var on: String
    @Option(help: "What it is for.") var description: String?
    @OptionGroup var place: CallOptions

    func run() async throws {
      var members: [JSON.Member] = [
        .init(name: "url", value: .string(url)),
        .init(name: "on", value: WebhooksCommand.kinds(on)),
      ]
      if let description {
        members.append(.init(name: "description", value: .string(description)))
      }
      let body = JSON.object(members)
      try await place.open(.changes) { desk in
        WebhooksCommand.tellSecret(try await desk.post("/api/webhooks", body), of: desk)
      }
    }
  }

  struct Update: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Changes a webhook, disables it, or enables it again.",
      discussion: "  fxbatch webhooks update 0191… --enabled true")
    @OptionGroup var webhook: Named
    @Option(help: "Where messages go.") var url: String?
    @Option(help: ArgumentHelp("Of what it is told, between commas.", valueName: "kinds"))
    var on: String?
    @Option(help: "What it is for.") var description: String?
    @Option(help: "Whether messages go there: true or false.") var enabled: Bool?
    @OptionGroup var place: CallOptions

    func validate() throws {
      guard url != nil || on != nil || description != nil || enabled != nil else {
        throw ValidationError("Say what is to be changed.")
      }
    }

    func run() async throws {
      let given: [(String, JSON?)] = [
        ("url", url.map { .string($0) }), ("on", on.map(WebhooksCommand.kinds)),
        ("description", description.map { .string($0) }), ("enabled", enabled.map { .bool($0) }),
      ]
      let body = JSON.object(
        given.compactMap { name, value in value.map { JSON.Member(name: name, value: $0) } })
      try await place.open(.changes) { desk in
        let answer = try await desk.make(
          DeskCall(method: .patch, path: webhook.path, body: .json(body)))
        desk.say(answer, WebhooksCommand.line)
      }
    }
  }

  struct Delete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Deletes a webhook: nothing goes there any more.",
      discussion: "  fxbatch webhooks delete 0191…")
    @OptionGroup var webhook: Named
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        let answer = try await desk.make(DeskCall(method: .delete, path: webhook.path))
        desk.say(answer) { _ in "the webhook was deleted" }
      }
    }
  }

  struct Test: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sends a message that says nothing, to see whether it arrives.",
      discussion: "  fxbatch webhooks test 0191… && fxbatch webhooks deliveries 0191…")
    @OptionGroup var webhook: Named
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        desk.say(
          try await desk.post(webhook.path + "/test"), WebhooksCommand.deliveryLine)
      }
    }
  }

  struct Deliveries: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What went to a webhook, or waits to, the newest first.",
      discussion: "  fxbatch webhooks deliveries 0191… --limit 20")
    @OptionGroup var webhook: Named
    @OptionGroup var paging: PageOptions
    @OptionGroup var place: CallOptions

    func run() async throws {
      let page = try await place.open(.reads) {
        try await $0.get(webhook.path + "/deliveries", paging.query)
      }
      if place.json {
        Pages.sayLines(page.items)
      } else {
        var table = Table("id", "type", "created", "status", ">tries", "last answer")
        for delivery in page.items {
          let attempts = delivery["attempts"]?.elements ?? []
          let last = attempts.last
          let error = last?.words("error") ?? ""
          table.add(
            delivery.words("id"), delivery.words("type"), delivery.words("created_at"),
            delivery.words("status"), "\(attempts.count)",
            error.isEmpty ? last?.words("status") ?? "" : error)
        }
        Terminal.say(table.isEmpty ? "nothing was sent there yet" : table.text)
      }
      Pages.tellOfMore(page)
    }
  }

  struct Redeliver: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sends a message again, with its id and its body.",
      discussion: "  fxbatch webhooks redeliver 0191… 5c2f…")
    @OptionGroup var webhook: Named
    @Argument(help: "The delivery's identifier, as `fxbatch webhooks deliveries` shows it.")
    var delivery: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      let path = "\(webhook.path)/deliveries/\(DeskCall.encoded(delivery))/redeliver"
      try await place.open(.changes) { desk in
        desk.say(try await desk.post(path), WebhooksCommand.deliveryLine)
      }
    }
  }

  struct RotateSecret: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Makes a new secret; the old one signs too for a day.",
      discussion: "  fxbatch webhooks rotate-secret 0191…")
    @OptionGroup var webhook: Named
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        WebhooksCommand.tellSecret(
          try await desk.post(webhook.path + "/rotate-secret"), of: desk)
      }
    }
  }
}
