import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// What a scripted bank does with one request.
enum Act: Sendable {
  case answer(Int, String, headers: [String] = [])
  /// Bytes as they are, then the connection is closed.
  case rawThenHangUp(String)
  case hangUp
  /// The request is read and never answered.
  case silence

  static let ok = Act.success("")

  /// HTTP 200 with `resultCode` 0, and more members.
  static func success(_ members: String) -> Act {
    .answer(200, Act.envelope(#""resultCode":0,"resultMsg":"Success""#, members))
  }

  static func refusal(_ reason: String, status: Int = 200) -> Act {
    .answer(
      status,
      Act.envelope(#""resultCode":7,"resultReasonCode":"\#(reason)","resultMsg":"No.""#, ""))
  }

  static func envelope(_ result: String, _ members: String) -> String {
    #"{"header":{"transactionId":"3f1c0f7e-0000-4000-8000-000000000001"},"result":{\#(result)}"#
      + (members.isEmpty ? "}" : ",\(members)}")
  }

  static func token(_ number: Int, lifeSeconds: Int = 3_600) -> Act {
    .answer(
      200,
      #"{"token_type":"Bearer","scope":"s","expires_in":\#(lifeSeconds),"#
        + #""ext_expires_in":7200,"access_token":"access-\#(number)-canary","#
        + #""refresh_token":"refresh-\#(number)-canary"}"#)
  }

  var bytes: [UInt8]? {
    switch self {
    case .answer(let status, let body, let headers):
      let lines =
        ["HTTP/1.1 \(status) X", "Content-Type: application/json"] + headers
        + ["Content-Length: \(body.utf8.count)", "", body]
      return Array(lines.joined(separator: "\r\n").utf8)
    case .rawThenHangUp(let text): return Array(text.utf8)
    case .hangUp, .silence: return nil
    }
  }

  var hangsUp: Bool {
    switch self {
    case .answer, .silence: false
    case .rawThenHangUp, .hangUp: true
    }
  }
}

/// One request as it arrived.
struct HeardRequest: Hashable, Sendable {
  var path: String
  /// By lower-case name.
  var headers: [String: String]
  var body: String
  /// Which connection it came over, counted from 1.
  var connection: Int

  /// Takes the first complete request off the bytes.
  init?(taking bytes: inout [UInt8], connection: Int) {
    let text = String(decoding: bytes, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    let lines = text[..<end.lowerBound].split(separator: "\r\n")
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ": ", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count == 2 ? String(parts[1]) : ""
    }
    let headBytes = text[..<end.upperBound].utf8.count
    guard let length = headers["content-length"].flatMap({ Int($0) }),
      bytes.count >= headBytes + length
    else { return nil }
    self.path = String(lines[0].split(separator: " ")[1])
    self.headers = headers
    self.body = String(decoding: bytes[headBytes..<(headBytes + length)], as: UTF8.self)
    self.connection = connection
    bytes.removeFirst(headBytes + length)
  }
}

/// A bank that does what it is told, in order, and remembers what it heard.
actor ScriptedBank {
  private var acts: [String: [Act]]
  private(set) var heard: [HeardRequest] = []
  private var listeners: [(count: Int, wake: CheckedContinuation<Void, Never>)] = []
  private var tokens = 0

  /// - Parameter acts: by the last part of the path; the last act of a list is repeated for ever.
  init(_ acts: [String: [Act]]) { self.acts = acts }

  func act(on request: HeardRequest) -> Act {
    heard.append(request)
    for listener in listeners where listener.count <= heard.count { listener.wake.resume() }
    listeners.removeAll { $0.count <= heard.count }
    let name = String(request.path.split(separator: "/").last ?? "")
    if let act = acts[name]?.first {
      if acts[name]?.count != 1 { acts[name]?.removeFirst() }
      return act
    }
    guard name == "token" else { return .answer(404, "") }
    tokens += 1
    return .token(tokens)
  }

  func requests(_ name: String) -> [HeardRequest] {
    heard.filter { $0.path.hasSuffix("/\(name)") }
  }

  /// Waits until so many requests were heard.
  func hears(_ count: Int) async {
    guard heard.count < count else { return }
    await withCheckedContinuation { listeners.append((count, $0)) }
  }
}

/// Runs a scripted bank on a free port of this machine for the length of `body`.
func withScriptedBank(
  _ acts: [String: [Act]], tls: TLSConfiguration? = nil,
  _ body: (ScriptedBank, Int) async throws -> Void
) async throws {
  let bank = ScriptedBank(acts)
  let context = try tls.map { try NIOSSLContext(configuration: $0) }
  let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
    .bind(host: "127.0.0.1", port: 0) { channel in
      channel.eventLoop.makeCompletedFuture {
        if let context {
          try channel.pipeline.syncOperations.addHandler(NIOSSLServerHandler(context: context))
        }
        return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
      }
    }
  let port = try #require(server.channel.localAddress?.port)
  try await withThrowingTaskGroup(of: Void.self) { group in
    group.addTask {
      try await server.executeThenClose { clients in
        try await withThrowingDiscardingTaskGroup { connections in
          var number = 0
          for try await client in clients {
            number += 1
            let connection = number
            connections.addTask { await serve(client, connection, bank) }
          }
        }
      }
    }
    try await body(bank, port)
    group.cancelAll()
  }
}

private func serve(
  _ client: NIOAsyncChannel<ByteBuffer, ByteBuffer>, _ connection: Int, _ bank: ScriptedBank
) async {
  do {
    try await client.executeThenClose { inbound, outbound in
      var bytes: [UInt8] = []
      for try await chunk in inbound {
        bytes += Array(buffer: chunk)
        while let request = HeardRequest(taking: &bytes, connection: connection) {
          let act = await bank.act(on: request)
          if let answer = act.bytes { try await outbound.write(ByteBuffer(bytes: answer)) }
          if act.hangsUp { return }
        }
      }
    }
  } catch {
    // Connections that break, in the handshake or later, are what these tests are about.
  }
}
