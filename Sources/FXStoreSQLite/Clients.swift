import FXDomain
import FXPorts

extension SQLiteStore {
  public func upsert(
    _ clients: [ClientRecord], receipt: Receipt?
  ) async throws(StoreError) -> Result<UpsertCounts, AlreadyCarriedOut> {
    try await write(weight: clients.count) { transaction in
      do {
        return .success(
          try transaction.once(receipt, subject: nil) {
            // A trade carries its client's name.
            transaction.openTrades?.forgetAll()
            var counts = UpsertCounts()
            for record in clients {
              if try transaction.upsert(record) { counts.created += 1 } else { counts.updated += 1 }
            }
            return counts
          })
      } catch let refusal as AlreadyCarriedOut {
        return .failure(refusal)
      }
    }
  }

  public func register(
    _ client: ClientRecord, receipt: Receipt?
  ) async throws(StoreError) -> Result<Client, ClientRefusal> {
    try await write { transaction in
      do {
        return .success(
          try transaction.once(receipt, subject: nil) {
            guard try transaction.client(cifNumber: client.cifNumber) == nil else {
              throw ClientRefusal.alreadyRegistered
            }
            _ = try transaction.upsert(client)
            guard let registered = try transaction.client(cifNumber: client.cifNumber) else {
              throw StoreError.inconsistent("The client \(client.cifNumber) was not written.")
            }
            return registered
          })
      } catch let refusal as ClientRefusal {
        return .failure(refusal)
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }

  public func client(_ cifNumber: String) async throws(StoreError) -> Client? {
    try await read { try $0.client(cifNumber: cifNumber) }
  }

  public func clients(_ query: ClientQuery) async throws(StoreError) -> [Client] {
    try await read { transaction in
      let text = SoughtText(query.text)
      return try transaction.all(
        """
        SELECT key, name, cif_number, spread, is_active, day_limit, clearance_pin,
          clearance_approved, clearance_expires FROM clients
        WHERE is_deleted = 0 AND cif_number > ?1 AND (?2 IS NULL OR is_active = ?2)
          AND (?3 IS NULL OR substr(cif_number, 1, length(?3)) = ?3 OR instr(folded_name, ?4) > 0)
        ORDER BY cif_number LIMIT ?5
        """, query.after ?? "", query.isActive, text?.text, text?.folded, query.limit,
        read: { try $0.client() })
    }
  }

  public func clients(withCIF numbers: Set<String>) async throws(StoreError) -> [Client] {
    try await read { transaction in
      try numbers.sorted().compactMap { try transaction.client(cifNumber: $0) }
    }
  }

  public func update(
    _ change: ClientChange, cifNumber: String
  ) async throws(StoreError) -> Client? {
    try await write { transaction in
      transaction.openTrades?.forgetAll()
      try transaction.run(
        """
        UPDATE clients SET name = coalesce(?, name), folded_name = coalesce(?, folded_name),
          spread = coalesce(?, spread), is_active = coalesce(?, is_active)
        WHERE cif_number = ? AND is_deleted = 0
        """, change.name, change.name.map { SoughtText.fold($0) }, change.spread,
        change.isActive, cifNumber)
      if let limit = change.dayLimit {
        transaction.hasOwnDayLimits = nil
        try transaction.run(
          "UPDATE clients SET day_limit = ? WHERE cif_number = ? AND is_deleted = 0",
          limit?.minorUnits, cifNumber)
      }
      if let clearance = change.taxClearance {
        try transaction.run(
          """
          UPDATE clients SET clearance_pin = ?, clearance_approved = ?, clearance_expires = ?
          WHERE cif_number = ? AND is_deleted = 0
          """, clearance?.pin, clearance?.approved.minorUnits, clearance?.expires, cifNumber)
      }
      return try transaction.client(cifNumber: cifNumber)
    }
  }

  public func deleteClient(
    _ cifNumber: String
  ) async throws(StoreError) -> Result<Client, ClientRefusal> {
    try await write { transaction in
      guard let client = try transaction.client(cifNumber: cifNumber) else {
        return .failure(.unknown)
      }
      let hasTrades = try transaction.exists(
        "SELECT 1 FROM trades WHERE client_key = ? LIMIT 1", client.key)
      guard !hasTrades else { return .failure(.hasTrades) }
      try transaction.run("DELETE FROM accounts WHERE client_key = ?", client.key)
      try transaction.run("DELETE FROM declared_uses WHERE client_key = ?", client.key)
      try transaction.run(
        """
        UPDATE clients SET is_deleted = 1, day_limit = NULL, clearance_pin = NULL,
          clearance_approved = NULL, clearance_expires = NULL WHERE key = ?
        """, client.key)
      return .success(client)
    }
  }

  public func sync(_ accounts: [SettlementAccount]) async throws(StoreError) -> UpsertCounts {
    try await write(weight: accounts.count) { transaction in
      var counts = UpsertCounts()
      for account in accounts {
        guard let client = try transaction.client(cifNumber: account.cifNumber) else {
          counts.unknown += 1
          continue
        }
        let isKnown = try transaction.exists(
          "SELECT 1 FROM accounts WHERE client_key = ? AND currency = ?", client.key,
          account.currency)
        if isKnown { counts.updated += 1 } else { counts.created += 1 }
        try transaction.run(
          """
          INSERT INTO accounts (client_key, currency, account_number, status, balance, synced_at)
          VALUES (?, ?, ?, ?, ?, ?)
          ON CONFLICT DO UPDATE SET account_number = excluded.account_number,
            status = excluded.status, balance = excluded.balance, synced_at = excluded.synced_at
          """,
          client.key, account.currency, account.accountNumber, account.status,
          account.balance?.minorUnits, account.syncedAt ?? transaction.now)
      }
      return counts
    }
  }

  public func accounts(
    after cursor: AccountCursor?, cifNumber: String?, limit: Int
  ) async throws(StoreError) -> [SettlementAccount] {
    try await read { transaction in
      if let cifNumber {
        guard let client = try transaction.client(cifNumber: cifNumber) else { return [] }
        let accounts = try transaction.accounts(of: client.key, cifNumber: cifNumber)
          .filter { account in
            guard let cursor else { return true }
            return (cifNumber, account.currency) > (cursor.cifNumber, cursor.currency)
          }
        return Array(accounts.prefix(limit))
      }
      return try transaction.all(
        """
        SELECT c.cif_number, a.currency, a.account_number, a.status, a.balance, a.synced_at
        FROM clients c CROSS JOIN accounts a ON a.client_key = c.key
        WHERE c.cif_number >= ?1 AND (c.cif_number > ?1 OR a.currency > ?2)
        ORDER BY c.cif_number, a.currency LIMIT ?3
        """, cursor?.cifNumber ?? "", cursor?.currency.code ?? "", limit,
        read: { try $0.account() })
    }
  }

  public func accounts(
    ofCIF numbers: Set<String>
  ) async throws(StoreError) -> [SettlementAccount] {
    try await read { transaction in
      try numbers.sorted().flatMap { number in
        try transaction.client(cifNumber: number).map { client in
          try transaction.accounts(of: client.key, cifNumber: number)
        } ?? []
      }
    }
  }

  public func otcRates() async throws(StoreError) -> [OTCRate] {
    try await read { transaction in
      try transaction.all(
        "SELECT base, quote, rate, set_at, set_by FROM otc_rates WHERE base > '' ORDER BY base, quote",
        read: { row in
          let base: Currency = try row.next()
          let quote: Currency = try row.next()
          guard let pair = CurrencyPair(base: base, quote: quote) else {
            throw StoreError.corrupt("\(base)/\(quote) is no pair.")
          }
          return OTCRate(
            pair: pair, rate: try row.next(), setAt: try row.next(), setBy: try row.next())
        })
    }
  }

  public func otcRate(_ pair: CurrencyPair) async throws(StoreError) -> OTCRate? {
    try await read { try $0.otcRate(pair) }
  }

  public func setOTCRate(
    _ rate: Rate, for pair: CurrencyPair, by person: String, confirmed: Bool,
    jumpBasisPoints: Int
  ) async throws(StoreError) -> Result<OTCRate, RateJump> {
    try await write { transaction in
      if !confirmed, let present = try transaction.otcRate(pair),
        present.isJump(to: rate, basisPoints: jumpBasisPoints)
      {
        return .failure(RateJump(present: present))
      }
      try transaction.run(
        """
        INSERT INTO otc_rates (base, quote, rate, set_at, set_by) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT DO UPDATE SET rate = excluded.rate, set_at = excluded.set_at,
          set_by = excluded.set_by
        """, pair.base, pair.quote, rate, transaction.now, person)
      return .success(OTCRate(pair: pair, rate: rate, setAt: transaction.now, setBy: person))
    }
  }
}

extension Transaction {
  /// Whether the client is new. What the bank has told of an account stays while its number does.
  fileprivate func upsert(_ record: ClientRecord) throws -> Bool {
    let isNew = try client(cifNumber: record.cifNumber) == nil
    try run(
      """
      INSERT INTO clients (cif_number, name, spread, folded_name) VALUES (?, ?, ?, ?)
      ON CONFLICT (cif_number) DO UPDATE SET name = excluded.name, spread = excluded.spread,
        folded_name = excluded.folded_name,
        is_active = max(is_active, is_deleted), is_deleted = 0
      """, record.cifNumber, record.name, record.spread, SoughtText.fold(record.name))
    for account in record.accounts {
      try run(
        """
        INSERT INTO accounts (client_key, currency, account_number, status, balance, synced_at)
        SELECT key, ?, ?, ?, ?, ? FROM clients WHERE cif_number = ?
        ON CONFLICT DO UPDATE SET account_number = excluded.account_number,
          status = excluded.status, balance = excluded.balance, synced_at = excluded.synced_at
        WHERE account_number <> excluded.account_number OR excluded.status <> 'UNCONFIRMED'
        """,
        account.currency, account.accountNumber, account.status, account.balance?.minorUnits,
        account.syncedAt, record.cifNumber)
    }
    return isNew
  }

  func client(_ key: ClientKey) throws -> Client? {
    try first(
      """
      SELECT key, name, cif_number, spread, is_active, day_limit, clearance_pin,
        clearance_approved, clearance_expires FROM clients WHERE key = ? AND is_deleted = 0
      """, key, read: { try $0.client() })
  }

  func client(cifNumber: String) throws -> Client? {
    try first(
      """
      SELECT key, name, cif_number, spread, is_active, day_limit, clearance_pin,
        clearance_approved, clearance_expires FROM clients
      WHERE cif_number = ? AND is_deleted = 0
      """, cifNumber, read: { try $0.client() })
  }

  func accounts(of client: ClientKey, cifNumber: String) throws -> [SettlementAccount] {
    try all(
      """
      SELECT ?, currency, account_number, status, balance, synced_at FROM accounts
      WHERE client_key = ? ORDER BY currency
      """, cifNumber, client, read: { try $0.account() })
  }

  func otcRate(_ pair: CurrencyPair) throws -> OTCRate? {
    try first(
      "SELECT rate, set_at, set_by FROM otc_rates WHERE base = ? AND quote = ?", pair.base,
      pair.quote,
      read: {
        OTCRate(pair: pair, rate: try $0.next(), setAt: try $0.next(), setBy: try $0.next())
      })
  }
}

extension ColumnReader {
  fileprivate mutating func client() throws -> Client {
    Client(
      key: try next(), name: try next(), cifNumber: try next(), spread: try next(),
      isActive: try next(), dayLimit: try rands(), taxClearance: try taxClearance())
  }

  private mutating func rands() throws -> Money? {
    let cents: Int64? = try next()
    return cents.map { Money(minorUnits: $0, currency: .zar) }
  }

  fileprivate mutating func account() throws -> SettlementAccount {
    let cifNumber: String = try next()
    let currency: Currency = try next()
    let number: String = try next()
    let status: AccountStatus = try next()
    let balance: Int64? = try next()
    return SettlementAccount(
      cifNumber: cifNumber, currency: currency, accountNumber: number, status: status,
      balance: balance.map { Money(minorUnits: $0, currency: currency) }, syncedAt: try next())
  }
}
