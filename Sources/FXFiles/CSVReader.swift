/// A strict reader of RFC 4180 that takes a file of any size in pieces.
///
/// Feed it chunk by chunk; after each `true` of ``advance(through:from:)`` the finished line is in
/// ``row`` until the next call:
///
///     var position = 0
///     while reader.advance(through: chunk, from: &position) { use(reader.row) }
///     …
///     if reader.finish() { use(reader.row) }
///
/// Lines end in LF or CRLF, the last may lack its end, a UTF-8 byte order mark is skipped, and so
/// are lines without a single byte. A fault does not stop the reading where the rows after it can
/// still be told apart, so that one pass finds every fault of a file; a bound exceeded does.
/// Memory is bounded by one row.
public struct CSVReader: Sendable {
  /// The line finished last.
  public private(set) var row = CSVRow()
  /// A bound was exceeded: all further bytes are ignored.
  public private(set) var isStopped = false

  private var state = State.byteOrderMark(matched: 0)
  private var expectedFields: Int?
  private var nextNumber = 0
  private var rowIsFinished = false
  private var fieldStart = 0
  private var fieldHasFault = false
  /// The bits set in any byte of the field: below 0x80 it is ASCII and needs no validation.
  private var fieldBits: UInt8 = 0

  private enum State {
    case byteOrderMark(matched: Int)
    case fieldStart
    case plain
    case quoted
    /// A quote inside a quoted field: it closes the field, unless another follows.
    case quoteInQuoted
    case carriageReturn(lineIsBlank: Bool)
  }

  private static let byteOrderMark: [UInt8] = [0xEF, 0xBB, 0xBF]
  private static let quote = UInt8(ascii: "\"")
  private static let comma = UInt8(ascii: ",")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")

  public init() {}

  /// Reads on from `position` until a row is finished (true) or the chunk is used up (false).
  public mutating func advance(through chunk: Span<UInt8>, from position: inout Int) -> Bool {
    beginRowIfFinished()
    while !isStopped, position < chunk.count {
      let end = passRun(in: chunk, from: position)
      if end > position {
        guard hasRoom(for: end - position) else { return true }
        chunk.extracting(position..<end).withUnsafeBufferPointer {
          row.bytes.append(contentsOf: $0)
        }
        position = end
        guard position < chunk.count else { break }
      }
      let byte = chunk[position]
      position += 1
      if take(byte) { return true }
    }
    return false
  }

  /// Says that the file has ended; true when that finished a last row.
  public mutating func finish() -> Bool {
    beginRowIfFinished()
    guard !isStopped else { return false }
    switch state {
    case .byteOrderMark(matched: 0): return false
    case .byteOrderMark(let matched): replayByteOrderMark(matched)
    case .fieldStart: if row.ends.isEmpty { return false }
    case .plain, .quoteInQuoted: break
    case .quoted: note(.unterminatedQuote)
    case .carriageReturn: note(.bareCarriageReturn)
    }
    return endRow()
  }

  // MARK: Bytes

  /// Looks over the bytes that only need to be copied, and says where they end.
  private mutating func passRun(in chunk: Span<UInt8>, from start: Int) -> Int {
    var end = start
    switch state {
    case .plain:
      while end < chunk.count {
        let byte = chunk[end]
        // All bytes of meaning lie at or below the comma.
        if byte <= Self.comma, Self.hasMeaning(byte) { break }
        fieldBits |= byte
        end += 1
      }
    case .quoted:
      while end < chunk.count {
        let byte = chunk[end]
        if byte == Self.quote || byte == 0 { break }
        fieldBits |= byte
        end += 1
      }
    case .byteOrderMark, .fieldStart, .quoteInQuoted, .carriageReturn: break
    }
    return end
  }

  private static func hasMeaning(_ byte: UInt8) -> Bool {
    byte == comma || byte == lineFeed || byte == carriageReturn || byte == quote || byte == 0
  }

