/// A moment in UTC, in whole milliseconds since 1970-01-01T00:00:00Z.
public struct Timestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let milliseconds: Int64

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (left: Timestamp, right: Timestamp) -> Bool {
    left.milliseconds < right.milliseconds
  }

  /// This moment moved by a number of milliseconds.
  public func advanced(byMilliseconds delta: Int64) -> Timestamp {
    Timestamp(milliseconds: milliseconds + delta)
  }

  /// Milliseconds from `earlier` to this moment.
  public func milliseconds(since earlier: Timestamp) -> Int64 {
    milliseconds - earlier.milliseconds
  }

  /// RFC 3339 in UTC with milliseconds: `2026-11-10T08:30:00.000Z`.
  public var description: String {
    let (days, inDay) = milliseconds.flooredDivision(by: 86_400_000)
    let seconds = inDay / 1000
    return
      "\(CivilDate(dayNumber: Int(days)))T\(two(seconds / 3600)):\(two(seconds / 60 % 60)):"
      + "\(two(seconds % 60)).\(padded(inDay % 1000, to: 3))Z"
  }

  /// The moments whose UTC year has four digits. An offset can lead out of them.
  private static let writable =
    (Int64(CivilDate(existing: 0, 1, 1).dayNumber)
      * 86_400_000)..<(Int64(CivilDate(existing: 10_000, 1, 1).dayNumber) * 86_400_000)

  /// Reads RFC 3339 with `Z` or a numeric offset and up to nine decimals of a second; what lies
  /// below the millisecond is dropped.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count >= 20, bytes.count <= 35,
      let date = CivilDate(String(decoding: bytes[0..<10], as: UTF8.self)),
      bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"),
      bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
      let hour = number(bytes[11..<13]), hour < 24, let minute = number(bytes[14..<16]),
      minute < 60, let second = number(bytes[17..<19]), second < 60
    else { return nil }
    var rest = bytes[19...]
    var fraction: Int64 = 0
    if rest.first == UInt8(ascii: ".") {
      let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard !digits.isEmpty, digits.count <= 9,
        let value = number((Array(digits) + [48, 48])[0..<3])
      else { return nil }
      fraction = value
      rest = rest[digits.endIndex...]
    }
    var offsetMinutes: Int64 = 0
    if rest.count == 1, rest.first == UInt8(ascii: "Z") || rest.first == UInt8(ascii: "z") {
      offsetMinutes = 0
    } else if rest.count == 6, let sign = rest.first,
      sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-"),
      rest[rest.startIndex + 3] == UInt8(ascii: ":"),
      let hours = number(rest[(rest.startIndex + 1)..<(rest.startIndex + 3)]), hours < 24,
      let minutes = number(rest[(rest.startIndex + 4)..<(rest.startIndex + 6)]), minutes < 60
    {
      offsetMinutes = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
    } else {
      return nil
    }
    let inDay = ((hour * 60 + minute - offsetMinutes) * 60 + second) * 1000 + fraction
    let milliseconds = Int64(date.dayNumber) * 86_400_000 + inDay
    guard Self.writable.contains(milliseconds) else { return nil }
    self.milliseconds = milliseconds
  }
}

/// The whole number of an all-digit run of bytes, or nil.
func number(_ bytes: some Collection<UInt8>) -> Int64? {
  var value: Int64 = 0
  for byte in bytes {
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
    value = value * 10 + Int64(byte - UInt8(ascii: "0"))
  }
  return bytes.isEmpty ? nil : value
}

func two(_ value: Int64) -> String { padded(value, to: 2) }

func padded(_ value: Int64, to width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

extension Int64 {
  /// Quotient towards minus infinity, and the remainder that is never negative.
  func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}
