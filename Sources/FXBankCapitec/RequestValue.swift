import FXDomain

/// What a request says. Members keep the order in which they are written down, so that the same
/// request is always the same bytes.
enum RequestValue: Sendable, ExpressibleByDictionaryLiteral, ExpressibleByStringLiteral {
  case object([(String, RequestValue)])
  case string(String)
  /// Exact decimal text, written as a JSON number.
  case number(String)

  init(dictionaryLiteral elements: (String, RequestValue)...) { self = .object(elements) }
  init(stringLiteral text: String) { self = .string(text) }

  static func integer(_ value: Int64) -> RequestValue { .number(String(value)) }
  static func amount(_ money: Money) -> RequestValue { .number(money.decimalText) }
  static func rate(_ rate: Rate) -> RequestValue { .number(rate.decimalText) }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    write(to: &bytes)
    return bytes
  }

  private func write(to bytes: inout [UInt8]) {
    switch self {
    case .object(let members):
      bytes.append(UInt8(ascii: "{"))
      for (index, (name, value)) in members.enumerated() {
        if index > 0 { bytes.append(UInt8(ascii: ",")) }
        Self.write(name, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        value.write(to: &bytes)
      }
      bytes.append(UInt8(ascii: "}"))
    case .string(let text): Self.write(text, to: &bytes)
    case .number(let digits): bytes.append(contentsOf: digits.utf8)
    }
  }

  private static let hexadecimal = Array("0123456789abcdef".utf8)

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case 0..<0x20:
        bytes += Array("\\u00".utf8) + [hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
