import FXDomain

extension TradeRun {
  /// What is done instead of the next action when the node stops: before the call the trade is let
  /// go of, after it everything takes its course.
  mutating func stopping(insteadOf action: Action) -> Action {
    switch stage {
    case .askingEarlier, .creatingQuote: letGo(.deferQuote(nil, notBefore: nil), quoteID: nil)
    case .fetchingRate(let quote, _):
      letGo(.deferQuote(nil, notBefore: nil), quoteID: quote.quoteID)
    case .writingIntent(let intent):
      letGo(.deferQuote(nil, notBefore: nil), quoteID: intent.figures.quoteID)
    case .calling(let intent):
      outcome(
        .recordNotSent(
          attempt: intent.number, Failure(.bankUnavailable, "The engine was being shut down.")),
        of: intent)
    case .confirmingRefusal, .lettingGo, .writingOutcome, .over: action
    }
  }
}
