import ArgumentParser
import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts
import Foundation

struct ResolveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Closes a trade in doubt on a person's word.",
    discussion: """
      Shows every attempt and all evidence first. Ask the bank before you answer: a trade that is \
      called not booked and was booked moves the money all the same. Without --booked or --not-booked \
      nothing is changed.

      The bank's API is asked too. Where it does not confirm the reference, or contradicts you, your \
      word is taken only with --insist, or when you answer the question. A reference that another trade \
      carries is never taken.

        fxbatch resolve 0191…
        fxbatch resolve 0191… --booked FXD-2231 --note "seen on the bank's statement"
        fxbatch resolve 0191… --not-booked --note "the bank's desk confirms, ticket 778"
      """)

  private static let referenceCharacters = 1...140

  @Argument(help: "A trade's identifier.") var trade: String
  @Option(help: ArgumentHelp("It was booked, under the bank's reference.", valueName: "reference"))
  var booked: String?
  @Flag(help: "It was not booked.") var notBooked = false
  @Option(help: "How you know; kept for good.") var note: String?
  @Flag(help: "Do not ask again.") var yes = false
  @Flag(help: "Record it though the bank does not confirm it.") var insist = false
  @Flag(help: "Answer as JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard booked == nil || !notBooked else {
      throw ValidationError("Give either --booked or --not-booked.")
    }
    if let booked = reference,
      !Self.referenceCharacters.contains(booked.unicodeScalars.count) || booked != booked.plain
    {
      throw ValidationError("--booked is the bank's reference: 1 to 140 visible characters.")
    }
    if booked != nil || notBooked, note?.isEmpty ?? true {
      throw ValidationError("Give a --note: how you know is kept with the trade.")
    }
  }

  /// What --booked gives, without blanks around it.
  private var reference: String? { booked?.trimmingCharacters(in: .whitespaces) }

  func run() async throws {
    let decides = booked != nil || notBooked
    let settings = try await common.settings(withBank: decides)
    try await Desk.open(settings, decides ? .changes : .reads) { desk in
      let trade = try await desk.trade(named: trade)
      let resolution: Resolution = reference.map { .booked(dealReference: $0) } ?? .notBooked
      let margin = settings.doubtMarginSeconds * 1_000
      if decides { try refuseUnasked(trade, marginMilliseconds: margin) }
      if !decides || !yes { try await show(trade, at: desk) }
      guard decides else { return }
      let word = try await desk.bankWord(on: resolution, of: trade)
      try confirm(word)
      let step = TradeStep(
        batch: trade.batch, trade: trade.key, authority: .open, actor: desk.person,
        command: .resolve(
          resolution, note: "\(note ?? "") (\(word.sentence))", marginMilliseconds: margin))
      guard let result = try await desk.store.perform([step]).first else { return }
      switch result.result {
      case .success(let closed):
        Terminal.say(
          json ? closed.json.text : "trade \(closed.id) is \(closed.status.rawValue)")
      case .failure(let refusal):
        throw Complaint(refusal.advice, .badInput)
      }
    }
  }

  /// Refuses what no answer to the question could make good.
  private func refuseUnasked(_ trade: Trade, marginMilliseconds: Int64) throws {
    switch trade.status {
    case .inDoubt, .booked: break
    case .pending, .quoting, .booking, .completed, .failed, .cancelled:
      throw Complaint(StepRefusal.illegal(status: trade.status).advice, .badInput)
    }
    if let until = trade.mayBeBookedUntil(marginMilliseconds: marginMilliseconds), .now <= until {
      throw Complaint(StepRefusal.tooEarly(until: until).advice, .badInput)
    }
    guard yes || Terminal.isInteractive else {
      throw Complaint("give --yes to resolve a trade without being asked.", .usage)
    }
  }

  /// Asks the person, who hears what the bank says. Without being asked, a person has to insist on
  /// what the bank does not confirm.
  private func confirm(_ word: BankWord) throws {
    Terminal.note(word.sentence)
    guard yes else {
      let claim = reference.map { "booked as \($0)" } ?? "NOT booked"
      guard Terminal.confirms("Record that this trade was \(claim.plain)?") else {
        throw Complaint("nothing was changed.", .usage)
      }
      return
    }
    let advice =
      "nothing was changed. Look again at what the bank says; if it is as you say all the same, give "
      + "--insist."
    switch word {
    case .confirms: return
    case .contradicts, .isSilent:
      guard insist else { throw Complaint(advice, .badInput) }
    case .couldNotBeAsked:
      guard insist || notBooked else { throw Complaint(advice, .unavailable) }
    }
  }

  private func show(_ trade: Trade, at desk: Desk) async throws {
    let attempts = try await desk.store.attempts(of: trade.key)
    let evidence = try await desk.store.evidence(of: trade.key)
    if json {
      let known: JSON = [
        "trade": trade.json, "attempts": .array(attempts.map(\.json)),
        "evidence": .array(evidence.map(\.json)),
      ]
      Terminal.say(known.text)
      return
    }
    var table = Table("trade", trade.id.description)
    table.add("client", "\(trade.clientName) (\(trade.cifNumber))")
    table.add("deal", "\(trade.deal.side.rawValue) \(trade.deal.pair) for \(trade.deal.amount)")
    table.add("status", trade.status.rawValue, colour: trade.status.colour, at: 1)
    if let since = trade.doubtSince { table.add("in doubt since", since.description) }
    if let failure = trade.failure { table.add("last trouble", failure.message) }
    for attempt in attempts {
      table.add(
        "attempt \(attempt.number)",
        "\(attempt.outcome.rawValue), deal id \(attempt.dealTransactionID), quote "
          + "\(attempt.quoteID) at \(attempt.quoteRate) until \(attempt.quoteExpiresAt), intent "
          + "\(attempt.intentAt)")
    }
    for item in evidence {
      table.add(
        "evidence", "\(item.at) attempt \(item.attempt), \(item.kind.rawValue): \(item.summary)")
    }
    Terminal.say(table.text)
  }
}

extension StepRefusal {
  /// Why a person's word on a trade was not taken.
  var advice: String {
    switch self {
    case .unknownTrade: "the trade is gone."
    case .illegal(let status):
      "the trade is \(status.rawValue): only a trade in doubt, or one unconfirmed for long, is "
        + "resolved by hand."
    case .tooEarly(let until):
      "the bank may still book it. Ask the bank after \(until) and resolve it then."
    case .referenceTaken(let other):
      "trade \(other) carries this reference already, and a deal is one trade's only. `fxbatch resolve "
        + "\(other)` shows that trade; look again at what the bank calls this one."
    case .noteRequired: "give a --note: how you know is kept with the trade."
    case .leaseLost, .staleAttempt, .batchNotRunning, .cancelRequested, .killSwitchEngaged,
      .clientBlocked, .canaryUnderWay, .otherBank, .attemptsExhausted, .notDue, .cancelUnderWay,
      .repeated:
      "the store refused it: \(self)."
    }
  }
}
