/// A word, a number or one punctuation mark of Swift code.
///
/// Comments leave no token, and a string literal leaves only the code of its interpolations, so
/// that what people write in prose breaks no rule.
struct Token: Hashable, Sendable {
  let text: String
  /// Counted from 1.
  let line: Int
}

/// Cuts Swift source into tokens. Regular expression literals are not known to it.
struct Tokenizer {
  private let source: [UInt8]
  private var position = 0
  private var line = 1
  private var tokens: [Token] = []

  static func tokens(of text: String) -> [Token] {
    var tokenizer = Tokenizer(source: Array(text.utf8))
    tokenizer.readCode()
    return tokenizer.tokens
  }

  private init(source: [UInt8]) { self.source = source }

  /// Reads to the end, or, inside an interpolation, to the parenthesis that closes it.
  private mutating func readCode(inInterpolation: Bool = false) {
    var depth = 0
    while position < source.count {
      if sees("//") {
        while position < source.count, source[position] != UInt8(ascii: "\n") { position += 1 }
      } else if sees("/*") {
        skipBlockComment()
      } else if let hashes = hashesOfString() {
        skipString(hashes: hashes)
      } else if Self.startsWord(source[position]) {
        readWord()
      } else if Self.isDigit(source[position]) {
        readNumber()
      } else if source[position] == UInt8(ascii: "`") {
        readRawIdentifier()
      } else {
        let byte = source[position]
        if byte == UInt8(ascii: "(") { depth += 1 }
        if byte == UInt8(ascii: ")") { depth -= 1 }
        if byte > UInt8(ascii: " ") { emit(from: position, to: position + 1) }
        advance()
        if inInterpolation, depth == 0 { return }
      }
    }
  }

  private mutating func readWord() {
    let start = position
    position += 1
    while position < source.count, Self.continuesWord(source[position]) { position += 1 }
    emit(from: start, to: position)
  }

  /// A fraction belongs to the number, but the second index of `pair.0.1` does not.
  private mutating func readNumber() {
    let start = position
    let isMember = tokens.last?.text == "."
    let isHexadecimal = sees("0x")
    while position < source.count {
      let byte = source[position]
      let hasFraction =
        byte == UInt8(ascii: ".") && !isMember && position + 1 < source.count
        && Self.isDigit(source[position + 1])
      let hasExponentSign =
        (byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+")) && !isHexadecimal
        && source[position - 1] | 0x20 == UInt8(ascii: "e")
      guard Self.continuesWord(byte) || hasFraction || hasExponentSign else { break }
      position += 1
    }
    emit(from: start, to: position)
  }

  /// Keeps the backticks, so that a keyword between them is none.
  private mutating func readRawIdentifier() {
    let start = position
    position += 1
    while position < source.count, source[position] != UInt8(ascii: "`"),
      source[position] != UInt8(ascii: "\n")
    { position += 1 }
    position = min(position + 1, source.count)
    emit(from: start, to: position)
  }

  private mutating func skipBlockComment() {
    var depth = 0
    while position < source.count {
      if sees("/*") {
        depth += 1
        position += 2
      } else if sees("*/") {
        depth -= 1
        position += 2
        if depth == 0 { return }
      } else {
        advance()
      }
    }
  }

  /// How many `#` open the string that starts here; nil when none starts here.
  private func hashesOfString() -> Int? {
    let hashes = source[position...].prefix { $0 == UInt8(ascii: "#") }.count
    let quote = position + hashes
    return quote < source.count && source[quote] == UInt8(ascii: "\"") ? hashes : nil
  }

  private mutating func skipString(hashes: Int) {
    let guardText = String(repeating: "#", count: hashes)
    position += hashes
    let quotes = sees("\"\"\"") ? "\"\"\"" : "\""
    position += quotes.utf8.count
    while position < source.count {
      if sees("\\" + guardText + "(") {
        position += 1 + hashes
        readCode(inInterpolation: true)
      } else if sees("\\" + guardText) {
        position += 1 + hashes
        if position < source.count { advance() }
      } else if sees(quotes + guardText) {
        position += quotes.utf8.count + hashes
        return
      } else {
        advance()
      }
    }
  }

  private mutating func advance() {
    if source[position] == UInt8(ascii: "\n") { line += 1 }
    position += 1
  }

  private mutating func emit(from start: Int, to end: Int) {
    tokens.append(Token(text: String(decoding: source[start..<end], as: UTF8.self), line: line))
  }

  private func sees(_ text: String) -> Bool { source[position...].starts(with: text.utf8) }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private static func startsWord(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || byte == UInt8(ascii: "_")
      || byte == UInt8(ascii: "$") || byte >= 0x80
  }

  private static func continuesWord(_ byte: UInt8) -> Bool { startsWord(byte) || isDigit(byte) }
}
