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
      try confirm()
      let answer = try await desk.post(
        try desk.path(ofTrade: trade, "resolve"), wish, asPerson: true)
      desk.say(answer) { "trade \($0.words("id")) is \($0.words("status"))" }
    }
  }

  private var wish: JSON {
    var members: [JSON.Member] = [.init(name: "note", value: JSON(note))]
    if let reference {
      members.append(.init(name: "outcome", value: "booked"))
      members.append(.init(name: "deal_reference", value: .string(reference)))
    } else {
      members.append(.init(name: "outcome", value: "not_booked"))
    }
    return .object(members)
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

  private func confirm() throws {
    guard !yes else { return }
    let claim = reference.map { "booked as \($0)" } ?? "NOT booked"
    guard Terminal.confirms("Record that this trade was \(claim.plain)?") else {
      throw Complaint("nothing was changed.", .usage)
    }
  }
}
