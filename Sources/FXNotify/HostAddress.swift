import Glibc

/// An address of the internet protocol, and whether messages may go there.
public enum HostAddress: Hashable, Sendable, CustomStringConvertible {
  case v4([UInt8])
  case v6([UInt8])

  /// Reads a literal address in its usual form.
  public init?(_ text: String) {
    var bytes = [UInt8](repeating: 0, count: 16)
    if inet_pton(AF_INET, text, &bytes) == 1 {
      self = .v4(Array(bytes.prefix(4)))
    } else if inet_pton(AF_INET6, text, &bytes) == 1 {
      self = .v6(bytes)
    } else {
      return nil
    }
  }

  public var description: String {
    switch self {
    case .v4(let bytes): bytes.map { String($0) }.joined(separator: ".")
    case .v6(let bytes):
      stride(from: 0, to: 16, by: 2).map {
        String(UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]), radix: 16)
      }.joined(separator: ":")
    }
  }

  /// Whether everybody on the internet reaches the same host there: not private, shared, loopback,
  /// link-local, multicast, unspecified, reserved, nor one of these in the clothes of another family.
  public var isPublic: Bool {
    switch self {
    case .v4(let bytes): !Self.notPublic.contains { $0.contains(bytes) }
    case .v6(let bytes): Self.isPublic(bytes)
    }
  }

  private static func isPublic(_ bytes: [UInt8]) -> Bool {
    // Mapped or translated: what counts is the address within.
    if mapped.contains(bytes) || translated.contains(bytes) {
      return HostAddress.v4(Array(bytes.suffix(4))).isPublic
    }
    return global.contains(bytes) && !notGlobal.contains { $0.contains(bytes) }
  }

  private struct Network {
    let bytes: [UInt8]
    let bits: Int

    init(_ bytes: [UInt8], _ bits: Int) {
      self.bytes = bytes
      self.bits = bits
    }

    func contains(_ address: [UInt8]) -> Bool {
      (0..<bits).allSatisfy { bit in
        let mask = UInt8(0x80) >> UInt8(bit % 8)
        let mine = bytes.indices.contains(bit / 8) ? bytes[bit / 8] : 0
        return mine & mask == address[bit / 8] & mask
      }
    }
  }

  private static let notPublic = [
    Network([0], 8), Network([10], 8), Network([100, 64], 10), Network([127], 8),
    Network([169, 254], 16), Network([172, 16], 12), Network([192, 0, 0], 24),
    Network([192, 0, 2], 24), Network([192, 88, 99], 24), Network([192, 168], 16),
    Network([198, 18], 15), Network([198, 51, 100], 24), Network([203, 0, 113], 24),
    Network([224], 3),
  ]
  private static let mapped = Network(
    Array(repeating: 0, count: 10) + [0xff, 0xff], 96)
  private static let translated = Network([0, 0x64, 0xff, 0x9b], 96)
  private static let global = Network([0x20], 3)
  /// Tunnels, documentation and the like within what is given out for the whole internet.
  private static let notGlobal = [
    Network([0x20, 0x01, 0x00], 23), Network([0x20, 0x01, 0x0d, 0xb8], 32),
    Network([0x20, 0x02], 16), Network([0x3f, 0xff], 20),
  ]
}

extension HostAddress {
  /// Every address of a host, by the system's own look-up; empty where it has none. Blocks.
  static func all(of host: String, atMost bound: Int) -> [HostAddress] {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(host, nil, &hints, &list) == 0 else { return [] }
    defer { freeaddrinfo(list) }
    var found: [HostAddress] = []
    var next = list
    while let entry = next, found.count < bound {
      if let address = HostAddress(entry.pointee) { found.append(address) }
      next = entry.pointee.ai_next
    }
    return found
  }

  private init?(_ entry: addrinfo) {
    switch entry.ai_family {
    case AF_INET:
      let address = entry.ai_addr.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        $0.pointee.sin_addr
      }
      self = .v4(withUnsafeBytes(of: address) { Array($0) })
    case AF_INET6:
      let address = entry.ai_addr.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        $0.pointee.sin6_addr
      }
      self = .v6(withUnsafeBytes(of: address) { Array($0) })
    default: return nil
    }
  }
}
