import ArgumentParser
import FXAPI
import FXDomain
import FXJSON
import FXPorts

struct ResolveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Closes a trade in doubt on a person's word.",
    discussion: """
      Shows every attempt and all evidence first. Ask the bank before you answer: a trade that is \
      called not booked and was booked moves the money all the same. Without --booked or --not-booked \
      nothing is changed.

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
  @Flag(help: "Answer as JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard booked == nil || !notBooked else {
      throw ValidationError("Give either --booked or --not-booked.")
    }
    if let booked,
      !Self.referenceCharacters.contains(booked.unicodeScalars.count) || booked != booked.plain
    {
      throw ValidationError("--booked is the bank's reference: 1 to 140 visible characters.")
    }
    if booked != nil || notBooked, note?.isEmpty ?? true {
      throw ValidationError("Give a --note: how you know is kept with the trade.")
    }
  }

  func run() async throws {
    let decides = booked != nil || notBooked
    try await Desk.open(common, decides ? .changes : .reads) { desk in
      let trade = try await desk.trade(named: trade)
      let resolution: Resolution = booked.map { .booked(dealReference: $0) } ?? .notBooked
      if decides { try refuseUnasked(trade) }
      if !decides || !yes { try await show(trade, at: desk) }
      guard decides else { return }
      try confirm()
      let step = TradeStep(
        batch: trade.batch, trade: trade.key, authority: .open, actor: desk.person,
        command: .resolve(
          resolution, note: note ?? "",
          marginMilliseconds: desk.settings.doubtMarginSeconds * 1_000))
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
  private func refuseUnasked(_ trade: Trade) throws {
    switch trade.status {
    case .inDoubt, .booked: break
    case .pending, .quoting, .booking, .completed, .failed, .cancelled:
      throw Complaint(StepRefusal.illegal(status: trade.status).advice, .badInput)
    }
    guard yes || Terminal.isInteractive else {
      throw Complaint("give --yes to resolve a trade without being asked.", .usage)
    }
  }

  private func confirm() throws {
    guard !yes else { return }
    let word = booked.map { "booked as \($0)" } ?? "NOT booked"
    guard Terminal.confirms("Record that this trade was \(word.plain)?") else {
      throw Complaint("nothing was changed.", .usage)
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
    case .noteRequired: "give a --note: how you know is kept with the trade."
    case .leaseLost, .staleAttempt, .batchNotRunning, .cancelRequested, .killSwitchEngaged,
      .clientBlocked, .canaryUnderWay, .otherBank, .attemptsExhausted, .notDue, .cancelUnderWay,
      .repeated:
      "the store refused it: \(self)."
    }
  }
}
