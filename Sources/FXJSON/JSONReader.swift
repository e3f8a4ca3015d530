/// The first thing wrong with a JSON text, and the byte at which it was found.
public struct JSONError: Error, Hashable, Sendable {
  public enum Fault: Hashable, Sendable {
    case unexpected, badString, badNumber, duplicateName, tooDeep
  }

  public let fault: Fault
  public let offset: Int
}

extension JSON {
  /// Nesting beyond this is refused: no call of the bank comes near it.
  public static let maximumDepth = 32
  /// Longest number kept, in bytes.
  public static let maximumNumberBytes = 64

  /// Reads one JSON text of RFC 8259, refusing equal names in one object.
  public init(parsing bytes: some Sequence<UInt8>) throws(JSONError) {
    var reader = JSONReader(bytes: Array(bytes))
    self = try reader.document()
  }
}

private struct JSONReader {
  let bytes: [UInt8]
  var offset = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(JSONError) -> JSON {
    let value = try value(depth: 0)
    guard next() == nil else { throw error(.unexpected) }
    return value
  }

  private func error(_ fault: JSONError.Fault) -> JSONError {
    JSONError(fault: fault, offset: offset)
  }

  /// The next byte that is not white space, left unread.
  private mutating func next() -> UInt8? {
    while offset < bytes.count {
      switch bytes[offset] {
      case 0x20, 0x09, 0x0a, 0x0d: offset += 1
      case let byte: return byte
      }
    }
    return nil
  }

  private mutating func take(_ byte: Character) -> Bool {
    guard next() == byte.asciiValue else { return false }
    offset += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    guard depth <= JSON.maximumDepth else { throw error(.tooDeep) }
    switch next() {
    case UInt8(ascii: "{"): return try object(depth: depth)
    case UInt8(ascii: "["): return try array(depth: depth)
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .bool(true))
    case UInt8(ascii: "f"): return try word("false", .bool(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    default: return .number(try number())
    }
  }

  private mutating func word(
    _ word: String, _ value: JSON
  ) throws(JSONError) -> JSON {
    guard bytes[offset...].starts(with: word.utf8) else { throw error(.unexpected) }
    offset += word.utf8.count
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSON {
    offset += 1
    var elements: [JSON] = []
    if take("]") { return .array(elements) }
    repeat { elements.append(try value(depth: depth + 1)) } while take(",")
    guard take("]") else { throw error(.unexpected) }
    return .array(elements)
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSON {
    offset += 1
    var members: [JSON.Member] = []
    var names: Set<String> = []
    if take("}") { return .object(members) }
    repeat {
      guard next() == UInt8(ascii: "\"") else { throw error(.unexpected) }
      let name = try string()
      guard names.insert(name).inserted else { throw error(.duplicateName) }
      guard take(":") else { throw error(.unexpected) }
      members.append(.init(name: name, value: try value(depth: depth + 1)))
    } while take(",")
    guard take("}") else { throw error(.unexpected) }
    return .object(members)
  }

  /// `-?(0|[1-9][0-9]*)(.[0-9]+)?([eE][+-]?[0-9]+)?`, kept as it stands.
  private mutating func number() throws(JSONError) -> String {
    let start = offset
    if peek(is: "-") { offset += 1 }
    let leadingZero = peek(is: "0")
    let whole = digits()
    guard whole > 0, !leadingZero || whole == 1 else { throw error(.badNumber) }
    if peek(is: ".") {
      offset += 1
      guard digits() > 0 else { throw error(.badNumber) }
    }
    if peek(is: "e") || peek(is: "E") {
      offset += 1
      if peek(is: "+") || peek(is: "-") { offset += 1 }
      guard digits() > 0 else { throw error(.badNumber) }
    }
    guard offset - start <= JSON.maximumNumberBytes else { throw error(.badNumber) }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  private func peek(is character: Character) -> Bool {
    offset < bytes.count && bytes[offset] == character.asciiValue
  }

  private mutating func digits() -> Int {
    let run = bytes[offset...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    offset = run.endIndex
    return run.count
  }

  private mutating func string() throws(JSONError) -> String {
    offset += 1
    var text: [UInt8] = []
    while offset < bytes.count {
      let byte = bytes[offset]
      offset += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let valid = String(validating: text, as: UTF8.self) else { throw error(.badString) }
        return valid
      case UInt8(ascii: "\\"): text.append(contentsOf: try escape())
      case 0..<0x20: throw error(.badString)
      default: text.append(byte)
      }
    }
    throw error(.badString)
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    guard offset < bytes.count else { throw error(.badString) }
    let byte = bytes[offset]
    offset += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw error(.badString)
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> [UInt8] {
    var unit = try codeUnit()
    if (0xd800..<0xdc00).contains(unit) {
      guard peek(is: "\\") else { throw error(.badString) }
      offset += 1
      guard peek(is: "u") else { throw error(.badString) }
      offset += 1
      let low = try codeUnit()
      guard (0xdc00..<0xe000).contains(low) else { throw error(.badString) }
      unit = 0x10000 + (unit - 0xd800) << 10 + (low - 0xdc00)
    }
    guard let scalar = Unicode.Scalar(unit) else { throw error(.badString) }
    return Array(String(Character(scalar)).utf8)
  }

  private mutating func codeUnit() throws(JSONError) -> UInt32 {
    let digits = bytes[offset...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw error(.badString) }
    offset += 4
    return unit
  }
}
