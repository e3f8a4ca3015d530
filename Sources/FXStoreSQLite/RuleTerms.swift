import FXDomain
import FXPorts

extension SQLiteStore {
  public func declare(
    _ use: DeclaredUse, byCIF cifNumber: String
  ) async throws(StoreError) -> Bool {
    try await write { transaction in
      guard let client = try transaction.client(cifNumber: cifNumber) else { return false }
      guard use.amount.isPositive else {
        try transaction.run(
          "DELETE FROM declared_uses WHERE client_key = ? AND year = ? AND allowance = ?",
          client.key, use.year, use.allowance)
        return true
      }
      try transaction.run(
        """
        INSERT INTO declared_uses (client_key, year, allowance, amount) VALUES (?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET amount = excluded.amount
        """, client.key, use.year, use.allowance, use.amount.minorUnits)
      return true
    }
  }

  public func declaredUses(
    ofCIF numbers: Set<String>
  ) async throws(StoreError) -> [String: [DeclaredUse]] {
    try await read { transaction in
      var uses: [String: [DeclaredUse]] = [:]
      for number in numbers.sorted() {
        guard let client = try transaction.client(cifNumber: number) else { continue }
        let found = try transaction.declaredUses(of: client.key)
        if !found.isEmpty { uses[number] = found }
      }
      return uses
    }
  }
}

extension Transaction {
  /// In the order of years and allowances.
  func declaredUses(of client: ClientKey) throws -> [DeclaredUse] {
    try all(
      """
      SELECT allowance, year, amount FROM declared_uses
      WHERE client_key = ? ORDER BY year, allowance
      """, client,
      read: { row in
        DeclaredUse(
          try row.next(), year: try row.next(),
          amount: Money(minorUnits: try row.next(), currency: .zar))
      })
  }
}

extension ColumnReader {
  /// The three columns of a clearance, which stand together or not at all.
  mutating func taxClearance() throws -> TaxClearance? {
    let pin: String? = try next()
    let approved: Int64? = try next()
    let expires: CivilDate? = try next()
    guard let pin, let approved, let expires else { return nil }
    return TaxClearance(
      pin: pin, approved: Money(minorUnits: approved, currency: .zar), expires: expires)
  }
}

/// What is recorded of clients for the rules.
extension Transaction {
  /// Of a client who is deleted nothing is recorded.
  func terms(of client: ClientKey) throws -> ClientTerms {
    guard let record = try self.client(client) else { return .none }
    return ClientTerms(
      dayLimit: record.dayLimit, clearance: record.taxClearance,
      declared: try declaredUses(of: client))
  }

  /// Whether any client has a limit of its own, which then has to be looked for with each of them.
  func mayHoldOwnDayLimits() throws -> Bool {
    if let hasOwnDayLimits { return hasOwnDayLimits }
    let found = try exists("SELECT 1 FROM clients WHERE day_limit > 0 LIMIT 1")
    hasOwnDayLimits = found
    return found
  }
}
