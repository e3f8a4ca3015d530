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
  @OptionGroup var paging: PageOptions
  @OptionGroup var place: CallOptions

  func run() async throws {
    let query = paging.query + (unread ? [(name: "unread", value: "true")] : [])
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
