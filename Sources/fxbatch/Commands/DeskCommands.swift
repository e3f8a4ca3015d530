import ArgumentParser
import FXDomain
import FXJSON
import FXPorts

struct RateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rate", abstract: "The desk's own OTC rates.",
    discussion: "  fxbatch rate set USD/ZAR 17.7930\n  fxbatch rate show USD/ZAR",
    subcommands: [Set.self, Show.self])

  /// A greater jump is confirmed.
  private static let jumpBasisPoints = 300

  struct Set: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Sets the OTC rate of a pair.",
      discussion:
        "A jump of more than 3 % asks for --confirm.\n\n  fxbatch rate set USD/ZAR 17.7930")

    @Argument(help: "A pair such as USD/ZAR.") var pair: CurrencyPair
    @Argument(help: "Quote units per base unit.") var rate: Rate
    @Flag(help: "Take the rate however far it jumps.") var confirm = false
    @Flag(help: "Answer as JSON.") var json = false
    @OptionGroup var common: CommonOptions

    func validate() throws {
      guard rate.isPositive else { throw ValidationError("A rate is above zero.") }
    }

    func run() async throws {
      try await Desk.open(common, .writes) { desk in
        let answer = try await desk.store.setOTCRate(
          rate, for: pair, by: desk.person.description, confirmed: confirm,
          jumpBasisPoints: RateCommand.jumpBasisPoints)
        switch answer {
        case .success(let set): Terminal.say(set.line(asJSON: json))
        case .failure(let jump):
          throw Complaint(
            "\(rate) lies more than 3 % from the present rate of \(pair), \(jump.present.rate) of "
              + "\(jump.present.setAt). If it is right, give --confirm too.", .badInput)
        }
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows the OTC rate of a pair.", discussion: "  fxbatch rate show USD/ZAR")

    @Argument(help: "A pair such as USD/ZAR.") var pair: CurrencyPair
    @Flag(help: "Answer as JSON.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Desk.open(common, .reads) { desk in
        guard let rate = try await desk.store.otcRate(pair) else {
          throw Complaint(
            "there is no OTC rate for \(pair) yet: fxbatch rate set \(pair) RATE", .badInput)
        }
        Terminal.say(rate.line(asJSON: json))
      }
    }
  }
}

extension OTCRate {
  fileprivate func line(asJSON: Bool) -> String {
    let json: JSON = [
      "pair": JSON(pair), "rate": JSON(rate), "set_at": JSON(setAt),
      "set_by": .string(Actor.name(in: setBy)),
    ]
    return asJSON ? json.text : "\(pair) \(rate), set \(setAt) by \(Actor.name(in: setBy).plain)"
  }
}

struct KillSwitchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "kill-switch",
    abstract: "Stops all bookings of the installation, or lets them go on.",
    discussion: """
      Engaged, no booking leaves any node; deals under way are still asked about. It survives \
      restarts. Engaging answers once every live node has confirmed that no call of its own is out, \
      or has ended; with 4 when one stays silent for as long as its lease.

        fxbatch kill-switch engage --reason "odd quotes from the bank"
        fxbatch kill-switch release
      """,
    subcommands: [Engage.self, Release.self, Show.self], defaultSubcommand: Show.self)

  struct Engage: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets no booking leave any node.",
      discussion: "  fxbatch kill-switch engage --reason \"odd quotes from the bank\"")
    @Option(help: "Why; shown to everybody.") var reason: String
    @Flag(help: "Answer as JSON.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Desk.open(common, .writes) { desk in
        let state = try await desk.setKillSwitch(engaged: true, reason: reason)
        let outcome = try await KillSwitchWait(desk: desk).run()
        Terminal.say(state.killSwitchLine(outcome, asJSON: json))
        guard outcome.silent.isEmpty else { throw ExitCode.waitsForPerson }
      }
    }
  }

  struct Release: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lets bookings go on.",
      discussion: "  fxbatch kill-switch release --reason \"the bank has mended it\"")
    @Option(help: "Why it is safe again.") var reason = ""
    @Flag(help: "Answer as JSON.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Desk.open(common, .writes) { desk in
        let state = try await desk.setKillSwitch(engaged: false, reason: reason)
        Terminal.say(state.killSwitchLine(asJSON: json))
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows whether it is engaged.", discussion: "  fxbatch kill-switch show --json")
    @Flag(help: "Answer as JSON.") var json = false
    @OptionGroup var common: CommonOptions

    func run() async throws {
      try await Desk.open(common, .reads) { desk in
        Terminal.say(try await desk.store.installation().killSwitchLine(asJSON: json))
      }
    }
  }
}

extension Installation {
  fileprivate func killSwitchLine(
    _ outcome: KillSwitchWait.Outcome? = nil, asJSON: Bool
  ) -> String {
    if asJSON {
      let known: JSON = [
        "engaged": .bool(killSwitch != nil), "reason": JSON(killSwitch?.reason),
        "engaged_at": JSON(killSwitch?.engagedAt),
        "engaged_by": JSON(killSwitch.map { Actor.name(in: $0.engagedBy) }),
        "reconciliation_due": .bool(isReconciliationDue),
        "confirmed_by": outcome.map { .array($0.confirmed.map { JSON($0) }) } ?? .null,
        "silent": outcome.map { .array($0.silent.map { JSON($0.node) }) } ?? .null,
      ]
      return known.text
    }
    guard let killSwitch else { return "the kill switch is released" }
    let line =
      "the kill switch is ENGAGED since \(killSwitch.engagedAt) by "
      + "\(Actor.name(in: killSwitch.engagedBy).plain): "
      + killSwitch.reason.plain
      + (isReconciliationDue ? "\nreleased only after: fxbatch reconcile" : "")
    guard let outcome else { return line }
    let lines =
      outcome.confirmed.map { "confirmed by \($0)" }
      + outcome.silent.map {
        "NOT confirmed by \($0.node), last heard of at \($0.lastSeenAt)"
      }
    return ([line] + (lines.isEmpty ? ["no node is running"] : lines)).joined(separator: "\n")
  }
}

struct MigrateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "migrate", abstract: "Makes the store, or brings it up to this version.",
    discussion: "Every command that writes does so by itself.\n\n  fxbatch migrate")
  @OptionGroup var common: CommonOptions

  func run() async throws {
    try await Desk.open(common, .writes) { desk in
      let installation = try await desk.store.installation()
      Terminal.say("\(desk.settings.storePath) is ready (installation \(installation.id))")
    }
  }
}

struct SettingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "Lists every setting, or checks those that are set.",
    discussion: "  fxbatch settings --check --config bank.env")

  @Flag(help: "Read the settings and tell what is wrong with them.") var check = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    if check {
      let settings = try await common.settings(withBank: true)
      Terminal.say(
        "the settings can be used; store \(settings.storePath), "
          + (settings.bank.map { "bank: \($0)" } ?? "no bank"))
      return
    }
    var table = Table("setting", "default", "meaning")
    for line in Settings.lines { table.add(line.name, line.fallback, line.meaning) }
    Terminal.say(table.text)
  }
}

extension CurrencyPair: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
}

extension Rate: ExpressibleByArgument {
  public init?(argument: String) {
    do {
      try self.init(argument)
    } catch {
      return nil
    }
  }
}
