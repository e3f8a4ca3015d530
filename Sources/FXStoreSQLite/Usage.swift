import FXDomain
import FXPorts

extension SQLiteStore {
  public func standing(
    of client: ClientKey, on day: CivilDate
  ) async throws(StoreError) -> ClientStanding? {
    try await read { transaction in
      try transaction.client(client).map {
        try transaction.standing(of: client, cifNumber: $0.cifNumber, on: day, withYear: true)
      }
    }
  }

  public func recountUsage(
    of clients: [ClientKey]
  ) async throws(StoreError) -> UsageRecount {
    try await read { transaction in
      var (kept, counted) = (UsageBook(), UsageBook())
      for client in clients {
        for (day, usage) in try transaction.days(of: client) {
          kept.add(usage, of: client, on: day)
        }
        for (day, usage) in try transaction.countedDays(of: client) {
          counted.add(usage, of: client, on: day)
        }
      }
      return UsageRecount(kept: kept, counted: counted)
    }
  }

  public func recountDealerUsage() async throws(StoreError) -> UsageRecount {
    try await read { transaction in
      var kept = UsageBook()
      let rows = try transaction.all(
        "SELECT dealer, day, reserved, used FROM dealer_usage WHERE dealer > ''",
        read: { (try $0.next() as String, try $0.next() as CivilDate, try $0.usage()) })
      for (dealer, day, usage) in rows { kept.add(usage, ofDealer: dealer, on: day) }
      return UsageRecount(kept: kept, counted: try transaction.countedDealers())
    }
  }
}

extension Transaction {
  // MARK: Reading, with what this transaction is about to write

  func usage(ofDealer dealer: String, on day: CivilDate) throws -> Usage {
    var usage =
      try first(
        "SELECT reserved, used FROM dealer_usage WHERE dealer = ? AND day = ?", dealer, day,
        read: { try $0.usage() }) ?? Usage()
    usage += self.usage.usage(ofDealer: dealer, on: day)
    return usage
  }

  /// - Parameter withYear: whether anybody asks for the sum of the year.
  func standing(
    of client: ClientKey, cifNumber: String, on day: CivilDate, withYear: Bool
  ) throws -> ClientStanding {
    var standing = ClientStanding(
      cifNumber: cifNumber, terms: try terms(of: client),
      day: usage.usage(of: client, on: day), year: usage.usage(of: client, in: day.year))
    for (other, usage) in try days(of: client, from: withYear ? day.firstOfYear : day, to: day) {
      if other == day { standing.day += usage }
      standing.year += usage
    }
    return standing
  }

  private func days(
    of client: ClientKey, from first: CivilDate, to last: CivilDate
  ) throws -> [(CivilDate, ClientUsage)] {
    try all(
      """
      SELECT day, dealt_reserved, dealt_used, sda_reserved, sda_used, fia_reserved, fia_used
      FROM client_usage WHERE client_key = ? AND day BETWEEN ? AND ?
      """, client, first, last, read: { (try $0.next(), try $0.clientUsage()) })
  }

  fileprivate func days(of client: ClientKey) throws -> [(CivilDate, ClientUsage)] {
    try all(
      """
      SELECT day, dealt_reserved, dealt_used, sda_reserved, sda_used, fia_reserved, fia_used
      FROM client_usage WHERE client_key = ?
      """, client, read: { (try $0.next(), try $0.clientUsage()) })
  }

  // MARK: Writing

  /// Adds what has changed to what is kept; the trades are written already.
  func write(_ change: UsageBook) throws {
    for (client, days) in change.clients {
      for (day, usage) in days { try add(usage, of: client, on: day) }
    }
    for (dealer, days) in change.dealers {
      for (day, usage) in days { try add(usage, ofDealer: dealer, on: day) }
    }
  }

  private func add(_ usage: ClientUsage, of client: ClientKey, on day: CivilDate) throws {
    func bind(_ row: inout ColumnBinder) {
      for part in [usage.dealt, usage.sda, usage.fia] { row.add(part) }
      row.add(client)
      row.add(day)
    }
    // Not one statement with an UPSERT: its checks would refuse what is taken back.
    try run(
      """
      UPDATE client_usage SET dealt_reserved = dealt_reserved + ?, dealt_used = dealt_used + ?,
        sda_reserved = sda_reserved + ?, sda_used = sda_used + ?,
        fia_reserved = fia_reserved + ?, fia_used = fia_used + ?
      WHERE client_key = ? AND day = ?
      """, binding: bind)
    guard changedRows == 0 else { return }
    try run(
      """
      INSERT INTO client_usage (dealt_reserved, dealt_used, sda_reserved, sda_used, fia_reserved,
        fia_used, client_key, day) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
      """, binding: bind)
  }

