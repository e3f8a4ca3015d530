import ArgumentParser
import FXBankSandbox
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts
import Foundation
import Logging

struct DemoCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Shows everything at once, with invented clients and a bank that is not real.",
    discussion: """
      Starts a sandbox bank on a free port, takes in 40 invented clients and four batches of trades, \
      and runs them on one engine over HTTP: one undisturbed, one paused and resumed, one at whose \
      clients the bank misbehaves, one cancelled half-way. Then it shows the blotter, the margins and \
      the errors, and holds the bank's ledger against our books, deal by deal. It takes about a \
      minute, touches nothing outside its folder, and reads no FXBATCH_ variable.

        fxbatch demo
        fxbatch demo --seed 7 --trades 100
        fxbatch demo --folder ./demo-data --json 2>/dev/null

      Exit codes: 0 all is exact and every batch ended as intended, 2 something is not, \
      130 interrupted.
      """)

  @Option(help: "Decides clients, trades and rates.") var seed: UInt64 = 1
  @Option(help: "Trades of each of the four batches, 20 to 1000.") var trades = 40
  @Option(
    help: ArgumentHelp(
      "Where its files are kept; a new temporary folder otherwise.", valueName: "folder"))
  var folder: String?
  @Flag(help: "The result as one line of JSON; progress goes to standard error.") var json = false

  func validate() throws {
    guard DemoScript.tradesPerBatch.contains(trades) else {
      throw ValidationError("--trades is from 20 to 1000.")
    }
  }

  func run() async throws {
    let script = DemoScript(seed: seed, trades: trades)
    let place = try DemoFolder(path: folder)
    let clock = DemoClock()
    try place.write(script)
    announce(script, place)
    var sandbox = SandboxSettings()
    sandbox.databasePath = place.file("bank.db")
    sandbox.seed = seed
    sandbox.quoteLife = 5_000
    sandbox.settlementDelay = 800
    sandbox.latency = 350
    sandbox.faults.lateMilliseconds = 2_000
    let credentials = sandbox.credentials
    let code = try await withSandbox(sandbox) { bank in
      try place.writeSettings(
        SandboxCommand.lines(host: "127.0.0.1", port: bank.port, credentials))
      var reader = try SettingsReader(file: place.file("demo.env"), readsEnvironment: false)
      return try await Desk.open(try reader.read(withBank: true), .writes) { desk in
        try await perform(script, place, clock, at: desk, bank)
      }
    }
    throw code
  }

  /// Runs the bank for the time of `body`.
  private func withSandbox(
    _ settings: SandboxSettings, _ body: @escaping @Sendable (DemoBank) async throws -> ExitCode
  ) async throws -> ExitCode {
    var logger = Logger(label: "sandbox") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .critical
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let bank = try await SandboxBank(
      settings: settings, logger: logger, onReady: { port.yield($0) })
    return try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask {
        defer { port.finish() }
        try await bank.run()
      }
      guard let number = await ports.first(where: { _ in true }) else {
        try await group.waitForAll()
        throw Complaint("the sandbox bank ended before it began.", .unavailable)
      }
      let code = try await body(DemoBank(port: number))
      group.cancelAll()
      return code
    }
  }

  private func perform(
    _ script: DemoScript, _ place: DemoFolder, _ clock: DemoClock, at desk: Desk, _ bank: DemoBank
  ) async throws -> ExitCode {
    try await desk.withBank { gateway in
      try await desk.knock(at: gateway)
      let clients = try FileReading.rows(
        of: place.file("clients.csv"), with: ClientFileParser.self)
      let taken = try await desk.intake.importClients(clients)
      clock.note("\(taken.created) clients taken in from clients.csv")
      let rates = try await desk.setRates(asQuotedBy: gateway)
      clock.note(
        "the desk's own rates set: "
          + rates.map { "\($0.pair) \($0.rate)" }.joined(separator: ", "))
      for misdeed in script.misdeeds { try await bank.order(misdeed) }
      var batches: [Batch] = []
      for part in script.parts { batches.append(try await submit(part, from: place, to: desk)) }
      clock.note("four batches of \(trades) trades taken in, all queued: the engine starts")
      let stage = DemoStage(desk: desk, script: script, batches: batches, clock: clock)
      switch try await stage.play(gateway) {
      case .allEnded: break
      case .tookTooLong:
        Terminal.complain("the batches did not end in time; the rest shows how far they came.")
      case .interrupted:
        var left: [Batch] = []
        for batch in batches {
          if let now = try await desk.store.batch(batch.id), !now.status.isFinal {
            left.append(now)
          }
        }
        Terminal.complain(
          "interrupted. What was done is in \(place.path), and goes on where it stopped:\n"
            + place.waysOn(afterBank: bank.port, resuming: left))
        return .interrupted
      }
      let report = try await DemoReport(of: batches, script, at: desk, bank)
      return tell(report, place, clock, port: bank.port)
    }
  }

  private func submit(
    _ part: DemoScript.Part, from place: DemoFolder, to desk: Desk
  ) async throws -> Batch {
    let path = place.file(part.file)
    let rows = try FileReading.rows(of: path, with: TradeFileParser.self)
    let options = BatchOptions(
      name: part.name, pricing: part.pricing, priority: part.priority,
      maxConcurrentTrades: part.concurrency, starts: true, allowsDuplicates: false)
    switch try await desk.intake.submit(rows, options, by: desk.person) {
    case .success(let batch): return batch
    case .failure(let refusal):
      throw Complaint("\(path) was refused: \(refusal)", .badInput)
    }
  }

  // MARK: Words

  private func announce(_ script: DemoScript, _ place: DemoFolder) {
    guard !json else { return }
    Terminal.say(
      """
      \(Terminal.coloured("FX Batch Trader, a demonstration", .bold)) (seed \(seed))

      A desk buys and sells dollars, euros and pounds for \(DemoScript.clients) invented clients, at \
      a bank that is
      not real, but a real HTTP server with a ledger of its own. Four batches run at once:

      """)
    var table = Table(
      "  batch", ">priority", ">at once", ">trades", "priced by", "what will happen")
    for part in script.parts {
      table.add(
        "  \(part.name)", "\(part.priority)", "\(part.concurrency)", "\(trades)",
        part.pricing == .otc ? "the desk's own rate" : "the bank's rate", part.fate.words)
    }
    Terminal.say(table.text + "\n")
  }

  private func tell(
    _ report: DemoReport, _ place: DemoFolder, _ clock: DemoClock, port: Int
  ) -> ExitCode {
    let problems = report.problems
    guard !json else {
      Terminal.say(report.json.text)
      return problems.isEmpty ? .success : .failed
    }
    report.say()
    Terminal.say(
      "\n" + Terminal.coloured("Where to look next", .bold) + "\n"
        + place.waysOn(afterBank: port, resuming: []))
    if problems.isEmpty {
      Terminal.say(
        Terminal.coloured(
          "\nAll is exact, and every batch ended as intended, in \(clock.seconds) s.", .green))
      return .success
    }
    Terminal.say(Terminal.coloured("\nNot all is as it has to be:", .red))
    for problem in problems.prefix(50) { Terminal.say("  \(problem)") }
    return .failed
  }
}
