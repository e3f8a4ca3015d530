import HTTPTypes
import NIOCore

/// Where a connection comes from.
struct Origin: Sendable {
  let address: SocketAddress?
  let isSecure: Bool
  let proxies: TrustedProxies

  /// The address of whoever sent a request.
  func peer(of fields: HTTPFields) -> String { proxies.peer(of: fields, from: address) }
}

/// The proxies whose `X-Forwarded-For` is believed.
public struct TrustedProxies: Sendable {
  private struct Network: Sendable {
    let prefix: [UInt8]
    let bits: Int

    func contains(_ address: [UInt8]) -> Bool {
      guard address.count == prefix.count else { return false }
      return (0..<bits).allSatisfy { bit in
        (address[bit / 8] ^ prefix[bit / 8]) & (0x80 >> UInt8(bit % 8)) == 0
      }
    }
  }

  private let networks: [Network]

  /// Nobody is believed.
  public static let none = TrustedProxies(networks: [])

  private init(networks: [Network]) { self.networks = networks }

  /// - Parameter texts: addresses, or networks such as `10.1.0.0/16`; nil when one is neither.
  public init?(_ texts: [String]) {
    var networks: [Network] = []
    for text in texts {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), let prefix = Self.bytes(of: String(parts[0])),
        let bits = parts.count == 1 ? prefix.count * 8 : Int(parts[1]),
        (0...(prefix.count * 8)).contains(bits)
      else { return nil }
      networks.append(Network(prefix: prefix, bits: bits))
    }
    self.init(networks: networks)
  }

  /// The nearest address that is no trusted proxy's. What stands before it anybody may have written.
  func peer(of fields: HTTPFields, from address: SocketAddress?) -> String {
    guard let address = address?.ipAddress else { return "unknown" }
    var peer = Self.withoutMapping(address)
    var hops = fields.tokens(of: .forwardedFor)
    while let bytes = Self.bytes(of: peer), networks.contains(where: { $0.contains(bytes) }),
      let hop = hops.popLast(), Self.bytes(of: hop) != nil
    {
      peer = Self.withoutMapping(hop)
    }
    return peer
  }

  private static func bytes(of text: String) -> [UInt8]? {
    switch try? SocketAddress(ipAddress: withoutMapping(text), port: 0) {
    case .v4(let v4): withUnsafeBytes(of: v4.address.sin_addr) { Array($0) }
    case .v6(let v6): withUnsafeBytes(of: v6.address.sin6_addr) { Array($0) }
    case .unixDomainSocket, nil: nil
    }
  }

  /// A socket for both families writes IPv4 addresses in IPv6's way.
  private static func withoutMapping(_ address: String) -> String {
    let mapping = "::ffff:"
    guard address.lowercased().hasPrefix(mapping), address.contains(".") else { return address }
    return String(address.dropFirst(mapping.count))
  }
}

extension HTTPRequest {
  /// Who sent the request: the connection's other end, or what a trusted proxy says of it. The
  /// transport writes it over whatever the client claimed.
  public var peerAddress: String { headerFields[.forwardedFor] ?? "unknown" }
}

extension HTTPField.Name {
  /// The transport's own word that a request came with `X-Forwarded-For`, whoever was named there.
  static let passedOn = HTTPField.Name("X-Passed-On")!
}