  private func add(_ usage: Usage, ofDealer dealer: String, on day: CivilDate) throws {
    func bind(_ row: inout ColumnBinder) {
      row.add(usage)
      row.add(dealer)
      row.add(day)
    }
    try run(
      """
      UPDATE dealer_usage SET reserved = reserved + ?, used = used + ? WHERE dealer = ? AND day = ?
      """, binding: bind)
    guard changedRows == 0 else { return }
    try run(
      "INSERT INTO dealer_usage (reserved, used, dealer, day) VALUES (?, ?, ?, ?)", binding: bind)
  }

  // MARK: Counting

  /// What a batch's trades count, for a migration and a check.
  func countedUsage(of batch: BatchKey) throws -> Usage {
    let isStarted = try exists(
      "SELECT 1 FROM batches WHERE key = ? AND usage_day IS NOT NULL", batch)
    return try all(
      """
      SELECT status, sum(value >> 32), sum(value & 0xffffffff) FROM trades
      WHERE batch_key = ? AND is_removed = 0 AND value IS NOT NULL GROUP BY status
      """, batch, read: { row -> (TradeStatus, Int128) in (try row.next(), try row.halves()) }
    ).reduce(into: Usage()) { sum, alike in
      sum += Usage(of: alike.1, status: alike.0, isStarted: isStarted)
    }
  }

  fileprivate func countedDays(of client: ClientKey) throws -> [(CivilDate, ClientUsage)] {
    try all(
      """
      SELECT coalesce(t.usage_day, b.usage_day), t.allowance, t.status,
        b.usage_day IS NOT NULL, sum(t.value >> 32), sum(t.value & 0xffffffff)
      FROM trades t CROSS JOIN batches b ON b.key = t.batch_key
      WHERE t.client_key = ? AND t.is_removed = 0 AND t.value IS NOT NULL
        AND coalesce(t.usage_day, b.usage_day) IS NOT NULL
      GROUP BY 1, 2, 3, 4
      """, client,
      read: { row in
        let (day, allowance) = (try row.next() as CivilDate, try row.next() as Allowance?)
        return (day, ClientUsage(try row.countedUsage(), against: allowance))
      })
  }

  fileprivate func countedDealers() throws -> UsageBook {
    var book = UsageBook()
    let rows = try all(
      """
      SELECT b.created_by, coalesce(t.usage_day, b.usage_day), t.status,
        b.usage_day IS NOT NULL, sum(t.value >> 32), sum(t.value & 0xffffffff)
      FROM batches b CROSS JOIN trades t ON t.batch_key = b.key
      WHERE t.is_removed = 0 AND t.value IS NOT NULL
        AND coalesce(t.usage_day, b.usage_day) IS NOT NULL
      GROUP BY 1, 2, 3, 4
      """,
      read: {
        (try $0.next() as String, try $0.next() as CivilDate, try $0.countedUsage())
      })
    for (dealer, day, usage) in rows { book.add(usage, ofDealer: dealer, on: day) }
    return book
  }

  /// What is kept from now on.
  func fillUsage() throws {
    for batch in try all(
      "SELECT key FROM batches ORDER BY key", read: { row -> BatchKey in try row.next() })
    {
      let usage = try countedUsage(of: batch)
      guard usage != Usage() else { continue }
      try run(
        "UPDATE batches SET reserved = ?, used = ? WHERE key = ?",
        binding: { row in
          row.add(usage)
          row.add(batch)
        })
    }
    var book = try countedDealers()
    for client in try all(
      "SELECT key FROM clients ORDER BY key", read: { row -> ClientKey in try row.next() })
    {
      for (day, usage) in try countedDays(of: client) { book.add(usage, of: client, on: day) }
    }
    try write(book)
  }
}

extension ColumnBinder {
  /// Two columns. What would not fit was refused before it was put under way.
  mutating func add(_ usage: Usage) {
    add(Int64(clamping: usage.reserved))
    add(Int64(clamping: usage.used))
  }
}

extension ColumnReader {
  mutating func usage() throws -> Usage {
    let reserved: Int64 = try next()
    return Usage(reserved: Int128(reserved), used: Int128(try next() as Int64))
  }

  fileprivate mutating func clientUsage() throws -> ClientUsage {
    ClientUsage(dealt: try usage(), sda: try usage(), fia: try usage())
  }

  /// Trades that count alike, their values summed in halves.
  fileprivate mutating func countedUsage() throws -> Usage {
    let status: TradeStatus = try next()
    let isStarted: Bool = try next()
    return Usage(of: try halves(), status: status, isStarted: isStarted)
  }
}

extension CivilDate {
  fileprivate var firstOfYear: CivilDate {
    CivilDate(year: year, month: 1, day: 1) ?? self
  }
}
