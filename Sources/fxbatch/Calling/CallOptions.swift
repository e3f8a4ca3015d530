import ArgumentParser
import FXBankCapitec
import Foundation

/// Where a command finds the desk, and how it answers: what every command that makes calls takes.
struct CallOptions: ParsableArguments {
  @Flag(help: "Print what the API answers as JSON; of a list, one object a line.") var json = false
  @Option(
    help: ArgumentHelp(
      "A running server; FXBATCH_SERVER otherwise, and the local store without either.",
      valueName: "url"))
  var server: String?
  @Flag(help: "Work on the local store, whatever FXBATCH_SERVER says.") var local = false
  @Option(
    help: ArgumentHelp("A file with your token; FXBATCH_TOKEN otherwise.", valueName: "file"),
    completion: .file())
  var tokenFile: String?
  @Option(
    help: ArgumentHelp(
      "A PEM file of the authorities that vouch for the server; the system's otherwise.",
      valueName: "file"), completion: .file())
  var caFile: String?
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard server == nil || !local else { throw ValidationError("Give --server or --local.") }
  }

  /// How a command that works on a local store needs the bank.
  enum BankUse {
    case none
    /// Without a bank that is configured, the command still does its work.
    case whereConfigured
    case needed
  }

  /// Opens the way to the desk for the time of `body`.
  ///
  /// - Parameter use: how a local store is used. A server is only asked.
  func open<Answer>(
    _ use: StoreUse, bank: BankUse = .none, _ body: (DeskClient) async throws -> Answer
  ) async throws -> Answer {
    let settings = try await settings()
    guard let server = settings.calling.server else {
      return try await openHere(use, bank: bank) { client, _, _ in try await body(client) }
    }
    return try await RemoteCalls.open(server, settings.calling) { calls in
      try await body(DeskClient(calls: calls, asJSON: json))
    }
  }

  /// Opens the local store, and the bank beside it, for the time of `body`.
  func openHere<Answer>(
    _ use: StoreUse, bank: BankUse = .none,
    _ body: (DeskClient, Desk, CapitecGateway?) async throws -> Answer
  ) async throws -> Answer {
    let settings = try await settings(withBank: bank != .none)
    if bank == .needed, settings.bank == nil { throw Complaint.noBank }
    return try await Desk.open(settings, use) { desk in
      func go(_ bank: CapitecGateway?) async throws -> Answer {
        let calls = try LocalCalls(desk, bank: bank)
        return try await body(DeskClient(calls: calls, asJSON: json), desk, bank)
      }
      return settings.bank == nil ? try await go(nil) : try await desk.withBank(go)
    }
  }

  /// The settings, with what this command says about the server over them.
  func settings(withBank: Bool = false) async throws -> Settings {
    var settings = try await common.settings(withBank: withBank)
    if local { settings.calling.server = nil }
    if let server { settings.calling.server = try ServerAddress(server, from: "--server") }
    if let caFile { settings.calling.caFile = caFile }
    if let tokenFile {
      do {
        let text = try OpenFile.text(of: tokenFile)
        settings.calling.token = Secret(text.trimmingCharacters(in: .whitespacesAndNewlines))
      } catch {
        throw Complaint("\(error.sentence) Give --token-file a file with a token.", .badInput)
      }
    }
    if let token = settings.calling.token?.revealed,
      token.isEmpty || !token.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    {
      throw Complaint(
        "your token has characters that no token has, such as a line break. Give the one line that "
          + "`fxbatch token create` printed.", .badInput)
    }
    return settings
  }
}
