import FXDomain
import FXPorts

@testable import FXEngine

/// All of a world that its future depends on, times relative to now and cut where nothing changes any
/// more, and nothing else: without it the search would not end.
struct StateKey: Hashable, Sendable {
  var house = Packed()
  var nodes: (low: Packed, high: Packed) = (Packed(), Packed())

  static func == (left: StateKey, right: StateKey) -> Bool {
    left.house == right.house && left.nodes == right.nodes
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(house.bits)
    hasher.combine(nodes.low.bits)
    hasher.combine(nodes.high.bits)
  }
}

/// Small numbers side by side in one word.
struct Packed: Hashable, Comparable, Sendable {
  private(set) var bits: UInt128 = 0
  private var used = 0

  mutating func put(_ value: Int, _ width: Int) {
    used += width
    precondition(
      used <= 128 && value >= 0 && value >> width == 0,
      "\(value) does not fit into \(width) bits after \(used - width)")
    bits = bits << UInt128(width) | UInt128(value)
  }

  mutating func put(_ flag: Bool) { put(flag ? 1 : 0, 1) }

  /// A time relative to now in ticks, cut to a range.
  mutating func put(
    _ time: Timestamp, from now: Timestamp, _ range: ClosedRange<Int64>, _ width: Int
  ) {
    // Any part of a tick that is still to come counts as one.
    let distance = time.milliseconds(since: now)
    let ticks = distance > 0 ? (distance + Scale.tick - 1) / Scale.tick : distance / Scale.tick
    put(Int(min(range.upperBound, max(range.lowerBound, ticks)) - range.lowerBound), width)
  }

  static func < (left: Packed, right: Packed) -> Bool { left.bits < right.bits }
}

extension World {
  /// The nodes are alike: which of them is which makes no difference.
  var key: StateKey {
    let packed = nodes.indices.map { pack(nodes[$0]) }
    let order = packed[1] < packed[0] ? [1, 0] : [0, 1]
    var key = StateKey()
    key.house = house(order)
    key.nodes = (packed[order[0]], packed[order[1]])
    return key
  }

  private func house(_ order: [Int]) -> Packed {
    let (trade, batch, now) = (trade, batch, now)
    var packed = Packed()
    packed.put(TradeStatus.allCases.firstIndex(of: trade.status) ?? 0, 3)
    packed.put(trade.attempt, 3)
    packed.put(trade.roundAttempts, 2)
    packed.put(trade.quoteTries, 2)
    packed.put(trade.notBefore ?? now, from: now, 0...3, 2)
    packed.put(trade.escalatedAt != nil)
    packed.put(trade.isResolvedByPerson)
    packed.put(trade.doubtSince ?? now, from: now, -1...0, 1)
    if trade.status == .booked || nodes.contains(where: { $0.watch != nil }) {
      packed.put(trade.bookedAt ?? now, from: now, -(Scale.margin + 1)...0, 3)
      packed.put(trade.bankTransactionID != nil)
    }
    packed.put(BatchStatus.allCases.firstIndex(of: batch.status) ?? 0, 3)
    packed.put(batch.isCancelRequested)
    packed.put(batch.startedAt != nil)
    packed.put(batch.lease?.expiresAt ?? now, from: now, 0...Scale.lease, 3)
    for attempt in books.value.attempts {
      packed.put(1 + (AttemptOutcome.allCases.firstIndex(of: attempt.outcome) ?? 0), 3)
      packed.put(books.value.accepted.contains(attempt.number))
    }
    packed.put(0, 3)
    // Of an attempt that has ended nothing is asked any more.
    if let last = books.value.attempts.last, last.outcome == .open || trade.status == .inDoubt {
      packed.put(last.quoteExpiresAt, from: now, Self.expiry, 3)
    }
    packed.put(books.value.killSwitch)
    packed.put(books.value.epoch, 2)
    packed.put(crashes, 2)
    packed.put(delays, 3)
    packed.put(retries, 1)
    packed.put(rollBacks, 1)
    packed.put(rolledBackAt.map { Int(min(6, ticks - $0)) + 1 } ?? 0, 3)
    packed.put(hasPaused)
    packed.put(hasEngaged)
    pack(bank, order, &packed)
    return packed
  }

