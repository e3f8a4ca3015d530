import FXDomain
import FXPorts

extension SQLiteStore {
  /// A trade that failed or was cancelled is no duplicate: to send it again is the usual remedy.
  public func create(
    _ request: CreateRequest, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, CreateRefusal> {
    precondition(request.trades.count == request.tradeIDs.count, "one identifier for each trade")
    return try await write(weight: request.trades.count) { transaction in
      do {
        return .success(
          try transaction.once(receipt, subject: request.batch.id) {
            try transaction.create(request)
          })
      } catch let refusal as CreateRefusal {
        return .failure(refusal)
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }
}

extension Transaction {
  /// Rows that a refusal names at most.
  static let greatestRefusal = 1_000

  /// Throws a `CreateRefusal` before anything has changed.
  fileprivate func create(_ request: CreateRequest) throws -> Batch {
    guard !request.trades.isEmpty else { throw CreateRefusal.empty }
    let draft = request.batch
    let unknown = try rowsOfUnknownClients(request.trades)
    if !unknown.isEmpty { throw CreateRefusal.clients(rows: unknown) }
    if request.starts, draft.policy.approval == .required { throw CreateRefusal.approvalRequired }
    if let window = request.duplicateWindowMilliseconds {
      let found = try duplicates(of: request.trades, since: now.advanced(byMilliseconds: -window))
      if !found.isEmpty { throw CreateRefusal.duplicates(found) }
    }
    let values = try values(of: request.trades)
    let asked = request.starts ? zip(request.trades, values).map { AskedTrade($0, value: $1) } : []
    let dealer = request.actor.description
    let broken = try breaches(of: asked, batch: Usage(), dealer: dealer, request.rules).errors
    if !broken.isEmpty { throw CreateRefusal.rulesBroken(broken) }

    let key = BatchKey(1 + (try value("SELECT max(key) FROM batches") ?? 0))
    let last: Int64 = try value("SELECT max(key) FROM trades") ?? 0
    let end: Int64 = try value("SELECT max(queue_position) FROM batches") ?? 0
    // A batch that was moved to the very end of all numbers shares its place with those after it.
    let position = end == .max ? end : end + 1
    var batch = Batch(
      key: key, id: draft.id, name: draft.name, pricing: draft.pricing,
      priority: draft.priority, queuePosition: position,
      maxConcurrentTrades: draft.maxConcurrentTrades, policy: draft.policy, createdAt: now,
      createdBy: dealer)
    batch.counts.pending = request.trades.count
    batch.termsHash = ContentHash.terms(of: request.trades)
    try insert(batch)
    hold(batch)
    for (index, trade) in request.trades.enumerated() {
      try insert(
        trade, value: values[index], id: request.tradeIDs[index],
        key: TradeKey(last + 1 + Int64(index)), batch: key)
    }
    for callback in request.callbacks { try insert(callback, of: key) }
    try summarize(key) { for trade in request.trades { $0.request(trade.deal) } }
    try log([JournalDraft(kind: .batchCreated, actor: request.actor, note: request.note)], of: key)
    if request.starts {
      let start = BatchStep(batch: key, actor: request.actor, command: .start())
      let events = try update(key) { batch in
        let events = try Ledger.decide(start, batch: &batch, now: now)
        Ledger.reserve(asked, in: &batch)
        usage.reserve(asked, of: batch)
        return events
      }
      try log(events, of: key)
      try updateInstallation { $0.changeCounter += 1 }
    }
    guard let created = try self.batch(key) else {
      throw StoreError.inconsistent("Batch \(key) was made and is not there.")
    }
    return created
  }

  /// What trades are worth in rands, as told when they are taken in.
  func values(of trades: [TradeDraft]) throws -> [Money?] {
    var rates: [CurrencyPair: Rate?] = [:]
    return try trades.map { trade in
      try trade.deal.value(fixedRate: trade.fixedRate) { pair in
        let rate = try rates[pair] ?? otcRate(pair)?.rate
        rates.updateValue(rate, forKey: pair)
        return rate
      }
    }
  }

  /// The first rows whose client is gone or no longer active.
  func rowsOfUnknownClients(_ trades: [TradeDraft]) throws -> [Int] {
    var isActive: [ClientKey: Bool] = [:]
    var rows: [Int] = []
    for trade in trades where rows.count < Self.greatestRefusal {
      let active = try isActive[trade.client] ?? (client(trade.client)?.isActive ?? false)
      isActive[trade.client] = active
      if !active { rows.append(trade.row) }
    }
    return rows
  }

  /// For each of the first rows that have one, the newest trade since a moment that they repeat.
  ///
  /// - Parameter outdated: trades whose terms do not count any more.
  func duplicates(
    of trades: [TradeDraft], since: Timestamp, besides outdated: Set<TradeKey> = []
  ) throws -> [CreateRefusal.Duplicate] {
    var duplicates: [CreateRefusal.Duplicate] = []
    for trade in trades where duplicates.count < Self.greatestRefusal {
      let likes = try all(
        """
        SELECT t.key FROM trades t WHERE fingerprint = ? AND created_at >= ?
          AND status NOT IN ('failed', 'cancelled') AND is_removed = 0
        ORDER BY created_at DESC, key DESC
        """, trade.fingerprint, since, read: { row -> TradeKey in try row.next() })
      for key in likes where !outdated.contains(key) {
        guard let like = try self.trade(key), trade.isDuplicate(of: like.draft) else { continue }
        duplicates.append(
          CreateRefusal.Duplicate(
            row: trade.row, batchID: like.batchID, createdAt: like.createdAt))
        break
      }
    }
    return duplicates
  }
}
