import FXDomain

/// What joins calls, and the log's lines about them, across programs: the trace id of the W3C's
/// Trace Context. All calls to the bank about one trade are one trace, named by the trade's identifier.
public struct TraceID: Hashable, Sendable, CustomStringConvertible {
  /// Of the calls to the bank that the present task makes; nil where they are about no trade.
  @TaskLocal public static var current: TraceID?

  private let id: Identifier

  public init(_ id: Identifier) { self.id = id }

  /// Reads a `traceparent` field; nil for one that is malformed, which counts as none.
  public init?(traceparent text: String) {
    let parts = text.split(separator: "-", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count >= 4, text.utf8.count <= Self.longestField,
      let version = Self.hexadecimal(parts[0], digits: 2), version != 0xff,
      // A later version may have more at its end; this one has not.
      parts.count == 4 || version > 0,
      parts[1].utf8.count == 32, let high = Self.hexadecimal(parts[1].prefix(16), digits: 16),
      let low = Self.hexadecimal(parts[1].suffix(16), digits: 16), high | low != 0,
      let parent = Self.hexadecimal(parts[2], digits: 16), parent != 0,
      Self.hexadecimal(parts[3], digits: 2) != nil
    else { return nil }
    id = Identifier(high: high, low: low)
  }

  /// The field of a call within this trace.
  ///
  /// - Parameter span: the call's own number, never 0.
  public func traceparent(span: UInt64) -> String { "00-\(self)-\(Self.text(span))-01" }

  /// 32 hexadecimal digits in lower case.
  public var description: String { Self.text(id.high) + Self.text(id.low) }

  private static let longestField = 256

  private static func text(_ word: UInt64) -> String {
    let digits = String(word, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func hexadecimal(_ text: Substring, digits: Int) -> UInt64? {
    guard text.utf8.count == digits,
      text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return UInt64(text, radix: 16)
  }
}
