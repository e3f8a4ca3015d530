import NIOCore

/// One whole message.
public enum WebSocketMessage: Equatable, Sendable {
  case text(String)
  case binary(ByteBuffer)
}

/// What a peer did against RFC 6455, as the code and reason of the close frame it gets.
struct WebSocketViolation: Error, Equatable {
  let code: WebSocketCloseCode
  let reason: String

  static func `protocol`(_ reason: String) -> WebSocketViolation {
    WebSocketViolation(code: .protocolError, reason: reason)
  }
  static let notUTF8 = WebSocketViolation(code: .invalidPayload, reason: "text must be UTF-8")
  static let tooBig = WebSocketViolation(code: .messageTooBig, reason: "message too big")
}

/// A client's bytes to messages and control frames. Of a data frame, what has come is unmasked and
/// checked at once, so that a violation shows before its message ends.
struct WebSocketParser {
  enum Event: Equatable {
    case message(WebSocketMessage)
    case ping(ByteBuffer)
    case pong
    /// The code is nil when the peer gave none.
    case close(WebSocketCloseCode?)
  }

  fileprivate struct Frame {
    let isFinal: Bool
    let opcode: UInt8
    let mask: [UInt8]
    var remaining: Int
    var offset = 0

    var isControl: Bool { opcode & 0x8 != 0 }
  }

  private struct Message {
    let isText: Bool
    var content = ByteBuffer()
    var utf8 = UTF8Check()
  }

  private let limits: TransportLimits
  private var frame: Frame?
  private var message: Message?

  init(limits: TransportLimits) { self.limits = limits }

  /// Takes the next event from the buffer; nil when more bytes are needed.
  mutating func next(in buffer: inout ByteBuffer) throws(WebSocketViolation) -> Event? {
    while true {
      guard var current = frame else {
        guard let next = try header(in: &buffer) else { return nil }
        if next.opcode == 1 || next.opcode == 2 { message = Message(isText: next.opcode == 1) }
        frame = next
        continue
      }
      if current.isControl {
        guard let payload = current.unmask(&buffer, atLeast: current.remaining) else { return nil }
        frame = nil
        return try Self.control(current.opcode, payload)
      }
      guard let part = current.unmask(&buffer, atLeast: min(1, current.remaining)) else {
        return nil
      }
      frame = current.remaining > 0 ? current : nil
      if let event = try append(part, isLast: current.isFinal && current.remaining == 0) {
        return event
      }
    }
  }

  private mutating func append(
    _ part: ByteBuffer, isLast: Bool
  ) throws(WebSocketViolation) -> Event? {
    guard var message else { return nil }
    if message.isText, !message.utf8.accepts(part.readableBytesView) { throw .notUTF8 }
    message.content.writeImmutableBuffer(part)
    self.message = isLast ? nil : message
    guard isLast else { return nil }
    guard message.isText else { return .message(.binary(message.content)) }
    guard message.utf8.isComplete else { throw .notUTF8 }
    return .message(.text(String(buffer: message.content)))
  }

  // MARK: Headers

  /// Takes a header whole, but refuses it as soon as its first bytes are wrong.
  private func header(in buffer: inout ByteBuffer) throws(WebSocketViolation) -> Frame? {
    var bytes = buffer
    guard let first = bytes.readInteger(as: UInt8.self) else { return nil }
    guard first & 0x70 == 0 else { throw .protocol("no extension was agreed to") }
    let opcode = first & 0x0F
    let isFinal = first & 0x80 != 0
    try judge(opcode, isFinal: isFinal)
    guard let second = bytes.readInteger(as: UInt8.self) else { return nil }
    guard second & 0x80 != 0 else { throw .protocol("frames must be masked") }
    let short = second & 0x7F
    guard opcode & 0x8 == 0 || short <= 125 else { throw .protocol("control frame too long") }
    guard let length = try Self.length(short, in: &bytes) else { return nil }
    guard length <= limits.frameBytes else { throw .tooBig }
    if opcode == 0, let message {
      guard length <= limits.messageBytes - message.content.readableBytes else { throw .tooBig }
    } else {
      guard length <= limits.messageBytes else { throw .tooBig }
    }
    guard let mask = bytes.readBytes(length: 4) else { return nil }
    buffer = bytes
    return Frame(isFinal: isFinal, opcode: opcode, mask: mask, remaining: length)
  }

