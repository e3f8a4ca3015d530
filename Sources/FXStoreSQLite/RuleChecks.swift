import FXDomain
import FXPorts

extension SQLiteStore {
  public func breaches(
    startingOf batch: BatchKey, under rules: DeskRules
  ) async throws(StoreError) -> [RuleBreach] {
    try await read { transaction in
      guard let batch = try transaction.batch(batch), batch.status == .staged else { return [] }
      return try transaction.breaches(
        of: try transaction.pending(in: batch.key), batch: batch.usage, dealer: batch.createdBy,
        rules)
    }
  }
}

extension Transaction {
  /// A batch's trades that a start puts under way, in the order of their rows.
  func pending(in batch: BatchKey) throws -> [AskedTrade] {
    try all(
      """
      SELECT row, client_key, allowance, value, usage_day FROM trades
      WHERE status = 'pending' AND batch_key = ? AND is_removed = 0 ORDER BY key
      """, batch, read: { try $0.askedTrade() })
  }

  /// Everything that trades would break if they were put under way together, now.
  func breaches(
    of asked: [AskedTrade], batch: Usage, dealer: String, _ rules: DeskRules
  ) throws -> [RuleBreach] {
    let today = Ledger.day(of: now)
    return try RuleCheck(rules, day: today, today: today).breaches(
      of: asked, batch: batch, dealer: usage(ofDealer: dealer, on: today),
      ownLimits: mayHoldOwnDayLimits()
    ) { client, withYear in
      guard let record = try self.client(client) else {
        throw StoreError.inconsistent("There is no client \(client).")
      }
      return try standing(
        of: client, cifNumber: record.cifNumber, on: today, withYear: withYear)
    }
  }

  /// A rule that stands against the booking of a trade, as it is used now. Where no limit is
  /// configured, a trade without an allowance costs no query.
  func brokenRule(for trade: Trade, under rules: DeskRules) throws -> Failure? {
    let ownLimits = try mayHoldOwnDayLimits()
    guard rules.concerns(trade, ownLimits: ownLimits), let batch = try batch(trade.batch) else {
      return nil
    }
    let today = Ledger.day(of: now)
    let day = trade.usageDay ?? batch.usageDay ?? today
    return try RuleCheck(rules, day: day, today: today).failure(
      of: trade, batch: batch.usage, dealer: { try usage(ofDealer: batch.createdBy, on: day) },
      ownLimits: ownLimits,
      standing: {
        try standing(of: trade.client, cifNumber: trade.cifNumber, on: day, withYear: $0)
      })
  }
}

extension ColumnReader {
  mutating func askedTrade() throws -> AskedTrade {
    AskedTrade(
      row: try next(), client: try next(), allowance: try next(), cents: try next(),
      day: try next())
  }
}

extension [RuleBreach] {
  /// What does not let anything start.
  var errors: [RuleBreach] { filter { $0.severity == .error } }
}
