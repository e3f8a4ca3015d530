import FXFiles
import FXPorts
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
    of path: String, with kind: Parser.Type, asJSON: Bool = false
  ) throws -> [Parser.Row] {
    var parser = kind.init()
    switch try read(path, into: &parser) {
    case .accepted(let rows, _): return rows
    case .refused(let problems, _): throw Refusal(problems, asJSON: asJSON)
    }
  }

  /// Does something with a file that needs the store. Where the store cannot be used, what is wrong with
  /// the file is told first: once it is mended, the next try tells of the store.
  static func telling<Parser: PiecewiseParser, Answer>(
    of path: String?, with kind: Parser.Type, asJSON: Bool, _ body: () async throws -> Answer
  ) async throws -> Answer {
    do {
      return try await body()
    } catch let error as StoreError {
      if let path { _ = try rows(of: path, with: kind, asJSON: asJSON) }
      throw error
    }
  }

  /// The whole of a file, to be sent as it is.
  static func bytes(of path: String) throws(Complaint) -> [UInt8] {
    do {
      return try OpenFile.bytes(of: path, atMost: CallingBounds.fileBytes)
    } catch {
      throw Complaint("\(error.sentence) Give the path of a CSV file.", .badInput)
    }
  }

  /// Feeds a file to its parser; warnings go to standard error.
  private static func read<Parser: PiecewiseParser>(
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
}
