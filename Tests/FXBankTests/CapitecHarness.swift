import FXDomain
import FXPorts
import Logging
import Synchronization
import Testing

@testable import FXBankCapitec

/// Values that a gateway is asked with in tests; all invented.
enum Asked {
  static let moment = Timestamp(milliseconds: 1_794_300_600_000)  // 2026-11-10T08:50:00Z
  static let dealID = Identifier(high: 0x0011_2233_4455_5677, low: 0x8899_aabb_ccdd_eeff)
  static let accountNumber = "1050000042"

  static func order(quoteID: Int64 = 123) throws -> BookingOrder {
    BookingOrder(
      quoteID: quoteID, dealTransactionID: dealID, quoteRate: try Rate("17.793"),
      clientRate: try Rate("17.8288"))
  }

  static func quote(
    side: Side = .buy, amount: String = "200000.00", currency: Currency = .zar,
    delivery: Delivery = .spot
  ) throws -> QuoteRequest {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let deal = try #require(Deal(pair: pair, side: side, amount: try Money(amount, currency)))
    return QuoteRequest(
      cifNumber: "900001",
      from: SettlementAccount(cifNumber: "900001", currency: .zar, accountNumber: accountNumber),
      to: SettlementAccount(cifNumber: "900001", currency: .usd, accountNumber: "1050000043"),
      deal: deal, delivery: delivery, valueDate: try #require(CivilDate("2026-11-12")),
      at: moment)
  }
}

/// Keeps what is logged, at every level.
struct RecordingLog: LogHandler {
  final class Lines: Sendable {
    private let kept = Mutex<[String]>([])

    func append(_ line: String) { kept.withLock { $0.append(line) } }
    var all: [String] { kept.withLock { $0 } }
  }

  let lines: Lines
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    lines.append("\(event.level) \(event.message) \(event.metadata ?? [:])")
  }
}

extension CapitecSettings {
  /// A customer of a bank on this machine.
  static func local(port: Int, scheme: String = "http", host: String = "127.0.0.1") -> Self {
    let base = "\(scheme)://\(host):\(port)"
    return CapitecSettings(
      tokenURL: "\(base)/oauth2/token", tradingURL: "\(base)/trading/api/v1",
      accountURL: "\(base)/account/api/v1", clientID: "client-canary",
      clientSecret: Secret("secret&canary"), username: "user@canary.example",
      password: Secret("pass word+canary"), timeoutMilliseconds: 20_000, maxConnections: 8)
  }
}

/// Makes a gateway for the length of `body`.
func withGateway(
  _ settings: CapitecSettings, clock: @escaping @Sendable () -> Timestamp = { Asked.moment },
  uptime: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
  log: RecordingLog.Lines = RecordingLog.Lines(),
  _ body: (CapitecGateway) async throws -> Void
) async throws {
  var logger = Logger(label: "gateway") { _ in RecordingLog(lines: log) }
  logger.logLevel = .trace
  let gateway = try CapitecGateway(
    settings: settings, clock: clock, uptime: uptime, logger: logger)
  do {
    try await body(gateway)
  } catch {
    try await gateway.shutdown()
    throw error
  }
  try await gateway.shutdown()
}

/// A gateway and the scripted bank that it talks to.
func withBankAndGateway(
  _ acts: [String: [Act]], clock: @escaping @Sendable () -> Timestamp = { Asked.moment },
  _ body: (ScriptedBank, CapitecGateway) async throws -> Void
) async throws {
  try await withScriptedBank(acts) { bank, port in
    try await withGateway(.local(port: port), clock: clock) { try await body(bank, $0) }
  }
}

/// What came of a booking, in a few words that test rows can name.
func summary(_ answer: BookingAnswer) -> String {
  switch answer {
  case .accepted: "accepted"
  case .refused(let refusal, _): "refused \(refusal.reasonCode)"
  case .notSent(let trouble): "not sent: \(summary(trouble))"
  case .unclear(let trouble, _): "unclear: \(summary(trouble))"
  }
}

func summary<Content>(_ answer: BankAnswer<Content>) -> String {
  switch answer {
  case .success(let content, _): "\(content)"
  case .refused(let refusal, _): "refused \(refusal.reasonCode)"
  case .trouble(let trouble): summary(trouble)
  }
}

func summary(_ answer: StatusAnswer) -> String {
  switch answer {
  case .found(let deal, _): "found \(deal.status.rawValue)"
  case .notFound: "not found"
  case .refused(let refusal, _): "refused \(refusal.reasonCode)"
  case .trouble(let trouble): summary(trouble)
  }
}

func summary(_ trouble: BankTrouble) -> String {
  switch trouble {
  case .notSent: "not sent"
  case .timeout: "timeout"
  case .connectionLost: "connection lost"
  case .unauthorized: "unauthorized"
  case .rateLimited(let wait): "rate limited \(wait.map(String.init) ?? "-")"
  case .httpStatus(let status): "status \(status)"
  case .unreadable: "unreadable"
  }
}
