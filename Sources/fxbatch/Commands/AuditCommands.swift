import ArgumentParser
import FXDomain
import FXEngine
import FXJSON

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Checks the whole store: counts, states, attempts, the chains of events and seals.",
    discussion: """
      Reads everything and changes nothing; the engine may go on running. Ends with 0 when all is \
      well and with 74 when something is not.

        fxbatch verify --json
      """)

  @Flag(help: "Answer as JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let report = try await Desk.open(common, .reads) { desk in
      try await Verifier(store: desk.store).verify()
    }
    if json {
      let answer: JSON = [
        "ok": .bool(report.findings.isEmpty), "batches": JSON(report.batches),
        "trades": JSON(report.trades), "events": JSON(report.events),
        "findings": .array(report.findings.map { .string($0) }),
      ]
      Terminal.say(answer.text)
    } else {
      for finding in report.findings { Terminal.say(finding.plain) }
      Terminal.say(
        "\(report.batches) batches, \(report.trades) trades and \(report.events) events: "
          + (report.findings.isEmpty ? "all is well" : "\(report.findings.count) findings"))
    }
    guard report.findings.isEmpty else {
      throw Complaint(
        "the store breaks its own rules. Engage the kill switch, keep a copy of the store, and look "
          + "at the findings before anything else is booked.", .store)
    }
  }
}

struct ReconcileCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconcile",
    abstract: "Holds every attempt against what the bank says of it.",
    discussion: """
      Asks the bank about each deal and tells every difference. A booking that our books deny puts its \
      trade in doubt. Ends with 0 when bank and books agree and with 4 when a person has to look.

        fxbatch reconcile morning
        fxbatch reconcile --json
      """)

  @Argument(help: "A batch's identifier or name; all batches otherwise.") var batch: String?
  @Flag(help: "Answer as JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func run() async throws {
    let report = try await Desk.open(common, .changes, withBank: true) { desk in
      try await desk.withBank { bank in
        var key: BatchKey?
        if let batch { key = try await desk.batch(named: batch).key }
        try await desk.knock(at: bank)
        return try await desk.reconciler(bank).reconcile(batch: key)
      }
    }
    let sentences = report.differences.map(\.sentence)
    if json {
      let answer: JSON = [
        "agrees": .bool(report.total == 0), "trades": JSON(report.trades),
        "attempts": JSON(report.attempts), "statements": JSON(report.statements),
        "total": JSON(report.total), "differences": .array(sentences.map { .string($0) }),
      ]
      Terminal.say(answer.text)
    } else {
      for sentence in sentences { Terminal.say(sentence.plain) }
      Terminal.say(
        "\(report.attempts) attempts of \(report.trades) trades, \(report.statements) statements: "
          + (report.total == 0 ? "bank and books agree" : "\(report.total) differences"))
    }
    guard report.total == 0 else { throw ExitCode.waitsForPerson }
  }
}
