import ArgumentParser
import FXJSON

struct KillSwitchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kill-switch",
    abstract: "Stops all bookings of the installation, or lets them go on.",
    discussion: """
      Engaged, no booking leaves any node; deals under way are still asked about. It survives \
      restarts. Engaging answers once every live node has confirmed that no call of its own is out, \
      or has ended; with 4 when one stays silent for too long. Releasing takes an admin's token, on a \
      local store too.

        fxbatch kill-switch engage --reason "odd quotes from the bank"
        fxbatch kill-switch release --reason "the bank has mended it" --token-file my.token
      """,
    subcommands: [Engage.self, Release.self, Show.self], defaultSubcommand: Show.self)

  private static let path = "/api/kill-switch"

  private static func set(
    _ engaged: Bool, _ reason: String, at desk: DeskClient
  ) async throws -> JSON {
    try await desk.make(
      DeskCall(
        method: .put, path: path,
        body: .json(["engaged": .bool(engaged), "reason": .string(reason)]), asPerson: !engaged))
  }

  private static func text(_ state: JSON) -> String {
    guard state.holds("engaged") else { return "the kill switch is released" }
    var lines = [
      "the kill switch is ENGAGED since \(state.words("engaged_at")) by "
        + "\(state.words("engaged_by")): \(state.words("reason"))"
    ]
    if state.holds("reconciliation_due") { lines.append("released only after: fxbatch reconcile") }
    lines += (state["confirmed_by"]?.elements ?? []).map { "confirmed by \($0.words)" }
    lines += (state["silent"]?.elements ?? []).map { "NOT confirmed by \($0.words)" }
    if lines.count == 1 { lines.append("no node is running") }
    return lines.map(\.plain).joined(separator: "\n")
  }

  struct Engage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets no booking leave any node.",
      discussion: "  fxbatch kill-switch engage --reason \"odd quotes from the bank\"")
    @Option(help: "Why; shown to everybody.") var reason: String
    @OptionGroup var place: CallOptions

    func run() async throws {
      let state = try await place.open(.writes) { desk in
        let state = try await KillSwitchCommand.set(true, reason, at: desk)
        desk.say(state, KillSwitchCommand.text)
        return state
      }
      guard state["silent"]?.elements.isEmpty ?? true else { throw ExitCode.waitsForPerson }
    }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets bookings go on.",
      discussion: "  fxbatch kill-switch release --reason \"the bank has mended it\"")
    @Option(help: "Why it is safe again.") var reason = "no reason was given"
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.changes) { desk in
        desk.say(
          try await KillSwitchCommand.set(false, reason, at: desk), KillSwitchCommand.text)
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows whether it is engaged.", discussion: "  fxbatch kill-switch show --json")
    @OptionGroup var place: CallOptions

    func run() async throws {
      try await place.open(.reads) { desk in
        desk.say(try await desk.get(KillSwitchCommand.path), KillSwitchCommand.text)
      }
    }
  }
}
