import NIOCore

/// Why a WebSocket closes (RFC 6455, section 7.4, and IANA's registry).
public struct WebSocketCloseCode: Hashable, Sendable {
  public let number: UInt16

  public init(_ number: UInt16) { self.number = number }

  public static let normal = WebSocketCloseCode(1000)
  public static let goingAway = WebSocketCloseCode(1001)
  public static let protocolError = WebSocketCloseCode(1002)
  public static let invalidPayload = WebSocketCloseCode(1007)
  public static let policyViolation = WebSocketCloseCode(1008)
  public static let messageTooBig = WebSocketCloseCode(1009)
  public static let internalError = WebSocketCloseCode(1011)
  public static let tryAgainLater = WebSocketCloseCode(1013)

  /// Whether the code may stand in a frame: some only ever name what was observed.
  var mayBeReceived: Bool {
    switch number {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}

/// A message in the bytes that go over the wire. They are the same for every client, so a message to
/// many is encoded once.
public struct EncodedMessage: Sendable {
  let frame: ByteBuffer

  /// Several messages in one write.
  init(joining messages: [EncodedMessage]) {
    var joined = messages.first?.frame ?? ByteBuffer()
    for message in messages.dropFirst() { joined.writeImmutableBuffer(message.frame) }
    frame = joined
  }

  public init(text: String) { frame = Self.frame(0x1, ByteBuffer(string: text)) }

  public init(binary: ByteBuffer) { frame = Self.frame(0x2, binary) }

  init(_ message: WebSocketMessage) {
    switch message {
    case .text(let text): self.init(text: text)
    case .binary(let bytes): self.init(binary: bytes)
    }
  }

  static func ping() -> ByteBuffer { frame(0x9, ByteBuffer()) }

  static func pong(_ payload: ByteBuffer) -> ByteBuffer { frame(0xA, payload) }

  /// The reason is cut to what a control frame holds.
  static func close(_ code: WebSocketCloseCode?, _ reason: String) -> ByteBuffer {
    var payload = ByteBuffer()
    if let code {
      payload.writeInteger(code.number)
      var reason = reason
      while reason.utf8.count > 123 { reason.removeLast() }
      payload.writeString(reason)
    }
    return frame(0x8, payload)
  }

  private static func frame(_ opcode: UInt8, _ payload: ByteBuffer) -> ByteBuffer {
    var bytes = ByteBuffer()
    bytes.reserveCapacity(payload.readableBytes + 10)
    bytes.writeInteger(0x80 | opcode)
    switch payload.readableBytes {
    case ...125: bytes.writeInteger(UInt8(payload.readableBytes))
    case ...Int(UInt16.max):
      bytes.writeInteger(UInt8(126))
      bytes.writeInteger(UInt16(payload.readableBytes))
    default:
      bytes.writeInteger(UInt8(127))
      bytes.writeInteger(UInt64(payload.readableBytes))
    }
    bytes.writeImmutableBuffer(payload)
    return bytes
  }
}
