import HTTPTypes
import NIOCore

/// A request's head as it stood on the wire: well-formed line by line, not yet judged as a whole.
struct RequestHead: Equatable {
  var method: HTTPRequest.Method
  var target: String
  /// The 0 of HTTP/1.0; 1 for everything newer.
  var minorVersion: Int
  var fields: HTTPFields = [:]
}

/// Bytes to the parts of HTTP/1 requests, strictly: what two servers might read differently is refused.
/// It holds no bytes but those of the head it is reading.
struct RequestParser {
  enum Part: Equatable {
    case head(CheckedRequest)
    case body(ByteBuffer)
    case end
  }

  private enum State {
    case requestLine
    case fields(RequestHead)
    case fixed(remaining: Int)
    case chunkLine
    case chunk(remaining: Int)
    case chunkEnd
    case trailer
  }

  private let limits: TransportLimits
  private let isSecure: Bool
  private var state = State.requestLine
  /// Bytes of the present line that were looked at and hold no line's end.
  private var scanned = 0
  private var headerBytes = 0
  private var headerFields = 0
  private var bodyBytes = 0
  private var sawBlankLine = false

  /// - Parameter isSecure: whether the bytes come through TLS, which decides the request's scheme.
  init(limits: TransportLimits, isSecure: Bool) {
    self.limits = limits
    self.isSecure = isSecure
  }

  /// Whether nothing of the next head was taken yet.
  var isBetweenRequests: Bool {
    if case .requestLine = state { true } else { false }
  }

  /// Takes the next part from the buffer; nil when more bytes are needed.
  ///
  /// After an error the parser must not be used again: where the next request begins is not known.
  mutating func next(in buffer: inout ByteBuffer) throws(Refusal) -> Part? {
    while true {
      switch state {
      case .requestLine:
        guard let line = try line(in: &buffer, limit: limits.requestLineBytes, beyond: .lineTooLong)
        else { return nil }
        try begin(with: line)
      case .fields(var head):
        guard let line = try fieldLine(in: &buffer) else { return nil }
        if line.readableBytes == 0 { return .head(try finish(head)) }
        head.fields.append(try Self.field(line))
        state = .fields(head)
      case .fixed(let remaining):
        if remaining == 0 { return endMessage() }
        guard let slice = Self.slice(of: &buffer, atMost: remaining) else { return nil }
        state = .fixed(remaining: remaining - slice.readableBytes)
        return .body(slice)
      case .chunkLine:
        guard
          let line = try line(
            in: &buffer, limit: limits.chunkLineBytes,
            beyond: .badRequest("A chunk's line is too long."))
        else { return nil }
        try beginChunk(with: line)
      case .chunk(let remaining):
        if remaining == 0 {
          state = .chunkEnd
          continue
        }
        guard let slice = Self.slice(of: &buffer, atMost: remaining) else { return nil }
        state = .chunk(remaining: remaining - slice.readableBytes)
        return .body(slice)
      case .chunkEnd:
        guard
          let line = try line(
            in: &buffer, limit: 0, beyond: .badRequest("A chunk is longer than it says."))
        else { return nil }
        assert(line.readableBytes == 0)
        state = .chunkLine
      case .trailer:
        guard let line = try fieldLine(in: &buffer) else { return nil }
        if line.readableBytes == 0 { return endMessage() }
        // Read for its form, and thrown away: nothing here may be changed by a trailer.
        _ = try Self.field(line)
      }
    }
  }

  // MARK: Lines

  /// Takes one line without its end. Bare CR or LF, NUL and other control characters are refused as
  /// soon as they are seen.
  private mutating func line(
    in buffer: inout ByteBuffer, limit: Int, beyond refusal: Refusal
  ) throws(Refusal) -> ByteBuffer? {
    let bytes = buffer.readableBytesView
    for offset in scanned..<bytes.count {
      let byte = bytes[bytes.startIndex + offset]
      if byte == UInt8(ascii: "\r") {
        guard offset + 1 < bytes.count else {
          scanned = offset
          return nil
        }
        guard bytes[bytes.startIndex + offset + 1] == UInt8(ascii: "\n") else {
          throw .badRequest("A line has a bare CR.")
        }
        scanned = 0
        let line = buffer.readSlice(length: offset)
        buffer.moveReaderIndex(forwardBy: 2)
        return line
      }
      guard byte.isFieldContent else {
        throw .badRequest("A line has a control character or a bare LF.")
      }
      guard offset < limit else { throw refusal }
    }
    scanned = bytes.count
    return nil
  }

