import HTTPTypes

/// A request whose head this server can serve, and how its connection goes on.
struct CheckedRequest: Equatable {
  enum Framing: Equatable {
    case length(Int)
    case chunked
  }

  /// As routes see it: the target in origin form, the authority named, and without the fields that
  /// concern this connection only (`Host`, `Connection`, `Keep-Alive`, `Upgrade`, `Expect`, `TE`).
  var request: HTTPRequest
  let framing: Framing
  let isHTTP10: Bool
  /// Whether the peer would send another request on this connection.
  let keepsAlive: Bool
  let expectsContinue: Bool
  let asksForWebSocket: Bool

  var hasBody: Bool { framing != .length(0) }

  /// Judges a head as a whole.
  init(_ head: RequestHead, limits: TransportLimits, isSecure: Bool) throws(Refusal) {
    isHTTP10 = head.minorVersion == 0
    framing = try Self.framing(of: head, limits: limits)
    let expectation = head.fields[values: .expect]
    guard expectation.allSatisfy({ $0.lowercased() == "100-continue" }) else {
      throw .unknownExpectation
    }
    expectsContinue = !expectation.isEmpty && !isHTTP10 && framing != .length(0)
    let connection = head.fields.tokens(of: .connection)
    keepsAlive = !isHTTP10 && !connection.contains("close")
    asksForWebSocket =
      head.method == .get && !isHTTP10 && framing == .length(0) && connection.contains("upgrade")
      && head.fields.tokens(of: .upgrade).contains("websocket")

    let host = try Self.host(of: head)
    let (authority, path) = try Self.target(of: head)
    var fields = head.fields
    for name in [.host, .connection, .keepAlive, .upgrade, .expect, .te] as [HTTPField.Name] {
      fields[values: name] = []
    }
    // Hummingbird looks for exactly this to end its loop over a connection's requests.
    if !keepsAlive { fields[.connection] = "close" }
    request = HTTPRequest(
      method: head.method, scheme: isSecure ? "https" : "http", authority: authority ?? host,
      path: path, headerFields: fields)
  }

  /// Where the body ends. Two statements about it are one too many: the next server in the chain might
  /// believe the other one.
  private static func framing(
    of head: RequestHead, limits: TransportLimits
  ) throws(Refusal) -> Framing {
    let lengths = head.fields[values: .contentLength]
    guard head.fields.contains(.transferEncoding) else {
      guard let length = lengths.first else { return .length(0) }
      guard lengths.count == 1, !length.isEmpty, length.utf8.allSatisfy({ $0.isDigit }) else {
        throw .badRequest("The content's length is malformed.")
      }
      guard let bytes = Int(length), bytes <= limits.bodyBytes else { throw .bodyTooLarge }
      return .length(bytes)
    }
    guard lengths.isEmpty else {
      throw .badRequest("The request has both a content length and a transfer coding.")
    }
    guard head.minorVersion > 0 else { throw .badRequest("HTTP/1.0 has no transfer codings.") }
    let codings = head.fields.tokens(of: .transferEncoding)
    guard codings.allSatisfy({ $0 == "chunked" }), !codings.isEmpty else { throw .unknownCoding }
    guard codings.count == 1 else { throw .badRequest("The body is chunked more than once.") }
    return .chunked
  }

  private static func host(of head: RequestHead) throws(Refusal) -> String? {
    let hosts = head.fields[values: .host]
    guard let host = hosts.first else {
      if head.minorVersion == 0 { return nil }
      throw .badRequest("The request names no host.")
    }
    guard hosts.count == 1, isAuthority(host) else {
      throw .badRequest("The request's host is malformed or named twice.")
    }
    return host
  }

  /// Origin form, absolute form, or the asterisk of OPTIONS.
  private static func target(
    of head: RequestHead
  ) throws(Refusal) -> (authority: String?, path: String) {
    let target = head.target
    guard !target.contains("#") else { throw .badRequest("The target has a fragment.") }
    if target.hasPrefix("/") || (target == "*" && head.method == .options) { return (nil, target) }
    for scheme in ["http://", "https://"]
    where target.prefix(scheme.count).lowercased() == scheme {
      let rest = target.dropFirst(scheme.count)
      let authority = String(rest.prefix { $0 != "/" && $0 != "?" })
      guard isAuthority(authority) else { break }
      let path = rest.dropFirst(authority.count)
      return (authority, path.hasPrefix("/") ? String(path) : "/" + path)
    }
    throw .badRequest("The target is malformed.")
  }

  /// Whether a text can be a host with an optional port. Names of users have no place in it.
  private static func isAuthority(_ text: String) -> Bool {
    let marks = Set("-._~%!$&'()*+,;=:[]".utf8)
    return !text.isEmpty
      && text.utf8.allSatisfy { byte in
        byte.isDigit || (0x61...0x7A).contains(byte | 0x20) || marks.contains(byte)
      }
  }
}

extension HTTPFields {
  /// The members of a list field, in lower case.
  func tokens(of name: HTTPField.Name) -> [String] {
    self[values: name].flatMap { $0.split(separator: ",", omittingEmptySubsequences: true) }
      .map { $0.trimmed.lowercased() }.filter { !$0.isEmpty }
  }
}

extension Substring {
  fileprivate var trimmed: Substring {
    let isBlank = { (character: Character) in character == " " || character == "\t" }
    var text = drop(while: isBlank)
    while let last = text.last, isBlank(last) { text.removeLast() }
    return text
  }
}

extension HTTPField.Name {
  static let host = HTTPField.Name("Host")!
  static let keepAlive = HTTPField.Name("Keep-Alive")!
  static let forwardedFor = HTTPField.Name("X-Forwarded-For")!
}
