import FXDomain
import FXJSON

/// A batch in words, from what the API says of it.
enum BatchText {
  private static let shownTrades = 10

  /// Prints the whole of it, with the trades that wait for a person.
  static func say(_ batch: JSON, at desk: DeskClient) async throws {
    if desk.asJSON { return Terminal.say(batch.text) }
    var table = Table("needs a decision", "client", "why", "next")
    let reasons = Set(batch["needs_decision"]?.elements.map(\.words) ?? [])
    let statuses = [("in_doubt", "in_doubt"), ("unconfirmed", "booked")].filter {
      reasons.contains($0.0)
    }
    if !statuses.isEmpty {
      let query = statuses.map { (name: "status", value: $0.1) } + [("limit", "\(shownTrades)")]
      for trade in try await desk.get("/api/batches/\(batch.words("id"))/trades", query).items {
        let trouble = trade["error"]?.words("message") ?? ""
        table.add(
          "row \(trade.words("row"))", trade.words("client_name"),
          trouble.isEmpty ? "The bank has not confirmed the deal yet." : trouble,
          "fxbatch resolve \(trade.words("id"))", colour: .yellow)
      }
    }
    let failures = batch["errors"]?.elements ?? []
    Terminal.say(
      [
        whole(batch), table.isEmpty ? nil : table.text,
        failures.isEmpty ? nil : failureTable(failures),
      ].compactMap { $0 }.joined(separator: "\n\n"))
  }

  /// Prints what the engine waits for, where it has waited for long.
  static func sayWait(of batch: String, at desk: DeskClient, before: String = "") async throws {
    guard !desk.asJSON else { return }
    let wait = try await desk.get("/api/batches/\(batch)/progress").words("waits_for")
    if !wait.isEmpty { Terminal.say("\(before)waiting: \(wait.plain)") }
  }

  /// All that is told of it without asking further.
  private static func whole(_ batch: JSON) -> String {
    var table = Table("batch", batch.words("name"))
    let status = BatchStatus(rawValue: batch.words("status"))
    table.add("id", batch.words("id"))
    table.add("status", batch.words("status"), colour: status?.colour, at: 1)
    table.add("pricing", batch.words("pricing"))
    table.add(
      "priority",
      "\(batch.words("priority")), \(batch.words("max_concurrent_trades")) trades at once")
    table.add("created", "\(batch.words("created_at")) by \(batch.words("created_by"))")
    for (title, name) in [("started", "started_at"), ("completed", "completed_at")] {
      let moment = batch.words(name)
      if !moment.isEmpty { table.add(title, moment) }
    }
    if let lock = batch["lock"], lock != .null {
      table.add("held by", "\(lock.words("locked_by")) until \(lock.words("expires_at"))")
    }
    if let counts = batch["counts"] { table.add("trades", TradeCounts(counts).words) }
    let amounts = batch["amounts"] ?? .null
    for (title, sums) in [
      ("requested", amounts["requested"]), ("dealt", amounts["dealt"]),
      ("countered", amounts["countered"]), ("margin", batch["margin"]),
      ("rounding", amounts["rounding_difference"]),
    ] {
      let words = money(sums)
      if !words.isEmpty { table.add(title, words) }
    }
    for (title, person, note) in [
      ("approved by", "approved_by", "approved_at"),
      ("rejected by", "rejected_by", "rejected_note"),
      ("accepted by", "accepted_by", "accepted_note"),
    ] {
      let name = batch.words(person)
      if !name.isEmpty { table.add(title, "\(name): \(batch.words(note))") }
    }
    if let cause = PauseCause(rawValue: batch.words("pause_cause")) {
      table.add("paused", cause.words)
    }
    let reasons = batch.words("needs_decision")
    if !reasons.isEmpty { table.add("needs a decision", reasons, colour: .yellow, at: 1) }
    return table.text
  }

  /// What an order came to.
  static func line(_ batch: JSON) -> String {
    let counts = batch["counts"].map { TradeCounts($0).words } ?? ""
    return "\(batch.words("name")) (\(batch.words("id"))): \(batch.words("status")), \(counts)"
      .plain
  }

  /// Amounts by currency, without those that are nothing.
  static func money(_ sums: JSON?) -> String {
    (sums ?? .null).members.filter { $0.value.words.contains { ("1"..."9").contains($0) } }
      .map { "\($0.name) \($0.value.words)" }.joined(separator: ", ")
  }

  private static func failureTable(_ failures: [JSON]) -> String {
    var table = Table("failure", ">trades")
    for group in failures {
      table.add(group.words("code"), group.words("count"), colour: .red)
    }
    return table.text
  }

  static let listColumns = Table(
    "id", "name", "status", ">done", ">trades", ">priority", "created")

  static func addRow(_ batch: JSON, to table: inout Table) {
    let standing = Standing(batch)
    table.add(
      batch.words("id"), batch.words("name"), batch.words("status"), "\(standing?.done ?? 0)",
      "\(standing?.counts.total ?? 0)", batch.words("priority"), batch.words("created_at"),
      colour: standing?.status.colour, at: 2)
  }
}

extension PauseCause {
  /// Why it is paused, after "paused".
  var words: String {
    switch self {
    case .person: "by a person"
    case .policy: "by its policy, since trades failed"
    case .threshold: "since more trades failed than is tolerated"
    }
  }
}
