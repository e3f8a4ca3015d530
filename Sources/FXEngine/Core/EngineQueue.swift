import FXDomain
import FXPorts

/// Queue and leases: which batches this node holds, and whose turn it is.
extension EngineCore {
  mutating func pulsed(_ newer: Installation, at now: Moment) {
    isPulsing = false
    isKnown = true
    pulseAt = now.uptime + EngineBounds.pulseMilliseconds
    let before = installation
    installation = newer
    if (before?.killSwitch == nil) != (newer.killSwitch == nil) {
      actions.append(.report(.killSwitch(engaged: newer.killSwitch != nil)))
      wakeAll(at: now)
    }
    if before?.changeCounter != newer.changeCounter {
      claimAt = now.uptime
      refreshAll(at: now)
    }
    canaryHeard(newer.canary)
  }

  /// Booking calls whose end this node has not heard.
  public var bookingCallsOut: Int { runs.values.count(where: \.isBooking) }

  /// The kill switch is engaged, and nothing that moves money leaves this node any more.
  private var confirmsKillSwitch: Bool {
    installation?.killSwitch != nil && bookingCallsOut == 0
  }

  /// A sign of life, when its time has come, and at once when there is something new to confirm.
  mutating func pulse(at now: Moment) {
    let confirms = confirmsKillSwitch
    guard !isPulsing, pulseAt <= now.uptime || confirms != hasConfirmed else { return }
    isPulsing = true
    hasConfirmed = confirms
    actions.append(
      .pulse(confirmsKillSwitch: confirms, waitsFor: lastingWait(at: now)))
  }

  /// Looks at the queue, renewals and seals, each when its time has come.
  mutating func maintain(at now: Moment) {
    if sealAt <= now.uptime {
      sealAt = now.uptime + EngineBounds.sealMilliseconds
      actions.append(.seal)
    }
    if gateRetryAt <= now.uptime { askForControl() }
    let toRenew = held.values.filter { !$0.isRenewing && $0.renewAt <= now.uptime }
    if !toRenew.isEmpty { renew(toRenew.map(\.hold)) }
    claim(at: now)
  }

  private mutating func claim(at now: Moment) {
    guard isKnown, !isClaiming, claimAt <= now.uptime else { return }
    let booking = held.values.count(where: \.books)
    let watching = held.count - booking
    let request = ClaimRequest(
      node: settings.node, leaseMilliseconds: settings.leaseMilliseconds,
      bookingRoom: max(0, settings.maxRunningBatches - booking),
      watchingRoom: max(0, EngineBounds.watchedBatches - watching), only: settings.only)
    isClaiming = true
    actions.append(.claim(request))
  }

  mutating func claimed(_ batches: [Batch], askedAt: Moment, at now: Moment) {
    isClaiming = false
    claimAt = now.uptime + EngineBounds.claimMilliseconds
    for batch in batches {
      if held[batch.key] != nil { forget(batch.key) }
      let fresh = HeldBatch(batch, askedAt: askedAt, settings: settings)
      held[batch.key] = fresh
      actions.append(.report(.claimed(BatchName(batch), generation: batch.generation)))
      load(fresh.hold, statuses: [.quoting, .booking], after: nil)
    }
  }

  private mutating func renew(_ holds: [Hold]) {
    for hold in holds { held[hold.batch]?.isRenewing = true }
    actions.append(.renew(holds.sorted { $0.batch < $1.batch }))
  }

  /// Reads the flags of every batch held anew, by renewing all holds.
  mutating func refreshAll(at now: Moment) {
    let holds = held.values.filter { !$0.isRenewing }.map(\.hold)
    if !holds.isEmpty { renew(holds) }
  }

  mutating func renewed(
    _ batches: [Batch], of holds: [Hold], askedAt: Moment, at now: Moment
  ) {
    for batch in batches {
      guard var known = held[batch.key], known.generation == batch.generation else { continue }
      known.isRenewing = false
      known.validUntil = askedAt.uptime + settings.leaseMilliseconds
      known.renewAt = askedAt.uptime + settings.leaseMilliseconds / 3
      known.wakeAt = min(known.wakeAt, now.uptime)
      known.refresh(batch)
      held[batch.key] = known
      adoptMissing(batch, at: now)
    }
    let kept = Set(batches.map(\.key))
    for hold in holds where !kept.contains(hold.batch) {
      guard let known = held[hold.batch], known.generation == hold.generation else { continue }
      actions.append(.report(.leaseLost(BatchName(known.batch))))
      forget(hold.batch)
    }
  }

