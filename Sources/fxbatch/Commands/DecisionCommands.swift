import ArgumentParser
import FXDomain
import FXJSON

struct DecisionsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "decisions", abstract: "Shows what waits for a person, and what can be done.",
    discussion: """
        fxbatch decisions
        fxbatch decisions --reason approval --reason settlement_failed
      """)
  @Option(help: "Only batches that wait for this; may be repeated.") var reason: [DecisionReason] =
    []
  @OptionGroup var place: CallOptions

  func run() async throws {
    let wanted =
      reason.isEmpty ? "true" : Set(reason).map(\.rawValue).sorted().joined(separator: ",")
    try await place.open(.reads) { desk in
      var isEmpty = true
      try await desk.eachItem(of: "/api/batches", [("needs_decision", wanted)]) { batch in
        isEmpty = false
        Terminal.say(desk.asJSON ? batch.text : Self.text(batch))
      }
      if isEmpty, !desk.asJSON { Terminal.say("nothing waits for a person") }
    }
  }

  /// The batch, each reason, and the commands that answer it.
  private static func text(_ batch: JSON) -> String {
    var lines = [BatchText.line(batch)]
    for reason in (batch["needs_decision"]?.elements ?? []).map(\.words) {
      lines.append("  \(reason)\(DecisionReason(rawValue: reason)?.told(of: batch) ?? "")".plain)
      let ways = DecisionReason(rawValue: reason)?.ways(of: batch.words("id")) ?? []
      lines += ways.map { "    \($0)" }
    }
    return lines.joined(separator: "\n")
  }
}

extension DecisionReason: ExpressibleByArgument {}

extension DecisionReason {
  /// What the batch tells of it, to follow its name.
  fileprivate func told(of batch: JSON) -> String {
    switch self {
    case .rejected: " by \(batch.words("rejected_by")): \(batch.words("rejected_note"))"
    case .approval: ", of what \(batch.words("created_by")) has submitted"
    case .thresholdBreached, .pausedByPolicy, .partialSuccess, .failed, .settlementFailed:
      ", \(batch["counts"]?.words("failed") ?? "") of \(batch["counts"]?.words("total") ?? "") "
        + "trades failed"
    case .inDoubt, .unconfirmed: ""
    }
  }

  /// The commands that a person may give.
  fileprivate func ways(of batch: String) -> [String] {
    switch self {
    case .approval:
      ["fxbatch approve \(batch)", "fxbatch reject \(batch) --note WHY"]
    case .rejected:
      ["fxbatch edit \(batch) --trades FILE", "fxbatch delete \(batch)"]
    case .partialSuccess, .failed:
      [
        "fxbatch errors \(batch)", "fxbatch retry \(batch) --all",
        "fxbatch accept \(batch) --note WHY",
      ]
    case .thresholdBreached, .pausedByPolicy:
      [
        "fxbatch errors \(batch)", "fxbatch resume \(batch)",
        "fxbatch cancel \(batch) --note WHY",
      ]
    case .inDoubt:
      ["fxbatch trades \(batch) --status in_doubt", "fxbatch resolve TRADE"]
    case .unconfirmed:
      ["fxbatch trades \(batch) --status booked", "fxbatch resolve TRADE"]
    case .settlementFailed:
      [
        "fxbatch trades \(batch) --status failed --code settlement_failed",
        "fxbatch retry \(batch) --trade TRADE --note WHY",
      ]
    }
  }
}

struct AcceptCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accept", abstract: "Signs off what a batch came to: it needs no decision then.",
    discussion: "  fxbatch accept morning --note \"the two clients were told\"")
  @OptionGroup var order: OrderOptions
  @Option(help: "Why it is right so; kept for good.") var note: String

  func run() async throws { try await order.give("accept", ["note": .string(note)]) }
}

struct ApproveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "approve", abstract: "Releases a batch that asks for another person's approval.",
    discussion: """
      Shows it first. The approval is bound to what is shown: any edit makes it void. It takes the token of \
      an approver who did not submit the batch, on a local store too.

        fxbatch approve morning --token-file approver.token
        fxbatch start morning
      """)
  @OptionGroup var batch: BatchArgument
  @Flag(help: "Do not ask at a terminal.") var yes = false
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.changes) { desk in
      let path = try await desk.path(ofBatch: batch.batch)
      let shown = try await desk.get(path)
      if Terminal.isInteractive, !yes {
        try await BatchText.say(shown, at: desk)
        guard Terminal.confirms("Approve it as it is shown here?") else {
          throw Complaint("nothing was changed.", .usage)
        }
      }
      let hash = shown["content_hash"] ?? .null
      let answer = try await desk.make(
        DeskCall(
          method: .post, path: path + "/approve", body: .json(["content_hash": hash]),
          asPerson: true))
      desk.say(answer, BatchText.line)
    }
  }
}

struct RejectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reject", abstract: "Sends a batch back that asks for another person's approval.",
    discussion: """
      It stays staged, and is not started until it has been changed and approved. It takes the token of \
      an approver who did not submit the batch, on a local store too.

        fxbatch reject morning --note "twice the usual amount" --token-file approver.token
      """)
  @OptionGroup var batch: BatchArgument
  @Option(help: "Why; shown to who submitted it.") var note: String
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.changes) { desk in
      let path = try await desk.path(ofBatch: batch.batch)
      let hash = try await desk.get(path)["content_hash"] ?? .null
      let answer = try await desk.post(
        path + "/reject", ["content_hash": hash, "note": .string(note)], asPerson: true)
      desk.say(answer, BatchText.line)
    }
  }
}

struct ReverseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reverse",
    abstract: "Makes a new staged batch of the opposites of completed trades.",
    discussion: """
      Each is for the same client, pair and amount, of the other side, and names the trade that it \
      reverses. Nothing is dealt before it is started.

        fxbatch reverse morning
        fxbatch reverse morning --trade 0191… --name "morning, undone"
      """)
  @OptionGroup var batch: BatchArgument
  @Option(help: ArgumentHelp("This trade; may be repeated. All otherwise.", valueName: "id"))
  var trade: [String] = []
  @Option(help: "The new batch's name.") var name: String?
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.changes) { desk in
      let path = try await desk.path(ofBatch: batch.batch, "reverse")
      for id in trade { _ = try desk.path(ofTrade: id) }
      var members: [JSON.Member] = []
      if !trade.isEmpty {
        members.append(.init(name: "trade_ids", value: .array(trade.map { .string($0) })))
      }
      if let name { members.append(.init(name: "name", value: .string(name))) }
      desk.say(try await desk.post(path, .object(members)), BatchText.line)
    }
  }
}
