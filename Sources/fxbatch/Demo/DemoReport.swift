import ArgumentParser
import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts

/// What the demonstration has come to: read from the store and from the bank, after the last batch
/// has ended.
struct DemoReport: Sendable {
  let script: DemoScript
  let views: [BatchView]
  /// Of all batches, in the order of their rows.
  let trades: [Trade]
  let comparison: DemoComparison
  let verified: VerifyReport

  init(of batches: [Batch], _ script: DemoScript, at desk: Desk, _ bank: DemoBank) async throws {
    var views: [BatchView] = []
    var trades: [Trade] = []
    var ours: [Currency: Int128] = [:]
    var attempts: [TradeKey: [Identifier]] = [:]
    for started in batches {
      guard let batch = try await desk.store.batch(started.id) else {
        throw Complaint("the batch \(started.id) has vanished from the store.", .store)
      }
      let view = try await BatchView(of: batch, in: desk.store)
      views.append(view)
      for sum in view.totals.dealt + view.totals.countered {
        ours[sum.currency, default: 0] += sum.minorUnits
      }
      var query = TradeQuery(batch: batch.key, limit: Pages.rows)
      while true {
        let page = try await desk.store.trades(query)
        trades += page
        guard page.count == Pages.rows, let last = page.last else { break }
        query.after = last.key
      }
    }
    for trade in trades where trade.attempt > 0 {
      attempts[trade.key] = try await desk.store.attempts(of: trade.key).map(\.dealTransactionID)
    }
    self.script = script
    self.views = views
    self.trades = trades
    comparison = DemoComparison(
      trades: trades, attempts: attempts, ours: ours.filter { $0.value != 0 },
      bookings: try await bank.ledger(), received: try await bank.received(atLeast: 1))
    verified = try await Verifier(store: desk.store).verify()
  }

  /// Everything that is not as it has to be.
  var problems: [String] {
    let surprises = zip(script.parts, views).filter { part, view in
      !part.fate.expects(view.batch.status, view.batch.counts)
    }.map { part, view in
      "\(part.name) (\(part.fate.words)) ended as \(view.batch.status.words), "
        + "\(view.batch.counts.words)"
    }
    return surprises + comparison.findings + verified.findings
  }

  var json: JSON {
    [
      "ok": .bool(problems.isEmpty), "seed": JSON("\(script.seed)"),
      "batches": .array(
        zip(script.parts, views).map { part, view in
          [
            "name": .string(part.name), "fate": .string("\(part.fate)"),
            "as_intended": .bool(part.fate.expects(view.batch.status, view.batch.counts)),
            "batch": view.json,
          ]
        }),
      "ledger": [
        "exact": .bool(comparison.isExact),
        "checks": .array(
          comparison.checks.map {
            [
              "statement": .string($0.statement),
              "findings": .array($0.findings.map { .string($0) }),
            ]
          }),
      ],
      "verify": [
        "ok": .bool(verified.findings.isEmpty), "batches": JSON(verified.batches),
        "trades": JSON(verified.trades), "events": JSON(verified.events),
      ],
      "problems": .array(problems.map { .string($0) }),
    ]
  }

  // MARK: For people

  func say() {
    heading("The batches")
    Terminal.say(batchTable)
    heading("The blotter: some of its \(trades.count) trades")
    Terminal.say(blotter)
    heading("The margins: what the desk earned, to the cent")
    Terminal.say(margins)
    heading("The errors by code")
    Terminal.say(errors)
    heading("What the bank did wrong with clients of one batch, and what became of it")
    Terminal.say(misdeeds)
    heading("The bank's ledger, read over HTTP, compared with our books")
    for check in comparison.checks { say(check.statement, check.findings) }
    heading("Our books by themselves: fxbatch verify")
    say(
      "\(verified.trades) trades and \(verified.events) events: counts, transitions, figures, "
        + "chains, seals", verified.findings)
  }

  private func heading(_ words: String) { Terminal.say("\n" + Terminal.coloured(words, .bold)) }

  private func say(_ statement: String, _ findings: [String]) {
    let mark =
      findings.isEmpty
      ? Terminal.coloured("exact", .green) : Terminal.coloured("WRONG", .red)
    Terminal.say("  \(mark)  \(statement)")
    for finding in findings.prefix(Self.shownFindings) { Terminal.say("         \(finding)") }
    if findings.count > Self.shownFindings {
      Terminal.say("         … and \(findings.count - Self.shownFindings) more; --json lists them")
    }
  }

  private static let shownFindings = 20

  private var batchTable: String {
    var table = Table(
      "  batch", ">priority", "what happened", "ended as", ">completed", ">failed", ">cancelled",
      ">took")
    for (part, view) in zip(script.parts, views) {
      let (batch, counts) = (view.batch, view.batch.counts)
      table.add(
        "  \(batch.name)", "\(batch.priority)", part.fate.words, batch.status.words,
        "\(counts.completed)", "\(counts.failed)", "\(counts.cancelled)", batch.duration,
        colour: batch.status.colour, at: 3)
    }
    return table.text
  }

