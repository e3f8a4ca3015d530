import FXDomain
import FXPorts

/// One attempt as statements may name it, and what their lines say of it.
struct NamedDeal: Sendable {
  /// Lines of one account.
  struct Lines: Hashable, Sendable {
    var count = 0
    /// What a line says where our books have another amount.
    var otherAmount: String?
  }

  let trade: Identifier
  /// 0 where a deal is known from evidence alone.
  let attempt: Int
  let dealTransactionID: Identifier?
  let outcome: AttemptOutcome
  let currencies: [Currency]
  /// What moves on the accounts, as far as our books know it for this attempt.
  let legs: [Money]
  /// Completed, and its money should have moved by now.
  let isDue: Bool
  /// Whether the reconciliation is about it. Other deals of the client only explain lines.
  let isAskedAbout: Bool
  var lines: [Currency: Lines] = [:]

  mutating func add(_ line: StatementLine, of currency: Currency) {
    lines[currency, default: Lines()].count += 1
    guard let leg = legs.first(where: { $0.currency == currency }) else { return }
    if !leg.isMagnitude(of: line) { lines[currency]?.otherAmount = line.amount }
  }

  /// What an account's lines say against our books.
  func verdict(on currency: Currency) -> LinesVerdict {
    let lines = lines[currency] ?? Lines()
    switch outcome {
    case .booked:
      if lines.count == 0 { return isDue ? .absent : .agree }
      if lines.count > 1 { return .repeated(lines.count) }
      return lines.otherAmount.map { .differ($0) } ?? .agree
    case .notBooked, .notSent: return lines.count == 0 ? .agree : .stands
    // What failed to settle may have been debited and given back; what is open, the engine asks about.
    case .settlementFailed, .open: return .agree
    }
  }
}

/// What became of comparing the lines of one account with one attempt.
enum LinesVerdict: Hashable, Sendable {
  case agree
  case absent
  case repeated(Int)
  case differ(String)
  /// The deal of an attempt that we hold as not booked.
  case stands
}

/// The deals of one client as statements may name them.
struct ClientDeals: Sendable {
  private(set) var deals: [NamedDeal] = []
  /// By account, the days in which lines are to be looked for.
  private(set) var spans: [Currency: ClosedRange<Int>] = [:]
  private var places: [String: Int] = [:]
  /// Ids that evidence names and no attempt of ours has.
  private var witnessed: Set<String> = []

  mutating func add(
    _ trade: Trade, _ attempt: Attempt?, isAskedAbout: Bool, days: ClosedRange<Int>, isDue: Bool
  ) {
    let isLast = attempt.map { $0.number == trade.attempt } ?? false
    let pair = trade.deal.pair
    let counter = isLast ? trade.figures?.priced.counterAmount : nil
    let outcome = attempt?.outcome ?? .booked
    var names = [attempt?.dealTransactionID.description, attempt?.bankTransactionID]
    if outcome == .booked { names.append(trade.dealReference) }
    for name in names.compactMap({ $0 }) { places[name.lowercased()] = deals.count }
    deals.append(
      NamedDeal(
        trade: trade.id, attempt: attempt?.number ?? 0,
        dealTransactionID: attempt?.dealTransactionID, outcome: outcome,
        currencies: [pair.base, pair.quote],
        legs: [trade.deal.amount] + (counter.map { [$0] } ?? []), isDue: isDue,
        isAskedAbout: isAskedAbout))
    guard isAskedAbout else { return }
    for currency in [pair.base, pair.quote] {
      let known = spans[currency] ?? days
      spans[currency] =
        min(known.lowerBound, days.lowerBound)...max(known.upperBound, days.upperBound)
    }
  }

  /// Evidence names deals by their ids.
  mutating func add(_ evidence: [Evidence]) {
    for item in evidence { witnessed.formUnion(item.dealIDs.map(\.description)) }
  }

  func explains(_ line: StatementLine) -> Bool {
    line.names.contains { places[$0] != nil || witnessed.contains($0) }
  }

  /// Counts a line with the deal that it names; false where it names none.
  mutating func take(_ line: StatementLine, of currency: Currency) -> Bool {
    for name in line.names {
      guard let place = places[name] else { continue }
      deals[place].add(line, of: currency)
      return true
    }
    return explains(line)
  }
}

extension Evidence {
  /// The deals that its summary names.
  var dealIDs: [Identifier] {
    summary.split(whereSeparator: { " ,.".contains($0) }).compactMap { Identifier(String($0)) }
  }
}

extension StatementLine {
  /// Its reference and the words of it, in lower case.
  var names: [String] {
    let text = reference.lowercased()
    return [text] + text.split(separator: " ").map { String($0) }
  }
}

extension Money {
  /// Whether a line moves this amount, in whichever direction: what sign a bank gives to a debit is
  /// its own matter.
  func isMagnitude(of line: StatementLine) -> Bool {
    do {
      return try Money(line.amount, currency).minorUnits.magnitude == minorUnits.magnitude
    } catch {
      return false
    }
  }
}
