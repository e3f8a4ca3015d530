/// What an answer says. Numbers keep their text: no amount and no rate passes through binary fractions.
enum AnswerValue: Hashable, Sendable {
  case object([String: AnswerValue])
  case array([AnswerValue])
  case string(String)
  case number(String)
  case bool(Bool)
  case null
}

/// Why a text is not JSON that this gateway takes.
enum AnswerSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  case notUTF8
  case malformed(atByte: Int)
  /// Two members of one object have the same name; which of them was meant cannot be known.
  case repeatedMember(String)
  case tooDeep

  var description: String {
    switch self {
    case .notUTF8: "it is not UTF-8"
    case .malformed(let offset): "it is not JSON at byte \(offset)"
    case .repeatedMember(let name): "\(name) occurs twice in one object"
    case .tooDeep: "it is nested too deeply"
    }
  }
}

extension AnswerValue {
  /// Reads one JSON text to its last byte.
  init(reading bytes: [UInt8]) throws(AnswerSyntaxError) {
    guard String(validating: bytes, as: UTF8.self) != nil else { throw .notUTF8 }
    var reader = AnswerReader(bytes: bytes)
    self = try reader.document()
  }
}

/// A recursive descent over the bytes of one answer, strict as RFC 8259.
private struct AnswerReader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws(AnswerSyntaxError) -> AnswerValue {
    let value = try value(depth: 0)
    skipBlanks()
    guard position == bytes.count else { throw malformed }
    return value
  }

  private var malformed: AnswerSyntaxError { .malformed(atByte: position) }
  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipBlanks() {
    while let byte = next, byte == 0x20 || byte == 0x0a || byte == 0x0d || byte == 0x09 {
      position += 1
    }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(AnswerSyntaxError) -> AnswerValue {
    guard depth <= Limits.nestingLevels else { throw .tooDeep }
    skipBlanks()
    switch next {
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
    _ text: StaticString, _ value: AnswerValue
  ) throws(AnswerSyntaxError) -> AnswerValue {
    for byte in text.description.utf8 {
      guard take(byte) else { throw malformed }
    }
    return value
  }

  private mutating func object(depth: Int) throws(AnswerSyntaxError) -> AnswerValue {
    position += 1
    var members: [String: AnswerValue] = [:]
    skipBlanks()
    if take(UInt8(ascii: "}")) { return .object(members) }
    repeat {
      skipBlanks()
      guard next == UInt8(ascii: "\"") else { throw malformed }
      let name = try string()
      skipBlanks()
      guard take(UInt8(ascii: ":")) else { throw malformed }
      let value = try value(depth: depth + 1)
      guard members.updateValue(value, forKey: name) == nil else { throw .repeatedMember(name) }
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw malformed }
    return .object(members)
  }

  private mutating func array(depth: Int) throws(AnswerSyntaxError) -> AnswerValue {
    position += 1
    var elements: [AnswerValue] = []
    skipBlanks()
    if take(UInt8(ascii: "]")) { return .array(elements) }
    repeat {
      elements.append(try value(depth: depth + 1))
      skipBlanks()
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw malformed }
    return .array(elements)
  }

  private mutating func digits() throws(AnswerSyntaxError) {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > start else { throw malformed }
  }

  private mutating func number() throws(AnswerSyntaxError) -> String {
    let start = position
    _ = take(UInt8(ascii: "-"))
    if !take(UInt8(ascii: "0")) { try digits() }
    if take(UInt8(ascii: ".")) { try digits() }
    if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
      if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
      try digits()
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func string() throws(AnswerSyntaxError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: text, as: UTF8.self)
      case UInt8(ascii: "\\"): text += try escape()
      case 0..<0x20: throw .malformed(atByte: position - 1)
      default: text.append(byte)
      }
    }
    throw malformed
  }

  private mutating func escape() throws(AnswerSyntaxError) -> [UInt8] {
    guard let byte = next else { throw malformed }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"):
      var units = [try codeUnit()]
      if UTF16.isLeadSurrogate(units[0]) {
        guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw malformed }
        units.append(try codeUnit())
      }
      guard let text = String(validating: units, as: UTF16.self) else { throw malformed }
      return Array(text.utf8)
    default: throw .malformed(atByte: position - 1)
    }
  }

  private mutating func codeUnit() throws(AnswerSyntaxError) -> UInt16 {
    guard position + 4 <= bytes.count else { throw malformed }
    let text = bytes[position..<(position + 4)]
    guard text.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let unit = UInt16(String(decoding: text, as: UTF8.self), radix: 16)
    else { throw malformed }
    position += 4
    return unit
  }
}
