import FXDomain
import FXPorts

extension SQLiteStore {
  public func claim(_ request: ClaimRequest) async throws(StoreError) -> [Batch] {
    try await write { try $0.claim(request) }
  }

  public func renew(
    _ holds: [Hold], node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> [Batch] {
    try await write(weight: holds.count) { transaction in
      try holds.compactMap { hold in
        guard var batch = try transaction.batch(hold.batch),
          Ledger.renew(
            &batch, by: node, generation: hold.generation, leaseMilliseconds: leaseMilliseconds,
            now: transaction.now)
        else { return nil }
        try transaction.update(hold.batch) { $0 = batch }
        return batch
      }
    }
  }

  public func release(_ holds: [Hold], node: NodeID) async throws(StoreError) {
    try await write(weight: holds.count) { transaction in
      for hold in holds {
        guard let batch = try transaction.batch(hold.batch), batch.lease?.owner == node else {
          continue
        }
        let events = try transaction.update(hold.batch) {
          Ledger.release(
            &$0, generation: hold.generation, actor: .node(node), now: transaction.now)
        }
        try transaction.log(events, of: hold.batch)
      }
    }
  }

  public func forgetPredecessors() async throws(StoreError) {
    try await write { transaction in
      try transaction.flush()
      // Only what is open has a lease.
      let held = try transaction.all(
        """
        SELECT key FROM batches WHERE completed_at IS NULL AND lease_owner IS NOT NULL
        ORDER BY priority DESC, queue_position, created_at
        """, read: { row -> BatchKey in try row.next() })
      for key in held {
        let events = try transaction.update(key) { batch -> [JournalDraft] in
          guard let lease = batch.lease else { return [] }
          return Ledger.release(
            &batch, generation: batch.generation, actor: .node(lease.owner), now: transaction.now)
        }
        try transaction.log(events, of: key)
      }
      try transaction.run("DELETE FROM nodes")
    }
    signsOfLife.withLock { $0 = [:] }
  }

  public func take(_ request: TakeRequest) async throws(StoreError) -> TakeAnswer {
    try await write(weight: request.limit) { try $0.take(request) }
  }

  public func trades(
    of batch: BatchKey, in statuses: Set<TradeStatus>, after: TradeKey?, limit: Int
  ) async throws(StoreError) -> [OpenTrade] {
    try await read { transaction in
      let found = try statuses.flatMap { status in
        try transaction.all(
          """
          SELECT * FROM trade_rows WHERE status = ? AND batch_key = ? AND key > ?
          ORDER BY key LIMIT ?
          """, status, batch, after ?? TradeKey(0), limit, read: { try $0.trade() })
      }
      return try found.sorted { $0.key < $1.key }.prefix(limit).map { trade in
        let attempt =
          trade.attempt == 0
          ? nil
          : try transaction.first(
            "SELECT * FROM attempt_rows WHERE trade_key = ? AND number = ?", trade.key,
            trade.attempt, read: { try $0.attempt() })
        return OpenTrade(trade: trade, attempt: attempt)
      }
    }
  }
}

extension Transaction {
  fileprivate func claim(_ request: ClaimRequest) throws -> [Batch] {
    var bookingRoom = request.bookingRoom
    var watchingRoom = request.watchingRoom
    var claimed: [Batch] = []
    var passedOver = 0
    // A long queue is read no further than there is room.
    while bookingRoom > 0 || watchingRoom > 0 {
      try flush()
      let free = try all(
        """
        SELECT key FROM batches WHERE completed_at IS NULL AND status <> 'staged'
          AND (lease_expires_at IS NULL OR lease_expires_at <= ?)
        ORDER BY priority DESC, queue_position, created_at, key LIMIT ? OFFSET ?
        """, now, Self.queuePage, passedOver, read: { row -> BatchKey in try row.next() })
      for key in free {
        guard request.only?.contains(key) ?? true, let batch = try batch(key),
          Ledger.isClaimable(batch, at: now),
          (batch.wantsToBook ? bookingRoom : watchingRoom) > 0
        else {
          passedOver += 1
          continue
        }
        if batch.wantsToBook { bookingRoom -= 1 } else { watchingRoom -= 1 }
        let events = try update(key) {
          Ledger.claim(
            &$0, by: request.node, leaseMilliseconds: request.leaseMilliseconds, now: now)
        }
        try log(events, of: key)
        if let batch = try self.batch(key) { claimed.append(batch) }
      }
      if free.count < Self.queuePage { break }
    }
    return claimed
  }