  private func judge(_ opcode: UInt8, isFinal: Bool) throws(WebSocketViolation) {
    switch opcode {
    case 0:
      guard message != nil else { throw .protocol("nothing to continue") }
    case 1, 2:
      guard message == nil else { throw .protocol("the message before has not ended") }
    case 8, 9, 10:
      guard isFinal else { throw .protocol("control frame in fragments") }
    default: throw .protocol("unknown opcode")
    }
  }

  /// The whole length; nil when more bytes are needed.
  private static func length(
    _ short: UInt8, in bytes: inout ByteBuffer
  ) throws(WebSocketViolation) -> Int? {
    switch short {
    case 126:
      guard let length = bytes.readInteger(as: UInt16.self) else { return nil }
      guard length > 125 else { throw .protocol("length not in its shortest form") }
      return Int(length)
    case 127:
      guard let length = bytes.readInteger(as: UInt64.self) else { return nil }
      guard length > UInt16.max, length <= Int.max else { throw .protocol("length malformed") }
      return Int(length)
    default: return Int(short)
    }
  }

  // MARK: Control frames

  private static func control(
    _ opcode: UInt8, _ payload: ByteBuffer
  ) throws(WebSocketViolation) -> Event {
    if opcode == 9 { return .ping(payload) }
    if opcode == 10 { return .pong }
    var payload = payload
    if payload.readableBytes == 0 { return .close(nil) }
    guard let number = payload.readInteger(as: UInt16.self) else {
      throw .protocol("close code cut off")
    }
    let code = WebSocketCloseCode(number)
    guard code.mayBeReceived else { throw .protocol("close code \(number) must not be sent") }
    var utf8 = UTF8Check()
    guard utf8.accepts(payload.readableBytesView), utf8.isComplete else { throw .notUTF8 }
    return .close(code)
  }
}

extension WebSocketParser.Frame {
  /// Takes what has come of the payload, if it is enough.
  fileprivate mutating func unmask(
    _ buffer: inout ByteBuffer, atLeast minimum: Int
  ) -> ByteBuffer? {
    let count = min(remaining, buffer.readableBytes)
    guard count >= minimum, var part = buffer.readSlice(length: count) else { return nil }
    let (mask, offset) = (mask, offset)
    part.withUnsafeMutableReadableBytes { bytes in
      for index in bytes.indices { bytes[index] ^= mask[(offset + index) & 3] }
    }
    remaining -= count
    self.offset += count
    return part
  }
}

/// UTF-8, checked piece by piece (RFC 3629: nothing overlong, no surrogates, at most U+10FFFF).
struct UTF8Check {
  private var missing = 0
  private var allowed: ClosedRange<UInt8> = 0x80...0xBF

  /// Whether the bytes end with a whole character.
  var isComplete: Bool { missing == 0 }

  /// Whether the bytes can continue those before them.
  mutating func accepts(_ bytes: some Sequence<UInt8>) -> Bool {
    for byte in bytes {
      if missing > 0 {
        guard allowed.contains(byte) else { return false }
        missing -= 1
        allowed = 0x80...0xBF
        continue
      }
      switch byte {
      case 0x00...0x7F: break
      case 0xC2...0xDF: missing = 1
      case 0xE0: (missing, allowed) = (2, 0xA0...0xBF)
      case 0xED: (missing, allowed) = (2, 0x80...0x9F)
      case 0xE1...0xEF: missing = 2
      case 0xF0: (missing, allowed) = (3, 0x90...0xBF)
      case 0xF1...0xF3: missing = 3
      case 0xF4: (missing, allowed) = (3, 0x80...0x8F)
      default: return false
      }
    }
    return true
  }
}
