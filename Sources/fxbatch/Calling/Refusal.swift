import ArgumentParser
import FXFiles
import FXJSON
import FXServer

/// A call that was refused: a problem by RFC 9457, as the API answered it.
struct Refusal: Error {
  private static let shownErrors = 50

  let status: Int
  let problem: JSON
  /// Whether the answer is printed as it came, too.
  let asJSON: Bool

  init(_ answer: DeskAnswer, asJSON: Bool = false) {
    status = answer.status
    problem = answer.json
    self.asJSON = asJSON
  }

  /// As the API would refuse a file.
  init(_ problems: FileProblems, asJSON: Bool = false) {
    self.asJSON = asJSON
    let known = Problem(problems)
    status = known.kind.status.code
    problem = known.json(instance: "", requestID: "")
  }

  var code: String { problem.words("code") }

  var exitCode: ExitCode {
    switch code {
    case "approval_required", "approval_expired", "reconciliation_due": return .waitsForPerson
    default: return status == 429 || status >= 500 ? .unavailable : .badInput
    }
  }

  /// Tells a person on standard error, and a program that asked for JSON on standard output.
  func tell() {
    let lines = lines
    if asJSON {
      Terminal.say(problem.text)
    } else {
      for line in lines.details { Terminal.note(line) }
    }
    Terminal.complain(lines.sentence)
  }

  /// Everything that is wrong, a line each, and then what it means for the whole.
  var lines: (details: [String], sentence: String) {
    let errors = problem["errors"]?.elements ?? []
    let rows = errors.filter { $0["row"] != nil }
    var details: [String] = []
    if errors.count > 1 || !rows.isEmpty {
      details = errors.prefix(Self.shownErrors).map(Self.line)
      let total = problem["total_errors"].flatMap { Int($0.words) } ?? errors.count
      if total > details.count {
        details.append("… and \(total - details.count) more; --json lists up to \(errors.count)")
      }
    }
    return (details, sentence(aboutRows: !rows.isEmpty))
  }

  private func sentence(aboutRows: Bool) -> String {
    guard aboutRows else {
      let detail = problem.words("detail")
      let told = detail.isEmpty ? "the server answered with status \(status)." : detail.asClause
      return hint.map { "\(told) \($0)" } ?? told
    }
    let repeats = (problem["errors"]?.elements ?? []).contains {
      $0.words("code") == "duplicate_recent"
        || $0.words("code") == "duplicate_in_file" && $0.words("column").isEmpty
    }
    let count = problem.number("total_errors")
    return (count == 1 ? "there is one problem" : "there are \(count) problems")
      + ", so nothing was stored. Mend what is named here and try again"
      + (repeats ? ", or give --allow-duplicates if the repetitions are meant." : ".")
  }

  /// What a person at the command line can do about it.
  private var hint: String? {
    switch code {
    case "unauthenticated":
      "Give a token: --token-file, FXBATCH_TOKEN_FILE or FXBATCH_TOKEN; `fxbatch token create` makes one."
    case "not_found": "`fxbatch list` shows the batches, and `fxbatch trades` the trades of one."
    case "nothing_to_retry": "`fxbatch errors` shows what failed."
    case "retried_singly_only": "Give --trade and a --note."
    case "rate_jump": "At the command line: --confirm."
    default: nil
    }
  }

  private static func line(_ error: JSON) -> String {
    var place = error.words("row").isEmpty ? "" : "row \(error.words("row")): "
    if !error.words("column").isEmpty { place += "\(error.words("column")): " }
    if !error.words("pointer").isEmpty { place += "\(error.words("pointer")): " }
    if !error.words("parameter").isEmpty { place += "\(error.words("parameter")): " }
    return "\(place)\(error.words("detail")) [\(error.words("code"))]"
  }
}

extension String {
  /// A sentence as it follows a colon.
  fileprivate var asClause: String {
    guard let first, dropFirst().first.map({ $0.isLowercase || $0 == " " }) ?? false else {
      return self
    }
    return first.lowercased() + dropFirst()
  }
}
