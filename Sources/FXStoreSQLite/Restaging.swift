import FXDomain
import FXPorts

extension SQLiteStore {
  public func restage(
    _ request: RestageRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, RestageRefusal> {
    try await write(weight: GroupCommit.greatestWeight) { transaction in
      do {
        guard let batch = try transaction.batch(request.batch) else {
          return .failure(.batch(.unknownBatch))
        }
        return .success(
          try transaction.once(receipt, subject: batch.id) {
            try transaction.restage(request, batch)
          })
      } catch let refusal as RestageRefusal {
        return .failure(refusal)
      } catch let refusal as BatchRefusal {
        return .failure(.batch(refusal))
      } catch is AlreadyCarriedOut {
        return .failure(.batch(.repeated))
      }
    }
  }

  public func cleanUpLocks(actor: Actor) async throws(StoreError) -> [Batch] {
    try await write(weight: GroupCommit.greatestWeight) { transaction in
      try transaction.flush()
      let over = try transaction.all(
        """
        SELECT key FROM batches WHERE lease_owner IS NOT NULL AND lease_expires_at <= ?
        ORDER BY lease_expires_at, key
        """, transaction.now, read: { row -> BatchKey in try row.next() })
      return try over.sorted().compactMap { key in
        let events = try transaction.update(key) {
          Ledger.cleanUpLock(of: &$0, actor: actor, now: transaction.now)
        }
        try transaction.log(events, of: key)
        return try transaction.batch(key)
      }
    }
  }
}

extension Transaction {
  /// Throws a refusal before anything has changed.
  fileprivate func restage(_ request: RestageRequest, _ present: Batch) throws -> Batch {
    let key = request.batch
    var batch = present
    let event = try Ledger.restage(
      &batch, added: request.add.count, changed: request.change.count,
      removed: request.remove.count, expectedVersion: request.expectedVersion,
      actor: request.actor, now: now)
    let outdated = try outdated(in: request)
    let unknown = try rowsOfUnknownClients(request.drafts)
    if !unknown.isEmpty { throw RestageRefusal.clients(rows: unknown) }
    if let window = request.duplicateWindowMilliseconds {
      let found = try duplicates(
        of: request.drafts, since: now.advanced(byMilliseconds: -window),
        besides: Set(outdated.values.map(\.key)))
      let repeated = request.repetitions.map {
        CreateRefusal.Duplicate(row: $0.row, batchID: batch.id, createdAt: now)
      }
      if !(found + repeated).isEmpty { throw RestageRefusal.duplicates(found + repeated) }
    }

    openTrades?.forgetAll()
    for id in request.remove.sorted() {
      try run("UPDATE trades SET is_removed = 1 WHERE key = ?", outdated[id]?.key)
    }
    for entry in request.change {
      if let trade = outdated[entry.id] { try write(entry.draft, over: trade.key) }
    }
    try summarize(key) { summary in
      for trade in outdated.values { summary.request(trade.deal, times: -1) }
      for draft in request.drafts { summary.request(draft.deal) }
    }
    var last: Int64 = try value("SELECT max(key) FROM trades") ?? 0
    for entry in request.add {
      last += 1
      try insert(
        entry.draft, value: values(of: [entry.draft])[0], id: entry.id, key: TradeKey(last),
        batch: key)
    }
    try numberRows(of: key)
    batch.termsHash = try termsHash(of: key)
    try writeContent(of: batch)
    try update(key) { [batch] in $0 = batch }
    try log([event], of: key)
    try updateInstallation { $0.changeCounter += 1 }
    return try update(key) { $0 }
  }

  /// The trades that a request changes and removes. Each is this batch's, and named once.
  private func outdated(in request: RestageRequest) throws -> [Identifier: Trade] {
    var found: [Identifier: Trade] = [:]
    var unknown: [Identifier] = []
    for id in request.change.map(\.id) + request.remove.sorted() {
      let trade = try first("SELECT * FROM trade_rows WHERE id = ?", id, read: { try $0.trade() })
      guard let trade, trade.batch == request.batch, found[id] == nil else {
        unknown.append(id)
        continue
      }
      // What the bank may know of is kept as it was.
      let isRecorded = try exists("SELECT 1 FROM evidence WHERE trade_key = ?", trade.key)
      if isRecorded || trade.attempt > 0 { throw BatchRefusal.recordsKept }
      found[id] = trade
    }
    if !unknown.isEmpty { throw RestageRefusal.unknownTrades(unknown) }
    return found
  }

  private func write(_ draft: TradeDraft, over trade: TradeKey) throws {
    let deal = draft.deal
    try run(
      """
      UPDATE trades SET client_key = ?, base = ?, quote = ?, side = ?, deal_currency = ?,
        deal_amount = ?, delivery = ?, value_date = ?, allowance = ?, external_ref = ?, spread = ?,
        fixed_rate = ?, fingerprint = ?, updated_at = ?, version = version + 1, value = ?
      WHERE key = ?
      """, draft.client, deal.pair.base, deal.pair.quote, deal.side, deal.amount.currency,
      deal.amount.minorUnits, draft.delivery, draft.valueDate, draft.allowance,
      draft.externalRef, draft.spread, draft.fixedRate, draft.fingerprint, now,
      values(of: [draft])[0]?.minorUnits, trade)
  }

  /// Numbers a batch's trades from 1 in the order of their keys.
  private func numberRows(of batch: BatchKey) throws {
    let present = try all(
      "SELECT key, row FROM trades WHERE batch_key = ? AND is_removed = 0 ORDER BY key", batch,
      read: { (key: try $0.next() as TradeKey, row: try $0.next() as Int) })
    for (index, trade) in present.enumerated() where trade.row != index + 1 {
      try run(
        "UPDATE trades SET row = ?, updated_at = ?, version = version + 1 WHERE key = ?",
        index + 1, now, trade.key)
    }
  }
}
