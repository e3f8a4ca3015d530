import FXDomain

/// Our books held against the bank's ledger, deal by deal. Nothing is rounded, sampled or skipped.
struct DemoComparison: Sendable {
  /// One statement, with its figures, and everything that contradicts it.
  struct Check: Sendable {
    let statement: String
    let findings: [String]
  }

  private(set) var checks: [Check] = []

  var findings: [String] { checks.flatMap(\.findings) }
  var isExact: Bool { findings.isEmpty }

  /// - Parameters:
  ///   - attempts: the deal transaction ids of every attempt, by trade.
  ///   - ours: the store's own sums of both legs of all deals, by currency.
  ///   - received: how often each deal id reached the bank in a booking call.
  init(
    trades: [Trade], attempts: [TradeKey: [Identifier]], ours: [Currency: Int128],
    bookings: [Booking], received: [ReceivedCall]
  ) {
    let byDeal = Dictionary(grouping: bookings, by: \.dealTransactionId)
    completedTrades(trades, byDeal)
    everyBooking(bookings, trades)
    deadTrades(trades, attempts, byDeal)
    calls(received, attempts)
    sums(ours, bookings)
  }

  private mutating func completedTrades(_ trades: [Trade], _ byDeal: [String: [Booking]]) {
    let completed = trades.filter { $0.status == .completed }
    var findings: [String] = []
    for trade in completed {
      let found = trade.dealTransactionID.flatMap { byDeal[$0.description] } ?? []
      guard found.count == 1 else {
        findings.append("\(trade.place) is completed and has \(found.count) bookings.")
        continue
      }
      for difference in found[0].differences(from: trade) {
        findings.append("\(trade.place): \(difference).")
      }
    }
    add(
      "\(completed.count) completed trades: each has exactly one booking of the same client, amounts "
        + "and rates", findings)
  }

  private mutating func everyBooking(_ bookings: [Booking], _ trades: [Trade]) {
    var owners: [String: [Trade]] = [:]
    for trade in trades where trade.status == .booked || trade.status == .completed {
      guard let id = trade.dealTransactionID else { continue }
      owners[id.description, default: []].append(trade)
    }
    let findings = bookings.compactMap { booking in
      let count = owners[booking.dealTransactionId]?.count ?? 0
      return count == 1
        ? nil
        : "The bank's deal \(booking.number) of \(booking.cif) belongs to \(count) trades."
    }
    add(
      "\(bookings.count) bookings: each belongs to exactly one booked or completed trade",
      findings)
  }

  private mutating func deadTrades(
    _ trades: [Trade], _ attempts: [TradeKey: [Identifier]], _ byDeal: [String: [Booking]]
  ) {
    let dead = trades.filter { $0.status == .failed || $0.status == .cancelled }
    let findings = dead.flatMap { trade in
      (attempts[trade.key] ?? []).filter { byDeal[$0.description] != nil }.map {
        "\(trade.place) is \(trade.status.rawValue), and the bank has its deal \($0)."
      }
    }
    add("\(dead.count) failed and cancelled trades: none has a booking, in any attempt", findings)
  }

  private mutating func calls(_ received: [ReceivedCall], _ attempts: [TradeKey: [Identifier]]) {
    let ours = Set(attempts.values.joined().map(\.description))
    let findings = received.compactMap { call in
      if !ours.contains(call.dealTransactionId) {
        return "The bank received deal \(call.dealTransactionId), which is no attempt of ours."
      }
      return call.calls == 1
        ? nil : "Deal \(call.dealTransactionId) was sent \(call.calls) times."
    }
    let count = received.reduce(0) { $0 + $1.calls }
    add("\(count) booking calls reached the bank: none was sent twice", findings)
  }

  private mutating func sums(_ ours: [Currency: Int128], _ bookings: [Booking]) {
    var theirs: [Currency: Int128] = [:]
    var findings: [String] = []
    for booking in bookings {
      for (code, text) in [
        (booking.dealCurrency, booking.dealAmount),
        (booking.counterCurrency, booking.counterAmount),
      ] {
        guard let currency = Currency(code) else {
          findings.append("The bank's deal \(booking.number) is in \(code), which is no currency.")
          continue
        }
        do {
          theirs[currency, default: 0] += Int128(try Money(text, currency).minorUnits)
        } catch {
          findings.append("The bank's deal \(booking.number) has no exact amount: \(text).")
        }
      }
    }
    let currencies = Set(ours.keys).union(theirs.keys).sorted()
    var equal: [String] = []
    for currency in currencies {
      let (here, there) = (ours[currency] ?? 0, theirs[currency] ?? 0)
      if here == there {
        equal.append(currency.grouped(minorUnits: here, withCode: true))
      } else {
        findings.append(
          "We dealt in \(currency.grouped(minorUnits: here, withCode: true)), the bank in "
            + "\(currency.grouped(minorUnits: there, withCode: true)).")
      }
    }
    add("both sides sum up to " + equal.joined(separator: ", "), findings)
  }

  private mutating func add(_ statement: String, _ findings: [String]) {
    checks.append(Check(statement: statement, findings: findings))
  }
}

extension Trade {
  fileprivate var place: String { "Row \(row) of \(cifNumber) (trade \(id))" }
}

extension Booking {
  /// What the two books say differently of one deal.
  fileprivate func differences(from trade: Trade) -> [String] {
    let priced = trade.figures?.priced
    let pairs: [(name: String, ours: String?, bank: String)] = [
      ("client", trade.cifNumber, cif), ("pair", trade.deal.pair.description, pair),
      ("side", trade.deal.side.rawValue, side),
      ("deal currency", trade.deal.amount.currency.code, dealCurrency),
      ("deal amount", trade.deal.amount.decimalText, dealAmount),
      ("counter currency", priced?.counterAmount.currency.code, counterCurrency),
      ("counter amount", priced?.counterAmount.decimalText, counterAmount),
      ("quote rate", priced?.quoteRate.decimalText, quoteRate),
      ("client rate", priced?.clientRate.decimalText, dealRate),
      ("reference", trade.dealReference, dealReference), ("status", "COMPLETED", status),
    ]
    return pairs.filter { $0.ours != $0.bank }.map {
      "\($0.name) is \($0.ours ?? "nothing") here and \($0.bank) at the bank"
    }
  }
}

extension Currency {
  /// An exact amount with its thousands apart, for people: `1 234 567.89`.
  func grouped(minorUnits: Int128, withCode: Bool = false) -> String {
    let digits = Int(minorUnitDigits)
    var text = String(minorUnits.magnitude)
    if text.count <= digits {
      text = String(repeating: "0", count: digits + 1 - text.count) + text
    }
    var whole = text.dropLast(digits)
    var groups: [Substring] = []
    while whole.count > 3 {
      groups.insert(whole.suffix(3), at: 0)
      whole = whole.dropLast(3)
    }
    let amount =
      (minorUnits < 0 ? "-" : "") + ([whole] + groups).joined(separator: " ")
      + (digits > 0 ? "." + text.suffix(digits) : "")
    return withCode ? "\(code) \(amount)" : amount
  }
}

extension Money {
  func grouped(withCode: Bool = false) -> String {
    currency.grouped(minorUnits: Int128(minorUnits), withCode: withCode)
  }
}
