/// When money moves, counted from the trade date.
public enum Delivery: String, Hashable, Sendable, CaseIterable {
  /// The same day.
  case cash
  /// The next business day.
  case tom
  /// Two business days on, for most pairs.
  case spot
}
