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
    switch try read(path, into: &parser) {
    case .accepted(let rows, _): return rows
    case .refused(let problems, _): throw refusal(of: path, problems, asJSON: asJSON)
    }
  }

  /// Feeds a file to its parser; warnings go to standard error.
  static func read<Parser: PiecewiseParser>(
    _ path: String, into parser: inout Parser
  ) throws -> FileResult<Parser.Row> {
    do throws(UnreadableFile) {
      let file = try OpenFile(path)
      defer { file.close() }
      while !parser.isStopped, case let piece = try file.read(upTo: pieceBytes), !piece.isEmpty {
        parser.consume(piece)
      }
    } catch {
      throw Complaint("\(error.sentence) Give the path of a CSV file.", .badInput)
    }
    let result = parser.finish()
    switch result {
    case .accepted(_, let warnings), .refused(_, let warnings): tell(warnings)
    }
    return result
  }

  private static func tell(_ warnings: [FileWarning]) {
    for warning in warnings { Terminal.note("warning: \(warning.detail)") }
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
        Terminal.note("\(row)\(column)\(problem.detail) [\(problem.code.rawValue)]")
      }
      if problems.total > shownProblems {
        Terminal.note("… and \(problems.total - shownProblems) more; --json lists them")
      }
    }
    let count = problems.total == 1 ? "one problem" : "\(problems.total) problems"
    let isRepetition = problems.kept.contains {
      $0.code == .duplicateRecent || $0.column == nil && $0.code == .duplicateInFile
    }
    return Complaint(
      "\(path) has \(count), so nothing was stored. Mend what is named here and try again"
        + (isRepetition ? ", or give --allow-duplicates if the repetitions are meant." : "."),
      .badInput)
  }
}
