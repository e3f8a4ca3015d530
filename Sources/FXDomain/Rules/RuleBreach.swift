/// A rule about amounts that trades would break, or break already.
public struct RuleBreach: Error, Hashable, Sendable {
  public var rule: DeskRules.Rule
  public var severity: DeskRules.Severity
  public var code: FailureCode
  /// Whose; nil where it is not about one client.
  public var client: ClientKey?
  public var allowance: Allowance?
  /// What these trades ask for, in rands.
  public var asked: MoneySum
  /// What is used, under way and declared without them.
  public var used: MoneySum
  /// Nil where nothing may be dealt, or no amount can be told.
  public var limit: Money?
  /// The first of the rows concerned; empty where all of the batch are.
  public var rows: [Int]
  public var rowCount: Int
  /// One full sentence, with the figures.
  public var detail: String

  /// Rows of one breach that are named.
  public static let namedRows = 100
  /// Breaches that are told of at once; there are more only where more clients are concerned.
  public static let greatestCount = 1_000

  /// What is left under the limit, and zero where it is exceeded already.
  public var left: MoneySum {
    MoneySum(
      minorUnits: max(0, Int128(limit?.minorUnits ?? 0) - used.minorUnits), currency: .zar)
  }

  /// How many findings it is, named or not.
  public var errorCount: Int { rows.isEmpty ? 1 : rowCount }

  /// One for each row that is named, or one for the batch as a whole.
  public var findings: [Finding] {
    guard !rows.isEmpty else { return [Finding(severity: severity, code: code, detail: detail)] }
    return rows.map { Finding(row: $0, severity: severity, code: code, detail: detail) }
  }
}

extension DeskRules {
  /// Nothing above this is counted, in cents of the rand: the sums of a day stay what a column holds.
  public static let greatestUse: Int128 = 4_000_000_000_000_000_000

  /// Whether a trade has to be looked at before it is booked.
  ///
  /// - Parameter ownLimits: a client may have a limit of its own.
  public func concerns(_ trade: Trade, ownLimits: Bool) -> Bool {
    limits != .none || ownLimits || trade.allowance != nil
  }

  /// The limit that weighs something, where there is one.
  fileprivate func limit(_ limit: Money?, by rule: Rule) -> (Money, Severity)? {
    guard let limit, let severity = severity(of: rule) else { return nil }
    return (limit, severity)
  }
}

/// Looks whether amounts keep to the desk's rules. It knows no store: what is used already comes in.
public struct RuleCheck: Sendable {
  private let rules: DeskRules
  /// On which the trades count, and by which the limits are told.
  private let day: CivilDate
  /// On which it is looked.
  private let today: CivilDate

  public init(_ rules: DeskRules, day: CivilDate, today: CivilDate) {
    self.rules = rules
    self.day = day
    self.today = today
  }

  /// Everything that trades would break if they were put under way together.
  ///
  /// - Parameters:
  ///   - batch: what counts of their batch already.
  ///   - dealer: what counts on the day of the person who has submitted it.
  ///   - standing: where a client stands, asked for only where a rule wants to know; the sum of the
  ///     year is read only with an allowance.
  public func breaches<Failure: Error>(
    of asked: [AskedTrade], batch: Usage, dealer: Usage, ownLimits: Bool,
    standing: (ClientKey, _ withYear: Bool) throws(Failure) -> ClientStanding
  ) throws(Failure) -> [RuleBreach] {
    var breaches = ofEach(asked) + ofAll(asked, batch: batch, dealer: dealer)
    let asksForDay = ownLimits || rules.limits.clientDay != nil
    let isDayLooked = asksForDay && rules.severity(of: .clientDayLimit) != nil
    let isYearLooked = rules.severity(of: .allowance) != nil
    let byClient = Dictionary(
      grouping: asked.lazy.filter { isDayLooked || isYearLooked && $0.allowance != nil },
      by: \.client)
    // Warnings, however many, keep no error from being found.
    var errors = breaches.count { $0.severity == .error }
    for (client, trades) in byClient.sorted(by: { $0.key < $1.key })
    where errors < RuleBreach.greatestCount {
      let stands = try standing(
        client, isYearLooked && trades.contains { $0.allowance != nil })
      let found =
        (isDayLooked ? ofDay(trades, client, stands) : [])
        + (isYearLooked ? ofYear(trades, client, stands) : [])
      errors += found.count { $0.severity == .error }
      breaches += found.filter {
        $0.severity == .error || breaches.count < RuleBreach.greatestCount
      }
    }
    return breaches
  }

