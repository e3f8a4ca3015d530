import FXDomain
import FXJSON

/// Trades in words, from what the API says of them.
enum TradeText {
  static let listColumns = Table(
    ">row", "trade", "client", "side", ">deal", ">client rate", ">counter", ">margin", "status",
    "reference or failure")

  static func addRow(_ trade: JSON, to table: inout Table) {
    let status = TradeStatus(rawValue: trade.words("status"))
    let base = trade.words("pair").split(separator: "/").first ?? ""
    table.add(
      trade.words("row"), trade.words("id"), trade.words("client_name"),
      "\(trade.words("side")) \(base)".trimmingCharacters(in: .whitespaces),
      money(trade, "deal"), trade.words("client_rate"), money(trade, "counter"),
      trade.words("margin_amount"), trade.words("status"),
      status == .completed
        ? trade.words("deal_reference") : trade["error"]?.words("code") ?? "",
      colour: status?.colour, at: 8)
  }

  /// With its attempts, its evidence and its history.
  static func whole(_ trade: JSON) -> String {
    let status = TradeStatus(rawValue: trade.words("status"))
    var table = Table("trade", trade.words("id"))
    table.add("batch", "\(trade.words("batch_id")), row \(trade.words("row"))")
    table.add("client", "\(trade.words("client_name")) (\(trade.words("cif_number")))")
    table.add(
      "deal", "\(trade.words("side")) \(trade.words("pair")) for \(money(trade, "deal"))")
    table.add("status", trade.words("status"), colour: status?.colour, at: 1)
    for (title, name) in [
      ("value date", "value_date"), ("client rate", "client_rate"),
      ("reference", "deal_reference"), ("in doubt since", "doubt_since"),
    ] {
      let value = trade.words(name)
      if !value.isEmpty { table.add(title, value) }
    }
    if let error = trade["error"], error != .null {
      table.add("last trouble", "\(error.words("message")) [\(error.words("code"))]")
    }
    for attempt in trade["attempts"]?.elements ?? [] {
      table.add(
        "attempt \(attempt.words("number"))",
        "\(attempt.words("outcome")), deal id \(attempt.words("deal_transaction_id")), quote "
          + "\(attempt.words("quote_id")) at \(attempt.words("quote_rate")) until "
          + "\(attempt.words("quote_expires_at")), intent \(attempt.words("intent_at"))")
    }
    for item in trade["evidence"]?.elements ?? [] {
      table.add(
        "evidence",
        "\(item.words("at")) attempt \(item.words("attempt")), \(item.words("kind")): "
          + item.words("summary"))
    }
    for event in trade["history"]?.elements ?? [] {
      table.add(event.words("at"), Self.happening(event))
    }
    return table.text
  }

  /// An amount with its currency; nothing where there is none yet.
  private static func money(_ trade: JSON, _ leg: String) -> String {
    let amount = trade.words("\(leg)_amount")
    return amount.isEmpty ? "" : "\(trade.words("\(leg)_currency")) \(amount)"
  }

  /// One event of the log.
  static func line(ofEvent event: JSON) -> String {
    let trade = event.words("trade_id")
    let subject = trade.isEmpty ? "" : "  trade \(trade)"
    return "\(event.words("seq"))  \(event.words("at"))\(subject)  ".plain + happening(event)
  }

  private static func happening(_ event: JSON) -> String {
    let data = event["data"] ?? .null
    var words = [event.words("type")]
    let (from, to) = (data.words("from"), data.words("to"))
    if !from.isEmpty, !to.isEmpty { words.append("\(from) → \(to)") }
    if !data.words("attempt").isEmpty { words.append("attempt \(data.words("attempt"))") }
    if !data.words("code").isEmpty { words.append(data.words("code")) }
    if !data.words("actor").isEmpty { words.append("by \(data.words("actor"))") }
    if !data.words("note").isEmpty { words.append("— \(data.words("note"))") }
    return words.joined(separator: "  ").plain
  }
}
