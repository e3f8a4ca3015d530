import FXDomain
import FXPorts

extension SQLiteStore {
  public func append(_ evidence: [Evidence]) async throws(StoreError) {
    try await write(weight: evidence.count) { transaction in
      for item in evidence {
        try transaction.run(
          """
          INSERT INTO evidence (trade_key, attempt, kind, at, actor, summary, bank_transaction_id)
          VALUES (?, ?, ?, ?, ?, ?, ?)
          """,
          item.trade, item.attempt, item.kind, item.at, item.actor, item.summary,
          item.bankTransactionID)
      }
    }
  }

  public func evidence(of trade: TradeKey) async throws(StoreError) -> [Evidence] {
    try await read { transaction in
      try transaction.all(
        """
        SELECT trade_key, attempt, kind, at, actor, summary, bank_transaction_id FROM evidence
        WHERE trade_key = ? ORDER BY key
        """, trade,
        read: {
          Evidence(
            trade: try $0.next(), attempt: try $0.next(), kind: try $0.next(), at: try $0.next(),
            actor: try $0.next(), summary: try $0.next(), bankTransactionID: try $0.next())
        })
    }
  }

  public func attempts(of trade: TradeKey) async throws(StoreError) -> [Attempt] {
    try await read { transaction in
      try transaction.all(
        "SELECT * FROM attempt_rows WHERE trade_key = ? ORDER BY number", trade,
        read: { try $0.attempt() })
    }
  }

