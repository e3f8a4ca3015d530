import ArgumentParser
import FXDomain
import FXJSON
import Foundation

struct ResolveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resolve",
    abstract: "Closes a trade in doubt on a person's word.",
    discussion: """
      Shows every attempt and all evidence first. Ask the bank before you answer: a trade that is \
      called not booked and was booked moves the money all the same. Without --booked or --not-booked \
      nothing is changed. Deciding takes an approver's token, on a local store too.

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
  @OptionGroup var place: CallOptions

  func validate() throws {
    guard booked == nil || !notBooked else {
      throw ValidationError("Give either --booked or --not-booked.")
    }
    if let reference,
      !Self.referenceCharacters.contains(reference.unicodeScalars.count)
        || reference != reference.plain
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
    try await place.open(decides ? .changes : .reads, bank: decides ? .whereConfigured : .none) {
      desk in
      let known = try await desk.get(try desk.path(ofTrade: trade))
      guard decides else { return desk.say(known, TradeText.whole) }
      try refuseUnasked(known)
      if !yes { Terminal.note(TradeText.whole(known)) }
      let word = try await desk.make(
        DeskCall(
          method: .get, path: try desk.path(ofTrade: trade, "bank-word"),
          query: reference.map { [("deal_reference", $0)] } ?? []))
      try confirm(word)
      let answer = try await desk.make(
        DeskCall(
          method: .post, path: try desk.path(ofTrade: trade, "resolve"),
          body: .json(wish(word)), asPerson: true))
      desk.say(answer) { "trade \($0.words("id")) is \($0.words("status"))" }
    }
  }

  /// What the person says of the trade.
  private var claim: [(name: String, value: String)] {
    reference.map { [("outcome", "booked"), ("deal_reference", $0)] } ?? [("outcome", "not_booked")]
  }

  /// The person's word, with what the bank says to it in the note.
  private func wish(_ word: JSON) -> JSON {
    let note = JSON.string("\(note ?? "") (\(word.words("sentence")))")
    return .object(
      claim.map { .init(name: $0.name, value: .string($0.value)) } + [
        .init(name: "note", value: note)
      ])
  }

  /// Refuses what no answer to the question could make good.
  private func refuseUnasked(_ trade: JSON) throws {
    let status = TradeStatus(rawValue: trade.words("status"))
    guard status == .inDoubt || status == .booked else {
      throw Complaint(
        "the trade is \(trade.words("status")): only a trade in doubt, or one unconfirmed for long, is "
          + "resolved by hand.", .badInput)
    }
    guard yes || Terminal.isInteractive else {
      throw Complaint("give --yes to resolve a trade without being asked.", .usage)
    }
  }

  /// Asks the person, who hears what the bank says. Without being asked, a person has to insist on
  /// what the bank does not confirm.
  private func confirm(_ word: JSON) throws {
    Terminal.note(word.words("sentence"))
    guard yes else {
      let claim = reference.map { "booked as \($0)" } ?? "NOT booked"
      guard Terminal.confirms("Record that this trade was \(claim.plain)?") else {
        throw Complaint("nothing was changed.", .usage)
      }
      return
    }
    let verdict = word.words("verdict")
    let couldBeAsked = verdict != "could_not_be_asked"
    guard verdict != "confirms", !insist, couldBeAsked || booked != nil else { return }
    throw Complaint(
      "nothing was changed. Look again at what the bank says; if it is as you say all the same, give "
        + "--insist.", couldBeAsked ? .badInput : .unavailable)
  }
}
