/// The warning before the hour at which deals have to be settled or surrendered.
extension Ledger {
  /// Trades that one warning lists; the others are counted.
  static let listedDueTrades = 20

  /// What the log says of a batch's deals that are due on a day and not completed.
  public static func settlementDue(
    _ trades: [Trade], on day: CivilDate, actor: Actor
  ) -> JournalDraft {
    // It goes out with messages, which name no client and no amount.
    let listed = trades.prefix(listedDueTrades).map { "\($0.id), \($0.status.rawValue)" }
    let more = trades.count - listed.count
    let count = "\(trades.count) \(trades.count == 1 ? "deal is" : "deals are")"
    return JournalDraft(
      kind: .settlementDue, actor: actor,
      note: "\(count) due on \(day) and not completed: " + listed.joined(separator: "; ")
        + (more > 0 ? "; and \(more) more" : ""))
  }
}

extension Trade {
  /// Whether a deal of it is to be settled on a day, and is not, as far as we know.
  public func isDueUnsettled(on day: CivilDate) -> Bool {
    guard valueDate == day else { return false }
    switch status {
    case .booked, .inDoubt: return true
    case .failed: return failure?.code == .settlementFailed
    case .pending, .quoting, .booking, .completed, .cancelled: return false
    }
  }
}
