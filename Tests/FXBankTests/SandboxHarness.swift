import AsyncHTTPClient
import FXDomain
import FXJSON
import Foundation
import Logging
import NIOCore
import Synchronization
import Testing

@testable import FXBankSandbox

/// A clock that stands still until it is moved.
final class StandingClock: Sendable {
  private let moment: Mutex<Timestamp>

  init(_ text: String = "2026-11-10T08:30:00.000Z") throws {
    self.moment = Mutex(try #require(Timestamp(text)))
  }

  var now: Timestamp { moment.withLock { $0 } }

  func advance(milliseconds: Int64) {
    moment.withLock { $0 = $0.advanced(byMilliseconds: milliseconds) }
  }
}

/// One HTTP answer of the sandbox.
struct Reply: Sendable {
  let status: Int
  let headers: [String: String]
  let text: String

  /// The body, which must be JSON.
  var json: JSON { get throws { try JSON(parsing: text.utf8) } }

  /// The reason code of a business answer; "" for a success.
  var reason: String {
    get throws {
      let result = try #require(try json["result"])
      guard case .string(let reason) = result["resultReasonCode"] else {
        #expect(result["resultCode"] == .integer(0))
        return ""
      }
      #expect(result["resultCode"] != .integer(0))
      return reason
    }
  }
}

/// A customer of the sandbox, over real sockets.
struct SandboxClient: Sendable {
  let port: Int
  let token: String?

  /// Calls the bank; the body's header is added.
  func call(_ call: BankCall, _ members: String = "") async throws -> Reply {
    let header = #""header":{"userId":"dealer@example.co.za"}"#
    return try await send(
      "POST", call.path, body: "{\(members.isEmpty ? header : header + "," + members)}")
  }

  func send(
    _ method: String, _ path: String, body: String = "", type: String = "application/json"
  ) async throws -> Reply {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)\(path)")
    request.method = .RAW(value: method)
    request.headers.add(name: "Content-Type", value: type)
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
    if method != "GET" { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = try await response.body.collect(upTo: 16 * 1_024 * 1_024)
    return Reply(
      status: Int(response.status.code),
      headers: Dictionary(
        response.headers.map { ($0.name.lowercased(), $0.value) }, uniquingKeysWith: { $1 }),
      text: String(buffer: bytes))
  }

  static let grant =
    "client_id=sandbox-client&client_secret=sandbox-secret&grant_type=password"
    + "&username=dealer%40sandbox.example&password=sandbox-password"
    + "&scope=offline_access+api%3A%2F%2Fsandbox-client%2F.default"

  func token(form: String = grant) async throws -> Reply {
    try await send(
      "POST", BankCall.token.path, body: form, type: "application/x-www-form-urlencoded")
  }

  /// Orders a fault for the next call.
  func order(
    _ fault: BankFault, for call: BankCall, done: Bool? = nil, cif: String? = nil
  ) async throws {
    var more = done.map { #","done":\#($0)"# } ?? ""
    if let cif { more += #","cif":"\#(cif)""# }
    let reply = try await send(
      "POST", "/sandbox/next",
      body: #"{"call":"\#(call.rawValue)","fault":"\#(fault.rawValue)"\#(more)}"#)
    #expect(reply.status == 202)
  }

  /// Every deal that the bank booked.
  func ledger(_ query: String = "") async throws -> [JSON] {
    guard case .array(let deals) = try await send("GET", "/sandbox/ledger\(query)").json else {
      Issue.record("the ledger is a list")
      return []
    }
    return deals
  }
}

/// A quote that a test was given.
struct QuoteInHand: Sendable {
  let id: Int64
  let rate: String

  func order(_ dealID: String, rate: String? = nil, dealRate: String? = nil) -> String {
    """
    "trade":{"quoteID":\(id),"dealTransactionID":"\(dealID)","quoteRate":\(rate ?? self.rate),\
    "dealRate":\(dealRate ?? self.rate)}
    """
  }
}

extension SandboxClient {
  /// The members of CreateQuote for an invented customer.
  static func quoteRequest(
    cif: String = "900001", side: String = "Buy", delivery: String = "Spot",
    pair: String = "USD/ZAR", currency: String = "ZAR", amount: String = "200000.00",
    from: String = "ZAR", to: String = "USD"
  ) -> String {
    """
    "customer":{"cifNo":"\(cif)",\
    "fromSettlementAccount":{"currency":"\(from)","accountNumber":"\(cif)-\(from)"},\
    "toSettlementAccount":{"currency":"\(to)","accountNumber":"\(cif)-\(to)"}},\
    "trade":{"tradeType":"\(side)","deliveryType":"\(delivery)","currencyPair":"\(pair)",\
    "dealCurrency":"\(currency)","dealCurrencyAmount":\(amount),"settlementDate":"20261112",\
    "dealDateTime":"2026-11-10T10:30:00+02:00"}
    """
  }

  /// Creates a quote and asks for its rate.
  func quote(_ request: String = quoteRequest()) async throws -> QuoteInHand {
    let created = try await call(.quote, request)
    let payload = try #require(try created.json["payload"], "\(created.text)")
    guard case .number(let digits) = payload["quoteId"], let id = Int64(digits) else {
      throw Unexpected(text: created.text)
    }
    let latest = try await call(.latestQuote, #""quoteID":\#(id)"#)
    guard case .number(let rate) = try latest.json["payload"]?["quoteRate"] else {
      throw Unexpected(text: latest.text)
    }
    return QuoteInHand(id: id, rate: rate)
  }

  struct Unexpected: Error {
    let text: String
  }
}

/// Runs a sandbox on any port for the length of `body`, which gets a client with a token.
func withSandbox(
  _ settings: SandboxSettings = SandboxSettings(), clock: StandingClock? = nil,
  _ body: (SandboxClient) async throws -> Void
) async throws {
  let (ports, port) = AsyncStream.makeStream(of: Int.self)
  var logger = Logger(label: "sandbox")
  logger.logLevel = .critical
  let bank = try await SandboxBank(
    settings: settings, logger: logger, clock: { clock?.now ?? .systemNow },
    onReady: { port.yield($0) })
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      defer { port.finish() }
      try await bank.run()
    }
    guard let number = await ports.first(where: { _ in true }) else {
      try await group.waitForAll()
      return
    }
    let anonymous = SandboxClient(port: number, token: nil)
    guard case .string(let token) = try await anonymous.token().json["access_token"] else {
      throw SandboxClient.Unexpected(text: "no token")
    }
    try await body(SandboxClient(port: number, token: token))
    group.cancelAll()
  }
}