  /// A person may have moved trades in or out of doubt: the doubts are read again when those known no
  /// longer agree with the counts. What is known and still in doubt goes on untouched.
  private mutating func adoptMissing(_ batch: Batch, at now: Moment) {
    guard held[batch.key]?.phase == .settled else { return }
    let known = batchOf.filter { $0.value == batch.key && isKnownDoubt($0.key) }.keys
    guard known.count != batch.counts.inDoubt, let hold = held[batch.key]?.hold else { return }
    held[batch.key]?.doubtsToConfirm = Set(known)
    held[batch.key]?.phase = .adopting
    load(hold, statuses: [.inDoubt, .booked], after: nil)
  }

  /// A hold that has ended by our own clock is no longer acted upon.
  mutating func dropExpired(at now: Moment) {
    for (batch, known) in held where known.validUntil <= now.uptime {
      actions.append(.report(.leaseLost(BatchName(known.batch))))
      forget(batch)
    }
  }

  /// Lets go of everything about a batch, except calls that are out: their answers are evidence.
  mutating func forget(_ batch: BatchKey) {
    held[batch] = nil
    for (trade, run) in runs where run.hold.batch == batch && !run.isCalling {
      runs[trade] = nil
    }
    for (trade, owner) in batchOf where owner == batch { unwatch(trade) }
  }

  /// Takes in the batch as a step left it.
  mutating func refresh(_ batch: Batch?, at now: Moment) {
    guard let batch, held[batch.key]?.generation == batch.generation else { return }
    held[batch.key]?.refresh(batch)
    guard batch.status.isFinal else { return }
    actions.append(.report(.batchEnded(BatchName(batch), batch.status)))
    forget(batch.key)
    claimAt = now.uptime
  }

  // MARK: Recovery

  mutating func load(_ hold: Hold, statuses: Set<TradeStatus>, after: TradeKey?) {
    actions.append(
      .load(hold, statuses: statuses, after: after, limit: EngineBounds.loadPageTrades))
  }

  mutating func loaded(
    _ trades: [OpenTrade], _ hold: Hold, statuses: Set<TradeStatus>, limit: Int, at now: Moment
  ) {
    guard let known = held[hold.batch], known.generation == hold.generation else { return }
    for open in trades { adopt(open, hold, at: now) }
    // A page of one is a single trade that was asked for again.
    guard limit > 1 else { return }
    forgetUnmet(upTo: trades.count == limit ? trades.last?.trade.key : nil, in: hold.batch)
    if trades.count == limit, let last = trades.last {
      guard watchedCount >= EngineBounds.watchedTrades else {
        return load(hold, statuses: statuses, after: last.trade.key)
      }
      held[hold.batch]?.hasUnwatched = true
    }
    switch known.phase {
    case .recovering:
      held[hold.batch]?.phase = .adopting
      load(hold, statuses: [.inDoubt, .booked], after: nil)
    case .adopting:
      held[hold.batch]?.phase = .settled
    case .settled: break
    }
  }

  /// Lets go of known doubts that the pages read so far do not have: they are none any more.
  private mutating func forgetUnmet(upTo last: TradeKey?, in batch: BatchKey) {
    let unmet = held[batch]?.doubtsToConfirm ?? []
    for trade in unmet where last.map({ trade <= $0 }) ?? true {
      held[batch]?.doubtsToConfirm.remove(trade)
      if isKnownDoubt(trade) { unwatch(trade) }
    }
  }

  private mutating func adopt(_ open: OpenTrade, _ hold: Hold, at now: Moment) {
    let trade = open.trade
    switch trade.status {
    case .quoting:
      guard runs[trade.key] == nil else { return }
      step(trade, .deferQuote(nil, notBefore: nil), .recovery(trade.key), hold.generation)
    case .booking:
      // A call of our own that is still out will tell; anybody else's must be asked about.
      guard runs[trade.key]?.hold.generation != hold.generation else { return }
      let failure = Failure(
        .bookingUnclear, "The process that made the call ended before its outcome was known.")
      step(
        trade, .recordUnclear(attempt: trade.attempt, failure), .recovery(trade.key),
        hold.generation)
    case .inDoubt:
      held[hold.batch]?.doubtsToConfirm.remove(trade.key)
      // A doubt about an attempt that has ended since is another doubt.
      if let known = inquiries[trade.key], known.attempt.number != trade.attempt {
        unwatch(trade.key)
      }
      guard !isKnownDoubt(trade.key) else { return }
      guard let attempt = open.attempt else { return leaveToPerson(trade, hold) }
      inquiries[trade.key] = DoubtInquiry(open, attempt: attempt)
      batchOf[trade.key] = trade.batch
      // Whoever made the call may still be waiting for its answer.
      let delay =
        settings.isSoleEngine || attempt.generation == hold.generation
        ? 0 : settings.bankTimeoutMilliseconds + EngineBounds.leaseMarginMilliseconds
      schedule(trade.key, atUptime: now.uptime + delay)
    case .booked:
      watch(trade, at: now)
    case .pending, .completed, .failed, .cancelled:
      break
    }
  }