  public func events(
    of batch: BatchKey?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [JournalEvent] {
    try await read { transaction in
      guard let batch else {
        return try transaction.all(
          "SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?", sequence, limit,
          read: { try $0.event() })
      }
      return try transaction.all(
        """
        SELECT * FROM events WHERE batch_key = ? AND batch_sequence > ?
        ORDER BY batch_sequence LIMIT ?
        """, batch, try transaction.batchSequence(in: batch, upTo: sequence), limit,
        read: { try $0.event() })
    }
  }

  public func history(
    of trade: TradeKey, limit: Int
  ) async throws(StoreError) -> [JournalEvent] {
    try await read { transaction in
      try transaction.all(
        "SELECT * FROM events WHERE trade_key = ? ORDER BY sequence DESC LIMIT ?", trade, limit,
        read: { try $0.event() }
      ).reversed()
    }
  }

  public func digests(at places: [Seal.Head]) async throws(StoreError) -> [[UInt8]?] {
    try await read { transaction in
      try places.map { place in
        try transaction.first(
          "SELECT digest FROM events WHERE batch_key = ? AND batch_sequence = ?", place.batch,
          place.head.length, read: { try $0.next() })
      }
    }
  }

  public func feed(
    of batch: Identifier?, after sequence: Int64, limit: Int
  ) async throws(StoreError) -> [FeedEvent] {
    try await read { transaction in
      guard let batch else {
        return try transaction.all(
          """
          SELECT e.*, b.id, t.id FROM events e LEFT JOIN batches b ON b.key = e.batch_key
            LEFT JOIN trades t ON t.key = e.trade_key
          WHERE e.sequence > ? ORDER BY e.sequence LIMIT ?
          """, sequence, limit, read: { try $0.feedEvent() })
      }
      let key: BatchKey? = try transaction.value("SELECT key FROM batches WHERE id = ?", batch)
      guard let key else { return [] }
      return try transaction.all(
        """
        SELECT e.*, b.id, t.id FROM events e LEFT JOIN batches b ON b.key = e.batch_key
          LEFT JOIN trades t ON t.key = e.trade_key
        WHERE e.batch_key = ? AND e.batch_sequence > ? ORDER BY e.batch_sequence LIMIT ?
        """, key, try transaction.batchSequence(in: key, upTo: sequence), limit,
        read: { try $0.feedEvent() })
    }
  }

  public func newestSequence() async throws(StoreError) -> Int64 {
    try await read { transaction in
      try transaction.value("SELECT max(sequence) FROM events") ?? 0
    }
  }

  public func chainHead(of batch: BatchKey) async throws(StoreError) -> ChainHead? {
    try await read { transaction in
      try transaction.first(
        "SELECT length, digest FROM chains WHERE key = ?", batch, read: { try $0.chainHead() })
    }
  }

  // MARK: Seals

  public func seal() async throws(StoreError) {
    try await write { transaction in
      try transaction.flush()
      let moved = try transaction.all(
        """
        SELECT key, length, digest FROM chains WHERE sealed_length < length ORDER BY key
        """, read: { (batch: try $0.next() as BatchKey, head: try $0.chainHead()) })
      guard !moved.isEmpty else { return }
      let last = try transaction.first(
        "SELECT number, digest FROM seals ORDER BY number DESC LIMIT 1",
        read: { try $0.chainHead() })
      let previous = last ?? .start
      let number = previous.length + 1
      try transaction.run(
        "INSERT INTO seals (number, at, digest) VALUES (?, ?, ?)", number, transaction.now,
        Journal.seal(moved, after: previous.digest))
      for (batch, head) in moved {
        try transaction.run(
          "INSERT INTO sealed_heads (seal, batch_key, length, digest) VALUES (?, ?, ?, ?)",
          number, batch, head.length, head.digest)
        try transaction.run("UPDATE chains SET sealed_length = length WHERE key = ?", batch)
      }
    }
  }

  public func seals(after number: Int64, limit: Int) async throws(StoreError) -> [Seal] {
    try await read { transaction in
      let seals = try transaction.all(
        "SELECT number, at, digest FROM seals WHERE number > ? ORDER BY number LIMIT ?", number,
        limit,
        read: {
          Seal(number: try $0.next(), at: try $0.next(), heads: [], digest: try $0.next())
        })
      return try seals.map { seal in
        var seal = seal
        seal.heads = try transaction.all(
          """
          SELECT batch_key, length, digest FROM sealed_heads WHERE seal = ? ORDER BY batch_key
          """, seal.number,
          read: { Seal.Head(batch: try $0.next(), head: try $0.chainHead()) })
        return seal
      }
    }
  }
}

extension Transaction {
  /// How far into a batch's log the installation's sequence number lies. Both ascend together, so
  /// halving finds it without an index of its own.
  fileprivate func batchSequence(in batch: BatchKey, upTo sequence: Int64) throws -> Int64 {
    var known: Int64 = 0
    let length: Int64? = try value("SELECT length FROM chains WHERE key = ?", batch)
    var beyond = (length ?? 0) + 1
    while beyond - known > 1 {
      let middle = known + (beyond - known) / 2
      let found: Int64? = try value(
        "SELECT sequence FROM events WHERE batch_key = ? AND batch_sequence = ?", batch, middle)
      guard let found else {
        throw StoreError.corrupt("Event \(middle) of batch \(batch) is missing.")
      }
      if found <= sequence { known = middle } else { beyond = middle }
    }
    return known
  }
}

extension ColumnReader {
  /// A row of the table `events`, with the identifiers of its batch and its trade.
  fileprivate mutating func feedEvent() throws -> FeedEvent {
    let event = try event()
    return FeedEvent(event: event, batchID: try next(), tradeID: try next())
  }

  /// A row of the table `events`.
  fileprivate mutating func event() throws -> JournalEvent {
    let sequence: Int64 = try next()
    let batch: BatchKey = try next()
    let batchSequence: Int64 = try next()
    let at: Timestamp = try next()
    let kind: JournalKind = try next()
    let trade: TradeKey? = try next()
    let from: String? = try next()
    let to: String? = try next()
    let attempt: Int? = try next()
    let entry = JournalDraft(
      kind: kind, trade: trade, from: from, to: to, attempt: attempt, actor: try next(),
      code: try next(), bankTransactionID: try next(), note: try next())
    return JournalEvent(
      sequence: sequence, batch: batch, batchSequence: batchSequence, at: at, entry: entry,
      digest: try next())
  }
}
