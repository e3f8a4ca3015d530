import ArgumentParser
import FXBankCapitec
import FXEngine
import FXNotify
import FXPorts
import FXServer
import Foundation
import Logging
import ServiceLifecycle

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Serves the API and runs the engine.",
    discussion: """
      Everything that is in the queue is run; people and programs come in through HTTP with a token. \
      The first start makes one for the admin and tells where it is kept.

        fxbatch serve --config bank.env
        FXBATCH_LISTEN=0.0.0.0:8443 fxbatch serve --config desk.env

      SIGTERM ends it gracefully: no more calls are taken, those under way are finished, the calls \
      that are out at the bank are waited for, and leases are given back.

      Settings:

      \(settingsText)
      """)

  private static var settingsText: String {
    Settings.lines.map { line in
      let name = line.name.padding(toLength: 38, withPad: " ", startingAt: 0)
      return "\(name) \(line.meaning.isEmpty ? "" : line.meaning + "; ")default \(line.fallback)"
    }.joined(separator: "\n")
  }

  @Flag(help: "Serve without a bank: nothing is booked by this process.") var withoutBank = false
  @Option(help: ArgumentHelp("Written with the address once calls are taken.", valueName: "file"))
  var readyFile: String?
  @OptionGroup var common: CommonOptions

  func run() async throws {
    var settings = try await common.settings(withBank: !withoutBank)
    if !withoutBank, settings.bank == nil { throw Complaint.noBank }
    settings.logLevel = settings.logLevel ?? .info
    settings.logFormat = settings.logFormat ?? (Terminal.errorIsTerminal ? .text : .json)
    let openFiles = OpenFilesLimit.raise()
    let operations = Operations(startedAt: .now, wantsEngine: !withoutBank)
    let metrics = operations.metrics
    try await Desk.open(settings, .writes, onCommit: metrics.noteCommit) { desk in
      let token = try await AdminToken(
        store: desk.store, besideDatabase: settings.storePath
      ).ensure(configured: settings.serving.adminToken?.revealed)
      if let token { desk.announce("the admin's token is in \(token)") }
      let serving = Serving(desk: desk, operations: operations, openFiles: openFiles)
      guard !withoutBank else { return try await serve(serving, bank: nil, engine: nil) }
      try await desk.withBank { gateway in
        let bank = MeasuredBank(bank: gateway) { metrics.noteBankCall($0, outcome: $1, took: $2) }
        try await serve(serving, bank: bank, engine: try desk.engine(bank: bank, only: nil))
      }
    }
  }

  /// What is at hand once the store is open.
  private struct Serving {
    let desk: Desk
    let operations: Operations
    let openFiles: Int
  }

  private func serve(
    _ serving: Serving, bank: (any BankGateway)?, engine: Engine?
  ) async throws {
    let readyFile = readyFile
    let desk = serving.desk
    let backend = desk.backend(bank: bank, nudge: { engine?.nudge() })
    let server = try APIServer(
      backend: backend,
      settings: desk.settings.serverSettings(openFiles: serving.openFiles),
      operations: serving.operations, signal: desk.signal, logger: desk.logger)
    let address = desk.settings.serving
    var services: [any Service] = [
      try desk.notifying(),
      DeskDay(
        backend: backend, node: desk.newNode(), times: address.day, logger: desk.logger),
    ]
    if let engine {
      services.append(EngineRunning(engine: engine, desk: desk, operations: serving.operations))
    }
    do {
      // Ended first: while calls are finished, the engine still hears of them.
      services += try await server.services { port in
        let scheme = address.tls == nil ? "http" : "https"
        let host = address.host.contains(":") ? "[\(address.host)]" : address.host
        let url = "\(scheme)://\(host):\(port)"
        desk.announce("serving at \(url), documented at \(url)/api/docs")
        Self.tell(url, in: readyFile)
      }
    } catch let error as StoreError {
      throw error
    } catch {
      throw Complaint("\(error)", .badInput)
    }
    let group = ServiceGroup(
      configuration: .init(
        services: services.map { .init(service: $0) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: desk.logger))
    do {
      try await group.run()
    } catch let complaint as Complaint {
      throw complaint
    } catch let error as StoreError {
      throw error
    } catch {
      throw Complaint(
        "\(address.host):\(address.port) cannot be listened on: \(error). Another program may; name "
          + "another address in FXBATCH_LISTEN.", .unavailable)
    }
  }

  private static func tell(_ url: String, in file: String?) {
    guard let file else { return }
    do {
      try (url + "\n").write(toFile: file, atomically: true, encoding: .utf8)
    } catch {
      Terminal.complain(
        "the ready file \(file) cannot be written. Give one in a folder that is there.")
      Fxbatch.exit(withError: ExitCode.badInput)
    }
  }
}

extension Desk {
  /// For the person who has started this, and in the log where that is read by programs.
  fileprivate func announce(_ words: String) {
    switch settings.logFormat ?? .text {
    case .text: Terminal.note(words)
    case .json: logger.notice("\(words)")
    }
  }

  /// Ended last: what the engine still does is told, too.
  fileprivate func notifying() throws -> Notifying {
    do {
      return try Notifying(
        store: store, clock: .system(wall: { .now }), settings: settings.notify,
        random: { .random(in: .min ... .max) }, logger: logger)
    } catch {
      throw Complaint(
        "the authorities in FXBATCH_WEBHOOK_CA_FILE cannot be read. Give a PEM file.", .badInput)
    }
  }

  func backend(
    bank: (any BankGateway)?, nudge: @escaping @Sendable () -> Void
  ) -> Backend {
    var deskSettings = DeskSettings()
    deskSettings.doubtMarginMilliseconds = settings.doubtMarginSeconds * 1_000
    deskSettings.bankRequestsPerSecond = Int(settings.bankMaxRPS)
    deskSettings.allowsPrivateWebhooks = settings.notify.allowsPrivate
    deskSettings.killSwitchWaitMilliseconds = settings.bankTimeoutMilliseconds + 5_000
    return Backend(
      store: store, intake: intake(asking: bank), bank: bank, clock: .system(wall: { .now }),
      random: { .random(in: .min ... .max) }, nudge: nudge, settings: deskSettings,
      forgetTheDead: {
        guard let held = try lock.take() else { return }
        defer { held.release() }
        try await freeLeasesOfTheDead()
      })
  }
}

extension Settings {
  /// Whether the money is real: as configured, or else by where the bank is.
  private var environment: DeskEnvironment {
    if let told = serving.environment { return told }
    let host = bank.flatMap { URL(string: $0.tradingURL)?.host() }
    return host.map(ServingSettings.isLoopback) ?? false ? .test : .production
  }

  /// - Parameter openFiles: how many this process may have, connections among them.
  func serverSettings(openFiles: Int) -> ServerSettings {
    var transport = TransportSettings(host: serving.host, port: serving.port)
    transport.tls = serving.tls
    if let proxies = TrustedProxies(serving.trustedProxies) { transport.trustedProxies = proxies }
    transport.limits.bodyBytes = Int(serving.maxBodyMegabytes) << 20
    let reserve = OpenFilesLimit.reserve + Int(bankMaxConnections)
    let left = openFiles - reserve - transport.limits.connectionsTurnedAway
    transport.limits.connections = max(16, min(transport.limits.connections, left))
    var settings = ServerSettings(transport: transport)
    settings.requestsPerSecond = Int(serving.maxRequestsPerSecond)
    settings.environment = environment
    return settings
  }
}
