import FXDomain
import FXPorts
import HTTPTypes

extension Route.Access {
  /// The least role of whoever has signed in; nil where it does not matter.
  var leastRole: Role? {
    switch self {
    case .anybody: nil
    case .role(let role), .roleOrLoopback(let role): role
    }
  }

  /// Whether a request may be made by nobody.
  func admitsNobody(by request: HTTPRequest) -> Bool {
    switch self {
    case .anybody: true
    case .role: false
    case .roleOrLoopback: request.comesFromThisMachine
    }
  }
}

extension HTTPRequest {
  /// By its connection, and only where nothing says that a proxy on this machine passed it on for
  /// somebody else: one that is not configured as trusted would lend its address to the whole world.
  fileprivate var comesFromThisMachine: Bool {
    let isPassedOn = Self.proxyFields.contains { headerFields[$0] != nil }
    return !isPassedOn && (peerAddress == "::1" || peerAddress.hasPrefix("127."))
  }

  private static let proxyFields: [HTTPField.Name] = [
    .init("Forwarded")!, .init("Via")!, .init("X-Real-IP")!, .init("X-Forwarded-Host")!,
    .init("X-Forwarded-Proto")!, .passedOn,
  ]
}

extension HTTPField.Name {
  static let traceparent = HTTPField.Name("traceparent")!
}
