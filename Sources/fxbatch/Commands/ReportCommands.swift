import ArgumentParser
import FXJSON
import FXPorts

struct ReportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report", abstract: "What deals have earned, and comparisons with the bank.",
    discussion: """
        fxbatch report margins --by client --from 2026-03-01 --to 2026-03-31
        fxbatch report reconciliations 2026-03-31
      """,
    subcommands: [Margins.self, Reconciliations.self])

  struct Margins: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Amounts, margins and rounding differences of the deals booked on some days.",
      discussion: """
        Days are the desk's. A rounding difference is what the rounded amounts leave over beyond the \
        margin.

          fxbatch report margins
          fxbatch report margins --by batch --from 2026-03-01 --csv --output march.csv
        """)
    @Option(help: "By what they are summed up: batch, client or day.")
    var by = MarginGrouping.day
    @Option(help: ArgumentHelp("From this day on; the last one otherwise.", valueName: "day"))
    var from: String?
    @Option(help: ArgumentHelp("Up to this day; today otherwise.", valueName: "day"))
    var to: String?
    @Flag(help: "Write CSV.") var csv = false
    @OptionGroup var output: OutputOption
    @OptionGroup var place: CallOptions

    func validate() throws {
      guard csv || output.output == nil else { throw ValidationError("--output goes with --csv.") }
    }

    func run() async throws {
      var query = [(name: "by", value: by.rawValue)]
      for (name, value) in [("from", from), ("to", to)] {
        if let value { query.append((name, value)) }
      }
      let path = "/api/reports/margins"
      try await place.open(.reads) { desk in
        if csv {
          query.append(("format", "csv"))
          return try await output.write(
            DeskCall(method: .get, path: path, query: query), from: desk)
        }
        try await desk.list(
          path, query, none: "no deals were booked then",
          Table("of", "pair", ">deals", ">dealt", ">countered", ">margin", ">rounding")
        ) { table, line in
          let name =
            ["day", "client_name", "batch_name"].compactMap { line[$0]?.words }.first ?? ""
          table.add(
            name, line.words("pair"), line.words("trades"),
            "\(line.words("deal_currency")) \(line.words("dealt"))",
            "\(line.words("counter_currency")) \(line.words("countered"))",
            "\(line.words("margin_currency")) \(line.words("margin"))",
            line.words("rounding_difference"))
        }
      }
    }
  }

  struct Reconciliations: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the reconciliations that are kept, shows one, or asks for one.",
      discussion: """
        A server makes one each day (FXBATCH_RECONCILE_AT), and one as soon as somebody asks for it.

          fxbatch report reconciliations
          fxbatch report reconciliations 2026-03-31 --json
          fxbatch report reconciliations --request
        """)
    @Argument(help: "A day, of which the newest is shown, or an identifier.") var which: String?
    @Flag(help: "Ask for one.") var request = false
    @OptionGroup var place: CallOptions

    func validate() throws {
      guard which == nil || !request else { throw ValidationError("Show one, or ask for one.") }
    }

    func run() async throws {
      let path = "/api/reports/reconciliations"
      try await place.open(request ? .changes : .reads, bank: request ? .needed : .none) { desk in
        if request {
          return desk.say(try await desk.post(path)) { "asked for: \($0.words("id"))" }
        }
        if let which {
          let found = try await desk.get("\(path)/\(DeskCall.encoded(which))")
          return desk.say(found, Self.text)
        }
        try await desk.list(
          path, none: "no reconciliation was kept yet",
          Table("id", "day", "status", "ended", ">attempts", ">differences")
        ) { table, found in
          table.add(
            found.words("id"), found.words("day"), found.words("status"), found.words("ended_at"),
            found.words("attempts"), found.words("total_differences"))
        }
      }
    }

    private static func text(_ found: JSON) -> String {
      let sentences = (found["differences"]?.elements ?? []).map { $0.words("sentence") }
      let figures =
        "\(found.words("attempts")) attempts of \(found.words("trades")) trades, "
        + "\(found.words("statements")) statements: \(found.words("sentence"))"
      return (sentences + [figures]).map(\.plain).joined(separator: "\n")
    }
  }
}

extension MarginGrouping: ExpressibleByArgument {}

struct ConfirmationCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirmation", abstract: "A client's confirmation of a deal, as a page to print.",
    discussion: "  fxbatch confirmation 0191… --output deal.html")
  @Argument(help: "A trade's identifier.") var trade: String
  @OptionGroup var output: OutputOption
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.reads) { desk in
      try await output.write(
        DeskCall(method: .get, path: try desk.path(ofTrade: trade, "confirmation")), from: desk)
    }
  }
}

struct EvidenceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evidence", abstract: "What was sent of a trade, and what the bank says of it.",
    discussion: """
      Attempts, questions and their answers, what turned up, and the lines of the client's statements; \
      the bank is asked now, where one is configured.

        fxbatch evidence 0191…
        fxbatch evidence 0191… --without-bank --json
      """)
  @Argument(help: "A trade's identifier.") var trade: String
  @Flag(help: "Do not ask the bank.") var withoutBank = false
  @OptionGroup var place: CallOptions

  func run() async throws {
    // What turned up is only read: nothing is changed.
    try await place.open(.reads, bank: withoutBank ? .none : .whereConfigured) { desk in
      let found = try await desk.get(
        try desk.path(ofTrade: trade, "evidence"), [("ask_bank", "\(!withoutBank)")])
      desk.say(found, Self.text)
    }
  }

  private static func text(_ found: JSON) -> String {
    func each(_ name: String, in json: JSON? = nil, _ line: (JSON) -> String) -> [String] {
      ((json ?? found)[name]?.elements ?? []).map { "  " + line($0) }
    }
    var lines = ["trade \(found.words("trade_id")) is \(found.words("status"))", "attempts:"]
    lines += each("attempts") {
      "\($0.words("number")) at \($0.words("intent_at")) as \($0.words("deal_transaction_id")): "
        + "\($0.words("outcome")), may be booked until \($0.words("may_be_booked_until"))"
    }
    lines.append("asked while it was in doubt:")
    lines += each("inquiries") {
      "\($0.words("asked")): \($0.words("answer")), \($0.words("times")) times from "
        + "\($0.words("first_asked_at")) to \($0.words("last_asked_at"))"
    }
    lines.append("turned up:")
    lines += each("evidence") { "\($0.words("at")) \($0.words("kind")): \($0.words("summary"))" }
    guard let bank = found["bank"], bank != .null else {
      return (lines + ["the bank was not asked"]).map(\.plain).joined(separator: "\n")
    }
    lines.append("the bank at \(bank.words("asked_at")):")
    lines += each("answers", in: bank) {
      "\($0.words("deal_transaction_id")): \($0.words("answer")) \($0.words("deal_reference"))"
    }
    lines += each("statement_lines", in: bank) {
      "\($0["names_trade"] == .bool(true) ? "*" : " ") \($0.words("account_number")) "
        + "\($0.words("date")) \($0.words("reference")) \($0.words("amount"))"
    }
    lines += each("unread_statements", in: bank) { "not read: \($0.words)" }
    return lines.map(\.plain).joined(separator: "\n")
  }
}
