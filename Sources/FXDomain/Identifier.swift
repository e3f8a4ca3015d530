/// A UUID: sixteen bytes, written in lower case.
public struct Identifier: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads the 36-character text, in either case.
  public init?(_ text: some StringProtocol) {
    var nibbles = 0
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in text.utf8.enumerated() {
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard byte == UInt8(ascii: "-") else { return nil }
        continue
      }
      guard nibbles < 32, let nibble = Self.nibble(byte) else { return nil }
      if nibbles < 16 { words.0 = words.0 << 4 | nibble } else { words.1 = words.1 << 4 | nibble }
      nibbles += 1
    }
    guard nibbles == 32, text.utf8.count == 36 else { return nil }
    self.init(high: words.0, low: words.1)
  }

  /// A time-ordered identifier (version 7) of a moment and 74 random bits.
  public static func timeOrdered(at moment: Timestamp, random: (UInt64, UInt64)) -> Identifier {
    let milliseconds = UInt64(bitPattern: moment.milliseconds) & 0xffff_ffff_ffff
    return Identifier(
      high: milliseconds << 16 | 0x7000 | random.0 & 0x0fff,
      low: 0x8000_0000_0000_0000 | random.1 & 0x3fff_ffff_ffff_ffff)
  }

  /// A name-based identifier (version 5) of the first sixteen bytes of the name's SHA-1.
  public static func nameBased(digest: some Sequence<UInt8>) -> Identifier {
    var words: (UInt64, UInt64) = (0, 0)
    for (index, byte) in digest.enumerated() {
      if index < 8 { words.0 = words.0 << 8 | UInt64(byte) }
      if (8..<16).contains(index) { words.1 = words.1 << 8 | UInt64(byte) }
    }
    return Identifier(
      high: words.0 & 0xffff_ffff_ffff_0fff | 0x5000,
      low: words.1 & 0x3fff_ffff_ffff_ffff | 0x8000_0000_0000_0000)
  }

  /// The sixteen bytes, most significant first.
  public var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(16)
    for word in [high, low] {
      for shift in stride(from: UInt64(56), through: 0, by: -8) {
        bytes.append(UInt8(truncatingIfNeeded: word >> shift))
      }
    }
    return bytes
  }

  public var description: String {
    var text: [UInt8] = []
    text.reserveCapacity(36)
    for (index, byte) in bytes.enumerated() {
      if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
      text.append(Self.hexadecimal[Int(byte >> 4)])
      text.append(Self.hexadecimal[Int(byte & 0x0f)])
    }
    return String(decoding: text, as: UTF8.self)
  }

  public static func < (left: Identifier, right: Identifier) -> Bool {
    (left.high, left.low) < (right.high, right.low)
  }

  private static let hexadecimal = Array("0123456789abcdef".utf8)

  private static func nibble(_ byte: UInt8) -> UInt64? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
    case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
    case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
    default: nil
    }
  }
}
