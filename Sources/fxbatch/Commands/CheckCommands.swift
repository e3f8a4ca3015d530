import ArgumentParser
import FXDomain
import FXEngine
import FXJSON
import FXPorts

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
    let (report, loss) = try await Desk.open(common, .reads) { desk in
      let marked = try desk.mark.read()
      let check = LossCheck(store: desk.store, mark: desk.mark, logger: desk.logger)
      let loss = try await check.loss(marked)
      return (try await Verifier(store: desk.store).verify(), loss)
    }
    let findings = report.findings + (loss.map { [$0.sentence] } ?? [])
    if json {
      let answer: JSON = [
        "ok": .bool(findings.isEmpty), "batches": JSON(report.batches),
        "trades": JSON(report.trades), "events": JSON(report.events),
        "findings": .array(findings.map { .string($0) }),
      ]
      Terminal.say(answer.text)
    } else {
      for finding in findings { Terminal.say(finding.plain) }
      Terminal.say(
        "\(report.batches) batches, \(report.trades) trades and \(report.events) events: "
          + (findings.isEmpty ? "all is well" : "\(findings.count) findings"))
    }
    guard findings.isEmpty else {
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
      Asks the bank about each deal, holds the lines of the clients' statements against our books by \
      count and amount, and tells every difference. A booking that our books deny puts its trade in \
      doubt. A line that no trade explains is told each time: it is a deal that our books lack, or \
      money that was moved for another reason.

      Ends with 0 when bank and books agree and no trade is in doubt, and with 4 when a person has to \
      look, or when it is too early to tell: a deal that the bank does not show yet may still come.

      After the store was found to have lost events, it also asks for every deal that may have been \
      booked since; only then the kill switch can be released.

        fxbatch reconcile morning
        fxbatch reconcile --json
      """)

  @Argument(help: "A batch's identifier or name; all batches otherwise.") var batch: String?
  @Flag(
    help: """
      Make the one that `fxbatch serve` makes each day, of the deals of the last days, and keep it.
      """)
  var stored = false
  @Flag(help: "Answer as JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard batch == nil || !stored else { throw ValidationError("--stored is not of one batch.") }
  }

  func run() async throws {
    if stored { return try await keep() }
    let (report, lost, doubts) = try await Desk.open(common, .changes, withBank: true) { desk in
      try await desk.withBank { bank in
        var key: BatchKey?
        if let batch {
          let client = DeskClient(calls: try LocalCalls(desk), asJSON: false)
          guard let id = Identifier(try await client.batch(named: batch)),
            let known = try await desk.store.batch(id)
          else {
            throw Complaint("there is no batch \(batch). `fxbatch list` shows them.", .badInput)
          }
          key = known.key
        }
        try await desk.knock(at: bank)
        let reconciler = desk.reconciler(bank)
        let report = try await reconciler.reconcile(batch: key)
        let doubts = try await desk.store.trades(
          TradeQuery(batch: key, statuses: [.inDoubt], limit: Pages.rows)
        ).count
        guard batch == nil else { return (report, LostTimeReport?.none, doubts) }
        let lost = try await reconciler.reconcileLostTime(
          quoteLifeMilliseconds: report.quoteLifeMilliseconds,
          marginMilliseconds: desk.settings.doubtMarginSeconds * 1_000
        ) { Terminal.note("asked for lost deals of \($0) trades") }
        return (report, lost, doubts)
      }
    }
    let total = report.total + (lost?.findings.total ?? 0)
    let sentences = (report.differences + (lost?.findings.differences ?? [])).map(\.sentence)
    if json {
      let answer: JSON = [
        "agrees": .bool(total == 0 && doubts == 0 && report.tooEarlyUntil == nil),
        "in_doubt": JSON(doubts), "too_early_until": JSON(report.tooEarlyUntil),
        "unexplained_lines": JSON(report.unexplainedLines),
        "trades": JSON(report.trades),
        "attempts": JSON(report.attempts), "statements": JSON(report.statements),
        "total": JSON(total), "differences": .array(sentences.map { .string($0) }),
        "lost_time": lost?.json ?? .null,
      ]
      Terminal.say(answer.text)
    } else {
      for sentence in sentences { Terminal.say(sentence.plain) }
      Terminal.say(
        "\(report.attempts) attempts of \(report.trades) trades, \(report.statements) statements: "
          + report.verdict(differences: total)
          + (doubts == 0
            ? ""
            : "; trades still in doubt: \(doubts == Pages.rows ? "\(doubts) or more" : "\(doubts)")")
      )
      if let lost { Terminal.say(lost.text) }
    }
    guard total == 0, doubts == 0, report.tooEarlyUntil == nil, lost?.isReconciled ?? true else {
      throw ExitCode.waitsForPerson
    }
  }
}

extension ReconcileCommand {
  /// Asks for one, and makes whatever waits.
  private func keep() async throws {
    let made = try await Desk.open(common, .changes, withBank: true) { desk in
      try await desk.withBank { bank in
        try await desk.knock(at: bank)
        let now = Timestamp.now
        let wanted = Reconciliation(
          id: .random(), day: DeskClock.johannesburg.date(of: now), isScheduled: false,
          requestedAt: now, requestedBy: desk.person)
        guard case .success = try await desk.store.request(wanted, receipt: nil) else {
          throw Complaint(
            "a reconciliation is under way. `fxbatch report reconciliations` shows it.", .badInput)
        }
        let desk = DeskReconciliation(
          store: desk.store, bank: bank, node: desk.newNode(),
          doubtMarginMilliseconds: desk.settings.doubtMarginSeconds * 1_000,
          requestsPerSecond: Int(desk.settings.bankMaxRPS), clock: .system(wall: { .now }))
        return try await desk.makeNext()
      }
    }
    guard let made else { throw Complaint("another process makes it.", .unavailable) }
    if json {
      let answer: JSON = [
        "id": JSON(made.id), "status": .string(made.status.rawValue),
        "total_differences": JSON(made.figures.differences), "sentence": .string(made.sentence),
      ]
      Terminal.say(answer.text)
    } else {
      Terminal.say(made.sentence.plain)
    }
    if made.status != .agrees { throw ExitCode.waitsForPerson }
  }
}

extension ReconcileReport {
  fileprivate func verdict(differences: Int) -> String {
    let found = differences == 0 ? nil : "\(differences) differences"
    let early = tooEarlyUntil.map {
      "too early to tell, since the bank may show deals of ours until \($0): run `fxbatch reconcile` "
        + "again then"
    }
    let words = [found, early].compactMap { $0 }
    return words.isEmpty ? "bank and books agree" : words.joined(separator: "; ")
  }
}

extension LostTimeReport {
  fileprivate var json: JSON {
    [
      "reconciled": .bool(isReconciled), "missing": .array(missing.map { .string($0) }),
      "trades": JSON(trades), "ids": JSON(questions), "lost_deals": JSON(lostDeals),
      "unexplained_lines": JSON(unexplainedLines), "unanswered": JSON(unanswered),
      "too_early_until": JSON(tooEarlyUntil),
      "finds_our_ids": findsOurIDs.map { .bool($0) } ?? .null,
    ]
  }

  fileprivate var text: String {
    "after the loss of events: \(summary). "
      + (isReconciled
        ? "All was asked: look at the findings, then `fxbatch kill-switch release`."
        : "Not done: \(missing.joined(separator: " ")) Run `fxbatch reconcile` again.")
  }
}
