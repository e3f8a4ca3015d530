import FXJSON

/// How much is read of a list, or from the bank, at a time.
enum Pages {
  static let rows = 500

  /// Tells that a list goes on, and how to see more of it.
  static func tellOfMore(_ page: JSON) {
    guard let cursor = page["next_cursor"], cursor != .null else { return }
    Terminal.note("there are more: the same with --cursor \(cursor.words)")
  }
}
