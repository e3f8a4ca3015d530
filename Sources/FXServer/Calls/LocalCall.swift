import FXPorts
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization

/// A call that is made without a network, by whoever can open the store.
public struct LocalCall: Sendable {
  public var method: String
  /// Path and query, percent-encoded.
  public var target: String
  public var contentType: String?
  public var body: [UInt8]
  /// The token of a person, for what only a person may do. Nil acts as whom the operating system names.
  public var token: String?

  public init(
    method: String, target: String, contentType: String? = nil, body: [UInt8] = [],
    token: String? = nil
  ) {
    self.method = method
    self.target = target
    self.contentType = contentType
    self.body = body
    self.token = token
  }

  /// Where the audit says that it came from.
  static let address = "local"

  func request() throws(Problem) -> Request {
    guard let method = HTTPRequest.Method(rawValue: method) else {
      throw Problem(.malformedRequest, "\(method) is no method.")
    }
    var head = HTTPRequest(method: method, scheme: nil, authority: nil, path: target)
    head.headerFields[.forwardedFor] = Self.address
    head.headerFields[.contentType] = contentType
    if let token { head.headerFields[.authorization] = "Bearer \(token)" }
    return Request(head: head, body: RequestBody(buffer: ByteBuffer(bytes: body)))
  }
}

/// What a local call was answered with.
public struct LocalAnswer: Sendable {
  public let status: Int
  fileprivate let content: ResponseBody

  /// Tells the body piece by piece.
  public func body(_ tell: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
    try await content.write(Pieces(tell: tell))
  }

  private struct Pieces: ResponseBodyWriter {
    let tell: @Sendable ([UInt8]) async throws -> Void

    mutating func write(_ buffer: ByteBuffer) async throws {
      try await tell(Array(buffer.readableBytesView))
    }

    consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
  }
}

/// The trouble with the store behind an answer, which clients are not told.
final class HiddenTrouble: Sendable {
  private let error = Mutex<StoreError?>(nil)

  func note(_ error: StoreError) { self.error.withLock { $0 = $0 ?? error } }

  func reveal() throws(StoreError) {
    if let error = error.withLock({ $0 }) { throw error }
  }
}

extension APIServer {
  /// Makes a call without a network: as the person of its token, or as whom the operating system has
  /// named.
  ///
  /// - Throws: the trouble with the store itself, which over a network is only told as "unavailable".
  public func carryOut(_ call: LocalCall, as person: Principal) async throws -> LocalAnswer {
    let trouble = HiddenTrouble()
    let context = CallContext(
      person: call.token == nil ? person : nil, trouble: trouble, logger: logger)
    let response = try await responder.respond(to: try call.request(), context: context)
    try trouble.reveal()
    return LocalAnswer(status: response.status.code, content: response.body)
  }
}
