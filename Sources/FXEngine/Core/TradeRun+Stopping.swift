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
}