  // MARK: Cancelling

  mutating func sweepFlagged() {
    for (key, known) in held
    where known.batch.isCancelRequested && known.batch.counts.pending > 0 && !known.isSweeping {
      held[key]?.isSweeping = true
      actions.append(.sweep(known.hold, limit: EngineBounds.sweepTrades))
    }
  }

  mutating func swept(left: Int?, _ hold: Hold, at now: Moment) {
    guard held[hold.batch]?.generation == hold.generation else { return }
    held[hold.batch]?.isSweeping = false
    held[hold.batch]?.batch.counts.pending = left ?? 1
    if left == 0, held[hold.batch]?.isRenewing == false { renew([hold]) }
  }

  // MARK: Turns

  mutating func wakeAll(at now: Moment) {
    for key in held.keys { held[key]?.wakeAt = now.uptime }
  }

  /// Gives out places: the highest priority first, and turns among equals.
  mutating func takeTrades(at now: Moment) {
    var places = placesNow(at: now)
    guard places > 0 else { return }
    var eligible = held.values.filter { $0.mayTake(atUptime: now.uptime) }
    guard !eligible.isEmpty else { return }
    eligible.sort {
      $0.batch.priority != $1.batch.priority
        ? $0.batch.priority > $1.batch.priority
        : $0.turn != $1.turn ? $0.turn < $1.turn : Batch.precedes($0.batch, $1.batch)
    }
    var grants = Array(repeating: 0, count: eligible.count)
    var first = 0
    while first < eligible.count, places > 0 {
      // Equals share what there is, one place at a time.
      let equals = eligible[first...].prefix { $0.batch.priority == eligible[first].batch.priority }
      var gave = true
      while gave, places > 0 {
        gave = false
        for index in equals.indices where places > 0 {
          let wanted = min(eligible[index].room, eligible[index].batch.counts.pending)
          guard grants[index] < wanted else { continue }
          grants[index] += 1
          places -= 1
          gave = true
        }
      }
      first = equals.endIndex
    }
    for (index, grant) in grants.enumerated() where grant > 0 {
      turns += 1
      let key = eligible[index].batch.key
      held[key]?.promised = grant
      held[key]?.turn = turns
      budget.spend(grant * Self.requestsPerTrade)
      actions.append(
        .take(
          TakeRequest(
            hold: eligible[index].hold, limit: grant, actor: .node(settings.node))))
    }
  }

  /// How many trades may be taken up now, by every limit that is not a batch's own.
  private func placesNow(at now: Moment) -> Int {
    guard installation?.killSwitch == nil, slowUntil <= now.uptime,
      breaker.isClosed(atUptime: now.uptime)
    else { return 0 }
    return min(budget.requests / Self.requestsPerTrade, freePlaces)
  }

  /// Places that connections, canary and breaker leave, whatever the time and the request budget.
  var freePlaces: Int {
    let active = runs.count + held.values.reduce(0) { $0 + $1.promised }
    var places = settings.maxConnections - active - pollsOut - inquiriesOut.count
    if let width = gate.width { places = min(places, width - active) }
    if breaker.isTrying { places = min(places, 1 - active) }
    return max(0, places)
  }

  mutating func taken(_ answer: TakeAnswer?, of request: TakeRequest, at now: Moment) {
    let key = request.hold.batch
    guard held[key]?.generation == request.hold.generation else { return }
    held[key]?.promised = 0
    guard let answer else {
      held[key]?.wakeAt = now.uptime + EngineBounds.claimMilliseconds
      budget.giveBack(request.limit * Self.requestsPerTrade)
      return
    }
    budget.giveBack((request.limit - answer.trades.count) * Self.requestsPerTrade)
    held[key]?.waitsForBlockedClients = answer.blockedClients
    if answer.trades.count < request.limit {
      var wake = Int64.max
      if let next = answer.nextDue {
        wake = now.uptime + max(1, next.milliseconds(since: now.wall))
      }
      if answer.blockedClients {
        wake = min(wake, now.uptime + EngineBounds.blockedClientMilliseconds)
      }
      held[key]?.wakeAt = wake
    }
    refresh(answer.batch, at: now)
    for taken in answer.trades { start(taken, in: answer.batch, at: now) }
  }
}
