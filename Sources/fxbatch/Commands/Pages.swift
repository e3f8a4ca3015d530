import FXJSON

/// How much is read of a list, or from the bank, at a time.
enum Pages {
  static let rows = 500

  /// Prints the items of a page as they came, a line each.
  static func sayLines(_ items: [JSON]) {
    for item in items { Terminal.say(item.text) }
  }

  /// Tells that a list goes on, and how to see more of it.
  static func tellOfMore(_ page: JSON) {
    guard let cursor = page["next_cursor"], cursor != .null else { return }
    Terminal.note("there are more: the same with --cursor \(cursor.words)")
  }
}
