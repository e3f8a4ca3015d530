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
    let mark = books.logMark()
    books = snapshot
    books.now = Timestamp(milliseconds: now)
    _ = try books.recordLoss(
      .event(sequence: mark.sequence, idEpoch: mark.idEpoch, isThere: false))
    schedule(.reconcile, after: quietMilliseconds)
  }

  /// After this no old request can succeed, and the bank shows whatever did.
  private var quietMilliseconds: Int64 {
    temper.bank.quoteLifeMilliseconds + temper.doubtMarginMilliseconds + 1_000
  }

  /// Does what the product's reconciler does after a loss: asks for as many attempts after the last
  /// known one as a round has, and further as long as the bank has one, and puts what is found before
  /// a person; then the kill switch is released.
  mutating func reconcile() throws(StoreError) {
    let house = try books.installation()
    guard let rollback = house.rollback else { return }
    let epochs = rollback.firstEpoch..<house.idEpoch
    // A completed trade is never tried again.
    for trade in try allTrades() where trade.status != .completed {
      let round = books.batches[trade.batch.index].policy.maxAttempts
      var number = trade.attempt
      var until = number + round
      while number < until {
        number += 1
        for epoch in epochs {
          let id = DealTransactionID.of(
            installation: house.id, epoch: epoch, batch: trade.batchID, trade: trade.id,
            attempt: number)
          guard case .found = bank.status(.dealTransactionID(id), at: now) else { continue }
          occurrences[.rolledBackDeal] += 1
          until = max(until, number + 1)
          try witness(trade, attempt: number, "found by its computed id \(id)")
        }
      }
    }
    let admin = Actor.person("admin")
    _ = try books.recordReconciled(note: "asked for every id", actor: admin)
    _ = try books.setKillSwitch(engaged: false, reason: "reconciled", actor: admin)
  }

  /// Evidence stays, whatever becomes of the step: a trade that is in doubt about another attempt is
  /// not moved by it, and its own inquiry reads of this one.
  private mutating func witness(
    _ trade: Trade, attempt: Int, _ note: String
  ) throws(StoreError) {
    let admin = Actor.person("admin")
    try books.append([
      Evidence(
        trade: trade.key, attempt: attempt, kind: .statusAnswer, at: books.now, actor: admin,
        summary: note)
    ])
    _ = try books.perform([
      TradeStep(
        batch: trade.batch, trade: trade.key, authority: .open, actor: admin,
        command: .recordBookingEvidence(attempt: attempt, note: note))
    ])
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
