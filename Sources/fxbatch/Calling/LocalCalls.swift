import FXBankCapitec
import FXDomain
import FXJSON
import FXPorts
import FXServer
import Foundation
import Synchronization

/// The API over a local store, without a server: the very same calls, made in this process as the
/// operating-system user.
struct LocalCalls: DeskCalls {
  private let server: APIServer
  private let user: Principal
  /// Of the person who acts where the operating system's word is not enough.
  private let token: Secret?

  init(_ desk: Desk, bank: (any BankGateway)? = nil) throws {
    var settings = desk.settings.serverSettings(openFiles: 0)
    settings.transport.limits.bodyBytes = CallingBounds.fileBytes
    server = try APIServer(
      backend: desk.backend(bank: bank, nudge: {}), settings: settings,
      operations: Operations(startedAt: .now, wantsEngine: false), signal: desk.signal,
      logger: desk.logger)
    // Whoever can open the store's file could do all of it without asking.
    user = Principal(person: ProcessInfo.processInfo.userName, role: .admin)
    token = desk.settings.calling.token
  }

  func send(_ call: DeskCall) async throws -> DeskAnswer {
    let answer = try await carryOut(call)
    return DeskAnswer(status: answer.status, json: try await Self.json(of: answer))
  }

  func fetch(
    _ call: DeskCall, _ tell: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> DeskAnswer? {
    let answer = try await carryOut(call)
    guard answer.status < 400 else {
      return DeskAnswer(status: answer.status, json: try await Self.json(of: answer))
    }
    try await answer.body(tell)
    return nil
  }

  private func carryOut(_ call: DeskCall) async throws -> LocalAnswer {
    try await server.carryOut(
      LocalCall(
        method: call.method.rawValue, target: call.target, contentType: call.contentType,
        body: call.bytes, token: call.asPerson ? token?.revealed : nil),
      as: user)
  }

  private static func json(of answer: LocalAnswer) async throws -> JSON {
    let gathered = Mutex<[UInt8]>([])
    try await answer.body { piece in gathered.withLock { $0 += piece } }
    let bytes = gathered.withLock { $0 }
    return bytes.isEmpty ? .null : try JSON(parsing: bytes)
  }

  /// Looks again and again: another process's engine may be at work.
  func follow(batch: String?, _ tell: (JSON) async throws -> Bool) async throws {
    let path = batch.map { "/api/batches/\($0)/progress" } ?? "/api/batches/active"
    while true {
      let answer = try await send(DeskCall(method: .get, path: path))
      guard !answer.isRefusal else { throw Refusal(answer) }
      let standing = batch == nil ? answer.json.items : [answer.json]
      let message: JSON = ["type": "snapshot", "data": ["batches": .array(standing)]]
      guard try await tell(message) else { return }
      try await Task.sleep(for: .milliseconds(CallingBounds.lookMilliseconds))
    }
  }
}
