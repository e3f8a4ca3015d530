import ArgumentParser
import FXJSON

struct NotificationsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "notifications", abstract: "What happened that people are to know of.",
    discussion: """
      The newest first; what you have not read is marked. A running server writes them, those of \
      batches that `fxbatch run` ran on a local store too.

        fxbatch notifications --unread
        fxbatch notifications --mark-read
      """)
  @Flag(help: "Only what you have not read.") var unread = false
  @Flag(help: "Mark what is shown, and all before it, as read.") var markRead = false
  @Option(help: "At most so many, up to 500.") var limit = 50
  @Option(help: "Go on where the last list ended.") var cursor: String?
  @OptionGroup var place: CallOptions

  func validate() throws {
    guard (1...Pages.rows).contains(limit) else {
      throw ValidationError("--limit is from 1 to \(Pages.rows).")
    }
  }

  func run() async throws {
    var query = [(name: "limit", value: "\(limit)")]
    if unread { query.append(("unread", "true")) }
    if let cursor { query.append(("cursor", cursor)) }
    try await place.open(markRead ? .changes : .reads) { desk in
      let page = try await desk.get("/api/notifications", query)
      if desk.asJSON {
        Pages.sayLines(page.items)
      } else {
        var table = Table("", "at", "kind", "batch", "what")
        for item in page.items {
          table.add(
            item.holds("read") ? "" : "*", item.words("at"), item.words("kind"),
            item.words("batch_id"), item.words("text"))
        }
        Terminal.say(table.isEmpty ? "nothing to tell" : table.text)
      }
      Pages.tellOfMore(page)
      guard markRead, let newest = page.items.first?["id"] else { return }
      _ = try await desk.post("/api/notifications/read", ["up_to": newest])
    }
  }
}