  /// Why a trade that is under way may not be booked as things stand; nil where it may. What counts
  /// comes with the trade's own share in it.
  public func failure<Failure: Error>(
    of trade: Trade, batch: Usage, dealer: () throws(Failure) -> Usage, ownLimits: Bool,
    standing: (_ withYear: Bool) throws(Failure) -> ClientStanding
  ) throws(Failure) -> FXDomain.Failure? {
    let own = [AskedTrade(trade)]
    var found = ofEach(own)
    // It is in all these sums already, and adds nothing.
    let none = [
      AskedTrade(
        row: trade.row, client: trade.client, allowance: trade.allowance,
        cents: own[0].cents.map { _ in 0 })
    ]
    let isDealerLooked = rules.limits.dealerDay != nil && rules.severity(of: .dealerDayLimit) != nil
    found += ofAll(none, batch: batch, dealer: isDealerLooked ? try dealer() : Usage())
    let isDayLooked =
      (ownLimits || rules.limits.clientDay != nil) && rules.severity(of: .clientDayLimit) != nil
    let isYearLooked = trade.allowance != nil && rules.severity(of: .allowance) != nil
    if isDayLooked || isYearLooked {
      let stands = try standing(isYearLooked)
      if isDayLooked { found += ofDay(none, trade.client, stands) }
      if isYearLooked { found += ofYear(none, trade.client, stands) }
    }
    return found.first { $0.severity == .error }.map { FXDomain.Failure($0.code, $0.detail) }
  }

  // MARK: Rule by rule

  private func ofEach(_ asked: [AskedTrade]) -> [RuleBreach] {
    var breaches: [RuleBreach] = []
    if let (limit, severity) = rules.limit(rules.limits.trade, by: .tradeLimit) {
      for trade in asked where trade.cents.map({ $0 > limit.minorUnits }) ?? false {
        guard breaches.count < RuleBreach.greatestCount else { break }
        breaches.append(
          breach(
            .tradeLimit, severity, .limitExceeded, of: [trade], used: 0, limit: limit,
            "The trade comes to \(Self.rands([trade])), and one trade to \(limit) at most."))
      }
    }
    let unknown = asked.filter { $0.cents == nil }
    let weighing = [
      (DeskRules.Rule.tradeLimit, rules.limits.trade), (.batchLimit, rules.limits.batch),
      (.clientDayLimit, rules.limits.clientDay), (.dealerDayLimit, rules.limits.dealerDay),
    ].compactMap { rule, limit in rules.limit(limit, by: rule).map { (rule, $0.1) } }
    let heaviest = weighing.first { $0.1 == .error } ?? weighing.first
    if let (rule, severity) = heaviest, !unknown.isEmpty {
      breaches.append(unvalued(rule, severity, unknown))
    }
    // What only warns of them does not excuse those that count against an allowance.
    if heaviest?.1 != .error, let severity = rules.severity(of: .allowance) {
      let against = unknown.filter { $0.allowance != nil }
      if !against.isEmpty { breaches.append(unvalued(.allowance, severity, against)) }
    }
    return breaches
  }

  private func unvalued(
    _ rule: DeskRules.Rule, _ severity: DeskRules.Severity, _ trades: [AskedTrade]
  ) -> RuleBreach {
    breach(
      rule, severity, .otcRateMissing, of: trades, used: 0, limit: nil,
      "No rate told what the trade comes to in rands when it was taken in. Set an OTC rate for its "
        + "currency, and send it anew.")
  }

  private func ofAll(_ asked: [AskedTrade], batch: Usage, dealer: Usage) -> [RuleBreach] {
    var breaches: [RuleBreach] = []
    let sum = Self.sum(asked)
    if let (limit, severity) = rules.limit(rules.limits.batch, by: .batchLimit),
      batch.total + sum > Int128(limit.minorUnits)
    {
      breaches.append(
        breach(
          .batchLimit, severity, .limitExceeded, of: asked, used: batch.total, limit: limit,
          "The batch comes to \(Self.rands(batch.total + sum)), and one batch to \(limit) at most."
        ))
    }
    if let (limit, severity) = rules.limit(rules.limits.dealerDay, by: .dealerDayLimit),
      dealer.total + sum > Int128(limit.minorUnits)
    {
      breaches.append(
        breach(
          .dealerDayLimit, severity, .limitExceeded, of: asked, used: dealer.total, limit: limit,
          "With this, what its submitter deals on \(day) comes to "
            + "\(Self.rands(dealer.total + sum)), and one person's day to \(limit) at most."))
    }
    if dealer.total + sum > DeskRules.greatestUse {
      breaches.append(
        breach(
          .dealerDayLimit, .error, .limitExceeded, of: asked, used: dealer.total, limit: nil,
          "Nobody deals this much on one day: \(Self.rands(dealer.total + sum))."))
    }
    for index in breaches.indices { breaches[index].rows = [] }
    return breaches
  }

