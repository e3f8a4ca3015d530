import ArgumentParser
import FXFiles
import FXJSON
import Foundation

/// What the two parsers of files have in common.
protocol PiecewiseParser {
  associatedtype Row: Sendable
  init()
  var isStopped: Bool { get }
  mutating func consume(_ chunk: [UInt8])
  mutating func finish() -> FileResult<Row>
}

extension TradeFileParser: PiecewiseParser {}
extension ClientFileParser: PiecewiseParser {}

/// Reads a file in pieces, so that memory holds its rows and never its text.
enum FileReading {
  private static let pieceBytes = 1 << 16

  /// The rows of a file that is good as a whole; warnings go to standard error.
  static func rows<Parser: PiecewiseParser>(
    of path: String, with kind: Parser.Type, asJSON: Bool
  ) throws -> [Parser.Row] {
    var parser = kind.init()
    guard let file = FileHandle(forReadingAtPath: path) else {
      throw Complaint("\(path) cannot be read. Give the path of a CSV file.", .badInput)
    }
    do {
      while !parser.isStopped, let piece = try file.read(upToCount: pieceBytes), !piece.isEmpty {
        parser.consume(Array(piece))
      }
      try file.close()
    } catch {
      throw Complaint("\(path) cannot be read: \(error.localizedDescription)", .badInput)
    }
    switch parser.finish() {
    case .accepted(let rows, let warnings):
      tell(warnings)
      return rows
    case .refused(let problems, let warnings):
      tell(warnings)
      throw refusal(of: path, problems, asJSON: asJSON)
    }
  }

  private static func tell(_ warnings: [FileWarning]) {
    for warning in warnings { Terminal.note("warning: \(warning.column): \(warning.detail)") }
  }

  private static let shownProblems = 50

  /// Tells every bad row, the first fifty to a person and all that were kept as JSON.
  static func refusal(of path: String, _ problems: FileProblems, asJSON: Bool) -> Complaint {
    if asJSON {
      let errors = problems.kept.map { problem -> JSON in
        [
          "row": JSON(problem.row), "column": JSON(problem.column),
          "code": .string(problem.code.rawValue), "detail": .string(problem.detail),
        ]
      }
      Terminal.say(
        (["errors": .array(errors), "total": JSON(problems.total)] as JSON).text)
    } else {
      for problem in problems.kept.prefix(shownProblems) {
        let row = problem.row.map { "row \($0): " } ?? ""
        let column = problem.column.map { "\($0): " } ?? ""
        Terminal.note(Table.plain("\(row)\(column)\(problem.detail) [\(problem.code.rawValue)]"))
      }
      if problems.total > shownProblems {
        Terminal.note("… and \(problems.total - shownProblems) more; --json lists them")
      }
    }
    let count = problems.total == 1 ? "one problem" : "\(problems.total) problems"
    return Complaint(
      "\(path) has \(count), so nothing was stored. Mend the file and try again.", .badInput)
  }
}
