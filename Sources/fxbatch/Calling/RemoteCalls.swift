import AsyncHTTPClient
import FXBankCapitec
import FXJSON
import Foundation
import NIOCore
import NIOHTTP1
import NIOSSL

/// The API of a running server. Certificates are always verified.
struct RemoteCalls: DeskCalls {
  private let client: HTTPClient
  private let server: ServerAddress
  private let token: Secret?

  /// Connects for the time of `body`.
  static func open<Answer>(
    _ server: ServerAddress, _ settings: CallingSettings,
    _ body: (RemoteCalls) async throws -> Answer
  ) async throws -> Answer {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.minimumTLSVersion = .tlsv12
    tls.certificateVerification = .fullVerification
    if let caFile = settings.caFile {
      do {
        tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(caFile))
      } catch {
        throw Complaint(
          "the authorities in \(caFile) cannot be read. Give --ca-file a PEM file.", .badInput)
      }
    }
    var configuration = HTTPClient.Configuration(
      tlsConfiguration: tls, redirectConfiguration: .disallow, decompression: .disabled)
    configuration.httpVersion = .http1Only
    configuration.timeout.connect = .milliseconds(CallingBounds.connectMilliseconds)
    configuration.timeout.read = .milliseconds(CallingBounds.silenceMilliseconds)
    configuration.connectionPool.retryConnectionEstablishment = false
    let client = HTTPClient(
      eventLoopGroup: HTTPClient.defaultEventLoopGroup, configuration: configuration)
    let outcome: Result<Answer, any Error>
    do {
      outcome = .success(
        try await body(RemoteCalls(client: client, server: server, token: settings.token)))
    } catch {
      outcome = .failure(error)
    }
    try await client.shutdown()
    return try outcome.get()
  }

  // MARK: Requests

  private func request(_ call: DeskCall, accept: String = "application/json") -> HTTPClientRequest {
    var request = HTTPClientRequest(url: server.base + call.target)
    request.method = HTTPMethod(rawValue: call.method.rawValue)
    request.headers.add(name: "Accept", value: accept)
    request.headers.add(name: "User-Agent", value: "fxbatch/\(Fxbatch.version)")
    if let token { request.headers.add(name: "Authorization", value: "Bearer \(token.revealed)") }
    if let type = call.contentType { request.headers.add(name: "Content-Type", value: type) }
    // The same key at each try: what was done once is not done again.
    if call.method == .post {
      request.headers.add(name: "Idempotency-Key", value: UUID().uuidString.lowercased())
    }
    let bytes = call.bytes
    if !bytes.isEmpty { request.body = .bytes(bytes) }
    return request
  }

  func send(_ call: DeskCall) async throws -> DeskAnswer {
    let request = request(call)
    // A key makes the second of two equal requests harmless, and reading is so by itself.
    let isRepeatable = call.method == .get || call.method == .post
    var failures = 0
    var waits = 0
    while true {
      do {
        let response = try await execute(request)
        let answer = try await answer(response)
        if answer.isUnderWay, failures > 0 {
          // It is ours: the connection broke off, and the server works on it still.
          guard waits < CallingBounds.waitsForOwnRequest else { throw Complaint.stillUnderWay }
          waits += 1
          try await Task.sleep(for: .seconds(1))
          continue
        }
        failures += 1
        guard failures < CallingBounds.tries, let pause = Self.pause(of: response) else {
          return answer
        }
        try await Task.sleep(for: .seconds(pause))
      } catch let trouble as ServerTrouble {
        failures += 1
        guard failures < CallingBounds.tries, trouble.isPassing, isRepeatable else {
          throw trouble.complaint(about: server)
        }
        try await Task.sleep(for: .milliseconds(CallingBounds.pauseMilliseconds * Int64(failures)))
      }
    }
  }

  func fetch(
    _ call: DeskCall, _ tell: @escaping @Sendable ([UInt8]) async throws -> Void
  ) async throws -> DeskAnswer? {
    do {
      let response = try await execute(request(call, accept: "*/*"))
      guard response.status.code < 400 else { return try await answer(response) }
      var pieces = response.body.makeAsyncIterator()
      while let piece = try await Self.naming({ try await pieces.next() }) {
        try await tell(Array(piece.readableBytesView))
      }
      return nil
    } catch let trouble as ServerTrouble {
      throw trouble.complaint(about: server)
    }
  }

  private func execute(_ request: HTTPClientRequest) async throws -> HTTPClientResponse {
    // The silence bounds each wait; a long file or feed may take its time.
    try await Self.naming { try await client.execute(request, timeout: .hours(24)) }
  }

  private func answer(_ response: HTTPClientResponse) async throws -> DeskAnswer {
    let body = try await Self.naming {
      try await response.body.collect(upTo: CallingBounds.answerBytes)
    }
    let status = Int(response.status.code)
    guard body.readableBytes > 0 else { return DeskAnswer(status: status, json: .null) }
    if let answer = Self.ours(status, body) { return answer }
    throw ServerTrouble(
      words: "what answers there is no fxbatch server (status \(status))", isPassing: false)
  }

  /// Nil where a server of ours would not have answered so.
  private static func ours(_ status: Int, _ body: ByteBuffer) -> DeskAnswer? {
    do {
      let answer = DeskAnswer(status: status, json: try JSON(parsing: body.readableBytesView))
      return answer.isRefusal && answer.json["code"] == nil ? nil : answer
    } catch {
      return nil
    }
  }

  /// Seconds to wait before the same request is made again; nil where that would not help.
  private static func pause(of response: HTTPClientResponse) -> Int64? {
    guard response.status == .tooManyRequests || response.status == .serviceUnavailable,
      let seconds = response.headers.first(name: "Retry-After").flatMap({ Int64($0) }),
      (0...CallingBounds.longestPauseSeconds).contains(seconds)
    else { return nil }
    return seconds
  }

  /// Lifts whatever the library throws to a trouble with the server.
  private static func naming<Value>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await body()
    } catch let error as CancellationError {
      throw error
    } catch is NIOTooManyBytesError {
      throw ServerTrouble(words: "its answer is too long", isPassing: false)
    } catch {
      throw ServerTrouble(words: TroubleWords.words(for: error), isPassing: true)
    }
  }

  // MARK: The live feed

  func follow(batch: String?, _ tell: (JSON) async throws -> Bool) async throws {
    var after: String?
    var failures = 0
    while true {
      do {
        let wantsMore = try await read(batch: batch, after: &after) { message in
          failures = 0
          return try await tell(message)
        }
        guard wantsMore else { return }
      } catch let trouble as ServerTrouble {
        guard trouble.isPassing, failures < CallingBounds.reconnections else {
          throw trouble.complaint(about: server)
        }
        if failures == 0 { Terminal.note("the server's feed broke off: taking it up again") }
      }
      failures += 1
      guard failures <= CallingBounds.reconnections else {
        throw ServerTrouble(words: "its feed breaks off again and again", isPassing: false)
          .complaint(about: server)
      }
      try await Task.sleep(for: .milliseconds(CallingBounds.pauseMilliseconds * Int64(failures)))
    }
  }

  private func snapshot(of batch: String?) async throws -> JSON {
    let path = batch.map { "/api/batches/\($0)/progress" } ?? "/api/batches/active"
    let answer = try await answer(try await execute(request(DeskCall(method: .get, path: path))))
    guard !answer.isRefusal else { throw Refusal(answer) }
    let standing = batch == nil ? answer.json.items : [answer.json]
    return ["type": "snapshot", "data": ["batches": .array(standing)]]
  }

  /// - Returns: whether more is wanted.
  private func read(
    batch: String?, after: inout String?, _ tell: (JSON) async throws -> Bool
  ) async throws -> Bool {
    var call = DeskCall(method: .get, path: "/api/events")
    if let batch { call.query.append(("batch_id", batch)) }
    if let after { call.query.append(("after", after)) }
    let response = try await execute(request(call, accept: "text/event-stream"))
    guard response.status == .ok else { throw Refusal(try await answer(response)) }
    var events = EventStream()
    var pieces = response.body.makeAsyncIterator()
    var isFirst = true
    while let piece = try await Self.naming({ try await pieces.next() }) {
      // The feed only tells what changes, so the standing is asked for once it has begun.
      if isFirst { guard try await tell(try await snapshot(of: batch)) else { return false } }
      isFirst = false
      for event in try events.take(Array(piece.readableBytesView)) {
        if let id = event.id { after = id }
        let isQuiet = event.json.words("type") == "heartbeat"
        let message = isQuiet ? try await snapshot(of: batch) : event.json
        guard try await tell(message) else { return false }
      }
    }
    return true
  }
}

/// Why a server could not be asked.
struct ServerTrouble: Error {
  let words: String
  /// Whether another try may help.
  let isPassing: Bool

  func complaint(about server: ServerAddress) -> Complaint {
    let end = words.hasSuffix("?") || words.hasSuffix(".") ? "" : "."
    return Complaint(
      "the server \(server.base) cannot be asked: \(words)\(end) Is it running, and is this its "
        + "address?", .unavailable)
  }
}
