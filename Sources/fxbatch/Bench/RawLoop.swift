import FXDomain

/// The writes of the engine and of an import, done by SQLite alone: the same rows into the same
/// tables and indexes with the same durability, and nothing read, decided, chained or announced.
enum RawLoop {
  /// Transitions of a trade that goes well: taken, intent recorded, booked, settled.
  static let stages = 4

  /// Takes every trade of a store through its stages, `group` transitions in each transaction.
  static func transitions(store: String, trades: Int, group: Int) throws -> Figures {
    let database = try RawDatabase.open(store)
    let rows = try database.pairs("SELECT key, batch_key FROM trades ORDER BY key LIMIT \(trades)")
    let writer = try TransitionWriter(database)
    let clock = ContinuousClock()
    let start = clock.now
    for first in stride(from: 0, to: rows.count, by: group) {
      for stage in 0..<stages {
        try database.run("BEGIN IMMEDIATE")
        for (key, batch) in rows[first..<min(first + group, rows.count)] {
          try writer.write(stage, trade: key, batch: batch)
        }
        try database.run("COMMIT")
      }
    }
    var figures = Figures()
    figures.add("transitions_per_second", rows.count * stages, in: clock.now - start)
    return figures
  }

  /// Inserts trades into one new batch, in one transaction.
  static func inserts(store: String, trades: Int) throws -> Figures {
    let database = try RawDatabase.open(store)
    let insert = try database.prepare(
      """
      INSERT INTO trades (key, id, batch_key, row, client_key, base, quote, side, deal_currency,
        deal_amount, delivery, value_date, allowance, external_ref, spread, fixed_rate, fingerprint,
        created_at, updated_at)
      VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    let id = RawBytes(count: 16)
    let clock = ContinuousClock()
    let start = clock.now
    try database.run(
      """
      BEGIN IMMEDIATE;
      INSERT INTO chains (key) VALUES (1);
      INSERT INTO batches (key, id, name, status, pricing, priority, queue_position,
        max_concurrent_trades, on_failure, max_attempts, transient_tries, minimum_margin, approval,
        round, pending, quoting, booking, booked, in_doubt, completed, failed, cancelled,
        generation, created_at, created_by, updated_at, version, total)
      VALUES (1, zeroblob(16), 'raw', 'pending', 'bank', 5, 1, 5, 'continue', 3, 8, 0, 'none', 1,
        \(trades), 0, 0, 0, 0, 0, 0, 0, 0, 0, 'raw', 0, 1, \(trades))
      """)
    for number in 0..<Int64(trades) {
      // Ascending, as those of an import.
      id.fill(0x0190_0000_0000_7000, UInt64(number))
      insert.bind([
        .integer(number + 1), id.value, .integer(number + 1),
        .integer(1 + number % Int64(BenchData.clients)), .text("USD"), .text("ZAR"), .text("buy"),
        .text("ZAR"), .integer(1_000_000 + number), .text("spot"), .integer(20_700), .null,
        .text("PAY-2026-10000000"), .integer(number % 50), .null,
        .integer(Int64(bitPattern: mixed(UInt64(number)))), .integer(1), .integer(1),
      ])
      try insert.run()
    }
    try database.run("COMMIT")
    var figures = Figures()
    figures.add("rows_per_second", trades, in: clock.now - start)
    return figures
  }

  /// A number that looks like chance, another for each one given.
  static func mixed(_ number: UInt64) -> UInt64 {
    var bits = (number &+ 1) &* 0x9e37_79b9_7f4a_7c15
    bits = (bits ^ bits >> 30) &* 0xbf58_476d_1ce4_e5b9
    return bits ^ bits >> 31
  }
}

/// Writes single transitions as the store writes them.
private final class TransitionWriter {
  private let update: RawStatement
  private let event: RawStatement
  private let attempt: RawStatement
  private let end: RawStatement
  private let dealID = RawBytes(count: 16)
  private let digest = RawBytes(count: 32)
  private var sequence: Int64
  private var batchSequences: [Int64: Int64] = [:]

  init(_ database: borrowing RawDatabase) throws {
    update = try database.prepare(
      """
      UPDATE trades SET status = ?, attempt = ?, round_attempts = ?, quote_tries = ?,
        not_before = ?, quote_id = ?, quote_expires_at = ?, quote_rate = ?, client_rate = ?,
        counter_amount = ?, margin_pips = ?, margin = ?, residual = ?, rounding_difference = ?,
        deal_transaction_id = ?, bank_transaction_id = ?, deal_reference = ?, failure_code = ?,
        failure_message = ?, failure_bank_code = ?, failure_bank_transaction_id = ?,
        is_resolved_by_person = ?, booked_at = ?, doubt_since = ?, escalated_at = ?,
        updated_at = ?, completed_at = ?, version = ?,
        intent_generation = coalesce(?, intent_generation)
      WHERE key = ?
      """)
    event = try database.prepare(
      """
      INSERT INTO events (sequence, batch_key, batch_sequence, at, kind, trade_key, from_status,
        to_status, attempt, actor, code, bank_transaction_id, note, digest)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    attempt = try database.prepare(
      """
      INSERT INTO attempts (trade_key, number, deal_transaction_id, bank, quote_id, quote_rate,
        client_rate, quote_expires_at, generation, request_digest, intent_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      """)
    end = try database.prepare(
      """
      UPDATE attempts SET outcome = ?1, bank_transaction_id = coalesce(?2, bank_transaction_id),
        ended_at = ?3, is_known_by_bank = (?1 = 'booked' AND ?4)
      WHERE trade_key = ?5 AND number = ?6
      """)
    sequence = try database.pairs("SELECT max(sequence), 0 FROM events")[0].0
    for (batch, length) in try database.pairs("SELECT key, length FROM chains") {
      batchSequences[batch] = length
    }
  }

  func write(_ stage: Int, trade: Int64, batch: Int64) throws {
    let statuses: [StaticString] = ["pending", "quoting", "booking", "booked", "completed"]
    let (from, to) = (statuses[stage], statuses[stage + 1])
    let (hasIntent, isBooked, isSettled) = (stage >= 1, stage >= 2, stage == 3)
    dealID.fill(RawLoop.mixed(UInt64(trade)), UInt64(trade))
    digest.fill(RawLoop.mixed(UInt64(sequence)), UInt64(sequence))
    func figure(_ number: Int64) -> RawStatement.Value { hasIntent ? .integer(number) : .null }
    update.bind([
      .text(to), .integer(hasIntent ? 1 : 0), .integer(hasIntent ? 1 : 0), .integer(0), .null,
      figure(trade), figure(1_790_000_000_000), figure(1_850_000_000), figure(1_850_000_000),
      figure(54_054 + trade), figure(0), figure(0), figure(0), figure(3),
      hasIntent ? dealID.value : .null, isBooked ? .text("T100000") : .null, .null, .null, .null,
      .null, .null, .integer(0), isBooked ? .integer(1_790_000_000_000) : .null, .null, .null,
      .integer(1_790_000_000_000), isSettled ? .integer(1_790_000_000_000) : .null,
      .integer(Int64(stage) + 2), stage == 1 ? .integer(1) : .null, .integer(trade),
    ])
    try update.run()
    if stage == 1 {
      attempt.bind([
        .integer(trade), .integer(1), dealID.value, .text("in-process"), .integer(trade),
        .integer(1_850_000_000), .integer(1_850_000_000), .integer(1_790_000_000_000), .integer(1),
        digest.value, .integer(1_790_000_000_000),
      ])
      try attempt.run()
    } else if stage == 2 {
      end.bind([
        .text("booked"), .text("T100000"), .integer(1_790_000_000_000), .integer(1),
        .integer(trade), .integer(1),
      ])
      try end.run()
    }
    sequence += 1
    let batchSequence = (batchSequences[batch] ?? 0) + 1
    batchSequences[batch] = batchSequence
    event.bind([
      .integer(sequence), .integer(batch), .integer(batchSequence), .integer(1_790_000_000_000),
      .text("trade.transition"), .integer(trade), .text(from), .text(to),
      hasIntent ? .integer(1) : .null, .text("node:bench/1"), .null,
      stage == 2 ? .text("T100000") : .null,
      stage == 1 ? .text("00000000-0000-5000-8000-000000000000") : .null, digest.value,
    ])
    try event.run()
  }
}
