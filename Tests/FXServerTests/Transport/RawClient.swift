import NIOCore
import NIOPosix
import NIOSSL
import Testing

/// A client that sends bytes as they are. It belongs to one task.
final class RawClient {
  private let channel: any Channel
  private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
  private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  private var received: [UInt8] = []

  private init(
    _ channel: any Channel, _ inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
    _ outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
  ) {
    self.channel = channel
    self.inbound = inbound
    self.outbound = outbound
  }

  /// Connects, through TLS if its configuration is given.
  static func connected<Result: Sendable>(
    to port: Int, tls: TLSConfiguration? = nil,
    _ body: (RawClient) async throws -> Result
  ) async throws -> Result {
    let context = try tls.map { try NIOSSLContext(configuration: $0) }
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connect(host: "127.0.0.1", port: port) { channel in
        channel.eventLoop.makeCompletedFuture {
          if let context {
            let handler = try NIOSSLClientHandler(context: context, serverHostname: "localhost")
            try channel.pipeline.syncOperations.addHandler(handler)
          }
          return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
            wrappingChannelSynchronously: channel,
            configuration: .init(isOutboundHalfClosureEnabled: true))
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await body(RawClient(channel.channel, inbound.makeAsyncIterator(), outbound))
    }
  }

  func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

  /// Sends no more, and says so.
  func finish() { outbound.finish() }

  /// Everything up to and with a text.
  func read(until mark: String) async throws -> String {
    while true {
      let text = String(decoding: received, as: UTF8.self)
      if let range = text.range(of: mark) {
        let taken = text[..<range.upperBound]
        received.removeFirst(taken.utf8.count)
        return String(taken)
      }
      guard try await receive() else {
        Issue.record("the end came before \(mark), after \(text)")
        return text
      }
    }
  }

  /// Everything up to the end, whether it is a clean one or not.
  func readToEnd() async -> String {
    do { while try await receive() {} } catch {}
    defer { received = [] }
    return String(decoding: received, as: UTF8.self)
  }

  /// The next frame of a WebSocket: its opcode and payload; nil at the end.
  func frame() async throws -> (opcode: UInt8, payload: [UInt8])? {
    func take(_ count: Int) async throws -> [UInt8]? {
      while received.count < count { guard try await receive() else { return nil } }
      defer { received.removeFirst(count) }
      return Array(received.prefix(count))
    }
    guard let head = try await take(2) else { return nil }
    var length = Int(head[1])
    if length >= 126 {
      guard let long = try await take(length == 126 ? 2 : 8) else { return nil }
      length = long.reduce(0) { $0 << 8 | Int($1) }
    }
    return try await take(length).map { (head[0] & 0x0F, $0) }
  }

  private func receive() async throws -> Bool {
    guard let bytes = try await inbound.next() else { return false }
    received.append(contentsOf: bytes.readableBytesView)
    return true
  }

  // MARK: WebSocket

  static func handshake(_ path: String = "/live", _ fields: String = "") -> String {
    "GET \(path) HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\(fields)\r\n"
  }

  func openWebSocket(_ fields: String = "") async throws {
    try await send(Self.handshake("/live", fields))
    #expect(try await read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
  }

  /// A short frame, masked with zeros.
  static func frame(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
    [0x80 | opcode, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload
  }

  func sendText(_ text: String) async throws { try await send(Self.frame(0x1, Array(text.utf8))) }

  func text() async throws -> String? {
    while let (opcode, payload) = try await frame() {
      if opcode == 0x1 { return String(decoding: payload, as: UTF8.self) }
    }
    return nil
  }

  /// The code of the close frame that comes next among the frames; nil when none comes.
  func closeCode() async -> Int? {
    do {
      while let (opcode, payload) = try await frame() {
        if opcode == 0x8 { return payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } }
      }
    } catch {}
    return nil
  }
}

/// Sends bytes on a connection of their own; everything that comes back until the end.
func answer(to bytes: String, at port: Int) async throws -> String {
  try await RawClient.connected(to: port) { client in
    try await client.send(bytes)
    return await client.readToEnd()
  }
}

/// The statuses of all responses in a text.
func statuses(_ text: String) -> [Int] {
  text.split(separator: "HTTP/1.1 ", omittingEmptySubsequences: false).dropFirst().compactMap {
    Int($0.prefix(3))
  }
}