  /// From the quote's whole life to one tick past the margin.
  static let expiry = -(Scale.margin + 1)...Scale.quoteLife

  private func pack(_ bank: ModelBank, _ order: [Int], _ packed: inout Packed) {
    packed.put(bank.knowsControl)
    for request in bank.requests {
      packed.put(1, 1)
      packed.put(request.number, 3)
      packed.put(request.expiresAt, from: now, -1...Scale.quoteLife, 2)
      packed.put(request.asker.map { $0 == order[0] ? 1 : 2 } ?? 0, 2)
      packed.put(
        request.acceptedAt.map { Int(now.milliseconds(since: $0) / Scale.tick) + 1 } ?? 0, 3)
    }
    packed.put(0, 1)
    let lag = Int64(bounds.bank.lag)
    for deal in bank.deals {
      packed.put(1, 1)
      packed.put(deal.number, 3)
      packed.put(deal.bookedAt, from: now, -lag...0, 3)
      packed.put(DealStatus.allCases.firstIndex(of: deal.status) ?? 0, 2)
      packed.put(deal.isKnown)
    }
    packed.put(0, 1)
  }

  private func pack(_ node: ModelNode) -> Packed {
    var packed = Packed()
    packed.put(node.generation.map { $0 == batch.generation ? 2 : 1 } ?? 0, 2)
    // An older hold has ended. The present one may outlive the lease, where the batch has ended.
    if node.generation != nil { packed.put(node.validUntil, from: now, 0...Scale.lease, 2) }
    packed.put(node.heardOfKillSwitch)
    packed.put(node.lookUp.code, 2)
    packed.put(node.stray.map { code($0) } ?? 0, 2)
    for control in node.controls {
      packed.put(1, 1)
      packed.put(control.foundAt, from: now, -Scale.controlAge...0, 2)
      // Here a control is asked for and found in one tick, but perhaps before a first answer.
      let first = node.inquiry?.value.machine.firstNotFound
      packed.put(first.map { control.askedAt > $0.answeredAt } ?? false)
      packed.put(control.dealBookedAt == ModelBank.controlBookedAt)
    }
    packed.put(0, 1)
    packed.put(node.recovery != nil)
    packed.put(node.run != nil)
    if let run = node.run?.value { pack(run, &packed) }
    packed.put(node.inquiry != nil)
    if let inquiry = node.inquiry?.value { pack(inquiry, &packed) }
    packed.put(node.watch != nil)
    if let watch = node.watch?.value {
      packed.put(watch.machine.attempt, 3)
      packed.put(watch.machine.asksByBankID)
      packed.put(watch.pending?.code ?? 0, 5)
    }
    return packed
  }

  /// An answer tells by its own date whether it came late enough.
  private func code(_ answer: StatusAnswer) -> Int {
    switch answer {
    case .found: return 1
    case .notFound(let receipt):
      guard let date = receipt.bankDate, let last = books.value.attempts.last else { return 2 }
      let deadline = last.quoteExpiresAt.advanced(byMilliseconds: Scale.margin * Scale.tick)
      return date > deadline ? 3 : 2
    case .refused, .trouble: return 0
    }
  }

