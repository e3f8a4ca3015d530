import FXDomain
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle

/// A bank that can be dealt with, and that misbehaves as ordered: an HTTP server speaking the bank's
/// API, with a durable ledger of its own to compare with.
public struct SandboxBank: Service {
  private let settings: SandboxSettings
  private let logger: Logger
  private let onReady: @Sendable (Int) async -> Void
  private let teller: Teller

  /// Opens the ledger.
  ///
  /// - Parameters:
  ///   - clock: in place of this machine's; the bank's is ahead of it by the settings' skew.
  ///   - onReady: called with the port once connections are accepted.
  /// - Throws: ``SandboxError``.
  public init(
    settings: SandboxSettings, logger: Logger,
    clock: (@Sendable () -> Timestamp)? = nil,
    onReady: @escaping @Sendable (Int) async -> Void = { _ in }
  ) async throws(SandboxError) {
    try settings.validate()
    let rates = try ReferenceRates(on: settings.pricingDay)
    self.settings = settings
    self.logger = logger
    self.onReady = onReady
    self.teller = Teller(
      settings: settings, ledger: try Ledger(settings: settings, rates: rates),
      clock: clock ?? { .systemNow })
    logger.info("sandbox bank deals at the reference rates of \(rates.day)")
  }

  /// Serves until cancelled or shut down gracefully; throws when the port cannot be bound.
  public func run() async throws {
    let teller = teller
    let onReady = onReady
    var channel = HTTP1Channel.Configuration(idleTimeout: .seconds(120))
    channel.httpDecoder.maxHeaderListSize = 16 * 1_024
    // The server is built without Hummingbird's Application, which would set the Date header to this
    // machine's clock, and answer where a connection shall be dropped.
    let server = try HTTPServerBuilder.http1(configuration: channel).buildServer(
      configuration: ServerConfiguration(
        address: .hostname(settings.host, port: settings.port), backlog: 1_024),
      eventLoopGroup: EventLoopGroupProvider.singleton.eventLoopGroup, logger: logger,
      responder: { request, writer, channel in
        let answer = try await teller.answer(request) { try await channel.close() }
        try await writer.write(response: answer.head, body: answer.body)
      },
      onServerRunning: { await onReady($0.localAddress?.port ?? 0) })
    try await server.run()
  }
}

extension Timestamp {
  /// This machine's clock.
  static var systemNow: Timestamp {
    Timestamp(milliseconds: Int64(Date.now.timeIntervalSince1970 * 1_000))
  }
}
