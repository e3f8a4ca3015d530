import ArgumentParser
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

/// Which page of a long list is shown.
struct PageOptions: ParsableArguments {
  @Option(help: "At most so many, up to \(Pages.rows).") var limit = 50
  @Option(help: "Go on where the last list ended.") var cursor: String?

  func validate() throws {
    guard (1...Pages.rows).contains(limit) else {
      throw ValidationError("--limit is from 1 to \(Pages.rows).")
    }
  }

  var query: [(name: String, value: String)] {
    [(name: "limit", value: "\(limit)")] + (cursor.map { [(name: "cursor", value: $0)] } ?? [])
  }
}
