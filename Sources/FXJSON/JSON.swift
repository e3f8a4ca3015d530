/// A JSON value whose numbers stay the text they were sent as, so that no amount or rate ever passes
/// through binary floating point; members keep their order.
public enum JSON: Hashable, Sendable {
  case null
  case bool(Bool)
  case number(String)
  case string(String)
  case array([JSON])
  case object([Member])

  public struct Member: Hashable, Sendable {
    public let name: String
    public let value: JSON

    public init(name: String, value: JSON) {
      self.name = name
      self.value = value
    }
  }

  /// The member of that name; nil for every value that is no object.
  public subscript(name: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members.first { $0.name == name }?.value
  }

  /// An object with more members; every other value as it is.
  public func adding(_ more: [Member]) -> JSON {
    guard case .object(let members) = self else { return self }
    return .object(members + more)
  }
}

extension JSON: ExpressibleByStringInterpolation, ExpressibleByDictionaryLiteral,
  ExpressibleByArrayLiteral, ExpressibleByBooleanLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: JSON...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JSON)...) {
    self = .object(elements.map { Member(name: $0, value: $1) })
  }

  public static func integer(_ value: some BinaryInteger) -> JSON { .number(String(value)) }

  public init(_ text: String?) { self = text.map { .string($0) } ?? .null }
  public init(_ number: (some BinaryInteger)?) { self = number.map { .integer($0) } ?? .null }

  /// The value as a text of its own, such as an identifier, a status or a moment.
  public init(_ value: (some CustomStringConvertible)?) {
    self = value.map { .string($0.description) } ?? .null
  }
}

extension JSON {
  /// The compact JSON text in UTF-8.
  public var bytes: [UInt8] {
    var text: [UInt8] = []
    append(to: &text)
    return text
  }

  /// The same: one line, without blanks.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  private func append(to text: inout [UInt8]) {
    switch self {
    case .null: text.append(contentsOf: "null".utf8)
    case .bool(let value): text.append(contentsOf: (value ? "true" : "false").utf8)
    case .number(let digits): text.append(contentsOf: digits.utf8)
    case .string(let string): Self.append(string, to: &text)
    case .array(let elements):
      text.append(UInt8(ascii: "["))
      for (index, element) in elements.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        element.append(to: &text)
      }
      text.append(UInt8(ascii: "]"))
    case .object(let members):
      text.append(UInt8(ascii: "{"))
      for (index, member) in members.enumerated() {
        if index > 0 { text.append(UInt8(ascii: ",")) }
        Self.append(member.name, to: &text)
        text.append(UInt8(ascii: ":"))
        member.value.append(to: &text)
      }
      text.append(UInt8(ascii: "}"))
    }
  }

  /// Whatever is invisible is escaped: people look at these texts at terminals and in logs too.
  private static func append(_ string: String, to text: inout [UInt8]) {
    text.append(UInt8(ascii: "\""))
    for scalar in string.unicodeScalars {
      if scalar == "\"" || scalar == "\\" {
        text.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: scalar)])
      } else if !scalar.isInvisible {
        text.append(contentsOf: UTF8.encode(scalar) ?? .init())
      } else {
        for unit in UTF16.encode(scalar) ?? .init() {
          let digits = String(unit, radix: 16)
          text.append(contentsOf: "\\u\(String(repeating: "0", count: 4 - digits.count))".utf8)
          text.append(contentsOf: digits.utf8)
        }
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}
