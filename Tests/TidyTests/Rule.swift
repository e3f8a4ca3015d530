import Testing

/// One place where the project breaks one of its rules.
struct Violation: Hashable, Sendable, CustomStringConvertible {
  let path: String
  /// Counted from 1.
  let line: Int
  let message: String

  var description: String { "\(path):\(line): \(message)" }
}

/// The rules of the house that a machine can check.
enum Rule: String, CaseIterable, CustomTestStringConvertible, Sendable {
  case importsPointDownwards = "imports point downwards"
  case moneyIsExact = "no binary floating point near money"
  case tasksAreStructured = "no loose tasks in engine, stores and banks"
  case errorsAreNotSwallowed = "no try? in engine, stores and banks"
  case stateSwitchesAreExhaustive = "no default in the switches over states"
  case namesSayWhatThingsAre = "no names such as Manager or Util"
  case filesAreShort = "files of at most 400 lines"
  case functionsAreShort = "functions of at most 70 lines"
  case sharingIsProven = "no unchecked sharing without a comment"
  case onlyTheExecutablePrints = "only the executable prints"
  case nothingIsLeftForLater = "nothing is left for later"
  case theWorkplaceStaysUnnamed = "the workplace stays unnamed"

  static let longestFileInLines = 400
  static let longestFunctionInLines = 70

  var testDescription: String { rawValue }

  func violations(in file: ProjectFile) -> [Violation] {
    findings(in: file).map { Violation(path: file.path, line: $0.line, message: $0.message) }
  }

  private func findings(in file: ProjectFile) -> [Finding] {
    switch self {
    case .importsPointDownwards: file.module.map { file.imports(against: $0) } ?? []
    case .moneyIsExact: file.countsMoney ? file.floatingPoint() : []
    case .tasksAreStructured: file.doesTheWork ? file.looseTasks() : []
    case .errorsAreNotSwallowed: file.doesTheWork ? file.swallowedErrors() : []
    case .stateSwitchesAreExhaustive:
      file.path.hasPrefix("Sources/FXDomain/States/") ? file.defaults() : []
    case .namesSayWhatThingsAre: file.emptyNames()
    case .filesAreShort: file.excessLines()
    case .functionsAreShort: file.module == nil ? [] : file.longFunctions()
    case .sharingIsProven: file.unprovenSharing()
    case .onlyTheExecutablePrints:
      ["fxbatch", "fxsimulate", nil].contains(file.module) ? [] : file.printing()
    case .nothingIsLeftForLater: file.lines(holding: ["TO" + "DO", "FIX" + "ME"])
    case .theWorkplaceStaysUnnamed: file.lines(holding: ["/wo" + "rk/", "../sha" + "red"])
    }
  }
}

/// A violation within a file that is already known.
struct Finding: Hashable, Sendable {
  let line: Int
  let message: String
}

extension ProjectFile {
  fileprivate var doesTheWork: Bool {
    guard let module else { return false }
    return module == "FXEngine" || module.hasPrefix("FXStore") || module.hasPrefix("FXBank")
  }

  fileprivate var countsMoney: Bool {
    doesTheWork || module.map { ["FXDomain", "FXPorts", "FXFiles"].contains($0) } ?? false
  }

  fileprivate func excessLines() -> [Finding] {
    guard module != nil, path.hasSuffix(".swift"), lineCount > Rule.longestFileInLines
    else { return [] }
    return [Finding(line: lineCount, message: "the file has \(lineCount) lines")]
  }

  fileprivate func lines(holding words: [String]) -> [Finding] {
    lines.enumerated().flatMap { index, line in
      words.filter { line.contains($0) }.map {
        Finding(line: index + 1, message: "\($0) stands in the text")
      }
    }
  }
}