  /// Takes one byte through the state machine; true when it finished a row.
  private mutating func take(_ byte: UInt8) -> Bool {
    switch state {
    case .byteOrderMark(let matched):
      guard byte == Self.byteOrderMark[matched] else {
        replayByteOrderMark(matched)
        return take(byte)
      }
      let isWhole = matched + 1 == Self.byteOrderMark.count
      state = isWhole ? .fieldStart : .byteOrderMark(matched: matched + 1)
      return false
    case .fieldStart:
      guard byte != Self.quote else {
        state = .quoted
        return false
      }
      return takeUnquoted(byte)
    case .plain:
      if byte == Self.quote { note(.strayQuote) }
      return takeUnquoted(byte)
    case .quoted:
      guard byte != Self.quote else {
        state = .quoteInQuoted
        return false
      }
      return append(byte)
    case .quoteInQuoted:
      if byte == Self.quote {
        state = .quoted
        return append(byte)
      }
      if byte != Self.comma, byte != Self.lineFeed, byte != Self.carriageReturn {
        note(.textAfterQuote)
      }
      return takeUnquoted(byte)
    case .carriageReturn(let lineIsBlank):
      guard byte != Self.lineFeed else { return lineIsBlank ? skipLine() : endRow() }
      note(.bareCarriageReturn)
      state = .plain
      return append(Self.carriageReturn) || take(byte)
    }
  }

  private mutating func takeUnquoted(_ byte: UInt8) -> Bool {
    let lineIsBlank = if case .fieldStart = state { row.ends.isEmpty } else { false }
    switch byte {
    case Self.comma:
      endField()
      guard row.ends.count < FileBounds.maximumColumns else { return stop(.tooManyColumns) }
      state = .fieldStart
      return false
    case Self.lineFeed:
      return lineIsBlank ? skipLine() : endRow()
    case Self.carriageReturn:
      state = .carriageReturn(lineIsBlank: lineIsBlank)
      return false
    default:
      state = .plain
      return append(byte)
    }
  }

  private mutating func append(_ byte: UInt8) -> Bool {
    guard hasRoom(for: 1) else { return true }
    if byte == 0 { note(.nulByte) }
    fieldBits |= byte
    row.bytes.append(byte)
    return false
  }

  /// The bytes taken for a byte order mark were text after all.
  private mutating func replayByteOrderMark(_ matched: Int) {
    guard matched > 0 else {
      state = .fieldStart
      return
    }
    row.bytes.append(contentsOf: Self.byteOrderMark[..<matched])
    fieldBits = 0xFF
    state = .plain
  }

  // MARK: Fields and rows

  private mutating func hasRoom(for count: Int) -> Bool {
    guard row.bytes.count - fieldStart + count > FileBounds.maximumFieldBytes else { return true }
    let isQuoted = if case .quoted = state { true } else { false }
    _ = stop(.fieldTooLong(isQuoted: isQuoted), field: row.ends.count)
    return false
  }

  /// Notes what is wrong with the current field; the first fault of a field is kept.
  private mutating func note(_ kind: CSVFault.Kind) {
    guard !fieldHasFault else { return }
    fieldHasFault = true
    row.faults.append(CSVFault(kind: kind, field: row.ends.count))
  }

  private mutating func endField() {
    if fieldBits >= 0x80, !isUTF8(row.bytes.span.extracting(fieldStart..<row.bytes.count)) {
      note(.notUTF8)
    }
    row.ends.append(row.bytes.count)
    fieldStart = row.bytes.count
    fieldHasFault = false
    fieldBits = 0
  }

  private mutating func endRow() -> Bool {
    endField()
    row.number = nextNumber
    guard nextNumber <= FileBounds.maximumDataRows else { return stop(.tooManyRows) }
    let expected = expectedFields ?? row.fieldCount
    expectedFields = expected
    if row.fieldCount != expected, !row.isBroken {
      let kind = CSVFault.Kind.fieldCount(found: row.fieldCount, expected: expected)
      row.faults.append(CSVFault(kind: kind, field: nil))
    }
    rowIsFinished = true
    return true
  }

  private mutating func skipLine() -> Bool {
    state = .fieldStart
    return false
  }

  /// Ends the reading: the current row, as far as it got, carries the reason.
  private mutating func stop(_ kind: CSVFault.Kind, field: Int? = nil) -> Bool {
    row.number = nextNumber
    row.faults.append(CSVFault(kind: kind, field: field))
    isStopped = true
    return true
  }

  private mutating func beginRowIfFinished() {
    guard rowIsFinished else { return }
    rowIsFinished = false
    nextNumber += 1
    row.bytes.removeAll(keepingCapacity: true)
    row.ends.removeAll(keepingCapacity: true)
    row.faults.removeAll(keepingCapacity: true)
    fieldStart = 0
    state = .fieldStart
  }
}

private func isUTF8(_ bytes: Span<UInt8>) -> Bool {
  do {
    _ = try UTF8Span(validating: bytes)
    return true
  } catch {
    return false
  }
}
