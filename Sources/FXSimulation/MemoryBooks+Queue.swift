import FXDomain
import FXPorts

/// Nodes, leases and the taking up of trades.
extension MemoryBooks {
  public func installation() throws(StoreError) -> Installation { house }

  /// See `EngineStore.pulse`. A node that differs from one that is alive is refused.
  public mutating func pulse(
    _ node: NodeLife, confirmsKillSwitch: Bool, waitsFor: String? = nil
  ) throws(StoreError) -> Installation {
    let forgotten = now.advanced(byMilliseconds: -86_400_000)
    signsOfLife = signsOfLife.filter { $0.value.seenAt >= forgotten }
    let others = signsOfLife.values.filter { other in
      var same = node
      same.node = other.life.node
      return other.isAlive(at: now) && other.life.node != node.node && other.life != same
    }
    if let other = others.map(\.life.node).min() {
      throw .engineElsewhere(
        "The node \(other) runs with another bank, lease, time-out or doubt margin.")
    }
    signsOfLife[node.node] = NodeRecord(
      life: node, seenAt: now,
      confirmsKillSwitch: confirmsKillSwitch && house.killSwitch != nil, waitsFor: waitsFor)
    return house
  }

  /// See `EngineStore.nodes`.
  public func nodes() throws(StoreError) -> [LiveNode] {
    signsOfLife.values.sorted { $0.life.node < $1.life.node }.map { record in
      let name = record.life.node
      let held = batches.compactMap { $0.lease?.owner == name ? $0.lease?.expiresAt : nil }
      let own = record.seenAt.advanced(byMilliseconds: record.life.leaseMilliseconds)
      let until = held.reduce(own) { max($0, $1) }
      return LiveNode(
        node: name, lastSeenAt: record.seenAt, leaseUntil: until,
        confirmsKillSwitch: record.confirmsKillSwitch, isAlive: now < until,
        waitsFor: record.waitsFor)
    }
  }

  /// See `EngineStore.claim`.
  public mutating func claim(_ request: ClaimRequest) throws(StoreError) -> [Batch] {
    var room = (booking: request.bookingRoom, watching: request.watchingRoom)
    let free = batches.filter {
      Ledger.isClaimable($0, at: now) && request.only?.contains($0.key) ?? true
    }
    var claimed: [Batch] = []
    for var batch in free.sorted(by: Batch.precedes) {
      let books = batch.wantsToBook
      guard books ? room.booking > 0 : room.watching > 0 else { continue }
      if books { room.booking -= 1 } else { room.watching -= 1 }
      let drafts = Ledger.claim(
        &batch, by: request.node, leaseMilliseconds: request.leaseMilliseconds, now: now)
      write(&batch, drafts)
      claimed.append(batch)
    }
    return claimed
  }

  /// See `EngineStore.renew`.
  public mutating func renew(
    _ holds: [Hold], node: NodeID, leaseMilliseconds: Int64
  ) throws(StoreError) -> [Batch] {
    holds.compactMap { hold in
      guard let index = index(of: hold.batch),
        Ledger.renew(
          &batches[index], by: node, generation: hold.generation,
          leaseMilliseconds: leaseMilliseconds, now: now)
      else { return nil }
      return batches[index]
    }
  }

  /// See `EngineStore.release`.
  public mutating func release(_ holds: [Hold], node: NodeID) throws(StoreError) {
    for hold in holds {
      guard let index = index(of: hold.batch), batches[index].lease?.owner == node else {
        continue
      }
      var batch = batches[index]
      let drafts = Ledger.release(
        &batch, generation: hold.generation, actor: .node(node), now: now)
      write(&batch, drafts)
    }
  }

  /// See `EngineStore.forgetPredecessors`.
  public mutating func forgetPredecessors() throws(StoreError) {
    for var batch in batches {
      guard let lease = batch.lease else { continue }
      let drafts = Ledger.release(
        &batch, generation: batch.generation, actor: .node(lease.owner), now: now)
      write(&batch, drafts)
    }
    signsOfLife = [:]
  }

  /// See `EngineStore.take`. Without the hold, or where the batch may not book, nothing is taken.
  public mutating func take(_ request: TakeRequest) throws(StoreError) -> TakeAnswer {
    let key = request.hold.batch
    guard let batchIndex = index(of: key) else {
      throw .inconsistent("There is no batch with the key \(key).")
    }
    var answer = TakeAnswer(trades: [], batch: batches[batchIndex])
    guard answer.batch.counts.pending > 0 else { return answer }
    var nextDue: Timestamp?
    var isDueLeft = false
    for index in rows[batchIndex] where trades[index].status == .pending {
      let trade = trades[index]
      if isBlocked(trade.client, besides: trade.key) {
        answer.blockedClients = true
      } else if let due = trade.notBefore, !Trade.isDue(due, at: now) {
        nextDue = min(nextDue ?? due, due)
      } else if isDueLeft || answer.trades.count >= request.limit {
        isDueLeft = true
      } else {
        let step = TradeStep(
          batch: key, trade: trade.key,
          authority: .lease(generation: request.hold.generation), actor: request.actor,
          command: .take)
        switch try write(step) {
        case .success(let taken): answer.trades.append(self.taken(taken))
        case .failure: isDueLeft = true
        }
      }
    }
    if !isDueLeft { answer.nextDue = nextDue }
    answer.batch = batches[batchIndex]
    return answer
  }

  private func taken(_ trade: Trade) -> TakenTrade {
    TakenTrade(
      trade: trade, isClientActive: clients[trade.client.index].isActive,
      accounts: accounts[trade.client.index].filter { trade.deal.pair.contains($0.currency) },
      earlierAttempts: attempts[trade.key.index].filter { $0.outcome != .booked }
        .map(\.dealTransactionID),
      otcRate: otcRates[trade.deal.pair])
  }

  /// See `EngineStore.trades(of:in:after:limit:)`.
  public func trades(
    of batch: BatchKey, in statuses: Set<TradeStatus>, after: TradeKey?, limit: Int
  ) throws(StoreError) -> [OpenTrade] {
    guard let batchIndex = index(of: batch),
      statuses.contains(where: { batches[batchIndex].counts[$0] > 0 })
    else { return [] }
    var found: [OpenTrade] = []
    let first = after ?? TradeKey(0)
    for index in rows[batchIndex]
    where trades[index].key > first && statuses.contains(trades[index].status) {
      guard found.count < limit else { break }
      found.append(OpenTrade(trade: trades[index], attempt: attempts[index].last))
    }
    return found
  }

  /// See `EngineStore.controlDeal`.
  public func controlDeal(
    with bank: BankIdentity, bookedBefore moment: Timestamp?
  ) throws(StoreError) -> ControlDeal? {
    for booking in bookings.reversed() {
      if let moment, booking.at >= moment { continue }
      let trade = trades[booking.trade.index]
      guard trade.status == .booked || trade.status == .completed, trade.bookedAt == booking.at,
        !trade.isResolvedByPerson,
        let attempt = attempts[booking.trade.index].last, attempt.outcome == .booked,
        attempt.bank == bank
      else { continue }
      return ControlDeal(
        trade: trade.key, dealTransactionID: attempt.dealTransactionID, bookedAt: booking.at)
    }
    return nil
  }

  /// See `EngineStore.clearCanary`.
  public mutating func clearCanary(_ trade: TradeKey) throws(StoreError) {
    if house.canary == trade { house.canary = nil }
  }

}
