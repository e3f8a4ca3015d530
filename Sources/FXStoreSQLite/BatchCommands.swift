import FXDomain
import FXPorts

extension SQLiteStore {
  public func perform(
    _ step: BatchStep, receipt: Receipt?
  ) async throws(StoreError) -> Result<Batch, BatchRefusal> {
    // A retry may write all of a batch's trades; it then goes without company.
    try await write(weight: step.command.isRetry ? GroupCommit.greatestWeight : 1) { transaction in
      do {
        guard let batch = try transaction.batch(step.batch) else {
          return .failure(.unknownBatch)
        }
        return .success(
          try transaction.once(receipt, subject: batch.id) { try transaction.perform(step) })
      } catch let refusal as BatchRefusal {
        return .failure(refusal)
      } catch is AlreadyCarriedOut {
        return .failure(.repeated)
      }
    }
  }
}

extension BatchCommand {
  fileprivate var isRetry: Bool {
    if case .retry = self { return true }
    return false
  }
}

extension Transaction {
  /// Throws a `BatchRefusal` before anything has changed.
  fileprivate func perform(_ step: BatchStep) throws -> Batch {
    guard var batch = try batch(step.batch) else { throw BatchRefusal.unknownBatch }
    let events = try Ledger.decide(step, batch: &batch, now: now)
    var retried: [TradeKey] = []
    if case .retry(let selection, let note) = step.command {
      retried = try retriable(selection, in: batch, note: note)
    }
    try update(step.batch) { $0 = batch }
    try log(events, of: step.batch)
    for key in retried { try retry(key, in: step) }
    try updateInstallation { $0.changeCounter += 1 }
    guard let written = try self.batch(step.batch) else {
      throw StoreError.inconsistent("There is no batch \(step.batch).")
    }
    return written
  }

  private func retry(_ key: TradeKey, in step: BatchStep) throws {
    guard case .retry(_, let note) = step.command, let trade = try trade(key) else {
      throw StoreError.inconsistent("There is no trade \(key) to retry.")
    }
    let retry = TradeStep(
      batch: step.batch, trade: key, authority: .open, actor: step.actor,
      command: .retry(note: note))
    if case .failure(let refusal) = try take(retry, on: trade) {
      throw StoreError.inconsistent("Trade \(key) was chosen for a retry and refused: \(refusal).")
    }
  }

  /// What a retry takes up. In bulk never what is retried singly: that needs its own wish and note.
  private func retriable(
    _ selection: RetrySelection, in batch: Batch, note: String?
  ) throws -> [TradeKey] {
    let chosen = try ended(in: batch.key).filter { trade in
      switch selection {
      case .all: !trade.isSinglyOnly
      case .codes(let codes): !trade.isSinglyOnly && codes.contains(trade.code)
      case .trades(let keys): keys.contains(trade.key)
      }
    }
    guard !chosen.isEmpty else { throw BatchRefusal.nothingToRetry }
    let singly = chosen.count { $0.isSinglyOnly }
    if case .trades(let keys) = selection, singly > 0, keys.count > 1 || note?.isEmpty ?? true {
      throw BatchRefusal.singlyOnly(count: singly)
    }
    return chosen.map(\.key)
  }

  private struct EndedTrade {
    var key: TradeKey
    var code: FailureCode
    var isResolvedByPerson: Bool

    var isSinglyOnly: Bool {
      Trade.isRetriedSinglyOnly(code: code, isResolvedByPerson: isResolvedByPerson)
    }
  }

  private func ended(in batch: BatchKey) throws -> [EndedTrade] {
    try all(
      """
      SELECT key, failure_code, is_resolved_by_person FROM trades
      WHERE status IN ('failed', 'cancelled') AND batch_key = ?
      """, batch,
      read: {
        EndedTrade(key: try $0.next(), code: try $0.next(), isResolvedByPerson: try $0.next())
      }
    ).sorted { $0.key < $1.key }
  }
}
