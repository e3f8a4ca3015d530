import FXDomain
import FXEngine
import FXPorts

/// What befalls nodes.
extension SimulatedWorld {
  /// Faults end after their time, so that every world comes to rest.
  var isFaulty: Bool { now < Self.beginning + temper.faultsUntil }

  mutating func planFaults() {
    func someNode(_ chance: inout Chance) -> NodeIndex {
      Int(chance.next() % UInt64(temper.nodes))
    }
    let faulty = 0...temper.faultsUntil
    for _ in 0..<temper.crashes { schedule(.crash(someNode(&chance)), after: chance.pick(faulty)) }
    for _ in 0..<temper.stops { schedule(.stop(someNode(&chance)), after: chance.pick(faulty)) }
    for _ in 0..<temper.freezes {
      schedule(
        .freeze(someNode(&chance), milliseconds: standstill()), after: chance.pick(faulty))
    }
    for _ in 0..<temper.commands {
      let batch = BatchKey(chance.pick(1...Int64(temper.batches)))
      schedule(.command(batch, wish()), after: chance.pick(faulty))
    }
    for _ in 0..<temper.rollBacks {
      let at = chance.pick(0...(temper.faultsUntil / 2))
      schedule(.snapshot, after: at)
      schedule(.rollBack, after: at + chance.pick(500...15_000))
    }
  }

  private mutating func wish() -> PersonsWish {
    let wishes: [PersonsWish] = [.pause, .cancel, .priority, .retry, .retry, .engageKillSwitch]
    return wishes[Int(chance.next() % UInt64(wishes.count))]
  }

  private mutating func standstill() -> Int64 {
    chance.pick(1_000...(temper.leaseMilliseconds * 2))
  }

  // MARK: Nodes

  mutating func crash(_ node: NodeIndex) {
    guard nodes[node].core != nil else { return }
    occurrences[.crash] += 1
    observer?(now - Self.beginning, "node \(node) crashes")
    nodes[node].core = nil
    schedule(.start(node), after: chance.pick(50...5_000))
  }

  mutating func freeze(_ node: NodeIndex, _ milliseconds: Int64) {
    guard nodes[node].core != nil else { return }
    occurrences[.standstill] += 1
    observer?(now - Self.beginning, "node \(node) stands still for \(milliseconds) ms")
    nodes[node].frozenUntil = max(nodes[node].frozenUntil, now + milliseconds)
  }

  mutating func performUnlessStruck(
    _ action: EngineAction, by node: NodeIndex
  ) throws(StoreError) {
    let point = action.point
    let perMille = point == nil ? temper.strikePerMille : temper.strikeAtCallPerMille
    guard isFaulty, chance.happens(perMille: perMille) else {
      return try perform(action, by: node)
    }
    switch chance.next() % 4 {
    case 0:
      if point == .call { occurrences[.crashBeforeCall] += 1 }
      if point == .outcome { occurrences[.crashBeforeOutcome] += 1 }
      crash(node)
    case 1:
      try perform(action, by: node)
      if point == .call { occurrences[.crashDuringCall] += 1 }
      if point == .intent || point == .outcome { occurrences[.crashAfterCommit] += 1 }
      crash(node)
    case 2:
      if point == .call { occurrences[.standstillBeforeCall] += 1 }
      freeze(node, standstill())
      schedule(
        .perform(action, node, incarnation: nodes[node].incarnation),
        after: nodes[node].frozenUntil - now)
    case _:
      try perform(action, by: node)
      freeze(node, standstill())
    }
  }

  // MARK: A store that loses what it has acknowledged

  /// The store is restored. That is detected: no process trusts its memory, a new epoch of ids
  /// begins, and nothing is booked before reconciliation.
  mutating func rollBack() throws(StoreError) {
    guard let snapshot else { return }
    occurrences[.rollBack] += 1
    observer?(now - Self.beginning, "the store is rolled back")
    for node in nodes.indices { crash(node) }
    var restored = snapshot
    restored.now = books.now
    restored.outlive(books)
    _ = try restored.setKillSwitch(
      engaged: true, reason: "the store was rolled back", actor: .person("admin"))
    books = restored
    isUnreconciled = true
    schedule(.reconcile, after: quietMilliseconds)
  }

  /// After this no old request can succeed, and the bank shows whatever did.
  private var quietMilliseconds: Int64 {
    temper.bank.quoteLifeMilliseconds + temper.doubtMarginMilliseconds + 1_000
  }

  /// Asks for every id that may have been sent in the lost time, and puts what is found before a
  /// person; then the kill switch is released.
  mutating func reconcile() throws(StoreError) {
    let house = try books.installation()
    var isLeft = false
    for trade in try allTrades() {
      let known = Set(try books.attempts(of: trade.key).map(\.dealTransactionID))
      for epoch in 1..<house.idEpoch {
        for number in 1...(trade.attempt + Self.lostAttempts) {
          let id = DealTransactionID.of(
            installation: house.id, epoch: epoch, batch: trade.batchID, trade: trade.id,
            attempt: number)
          guard !known.contains(id),
            case .found(let deal, _) = bank.status(.dealTransactionID(id), at: now),
            deal.status != .failed
          else { continue }
          occurrences[.rolledBackDeal] += 1
          let step = TradeStep(
            batch: trade.batch, trade: trade.key, authority: .open, actor: .person("admin"),
            command: .recordBookingEvidence(
              attempt: number, note: "found by its computed id \(id)"))
          // In doubt about another attempt: that ends first.
          if case .failure = try books.perform([step])[0].result { isLeft = true }
        }
      }
    }
    if isLeft { return schedule(.reconcile, after: 10_000) }
    isUnreconciled = false
    _ = try books.setKillSwitch(engaged: false, reason: "reconciled", actor: .person("admin"))
  }

  /// Attempts of one trade that the lost time may have seen, at most.
  private static let lostAttempts = 6
}

extension MemoryBooks {
  /// What a restored store must not give out again: generations of leases, and an epoch of ids.
  mutating func outlive(_ lost: MemoryBooks) {
    for index in batches.indices {
      batches[index].generation = lost.batches[index].generation + 1
      batches[index].lease = nil
    }
    house.idEpoch = lost.house.idEpoch + 1
    house.changeCounter = lost.house.changeCounter + 1
  }
}

/// Where a booking is most easily hurt.
enum DangerPoint: Hashable, Sendable { case intent, call, outcome }

extension EngineAction {
  var point: DangerPoint? {
    switch self {
    case .book: return .call
    case .step(let step, _, _):
      switch step.command {
      case .recordIntent: return .intent
      case .recordAccepted, .recordRefused, .recordUnclear, .recordNotSent: return .outcome
      case .take, .deferQuote, .refuseQuote, .recordFound, .recordNotBooked,
        .recordBookingEvidence, .recordSettled, .recordSettlementFailed, .escalate, .resolve,
        .cancel, .retry:
        return nil
      }
    case .pulse, .claim, .renew, .release, .take, .load, .sweep, .evidence, .readEvidence,
      .findControl, .clearCanary, .seal, .createQuote, .latestQuote, .cancelQuote, .askStatus,
      .report, .finish:
      return nil
    }
  }
}