  private static let queuePage = 256

  fileprivate func take(_ request: TakeRequest) throws -> TakeAnswer {
    let key = request.hold.batch
    var taken: [TakenTrade] = []
    var nextDue: Timestamp?
    var isAnyBlocked = false
    var isRefused = false
    var isBlocked: [ClientKey: Bool] = [:]
    var rates: [CurrencyPair: OTCRate?] = [:]
    var after: TradeKey? = TradeKey(0)
    scan: while let start = after, taken.count < request.limit {
      let waiting = try waiting(in: key, after: start, limit: request.limit - taken.count)
      after = waiting.last?.trade
      for candidate in waiting where taken.count < request.limit {
        let blocked = try isBlocked[candidate.client] ?? self.isBlocked(candidate.client)
        isBlocked[candidate.client] = blocked
        if blocked {
          isAnyBlocked = true
          continue
        }
        if let due = candidate.notBefore, !Trade.isDue(due, at: now) {
          nextDue = min(nextDue ?? due, due)
          continue
        }
        guard let trade = try trade(candidate.trade) else { continue }
        let step = TradeStep(
          batch: key, trade: trade.key,
          authority: .lease(generation: request.hold.generation), actor: request.actor,
          command: .take)
        // What refuses one trade that is due and whose client is free refuses the whole batch.
        guard case .success(let quoting) = try take(step, on: trade, isBlocked: false) else {
          isRefused = true
          break scan
        }
        let pair = quoting.deal.pair
        let rate = try rates[pair] ?? otcRate(pair)
        rates.updateValue(rate, forKey: pair)
        taken.append(try takenTrade(quoting, otcRate: rate))
      }
    }
    guard let batch = try batch(key) else {
      throw StoreError.inconsistent("There is no batch \(key).")
    }
    return TakeAnswer(
      trades: taken, batch: batch,
      nextDue: isRefused || taken.count == request.limit ? nil : nextDue,
      blockedClients: isAnyBlocked)
  }

  private static let leastScan = 16

  private struct Waiting {
    var trade: TradeKey
    var client: ClientKey
    var notBefore: Timestamp?
  }

  /// The next pending trades: as many as are wanted, and some more in the place of those that may
  /// not be taken.
  private func waiting(
    in batch: BatchKey, after: TradeKey, limit: Int
  ) throws -> [Waiting] {
    try all(
      """
      SELECT key, client_key, not_before FROM trades
      WHERE status = 'pending' AND batch_key = ? AND key > ? AND is_removed = 0
      ORDER BY key LIMIT ?
      """, batch, after, max(Self.leastScan, limit),
      read: {
        Waiting(trade: try $0.next(), client: try $0.next(), notBefore: try $0.next())
      })
  }

  private func takenTrade(_ trade: Trade, otcRate: OTCRate?) throws -> TakenTrade {
    let client = try client(trade.client)
    return TakenTrade(
      trade: trade, isClientActive: client?.isActive ?? false,
      accounts: try accounts(of: trade.client, cifNumber: trade.cifNumber).filter {
        trade.deal.pair.contains($0.currency)
      },
      earlierAttempts: trade.attempt == 0
        ? []
        : try all(
          """
          SELECT deal_transaction_id FROM attempts WHERE trade_key = ? AND outcome <> 'booked'
          ORDER BY number
          """, trade.key, read: { try $0.next() }),
      otcRate: otcRate)
  }
}
