import HTTPTypes
import NIOCore
import NIOHTTPTypes

/// The bytes of one response, framed as its request allows.
struct ResponseEncoder {
  private enum Framing {
    case asIs
    case chunked
    /// Nothing may follow the head: the answer to HEAD, and statuses that have no content.
    case none
  }

  private let isHead: Bool
  private let isHTTP10: Bool
  private var framing = Framing.asIs
  private(set) var hasBegun = false
  /// Whether the connection can serve another request after this response.
  private(set) var keepsAlive: Bool

  /// - Parameter request: nil where none could be read.
  init(to request: CheckedRequest?) {
    isHead = request?.request.method == .head
    isHTTP10 = request?.isHTTP10 ?? false
    keepsAlive = request?.keepsAlive ?? false
  }

  /// - Parameter isLast: whether the connection closes after this response.
  mutating func head(_ response: HTTPResponse, isLast: Bool) -> ByteBuffer {
    guard response.status.kind != .informational else {
      return Self.bytes(response.status, response.headerFields)
    }
    hasBegun = true
    var fields = response.headerFields
    if isLast || fields.tokens(of: .connection).contains("close") { keepsAlive = false }
    fields[values: .transferEncoding] = []
    if isHead || response.status == .noContent || response.status == .notModified {
      framing = .none
    } else if fields[.contentLength] == nil {
      if isHTTP10 {
        // The end of the connection is the end of the content.
        keepsAlive = false
      } else {
        framing = .chunked
        fields[.transferEncoding] = "chunked"
      }
    }
    fields[values: .connection] = keepsAlive ? [] : ["close"]
    return Self.bytes(response.status, fields)
  }

  func body(_ content: ByteBuffer) -> ByteBuffer {
    guard content.readableBytes > 0 else { return ByteBuffer() }
    switch framing {
    case .asIs: return content
    case .none: return ByteBuffer()
    case .chunked:
      var bytes = ByteBuffer()
      bytes.reserveCapacity(content.readableBytes + 16)
      bytes.writeString(String(content.readableBytes, radix: 16))
      bytes.writeString("\r\n")
      bytes.writeImmutableBuffer(content)
      bytes.writeString("\r\n")
      return bytes
    }
  }

  func end() -> ByteBuffer {
    switch framing {
    case .asIs, .none: ByteBuffer()
    case .chunked: ByteBuffer(string: "0\r\n\r\n")
    }
  }

  static let goOn = ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")

  /// A head in bytes. Names and values hold no line's end: their types see to that.
  static func bytes(_ status: HTTPResponse.Status, _ fields: HTTPFields) -> ByteBuffer {
    var bytes = ByteBuffer()
    bytes.reserveCapacity(512)
    bytes.writeString("HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n")
    for field in fields {
      bytes.writeString(field.name.rawName)
      bytes.writeString(": ")
      _ = field.withUnsafeBytesOfValue { bytes.writeBytes($0) }
      bytes.writeString("\r\n")
    }
    bytes.writeString("\r\n")
    return bytes
  }
}