  /// The first trades of each batch, and the first that are out of the ordinary.
  private var blotter: String {
    var table = Table(
      "  batch", ">row", "client", ">pays", ">gets", ">client rate", ">margin ZAR", "status")
    for view in views {
      let own = trades.filter { $0.batch == view.batch.key }
      let first = own.prefix(3).map(\.key)
      let odd = own.filter { $0.status != .completed || $0.attempt > 1 }.prefix(3).map(\.key)
      let shown = Set(first).union(odd)
      for trade in own where shown.contains(trade.key) {
        let priced = trade.status == .completed ? trade.figures?.priced : nil
        let amounts = [trade.deal.amount, priced?.counterAmount].compactMap(\.self)
        let (pair, isBuy) = (trade.deal.pair, trade.deal.side == .buy)
        let paid = amounts.first { $0.currency == (isBuy ? pair.quote : pair.base) }
        let got = amounts.first { $0.currency == (isBuy ? pair.base : pair.quote) }
        table.add(
          "  \(view.batch.name)", "\(trade.row)", trade.clientName,
          paid?.grouped(withCode: true) ?? "", got?.grouped(withCode: true) ?? "",
          priced?.clientRate.decimalText ?? "", priced?.margin.grouped() ?? "", trade.outcome,
          colour: trade.status.colour, at: 7)
      }
    }
    return table.text
  }

  private var margins: String {
    var table = Table(
      "  batch", "pair", ">deals", ">foreign amount", ">margin ZAR", ">rounding ZAR")
    var (total, rounding, deals) = (Int128(0), Int128(0), 0)
    for view in views {
      for currency in DemoScript.currencies {
        let own = trades.filter {
          $0.batch == view.batch.key && $0.status == .completed && $0.deal.pair.base == currency
        }
        guard !own.isEmpty else { continue }
        let priced = own.compactMap(\.figures?.priced)
        let base = zip(own, priced).reduce(Int128(0)) { sum, deal in
          let amount = deal.0.deal.amount
          return sum
            + Int128((amount.currency == currency ? amount : deal.1.counterAmount).minorUnits)
        }
        let margin = priced.reduce(Int128(0)) { $0 + Int128($1.margin.minorUnits) }
        let gap = priced.reduce(Int128(0)) { $0 + Int128($1.roundingDifference.minorUnits) }
        (total, rounding, deals) = (total + margin, rounding + gap, deals + own.count)
        table.add(
          "  \(view.batch.name)", "\(currency)/ZAR", "\(own.count)",
          currency.grouped(minorUnits: base, withCode: true),
          Currency.zar.grouped(minorUnits: margin), Currency.zar.grouped(minorUnits: gap))
      }
    }
    table.add(
      "  total", "", "\(deals)", "", Currency.zar.grouped(minorUnits: total),
      Currency.zar.grouped(minorUnits: rounding))
    return table.text
  }

  private var errors: String {
    struct Kind: Hashable {
      let batch: BatchKey
      let code: FailureCode
      let bankCode: String
    }
    var table = Table("  batch", "code", "kind", "bank's code", ">trades", "for example")
    let failed = trades.filter { $0.status == .failed }
    let groups = Dictionary(grouping: failed) {
      Kind(
        batch: $0.batch, code: $0.failure?.code ?? .bookingUnclear,
        bankCode: $0.failure?.bankReasonCode ?? "")
    }
    // In the order in which each first occurs.
    for (kind, group) in groups.sorted(by: { $0.value[0].key < $1.value[0].key }) {
      let batch = views.first { $0.batch.key == kind.batch }?.batch.name ?? ""
      table.add(
        "  \(batch)", kind.code.rawValue, kind.code.category.rawValue, kind.bankCode,
        "\(group.count)", "row \(group[0].row): \(group[0].failure?.message ?? "")", colour: .red,
        at: 1)
    }
    return table.isEmpty ? "  none" : table.text
  }

  /// Each fault was ordered for the first call of one client, whose first trade met it.
  private var misdeeds: String {
    var table = Table("  batch", ">row", "the bank", "attempts", "the trade")
    for misdeed in script.misdeeds {
      guard let trade = trades.first(where: { $0.cifNumber == misdeed.cifNumber }),
        let batch = views.first(where: { $0.batch.key == trade.batch })?.batch
      else { continue }
      table.add(
        "  \(batch.name)", "\(trade.row)", misdeed.words, "\(trade.attempt)", trade.outcome,
        colour: trade.status.colour, at: 4)
    }
    return table.text
  }
}

extension Trade {
  /// What became of it, in a few words.
  fileprivate var outcome: String {
    switch status {
    case .completed: attempt > 1 ? "completed, attempt \(attempt)" : "completed"
    case .failed: failure?.code.rawValue ?? "failed"
    case .pending, .quoting, .booking, .booked, .inDoubt, .cancelled:
      status.rawValue.replacing("_", with: " ")
    }
  }
}

extension Batch {
  /// From the first claim to the end.
  fileprivate var duration: String {
    guard let startedAt, let completedAt else { return "" }
    let milliseconds = completedAt.milliseconds(since: startedAt)
    return "\(milliseconds / 1_000).\(milliseconds % 1_000 / 100) s"
  }
}
