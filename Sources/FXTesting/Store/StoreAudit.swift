import FXDomain
import FXPorts
import Testing

extension StoreWorld {
  /// What must hold of a store at every moment, read through its port alone: counts equal trades,
  /// every transition is logged and legal, chains and seals hold, at most one deal per trade.
  func audit() async throws {
    let batches = try await everyBatch()
    for batch in batches {
      let trades = try await trades(batch)
      var counts = TradeCounts()
      var escalated = EscalatedCounts()
      for trade in trades {
        counts[trade.status] += 1
        escalated.add(trade)
      }
      #expect(counts == batch.counts, "counts of \(batch.name)")
      #expect(escalated == batch.escalated, "escalations of \(batch.name)")
      #expect(batch.status.isFinal == (batch.counts.open == 0))
      #expect((batch.status == .paused) == (batch.pauseCause != nil), "pause of \(batch.name)")
      #expect(batch.status.isFinal == (batch.completedAt != nil))
      if let outcome = batch.counts.outcome { #expect(batch.status == outcome.status) }
      try await auditSummary(of: batch, trades: trades)
      try await auditLog(of: batch, trades: trades)
      for trade in trades { try await auditAttempts(of: trade) }
    }
    try await auditUsage()
    try await auditChain(of: Journal.installation)
    try await auditSeals()
  }

  private func auditSummary(of batch: Batch, trades: [Trade]) async throws {
    let recount = try await store.recount(batch.key)
    #expect(recount.kept == recount.counted, "summary of \(batch.name)")
    #expect(recount.keptUsage == recount.countedUsage, "usage of \(batch.name)")
    #expect(recount.keptUsage == batch.usage)
    func sum(_ amounts: [Money?]) -> [Currency: Int128] {
      amounts.reduce(into: [:]) { sums, amount in
        if let amount { sums[amount.currency, default: 0] += Int128(amount.minorUnits) }
      }
    }
    func given(_ sums: [MoneySum]) -> [Currency: Int128] {
      Dictionary(uniqueKeysWithValues: sums.map { ($0.currency, $0.minorUnits) })
    }
    let dealt = trades.filter { $0.status == .booked || $0.status == .completed }
    let totals = recount.kept.totals
    #expect(given(totals.requested) == sum(trades.map(\.deal.amount)))
    for (sums, amounts) in [
      (totals.dealt, dealt.map(\.deal.amount)),
      (totals.countered, dealt.map(\.figures?.priced.counterAmount)),
      (totals.margin, dealt.map(\.figures?.priced.margin)),
      (totals.roundingDifference, dealt.map(\.figures?.priced.roundingDifference)),
    ] {
      #expect(given(sums).filter { $0.value != 0 } == sum(amounts).filter { $0.value != 0 })
    }
    let failed = Dictionary(grouping: trades.filter { $0.status == .failed }, by: \.failure?.code)
    #expect(recount.kept.failures.count == failed.count)
    for group in recount.kept.failures {
      #expect(failed[group.code]?.count == group.count)
      #expect(failed[group.code]?.first?.failure?.message == group.example)
    }
  }

  private func auditUsage() async throws {
    let clients = try await store.recountUsage(of: clients.map(\.key))
    #expect(clients.kept == clients.counted)
    let dealers = try await store.recountDealerUsage()
    #expect(dealers.kept == dealers.counted)
  }

  private func everyBatch() async throws -> [Batch] {
    var batches: [Batch] = []
    while true {
      let page = try await store.batches(
        BatchQuery(
          order: .oldestFirst, after: batches.last.map { BatchCursor(of: $0, in: .oldestFirst) },
          limit: 7))
      if page.isEmpty { return batches }
      batches += page
    }
  }

  /// All events of a chain, each digest computed anew.
  @discardableResult
  func auditChain(of batch: BatchKey) async throws -> [JournalEvent] {
    var head = ChainHead.start
    var events: [JournalEvent] = []
    while true {
      let page = try await store.events(of: batch, after: events.last?.sequence ?? 0, limit: 50)
      if page.isEmpty { break }
      for event in page {
        let expected = Journal.chain(
          event.entry, of: batch, onto: &head, sequence: event.sequence, at: event.at)
        #expect(event == expected)
        if let last = events.last { #expect(last.sequence < event.sequence) }
        events.append(event)
      }
    }
    #expect(try await store.chainHead(of: batch) == head)
    return events
  }

  private func auditLog(of batch: Batch, trades: [Trade]) async throws {
    let events = try await auditChain(of: batch.key)
    #expect(
      batch.chain == ChainHead(length: Int64(events.count), digest: events.last?.digest ?? []))
    var statuses = Dictionary(uniqueKeysWithValues: trades.map { ($0.key, TradeStatus.pending) })
    var status = BatchStatus.staged
    for event in events {
      switch event.entry.kind {
      case .tradeTransition:
        let key = try #require(event.entry.trade)
        #expect(statuses[key]?.rawValue == event.entry.from)
        statuses[key] = event.entry.to.flatMap(TradeStatus.init)
      case .batchTransition:
        #expect(status.rawValue == event.entry.from)
        status = try #require(event.entry.to.flatMap(BatchStatus.init))
      case .batchCreated, .batchClaimed, .batchReleased, .batchCancelRequested, .batchChanged,
        .batchEdited, .batchApproved, .batchRejected,
        .batchAccepted, .batchDeleted, .tradeEscalated, .installationChanged,
        .settlementDue, .reconciliationEnded:
        break
      }
    }
    #expect(status == batch.status)
    for trade in trades { #expect(statuses[trade.key] == trade.status) }
  }

  private func auditAttempts(of trade: Trade) async throws {
    let attempts = try await store.attempts(of: trade.key)
    #expect(
      attempts.map(\.number) == Array(1...max(1, trade.attempt)).filter { _ in trade.attempt > 0 })
    for attempt in attempts {
      #expect((attempt.outcome == .open) == (attempt.endedAt == nil))
    }
    #expect(attempts.count { $0.outcome == .booked } <= 1)
    if trade.status == .booking { #expect(attempts.last?.outcome == .open) }
    // A deal may turn up for a trade that never had an attempt here.
    if trade.status == .booked { #expect(attempts.last.map(\.outcome) ?? .booked == .booked) }
  }

  private func auditSeals() async throws {
    try await store.seal()
    let seals = try await store.seals(after: 0, limit: 1_000)
    var digest = ChainHead.start.digest
    var sealed: [BatchKey: ChainHead] = [:]
    for (index, seal) in seals.enumerated() {
      #expect(seal.number == Int64(index + 1))
      digest = Journal.seal(seal.heads.map { ($0.batch, $0.head) }, after: digest)
      #expect(seal.digest == digest)
      for head in seal.heads {
        #expect((sealed[head.batch]?.length ?? 0) < head.head.length)
        sealed[head.batch] = head.head
      }
    }
    for (batch, head) in sealed { #expect(try await store.chainHead(of: batch) == head) }
  }
}
