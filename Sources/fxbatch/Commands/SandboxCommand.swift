import ArgumentParser
import FXBankSandbox
import FXDomain
import Foundation
import Logging
import ServiceLifecycle

struct SandboxCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sandbox",
    abstract: "Runs a bank that is not real and misbehaves as ordered.",
    discussion: """
      It speaks the bank's API, prices from the European Central Bank's reference rates, keeps a \
      ledger of its own, and prints the settings that lead to it. Times are in milliseconds.

        fxbatch sandbox --port 8484 --ready-file bank.env
        fxbatch sandbox --faults lost_after=30,quote.slow=20,*.rate_limited=5 --seed 7

      The ready file is written once the bank answers, and can be given to --config. While it runs, \
      GET /sandbox/ledger shows every deal that it booked, PUT /sandbox/faults changes the plan, and \
      POST /sandbox/next orders a fault for the next call, or for one customer's:

        curl -d '{"call":"book","fault":"lost_after","cif":"CIF1000"}' \
      http://127.0.0.1:8484/sandbox/next
      """)

  @Option(help: "A loopback address.") var host = "127.0.0.1"
  @Option(help: "0 takes any free port.") var port = 8484
  @Option(help: "Decides rates and which calls meet which faults.") var seed: UInt64 = 1
  @Option(help: "What goes wrong how often, in per mille: name=number,call.name=number.")
  var faults = ""
  @Option(help: "How long a quote can be booked.") var quoteLife: Int64 = 30_000
  @Option(help: "From booking until a deal is settled.") var settlementDelay: Int64 = 300
  @Option(help: "From booking until a deal can be looked up.") var statusLag: Int64 = 0
  @Option(help: "Waited before each call.") var latency: Int64 = 0
  @Option(help: "How far the bank's clock is ahead.") var clockSkew: Int64 = 0
  @Option(help: "Life of a token, in seconds.") var tokenLife: Int64 = 3_600
  @Option(help: "By which id deals are found: byDealTransactionID, byBankTransactionID or none.")
  var lookup = StatusLookup.byDealTransactionID
  @Option(
    help: ArgumentHelp("The day whose reference rates are dealt at.", valueName: "YYYY-MM-DD"))
  var pricingDay: String?
  @Option(
    help: ArgumentHelp("A file for the bank's ledger; in memory otherwise.", valueName: "file"))
  var database: String?
  @Flag(help: "Refuse a deal id that was booked before.") var refuseRepeatedDeals = false
  @Flag(help: "Know only accounts that were seeded.") var strictAccounts = false
  @Option(help: ArgumentHelp("Written with the settings once the bank answers.", valueName: "file"))
  var readyFile: String?

  func validate() throws { _ = try settings() }

  func run() async throws {
    var logger = Logger(label: "sandbox") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .warning
    let settings = try settings()
    let (host, readyFile) = (host, readyFile)
    let bank: SandboxBank
    do {
      bank = try await SandboxBank(
        settings: settings, logger: logger,
        onReady: { port in
          let lines = Self.lines(host: host, port: port, settings.credentials)
          Terminal.say("# The sandbox bank answers; set these, or give them to --config:")
          for line in lines { Terminal.say("export \(line)") }
          guard let readyFile else { return }
          let text = lines.joined(separator: "\n") + "\n"
          do {
            try text.write(toFile: readyFile, atomically: true, encoding: .utf8)
          } catch {
            // Whoever waits for the file would wait for ever.
            Terminal.complain(
              "the ready file \(readyFile) cannot be written. Give one in a folder that is there and "
                + "that this user may write in.")
            Fxbatch.exit(withError: ExitCode.badInput)
          }
        })
    } catch {
      throw Self.complaint(about: error)
    }
    let group = ServiceGroup(
      services: [bank], gracefulShutdownSignals: [.sigint, .sigterm], logger: logger)
    do {
      try await group.run()
    } catch {
      throw Complaint(
        "the sandbox cannot listen on \(host):\(port): another program does, or it is no address of "
          + "this machine. Choose another --port or --host.",
        .unavailable)
    }
  }

  private func settings() throws -> SandboxSettings {
    var settings = SandboxSettings()
    settings.host = host
    settings.port = port
    settings.databasePath = database
    settings.seed = seed
    if let pricingDay {
      guard let day = CivilDate(pricingDay) else {
        throw ValidationError("--pricing-day is a day such as 2025-07-07, not \(pricingDay).")
      }
      settings.pricingDay = day
    }
    settings.quoteLife = quoteLife
    settings.settlementDelay = settlementDelay
    settings.statusLag = statusLag
    settings.tokenLifeSeconds = tokenLife
    settings.clockSkew = clockSkew
    settings.latency = latency
    settings.lookup = lookup
    settings.refuseRepeatedDealIDs = refuseRepeatedDeals
    settings.strictAccounts = strictAccounts
    do {
      settings.faults = try FaultPlan(faults)
    } catch {
      throw ValidationError(error.description)
    }
    return settings
  }

  private static func complaint(about error: SandboxError) -> Complaint {
    switch error {
    case .outOfRange(let name, let range):
      Complaint(
        "--\(name.replacing(" ", with: "-")) is from \(range.lowerBound) to \(range.upperBound).",
        .usage)
    case .noRates(let day):
      Complaint(
        "no reference rates are known \(day.map { "on or before \($0)" } ?? "at all"). Give a later "
          + "--pricing-day.", .usage)
    case .ledger:
      Complaint(
        "the bank's ledger cannot be opened. Give --database a new file, or one that a sandbox made.",
        .store)
    }
  }

  /// The settings that lead to this bank, as lines of `NAME=value`.
  static func lines(
    host: String, port: Int, _ credentials: SandboxSettings.Credentials
  ) -> [String] {
    let base = "http://\(host):\(port)"
    return [
      "FXBATCH_BANK_TOKEN_URL=\(base)/oauth2/v2.0/token",
      "FXBATCH_BANK_TRADING_URL=\(base)/trading-channel-service/api/v1",
      "FXBATCH_BANK_ACCOUNT_URL=\(base)/account/api/v1",
      "FXBATCH_BANK_CLIENT_ID=\(credentials.clientID)",
      "FXBATCH_BANK_CLIENT_SECRET=\(credentials.clientSecret)",
      "FXBATCH_BANK_USERNAME=\(credentials.username)",
      "FXBATCH_BANK_PASSWORD=\(credentials.password)",
    ]
  }
}

extension StatusLookup: ExpressibleByArgument {}
