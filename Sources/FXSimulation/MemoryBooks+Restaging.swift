import FXDomain
import FXPorts

/// Changes of staged batches, and leases that are over.
extension MemoryBooks {
  /// See `BookStore.restage`.
  public mutating func restage(
    _ request: RestageRequest
  ) throws(StoreError) -> Result<Batch, RestageRefusal> {
    guard let index = index(of: request.batch) else { return .failure(.batch(.unknownBatch)) }
    var batch = batches[index]
    let draft: JournalDraft
    let outdated: [Identifier: TradeKey]
    do throws(RestageRefusal) {
      draft = try decide(request, on: &batch)
      outdated = try self.outdated(in: request)
      try check(request, of: batch, besides: Set(outdated.values))
    } catch {
      return .failure(error)
    }
    for id in request.remove {
      guard let key = outdated[id] else { continue }
      removed.insert(key)
      summaries[index].request(trades[key.index].deal, times: -1)
      tradesByID[id] = nil
    }
    rows[index].removeAll { removed.contains(trades[$0].key) }
    for entry in request.change {
      if let key = outdated[entry.id] { replace(key, by: entry.draft) }
    }
    for entry in request.add {
      rows[index].append(trades.count)
      add(entry.draft, id: entry.id, to: batch)
    }
    for (place, row) in rows[index].enumerated() where trades[row].row != place + 1 {
      trades[row].row = place + 1
      guard !request.add.contains(where: { $0.id == trades[row].id }) else { continue }
      trades[row].updatedAt = now
      trades[row].version += 1
    }
    batch.termsHash = ContentHash.terms(of: trades(at: index).map(\.draft))
    write(&batch, [draft])
    house.changeCounter += 1
    return .success(batch)
  }

  private func decide(
    _ request: RestageRequest, on batch: inout Batch
  ) throws(RestageRefusal) -> JournalDraft {
    do throws(BatchRefusal) {
      return try Ledger.restage(
        &batch, added: request.add.count, changed: request.change.count,
        removed: request.remove.count, expectedVersion: request.expectedVersion,
        actor: request.actor, now: now)
    } catch {
      throw .batch(error)
    }
  }

  private func outdated(
    in request: RestageRequest
  ) throws(RestageRefusal) -> [Identifier: TradeKey] {
    var found: [Identifier: TradeKey] = [:]
    var unknown: [Identifier] = []
    for id in request.change.map(\.id) + request.remove.sorted() {
      guard let key = tradesByID[id], trades[key.index].batch == request.batch, found[id] == nil
      else {
        unknown.append(id)
        continue
      }
      if trades[key.index].attempt > 0 || !evidence[key.index].isEmpty {
        throw .batch(.recordsKept)
      }
      found[id] = key
    }
    if !unknown.isEmpty { throw .unknownTrades(unknown) }
    return found
  }

  private func check(
    _ request: RestageRequest, of batch: Batch, besides outdated: Set<TradeKey>
  ) throws(RestageRefusal) {
    let gone = request.drafts.filter { !isActive($0.client) }
    if !gone.isEmpty { throw .clients(rows: gone.map(\.row)) }
    guard let window = request.duplicateWindowMilliseconds else { return }
    let found = duplicates(of: request.drafts, within: window, besides: outdated)
    let repeated = request.repetitions.map {
      CreateRefusal.Duplicate(row: $0.row, batchID: batch.id, createdAt: now)
    }
    if !(found + repeated).isEmpty { throw .duplicates(found + repeated) }
  }

  private mutating func replace(_ key: TradeKey, by draft: TradeDraft) {
    let old = trades[key.index]
    var new = Trade(
      key: key, id: old.id, batch: old.batch, batchID: old.batchID,
      client: clients[draft.client.index], draft: draft, createdAt: old.createdAt)
    new.value = value(of: draft)
    new.row = old.row
    new.updatedAt = now
    new.version = old.version + 1
    summaries[old.batch.index].request(old.deal, times: -1)
    summaries[old.batch.index].request(new.deal)
    trades[key.index] = new
    tradesByPrint[old.draft.fingerprint]?.removeAll { $0 == key }
    // In the order of their coming, of which the last is the newest.
    var alike = tradesByPrint[draft.fingerprint, default: []]
    alike.insert(key, at: alike.firstIndex { $0 > key } ?? alike.count)
    tradesByPrint[draft.fingerprint] = alike
  }

  /// See `BookStore.cleanUpLocks`.
  public mutating func cleanUpLocks(actor: Actor) throws(StoreError) -> [Batch] {
    var freed: [Batch] = []
    for var batch in batches {
      let drafts = Ledger.cleanUpLock(of: &batch, actor: actor, now: now)
      guard !drafts.isEmpty else { continue }
      write(&batch, drafts)
      freed.append(batch)
    }
    return freed
  }
}

/// What the outside hears, and how the desk stands.
extension MemoryBooks {
  /// See `BookStore.feed`.
  public func feed(
    of batch: Identifier?, after sequence: Int64, limit: Int
  ) throws(StoreError) -> [FeedEvent] {
    var key: BatchKey?
    if let batch {
      guard let found = batches.first(where: { $0.id == batch }) else { return [] }
      key = found.key
    }
    return try events(of: key, after: sequence, limit: limit).map { event in
      FeedEvent(
        event: event,
        batchID: event.batch == Journal.installation ? nil : batches[event.batch.index].id,
        tradeID: event.entry.trade.map { trades[$0.index].id })
    }
  }

  public func newestSequence() -> Int64 { Int64(events.count) }

  /// See `BookStore.gauges`.
  public func gauges() throws(StoreError) -> StoreGauges {
    let listed = batches.filter { $0.deletedAt == nil }
    let doubts = trades.filter { $0.status == .inDoubt }
    return StoreGauges(
      queued: listed.count { $0.status == .pending },
      oldestQueuedAt: listed.filter { $0.status == .pending }.compactMap(\.queuedAt).min(),
      running: listed.count { $0.status == .running }, doubts: doubts.count,
      oldestDoubtSince: doubts.compactMap(\.doubtSince).min(),
      needingDecision: listed.count { !$0.needsDecision.isEmpty })
  }
}