  /// The same for a field of a header or trailer, all of which share one bound.
  private mutating func fieldLine(in buffer: inout ByteBuffer) throws(Refusal) -> ByteBuffer? {
    guard
      let line = try line(
        in: &buffer, limit: limits.headerBytes - headerBytes, beyond: .headerTooLarge)
    else { return nil }
    guard line.readableBytes > 0 else { return line }
    headerBytes += line.readableBytes + 2
    headerFields += 1
    guard headerBytes <= limits.headerBytes, headerFields <= limits.headerFields else {
      throw .headerTooLarge
    }
    return line
  }

  private static func field(_ line: ByteBuffer) throws(Refusal) -> HTTPField {
    let bytes = line.readableBytesView
    if let first = bytes.first, first.isBlank { throw .badRequest("A field's line is folded.") }
    guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")),
      let name = HTTPField.Name(String(decoding: bytes[..<colon], as: UTF8.self))
    else { throw .badRequest("A field has no proper name.") }
    return HTTPField(name: name, lenientValue: bytes[(colon + 1)...].trimmingBlanks)
  }

  // MARK: Heads

  /// Those that some path of this server may know. Every other is refused everywhere.
  private static let methods: Set<HTTPRequest.Method> = [
    .get, .head, .post, .put, .patch, .delete, .options,
  ]

  private mutating func begin(with line: ByteBuffer) throws(Refusal) {
    if line.readableBytes == 0 {
      // Clients of old send an empty line after a body; one is let pass.
      guard !sawBlankLine else { throw .badRequest("There is no request line.") }
      sawBlankLine = true
      return
    }
    let words = line.readableBytesView.split(
      separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    guard words.count == 3,
      let method = HTTPRequest.Method(String(decoding: words[0], as: UTF8.self)),
      words[1].allSatisfy({ (0x21...0x7E).contains($0) }), !words[1].isEmpty
    else { throw .badRequest("The request line is malformed.") }
    let target = String(decoding: words[1], as: UTF8.self)
    let version = Array(words[2])
    guard version.count == 8, version.starts(with: "HTTP/".utf8), version[5].isDigit,
      version[6] == UInt8(ascii: "."), version[7].isDigit
    else { throw .badRequest("The request line names no version.") }
    guard version[5] == UInt8(ascii: "1") else { throw .unknownVersion }
    guard Self.methods.contains(method) else { throw .methodNotAllowed }
    headerBytes = 0
    headerFields = 0
    let minorVersion = version[7] == UInt8(ascii: "0") ? 0 : 1
    state = .fields(RequestHead(method: method, target: target, minorVersion: minorVersion))
  }

  private mutating func finish(_ head: RequestHead) throws(Refusal) -> CheckedRequest {
    let request = try CheckedRequest(head, limits: limits, isSecure: isSecure)
    headerBytes = 0
    headerFields = 0
    bodyBytes = 0
    switch request.framing {
    case .length(let length): state = .fixed(remaining: length)
    case .chunked: state = .chunkLine
    }
    return request
  }

  // MARK: Bodies

  private mutating func beginChunk(with line: ByteBuffer) throws(Refusal) {
    let bytes = line.readableBytesView
    let digits = bytes.prefix { $0.isHexDigit }
    // An extension may follow; it means nothing here.
    let rest = bytes[digits.endIndex...].drop { $0.isBlank }
    guard (1...15).contains(digits.count), rest.isEmpty || rest.first == UInt8(ascii: ";"),
      let size = Int(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw .badRequest("A chunk's size is malformed.") }
    guard size <= limits.bodyBytes - bodyBytes else { throw .bodyTooLarge }
    bodyBytes += size
    state = size == 0 ? .trailer : .chunk(remaining: size)
  }

  private mutating func endMessage() -> Part {
    state = .requestLine
    sawBlankLine = false
    return .end
  }

  private static func slice(of buffer: inout ByteBuffer, atMost count: Int) -> ByteBuffer? {
    guard buffer.readableBytes > 0 else { return nil }
    return buffer.readSlice(length: min(count, buffer.readableBytes))
  }
}

extension UInt8 {
  var isBlank: Bool { self == UInt8(ascii: " ") || self == UInt8(ascii: "\t") }
  var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
  fileprivate var isHexDigit: Bool {
    let letters = UInt8(ascii: "a")...UInt8(ascii: "f")
    return isDigit || letters.contains(self | 0x20)
  }
  fileprivate var isFieldContent: Bool { isBlank || (0x21...0x7E).contains(self) || self >= 0x80 }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection<UInt8> {
  fileprivate var trimmingBlanks: SubSequence {
    let start = firstIndex { !$0.isBlank } ?? endIndex
    let end = lastIndex { !$0.isBlank }.map { index(after: $0) } ?? start
    return self[start..<end]
  }
}
