import ArgumentParser
import FXBankCapitec
import FXDomain
import FXEngine
import FXPorts
import FXServer
import FXStoreSQLite
import Foundation
import Logging

/// What every command takes.
struct CommonOptions: ParsableArguments {
  @Option(help: ArgumentHelp("A file of settings, lines of NAME=value.", valueName: "file"))
  var config: String?

  func settings(withBank: Bool = false) async throws -> Settings {
    var reader = try SettingsReader(file: config)
    return try reader.read(withBank: withBank)
  }
}

/// How a command uses the store.
enum StoreUse {
  case reads
  /// Changes a store that is there: what is meant to work on it is in none that is made anew.
  case changes
  /// Makes the store, and its folder, where there is none.
  case writes
}

/// The one place where settings become a store, a bank and an engine.
struct Desk: Sendable {
  let settings: Settings
  let store: SQLiteStore
  /// How far the store's log goes, kept beside it.
  let mark: MarkFile
  let logger: Logger
  /// By the store's clock: what was written before may have been restored meanwhile.
  let openedAt: Timestamp
  /// Raised after each commit that has added to the log.
  let signal: LogSignal

  /// Opens the store for the time of `body`.
  static func open<Answer>(
    _ options: CommonOptions, _ use: StoreUse, withBank: Bool = false,
    _ body: (Desk) async throws -> Answer
  ) async throws -> Answer {
    let settings = try await options.settings(withBank: withBank)
    // Before a store is made or changed for nothing.
    if withBank, settings.bank == nil { throw Complaint.noBank }
    return try await open(settings, use, body)
  }

  /// As above, with settings that are at hand.
  static func open<Answer>(
    _ settings: Settings, _ use: StoreUse,
    onCommit: (@Sendable (_ rows: Int, _ nanoseconds: Int64) -> Void)? = nil,
    _ body: (Desk) async throws -> Answer
  ) async throws -> Answer {
    let path = settings.storePath
    if use != .writes { try refuseAbsent(path) }
    if use == .writes { try makeFolder(of: path) }
    let logger = Self.logger(settings)
    let mark = MarkFile(besideDatabase: path)
    let openedAt = Timestamp.now
    let signal = LogSignal()
    // Before the store is read: what is written meanwhile is newer than this.
    let marked = try mark.read()
    let store = try await SQLiteStore.open(
      path: path,
      options: SQLiteOptions(
        clock: { .now }, installationID: .random(), isReadOnly: use == .reads,
        onDurable: { known in
          try mark.raise(to: known)
          signal.raise()
        }, onCommit: onCommit),
      logger: logger)
    return try await ending(logger) {
      if use != .reads {
        try await LossCheck(store: store, mark: mark, logger: logger).enforce(marked)
      }
      return try await body(
        Desk(
          settings: settings, store: store, mark: mark, logger: logger, openedAt: openedAt,
          signal: signal))
    } with: {
      try store.close()
      try mark.close()
    }
  }

  /// Does something, and what must follow it however it ends. The first error is the one that is
  /// thrown; a second goes to the log.
  private static func ending<Answer>(
    _ logger: Logger, _ body: () async throws -> Answer, with end: () async throws -> Void
  ) async throws -> Answer {
    let outcome: Result<Answer, any Error>
    do { outcome = .success(try await body()) } catch { outcome = .failure(error) }
    do {
      try await end()
    } catch {
      if case .success = outcome { throw error }
      logger.error("closing failed too", metadata: ["error": "\(error)"])
    }
    return try outcome.get()
  }

  /// Connects to the bank for the time of `body`.
  func withBank<Answer>(
    _ body: (CapitecGateway) async throws -> Answer
  ) async throws -> Answer {
    guard let bank = settings.bank else { throw Complaint.noBank }
    let gateway: CapitecGateway
    do {
      gateway = try CapitecGateway(settings: bank, clock: { .now }, logger: logger)
    } catch {
      throw Complaint("the bank's settings cannot be used: \(error)", .badInput)
    }
    return try await Self.ending(logger) {
      try await body(gateway)
    } with: {
      try await gateway.shutdown()
    }
  }

  /// An engine that works on the given batches only.
  func engine(bank: any BankGateway, only: Set<BatchKey>?) throws -> Engine {
    var settings = settings.engineSettings(
      node: newNode(), bank: bank.identity,
      seed: .random(in: .min ... .max))
    settings.only = only
    settings.knowsHistorySince = openedAt
    do {
      return try Engine(
        store: store, bank: bank, settings: settings, clock: .system(wall: { .now }),
        logger: logger)
    } catch {
      throw error.complaint
    }
  }

  /// The name of this process in what it holds, which no other one ever has.
  func newNode() -> NodeID {
    let incarnation = String(UInt32.random(in: .min ... .max), radix: 16)
    return NodeID("\(settings.nodeName)/\(incarnation)")
  }

  var lock: EngineLock { EngineLock(besideDatabase: settings.storePath) }

  /// The operating-system user, as whom commands on a local store act.
  var person: Actor { .person(ProcessInfo.processInfo.userName) }

  static func logger(_ settings: Settings) -> Logger {
    guard let level = settings.logLevel else {
      return Logger(label: "fxbatch") { _ in SwiftLogNoOpLogHandler() }
    }
    var logger = Logger(label: "fxbatch") { label in
      switch settings.logFormat ?? .text {
      case .text: StreamLogHandler.standardError(label: label)
      case .json: JSONLogHandler(label: label, now: { .now }, write: Terminal.writeLogLine)
      }
    }
    logger.logLevel = level
    return logger
  }

  private static func refuseAbsent(_ path: String) throws {
    guard !FileManager.default.fileExists(atPath: path) else { return }
    throw StoreError.unavailable(
      "the store \(path) is not there. `fxbatch clients import` makes it; or name another one in "
        + "FXBATCH_STORE.")
  }

  static func makeFolder(of path: String) throws {
    let folder = URL(filePath: path).deletingLastPathComponent().path
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw StoreError.unavailable(
        "the folder \(folder) cannot be made. Make it, or name another store in FXBATCH_STORE.")
    }
  }
}

extension Timestamp {
  /// This machine's clock.
  static var now: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
  }
}

extension Identifier {
  static func random() -> Identifier {
    .timeOrdered(
      at: .now, random: (.random(in: .min ... .max), .random(in: .min ... .max)))
  }
}