  private func pack(_ run: ModelNode.Run, _ packed: inout Packed) {
    let machine = run.machine
    packed.put(machine.hold.generation == batch.generation)
    packed.put(machine.trade.attempt, 3)
    packed.put(machine.trade.roundAttempts, 2)
    packed.put(machine.trade.quoteTries, 2)
    packed.put(machine.taken.earlierAttempts.count, 3)
    packed.put(run.sentEarly)
    packed.put(machine.stage.code, 4)
    if let intent = machine.intent {
      packed.put(intent.figures.expiresAt, from: now, Self.expiry, 3)
    }
    switch run.pending {
    case .awaiting: packed.put(1, 5)
    case .perform(.write(let command)):
      packed.put(8 + command.code, 5)
      if let due = command.due { packed.put(due, from: now, 0...3, 2) }
    case .perform(.witness(let kind, _, _, _)):
      packed.put(kind == .bookingAccepted ? 6 : 7, 5)
    case .perform: packed.put(0, 5)
    }
  }

  private func pack(_ inquiry: ModelNode.Inquiry, _ packed: inout Packed) {
    let (machine, now) = (inquiry.machine, now)
    let deadline = machine.attempt.quoteExpiresAt.advanced(
      byMilliseconds: Scale.margin * Scale.tick)
    packed.put(machine.attempt.number, 3)
    packed.put(machine.isEscalated)
    packed.put(machine.isForPerson)
    packed.put(machine.open.trade.doubtSince ?? now, from: now, -1...0, 1)
    packed.put(machine.attempt.quoteExpiresAt, from: now, Self.expiry, 3)
    packed.put(machine.firstNotFound != nil)
    if let first = machine.firstNotFound {
      packed.put(first.askedAt, from: machine.asked?.askedAt ?? now, -Scale.spacing...0, 1)
      packed.put(first.answeredAt < now)
    }
    if let askedAt = machine.asked?.askedAt {
      packed.put(askedAt, from: now, -Scale.spacing...0, 1)
    }
    packed.put((machine.asked?.askedAt).map { $0 > deadline ? 2 : 1 } ?? 0, 2)
    switch inquiry.pending {
    case nil: packed.put(0, 5)
    case .ask: packed.put(1, 5)
    case .findControl: packed.put(2, 5)
    case .write(let command): packed.put(8 + command.code, 5)
    case .readEvidence, .wait: packed.put(3, 5)
    }
  }
}

extension LookUp {
  fileprivate var code: Int {
    switch self {
    case .unproven: 0
    case .byDealTransactionID: 1
    case .blind: 2
    }
  }
}

extension TradeRun.Stage {
  fileprivate var code: Int {
    switch self {
    case .askingEarlier(let next): 8 + next
    case .creatingQuote: 1
    case .fetchingRate: 2
    case .writingIntent: 3
    case .calling: 4
    case .confirmingRefusal: 5
    case .lettingGo: 6
    case .writingOutcome: 7
    case .over: 0
    }
  }
}

extension TradeCommand {
  /// When the trade that it takes back to the queue comes up again.
  fileprivate var due: Timestamp? {
    switch self {
    case .deferQuote(_, let due), .recordNotSent(_, _, _, let due): due
    case .take, .refuseQuote, .recordIntent, .recordAccepted, .recordRefused, .recordUnclear,
      .recordFound, .recordNotBooked, .recordBookingEvidence, .recordSettled,
      .recordSettlementFailed, .escalate, .resolve, .cancel, .retry:
      nil
    }
  }

  /// Which one it is, as far as this world tells them apart.
  fileprivate var code: Int {
    switch self {
    case .take: 0
    case .deferQuote(let failure, _): failure == nil ? 1 : 2
    case .refuseQuote: 3
    case .recordIntent: 4
    case .recordNotSent: 5
    case .recordAccepted: 6
    case .recordRefused: 7
    case .recordUnclear: 8
    case .recordFound(_, let deal): deal.status == .pending ? 9 : deal.status == .failed ? 10 : 11
    case .recordNotBooked: 12
    case .recordBookingEvidence: 13
    case .recordSettled: 14
    case .recordSettlementFailed: 15
    case .escalate: 16
    case .resolve: 17
    case .cancel: 18
    case .retry: 19
    }
  }
}
