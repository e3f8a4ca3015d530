import FXDomain
import FXPorts

extension TradeRun {
  /// The bank's answer to the question about an id under which it must know no deal that stands.
  mutating func earlierAnswered(
    _ answer: StatusAnswer, at index: Int, _ now: Moment, _ settings: EngineSettings
  ) -> Action {
    switch answer {
    case .notFound:
      return askEarlier(from: index + 1, at: now, settings: settings)
    case .found(let deal, _)
    where deal.status == .failed && index < taken.earlierAttempts.count:
      // It did not settle and stands no more: that is what an operator may retry.
      return askEarlier(from: index + 1, at: now, settings: settings)
    case .found(let deal, _):
      return witness(deal, at: index)
    case .refused(let refusal, let receipt):
      return failing(passing(refusal, receipt), quoteID: nil, at: now, settings: settings)
    case .trouble(let trouble):
      return failing(trouble.failure, quoteID: nil, at: now, settings: settings)
    }
  }

  /// The evidence first, so that whoever is told of the doubt can see what it rests on.
  private mutating func witness(_ deal: FoundDeal, at index: Int) -> Action {
    let lost = index - taken.earlierAttempts.count
    let origin = lost < 0 ? "of an earlier attempt" : "of an attempt that our books have lost"
    let note = "The bank shows deal \(questions[index]) \(origin) as \(deal.status.rawValue)."
    evidenced = .recordBookingEvidence(attempt: trade.attempt, note: note)
    return .witness(
      .statusAnswer, attempt: lost < 0 ? trade.attempt : trade.attempt + 1 + lost, summary: note,
      bankTransactionID: deal.bankTransactionID)
  }
}
