import FXFiles

/// What a reader made of a text, as plain values.
struct Reading: Equatable {
  var rows: [[String]] = []
  var faults: [Fault] = []

  struct Fault: Equatable {
    var row: Int
    var field: Int?
    var kind: CSVFault.Kind
  }

  init(_ bytes: [UInt8], chunk: Int = .max) {
    var reader = CSVReader()
    var start = 0
    while start < bytes.count {
      let end = start + min(chunk, bytes.count - start)
      var position = 0
      while reader.advance(through: bytes.span.extracting(start..<end), from: &position) {
        take(reader.row)
      }
      start = end
    }
    if reader.finish() { take(reader.row) }
  }

  init(_ text: String) { self.init(Array(text.utf8)) }

  private mutating func take(_ row: CSVRow) {
    if !row.isBroken { rows.append(row.fields) }
    for fault in row.faults {
      faults.append(Fault(row: row.number, field: fault.field, kind: fault.kind))
    }
  }
}

/// SplitMix64: the same numbers for the same seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

extension FileResult {
  var rows: [Row]? {
    switch self {
    case .accepted(let rows, _): rows
    case .refused: nil
    }
  }

  var warnings: [FileWarning] {
    switch self {
    case .accepted(_, let warnings), .refused(_, let warnings): warnings
    }
  }

  var problems: FileProblems {
    switch self {
    case .accepted: FileProblems()
    case .refused(let problems, _): problems
    }
  }

  /// The problems as `row|column|code`, a dash for the header or the whole row.
  var findings: [String] {
    problems.kept.map { problem in
      let row = problem.row.map(String.init) ?? "-"
      return "\(row)|\(problem.column ?? "-")|\(problem.code.rawValue)"
    }
  }
}

func tradeFile(_ lines: String...) -> TradeFileResult {
  var parser = TradeFileParser()
  parser.consume(Array(lines.joined(separator: "\n").utf8))
  return parser.finish()
}

func clientFile(_ lines: String...) -> ClientFileResult {
  var parser = ClientFileParser()
  parser.consume(Array(lines.joined(separator: "\n").utf8))
  return parser.finish()
}
