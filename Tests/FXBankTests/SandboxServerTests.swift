import FXDomain
import Logging
import ServiceLifecycle
import Testing

@testable import FXBankSandbox

@Suite struct `The sandbox server` {
  private static let quiet = {
    var logger = Logger(label: "sandbox")
    logger.logLevel = .critical
    return logger
  }()

  @Test(.timeLimit(.minutes(1)))
  func `stops gracefully while a connection is kept alive`() async throws {
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let bank = try await SandboxBank(
      settings: SandboxSettings(), logger: Self.quiet, onReady: { port.yield($0) })
    let services = ServiceGroup(
      configuration: .init(services: [.init(service: bank)], logger: Self.quiet))
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await services.run() }
      let number = try #require(await ports.first { _ in true })
      let reply = try await SandboxClient(port: number, token: nil).token()
      #expect(reply.status == 200)
      await services.triggerGracefulShutdown()
      try await group.waitForAll()
    }
  }

  @Test func `says when its port is taken`() async throws {
    try await withSandbox { bank in
      var settings = SandboxSettings()
      settings.port = bank.port
      let second = try await SandboxBank(settings: settings, logger: Self.quiet)
      await #expect(throws: (any Error).self) { try await second.run() }
    }
  }

  @Test(
    arguments: [
      (\SandboxSettings.quoteLife, -1), (\.settlementDelay, -1), (\.statusLag, 86_400_001),
      (\.latency, -1), (\.clockSkew, -86_400_001), (\.tokenLifeSeconds, 0),
    ] as [(WritableKeyPath<SandboxSettings, Int64> & Sendable, Int64)])
  func `refuses times out of range`(
    setting: WritableKeyPath<SandboxSettings, Int64> & Sendable, value: Int64
  ) async throws {
    var settings = SandboxSettings()
    settings[keyPath: setting] = value
    await #expect(throws: SandboxError.self) {
      try await SandboxBank(settings: settings, logger: Self.quiet)
    }
  }

  @Test(arguments: [
    ("GET", BankCall.book.path, 405), ("POST", "/account/api/v1/other", 404),
    ("DELETE", "/sandbox/ledger", 404), ("POST", "/sandbox/next", 400),
    ("PUT", "/sandbox/accounts", 400),
  ])
  func `answers what it does not know`(method: String, path: String, status: Int) async throws {
    try await withSandbox { bank in
      let reply = try await bank.send(method, path)
      #expect(reply.status == status)
    }
  }

  @Test func `drops a connection whose body does not end`() async throws {
    try await withSandbox { bank in
      let body = String(repeating: " ", count: 2 * 1_024 * 1_024)
      await #expect(throws: (any Error).self) {
        try await bank.send("POST", BankCall.book.path, body: body)
      }
      let reply = try await bank.call(.balance, #""accountNumber":"1","cifNumber":"2""#)
      #expect(try reply.reason == "")
    }
  }
}