  private func ofDay(
    _ trades: [AskedTrade], _ client: ClientKey, _ stands: ClientStanding
  ) -> [RuleBreach] {
    let used = stands.day.dealt.total
    guard
      let (limit, severity) = rules.limit(
        stands.terms.dayLimit ?? rules.limits.clientDay, by: .clientDayLimit)
    else { return [] }
    // Where the desk has a limit of its own, these were found already.
    let unknown = rules.limits.clientDay == nil ? trades.filter { $0.cents == nil } : []
    let unvalued =
      unknown.isEmpty ? [] : [self.unvalued(.clientDayLimit, severity, unknown)]
    guard used + Self.sum(trades) > Int128(limit.minorUnits) else { return unvalued }
    return unvalued + [
      breach(
        .clientDayLimit, severity, .limitExceeded, of: trades, client, used: used, limit: limit,
        "With \(Self.rands(trades)) more, client \(stands.cifNumber) deals "
          + "\(Self.rands(used + Self.sum(trades))) on \(day), and may deal \(limit).")
    ]
  }

  private func ofYear(
    _ trades: [AskedTrade], _ client: ClientKey, _ stands: ClientStanding
  ) -> [RuleBreach] {
    Allowance.allCases.compactMap { allowance in
      let against = trades.filter { $0.allowance == allowance }
      guard !against.isEmpty, let severity = rules.severity(of: .allowance) else { return nil }
      let used =
        stands.year[allowance].total + stands.terms.declared(allowance, in: day.year)
      var found = breach(
        .allowance, severity, .allowanceExceeded, of: against, client, used: used, limit: nil, "")
      found.allowance = allowance
      switch limit(of: allowance, stands.terms) {
      case .failure(let none): found.detail = "Client \(stands.cifNumber) \(none.reason)"
      case .success(let limit):
        guard used + Self.sum(against) > Int128(limit.minorUnits) else { return nil }
        found.limit = limit
        found.detail =
          "With \(Self.rands(against)) more, client \(stands.cifNumber) uses "
          + "\(Self.rands(used + Self.sum(against))) of the \(allowance.rawValue) of \(day.year), "
          + "which is \(limit)."
      }
      return found
    }
  }

  private struct NoAllowance: Error { let reason: String }

  private func limit(
    of allowance: Allowance, _ terms: ClientTerms
  ) -> Result<Money, NoAllowance> {
    guard let limit = rules.allowances.limit(of: allowance, on: day) else {
      return .failure(NoAllowance(reason: "has no \(allowance.rawValue) on \(day)."))
    }
    switch allowance {
    case .sda: return .success(limit)
    case .fia:
      guard let clearance = terms.clearance else {
        return .failure(NoAllowance(reason: "has no tax clearance, without which there is no FIA."))
      }
      guard clearance.expires >= today else {
        return .failure(
          NoAllowance(reason: "has a tax clearance that ended on \(clearance.expires)."))
      }
      let least = min(limit.minorUnits, clearance.approved.minorUnits)
      return .success(Money(minorUnits: least, currency: .zar))
    }
  }

  /// What a client may use of an allowance on the day; nil for nothing.
  public func limit(of allowance: Allowance, under terms: ClientTerms) -> Money? {
    switch limit(of: allowance, terms) {
    case .success(let limit): limit
    case .failure: nil
    }
  }

  // MARK: Words

  private func breach(
    _ rule: DeskRules.Rule, _ severity: DeskRules.Severity, _ code: FailureCode,
    of trades: [AskedTrade], _ client: ClientKey? = nil, used: Int128, limit: Money?,
    _ detail: String
  ) -> RuleBreach {
    RuleBreach(
      rule: rule, severity: severity, code: code, client: client, allowance: nil,
      asked: Self.rands(trades), used: Self.rands(used), limit: limit,
      rows: trades.prefix(RuleBreach.namedRows).map(\.row), rowCount: trades.count,
      detail: detail)
  }

  private static func sum(_ trades: [AskedTrade]) -> Int128 {
    trades.reduce(0) { $0 + Int128($1.cents ?? 0) }
  }

  private static func rands(_ trades: [AskedTrade]) -> MoneySum { rands(sum(trades)) }

  private static func rands(_ cents: Int128) -> MoneySum {
    MoneySum(minorUnits: cents, currency: .zar)
  }
}
