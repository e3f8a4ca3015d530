import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts
import FXSimulation
import FXTesting
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

@testable import FXServer

/// The API over books in memory, called without a network: routes, gates, audit and all.
struct CallWorld: Sendable {
  static let address = "192.0.2.7"

  let clock = ManualClock()
  let store: MemoryStore
  let engineClock: EngineClock
  let backend: Backend
  let server: APIServer
  let operations: Operations
  /// The text of a token for each role, each of another person.
  private(set) var tokens: [Role: String] = [:]

  /// - Parameter logger: hears of every call.
  init(
    requestsPerSecond: Int = 100_000, wantsEngine: Bool = false,
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
  ) async throws {
    let clock = clock
    let store = MemoryStore(
      installation: Identifier(high: 1, low: 1), clock: { clock.now })
    let numbers = Mutex(SeededRandom(seed: 7))
    let random: @Sendable () -> UInt64 = { numbers.withLock { $0.next() } }
    let engineClock = EngineClock(
      now: { Moment(uptime: clock.now.milliseconds, wall: clock.now) },
      sleep: { wake in
        // Nobody but the clock's owner moves it: whoever waits waits no longer than this.
        if wake > clock.now.milliseconds { await Task.yield() }
      })
    self.engineClock = engineClock
    let backend = Backend(
      store: store,
      intake: Intake(
        store: store, settings: IntakeSettings(), now: { clock.now }, random: random),
      bank: nil,
      clock: engineClock,
      random: random, nudge: {}, settings: DeskSettings())
    self.backend = backend
    var settings = ServerSettings(transport: TransportSettings(host: "127.0.0.1", port: 0))
    settings.requestsPerSecond = requestsPerSecond
    self.store = store
    self.operations = Operations(startedAt: clock.now, wantsEngine: wantsEngine)
    self.server = try APIServer(
      backend: backend, settings: settings, operations: operations, signal: LogSignal(),
      logger: logger)
    for role in Role.allCases {
      tokens[role] = try await issue(role, to: "\(role.rawValue)-person")
    }
    _ = try await store.upsert([
      ClientRecord(
        name: "Anna Example", cifNumber: "C1", spread: .zero,
        accounts: [.zar, .usd].map {
          SettlementAccount(cifNumber: "C1", currency: $0, accountNumber: "10\($0)")
        })
    ])
  }

  func issue(_ role: Role, to person: String, expiresAt: Timestamp? = nil) async throws -> String {
    let text = Credentials.newToken { .random(in: .min ... .max) }
    _ = try await store.issue(
      AccessToken(
        id: .timeOrdered(
          at: clock.now, random: (.random(in: .min ... .max), .random(in: .min ... .max))),
        name: "test", person: person, role: role, digest: Credentials.digest(of: text),
        createdAt: clock.now, createdBy: "test", expiresAt: expiresAt),
      receipt: nil)
    return text
  }

  /// What came back, with its body read to the end.
  struct Reply: Sendable {
    let status: Int
    let fields: HTTPFields
    let bytes: [UInt8]

    var json: JSON { get throws { try JSON(parsing: bytes) } }
    var code: String? {
      get throws {
        guard case .string(let code)? = try json["code"] else { return nil }
        return code
      }
    }
  }

  func call(
    _ method: HTTPRequest.Method, _ path: String, as role: Role? = .admin, json: String? = nil,
    csv: String? = nil, fields: HTTPFields = [:]
  ) async throws -> Reply {
    try await call(
      method, path, token: role.flatMap { tokens[$0] }, json: json, csv: csv, fields: fields)
  }

  func call(
    _ method: HTTPRequest.Method, _ path: String, token: String?, json: String? = nil,
    csv: String? = nil, fields: HTTPFields = [:]
  ) async throws -> Reply {
    let response = try await respond(
      method, path, token: token, json: json, csv: csv, fields: fields)
    let bytes = Mutex<[UInt8]>([])
    if case .some = response.body.contentLength {
      try await response.body.write(Gatherer { more in bytes.withLock { $0 += more } })
    }
    return Reply(
      status: response.status.code, fields: response.headers, bytes: bytes.withLock { $0 })
  }

  func respond(
    _ method: HTTPRequest.Method, _ path: String, token: String?, json: String? = nil,
    csv: String? = nil, fields: HTTPFields = [:]
  ) async throws -> Response {
    var fields = fields
    if let token { fields[.authorization] = "Bearer \(token)" }
    if fields[.contentType] == nil, json ?? csv != nil {
      fields[.contentType] = json == nil ? "text/csv" : "application/json"
    }
    fields[HTTPField.Name("X-Forwarded-For")!] = Self.address
    let request = Request(
      head: HTTPRequest(
        method: method, scheme: "http", authority: "desk.example", path: path,
        headerFields: fields),
      body: RequestBody(buffer: ByteBuffer(string: json ?? csv ?? "")))
    return try await server.responder.respond(
      to: request, context: CallContext(person: nil, logger: Logger(label: "test")))
  }

  private struct Gatherer: ResponseBodyWriter {
    let take: @Sendable ([UInt8]) -> Void

    mutating func write(_ buffer: ByteBuffer) async throws { take(Array(buffer.readableBytesView)) }
    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }

  /// A staged batch of one trade, and that trade.
  func stage() async throws -> (batch: Batch, trade: Trade) {
    let reply = try await call(
      .post, "/api/batches", as: .dealer,
      json: #"{"allow_duplicates":true,"trades":[{"cif_number":"C1","deal_amount":"1000.00"}]}"#)
    guard reply.status == 201, case .string(let id)? = try reply.json["id"],
      let batch = try await store.batch(Identifier(id) ?? Identifier(high: 0, low: 0)),
      let trade = try await store.trades(TradeQuery(batch: batch.key)).first
    else { throw Problem(.internalError, String(decoding: reply.bytes, as: UTF8.self)) }
    return (batch, trade)
  }
}
