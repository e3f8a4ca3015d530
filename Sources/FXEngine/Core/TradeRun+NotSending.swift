import FXDomain

extension TradeRun {
  /// What is done instead of the next action when the node stops: before the call the trade is let
  /// go of, after it everything takes its course.
  mutating func stopping(
    insteadOf action: Action, at now: Moment, settings: EngineSettings
  ) -> Action {
    switch stage {
    case .askingEarlier, .creatingQuote: letGo(.deferQuote(nil, notBefore: nil), quoteID: nil)
    case .fetchingRate(let quote, _):
      letGo(.deferQuote(nil, notBefore: nil), quoteID: quote.quoteID)
    case .writingIntent(let intent):
      letGo(.deferQuote(nil, notBefore: nil), quoteID: intent.figures.quoteID)
    case .calling(let intent):
      notSent(
        .heldBack("The engine was being shut down."), intent, at: now, settings: settings)
    case .confirmingRefusal, .lettingGo, .writingOutcome, .over: action
    }
  }

  /// Back to the queue after a delay: connections that are refused for a while must not use up the
  /// round's attempts at once.
  mutating func notSent(
    _ objection: Objection, _ intent: Intent, at now: Moment, settings: EngineSettings
  ) -> Action {
    let later = later(tries: trade.roundAttempts, at: now, settings: settings)
    switch objection {
    case .heldBack(let why):
      return outcome(
        .recordNotSent(attempt: intent.number, nil, note: why, notBefore: later), of: intent)
    case .failure(let failure):
      return outcome(
        .recordNotSent(attempt: intent.number, failure, notBefore: later), of: intent)
    }
  }

  /// Back to the queue before the intent, for what the last look found.
  mutating func lettingGo(
    for objection: Objection, quoteID: Int64, at now: Moment, settings: EngineSettings
  ) -> Action {
    switch objection {
    case .heldBack:
      let later = later(tries: trade.quoteTries, at: now, settings: settings)
      return letGo(.deferQuote(nil, notBefore: later), quoteID: quoteID)
    case .failure(let failure):
      return failing(failure, quoteID: quoteID, at: now, settings: settings)
    }
  }
}
