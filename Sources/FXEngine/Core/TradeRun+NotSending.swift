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
        Failure(.bankUnavailable, "The engine was being shut down."), intent, at: now,
        settings: settings)
    case .confirmingRefusal, .lettingGo, .writingOutcome, .over: action
    }
  }

  /// Back to the queue after a delay: connections that are refused for a while must not use up the
  /// round's attempts at once.
  mutating func notSent(
    _ failure: Failure, _ intent: Intent, at now: Moment, settings: EngineSettings
  ) -> Action {
    let later = later(tries: trade.roundAttempts, at: now, settings: settings)
    return outcome(
      .recordNotSent(attempt: intent.number, failure, notBefore: later), of: intent)
  }
}
