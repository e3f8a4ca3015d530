import FXDomain
import FXPorts

@testable import FXEngine

/// One trade, two nodes, one store, one bank, and the messages between them, at one moment.
struct World: Sendable {
  let bounds: Bounds
  var ticks: Int64 = 0
  var books: Kept<ModelBooks>
  var nodes: [ModelNode]
  var bank = ModelBank()
  var crashes: Int
  var delays: Int
  var retries: Int
  var rollBacks: Int
  /// When the store was found to have lost what it had acknowledged.
  var rolledBackAt: Int64?
  /// A person's commands on the whole are each given once.
  var hasPaused = false
  var hasEngaged = false
  /// A write under a lease was accepted that was not the present holder's.
  var wasUnfenced = false

  init(_ bounds: Bounds) {
    self.bounds = bounds
    self.books = Kept(.fresh)
    self.nodes = [ModelNode(), ModelNode()]
    self.crashes = bounds.crashes
    self.delays = bounds.delays
    self.retries = bounds.retries
    self.rollBacks = bounds.rollBacks
    bank.knowsControl = bounds.hasControl
  }

  static let names = ["A", "B"]

  var now: Timestamp { Scale.start.advanced(byMilliseconds: ticks * Scale.tick) }
  var moment: Moment { Moment(uptime: ticks * Scale.tick, wall: now) }
  var trade: Trade { books.value.trade }
  var batch: Batch { books.value.batch }

  // MARK: What may happen

  var moves: [Move] {
    if isOver { return [] }
    var moves: [Move] = []
    for index in nodes.indices { moves += nodeMoves(index).map { .node(index, $0) } }
    for (index, request) in bank.requests.enumerated() {
      if request.acceptedAt == nil {
        moves.append(.arrive(index))
      } else {
        moves.append(.book(index, isHeard: false))
        if request.asker != nil { moves.append(.book(index, isHeard: true)) }
        if bounds.bank.refuses { moves.append(.refuse(index)) }
      }
    }
    let maySettle = bounds.bank.settlesEarly || trade.status == .booked
    for (index, deal) in bank.deals.enumerated() where maySettle && deal.status == .pending {
      moves.append(.settle(index, .completed))
      if bounds.bank.settlementFails { moves.append(.settle(index, .failed)) }
    }
    if bounds.bank.forgetting != .never { moves.append(.forget) }
    let isDelay = nodes.contains(where: \.isBusy)
    if !bank.mustWork(at: now, bounds.bank), !isDelay || delays > 0 { moves.append(.tick) }
    return moves + personMoves
  }

  private var personMoves: [Move] {
    var moves: [Move] = []
    let isOpen = !batch.status.isFinal
    if bounds.mayCancel, isOpen, !batch.isCancelRequested { moves.append(.cancel) }
    if bounds.mayPause {
      if batch.status == .paused {
        moves.append(.resume)
      } else if isOpen, !hasPaused {
        moves.append(.pause)
      }
    }
    if bounds.mayKill, isOpen {
      if books.value.killSwitch {
        moves.append(.releaseKillSwitch)
      } else if !hasEngaged {
        moves.append(.engageKillSwitch)
      }
    }
    if isForPerson { moves.append(.resolve) }
    if retries > 0, batch.status.isFinal, trade.status != .completed { moves.append(.retry) }
    if rollBacks > 0, trade.attempt > 0 { moves.append(.rollBack) }
    if rolledBackAt != nil { moves.append(.reconcile) }
    return moves
  }

  private func nodeMoves(_ index: Int) -> [NodeMove] {
    let node = nodes[index]
    var moves: [NodeMove] = []
    if crashes > 0, node.generation != nil || node.run != nil { moves.append(.crash) }
    if Ledger.isClaimable(batch, at: now) { moves.append(.claim) }
    if node.generation != nil {
      if node.validUntil > now, node.validUntil.milliseconds(since: now) < Scale.lease * Scale.tick
      {
        moves.append(.renew)
      }
      if node.recovery != nil { moves.append(.recover) }
      let isPending = trade.status == .pending
      if isPending, node.recovery == nil, !node.heardOfKillSwitch { moves.append(.take) }
      if isPending, batch.isCancelRequested { moves.append(.sweep) }
      if bounds.asksForControlFirst, node.lookUp == .unproven, bank.knowsControl {
        moves.append(.findControl)
      }
    }
    if node.heardOfKillSwitch != books.value.killSwitch { moves.append(.hearOfKillSwitch) }
    if let run = node.run { moves += [.run(.done)] + (mayFail(run.value) ? [.run(.trouble)] : []) }
    if let inquiry = node.inquiry {
      moves.append(.inquire(.done))
      switch inquiry.value.pending {
      case .ask, .findControl: moves.append(.inquire(.trouble))
      case .readEvidence, .write, .wait, nil: break
      }
      if node.stray != nil { moves.append(.takeStrayAnswer) }
    }
    if node.watch != nil { moves.append(.watch(.done)) }
    return moves
  }

  private func mayFail(_ run: ModelNode.Run) -> Bool {
    switch run.pending {
    case .awaiting: false
    case .perform(let action):
      switch action {
      case .ask, .book: true
      case .createQuote, .latestQuote, .write, .witness, .leave: false
      }
    }
  }

  // MARK: What must hold

  /// Nil when everything that the protocol promises holds in this state.
  var violation: String? {
    let (trade, batch) = (trade, batch)
    let standing = bank.standing
    if standing > 1 { return "the bank has \(standing) deals of one trade" }
    if bounds.promise == .oneDeal { return nil }
    if wasUnfenced { return "a fenced node's write was accepted" }
    var counts = TradeCounts()
    counts[trade.status] += 1
    if counts != batch.counts { return "the counts do not equal the trade" }
    if trade.status.isFinal != batch.status.isFinal {
      return "the batch is \(batch.status.rawValue), its trade \(trade.status.rawValue)"
    }
    // Until a store that was rolled back has been reconciled, it is known not to know.
    if rolledBackAt != nil { return nil }
    switch trade.status {
    case .completed:
      if standing == 0 { return "completed without a deal" }
    case .booked:
      if bank.deals.isEmpty { return "booked without a deal" }
    case .pending, .quoting, .failed, .cancelled:
      if standing > 0 { return "\(trade.status.rawValue) with a deal at the bank" }
    case .booking, .inDoubt: break
    }
    return nil
  }

  /// Nothing that is still to come can book or undo anything.
  private var isOver: Bool {
    trade.status.isFinal && retries == 0 && rollBacks == 0 && rolledBackAt == nil
      && bank.requests.isEmpty && nodes.allSatisfy { $0.run == nil }
  }

  /// Nothing more is expected here, or only a person's decision.
  var isEnd: Bool { trade.status.isFinal || isForPerson || isUnconfirmed }

  /// A booked deal that the bank has forgotten, or cannot find by any id that we have of it: it is
  /// put before a person after a day.
  private var isUnconfirmed: Bool {
    let isLost = bank.deals.allSatisfy { !$0.isKnown }
    return trade.status == .booked
      && (isLost || !bounds.bank.looksUp && trade.bankTransactionID == nil)
  }

  /// Escalated, or put in doubt without any attempt that could be asked about.
  private var isForPerson: Bool {
    trade.status == .inDoubt && (trade.escalatedAt != nil || trade.attempt == 0)
  }
}
