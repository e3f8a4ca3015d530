import FXDomain
import FXPorts
import HeapModule

/// Doubts, booked deals, the positive control and the canary.
extension EngineCore {
  var watchedCount: Int { inquiries.count + watches.count + personsDoubts.count }

  func isKnownDoubt(_ trade: TradeKey) -> Bool {
    inquiries[trade] != nil || personsDoubts.contains(trade)
  }

  /// Puts a doubt before a person that no question to the bank can end.
  mutating func leaveToPerson(_ trade: Trade, _ hold: Hold) {
    personsDoubts.insert(trade.key)
    batchOf[trade.key] = trade.batch
    guard trade.escalatedAt == nil else { return }
    actions.append(.report(.escalated(TradeName(trade))))
    step(trade, .escalate(attempt: trade.attempt), .recovery(trade.key), hold.generation)
  }

  mutating func watch(_ trade: Trade, at now: Moment) {
    guard watches[trade.key] == nil, let watch = SettlementWatch(trade) else { return }
    guard watchedCount < EngineBounds.watchedTrades else {
      held[trade.batch]?.hasUnwatched = true
      return
    }
    watches[trade.key] = watch
    batchOf[trade.key] = trade.batch
    // Everybody waits for what the canary shows.
    let delay = gate == .soloBusy(trade.key) ? 0 : settings.statusPollMilliseconds
    schedule(trade.key, atUptime: now.uptime + delay)
  }

  /// Reads what was left in the store for want of room, once there is enough of it.
  mutating func adoptUnwatched() {
    guard watchedCount <= EngineBounds.watchedTrades / 2,
      let known = held.values.filter({ $0.hasUnwatched && $0.phase == .settled })
        .min(by: { $0.batch.key < $1.batch.key })
    else { return }
    held[known.batch.key]?.hasUnwatched = false
    held[known.batch.key]?.phase = .adopting
    load(known.hold, statuses: [.inDoubt, .booked], after: nil)
  }

  mutating func unwatch(_ trade: TradeKey) {
    inquiries[trade] = nil
    watches[trade] = nil
    personsDoubts.remove(trade)
    batchOf[trade] = nil
    dueAt[trade] = nil
    inquiriesOut.remove(trade)
  }

  mutating func schedule(_ trade: TradeKey, atUptime uptime: Int64) {
    dueAt[trade] = uptime
    let due = Due(uptime: uptime, trade: trade)
    if inquiries[trade] != nil { inquiriesDue.insert(due) } else { pollsDue.insert(due) }
  }

  private func generation(of trade: TradeKey) -> Int64? {
    batchOf[trade].flatMap { held[$0]?.generation }
  }

  /// Asks about what is due. Doubts go first and wait for no budget.
  mutating func askDue(at now: Moment) {
    while inquiriesOut.count < EngineBounds.concurrentInquiries,
      let trade = takeDue(from: \.inquiriesDue, at: now)
    {
      guard inquiries[trade] != nil else { continue }
      inquiriesOut.insert(trade)
      let gate = gate
      inquire(trade, at: now) { $0.due(at: now, lookUp: gate.lookUp, settings: $1) }
    }
    while pollsOut < settings.concurrentPolls, budget.requests > 0, slowUntil <= now.uptime,
      breaker.isClosed(atUptime: now.uptime), let trade = takeDue(from: \.pollsDue, at: now)
    {
      guard watches[trade] != nil else { continue }
      poll(trade, at: now) { $0.due(at: now, settings: $1) }
    }
  }

  /// The trade that has been due for longest; nil when none is.
  private mutating func takeDue(
    from heap: WritableKeyPath<EngineCore, Heap<Due>>, at now: Moment
  ) -> TradeKey? {
    while let next = self[keyPath: heap].min, next.uptime <= now.uptime {
      self[keyPath: heap].removeMin()
      guard dueAt[next.trade] == next.uptime else { continue }
      dueAt[next.trade] = nil
      return next.trade
    }
    return nil
  }

  // MARK: Doubts

  private mutating func inquire(
    _ trade: TradeKey, at now: Moment,
    _ feed: (inout DoubtInquiry, EngineSettings) -> DoubtInquiry.Action
  ) {
    guard var inquiry = inquiries[trade], let generation = generation(of: trade) else { return }
    let action = feed(&inquiry, settings)
    inquiries[trade] = inquiry
    switch action {
    case .readEvidence: actions.append(.readEvidence(trade, generation: generation))
    case .ask(let query):
      budget.spend(1)
      actions.append(
        .askStatus(
          query, .inquiry(trade, inquiry.asked), generation: generation))
    case .findControl(let before):
      actions.append(.findControl(bookedBefore: before, for: trade))
    case .write(let command):
      if case .escalate = command {
        actions.append(.report(.escalated(TradeName(inquiry.open.trade))))
      }
      step(inquiry.open.trade, command, .inquiry(trade), generation)
    case .wait(let until):
      inquiriesOut.remove(trade)
      schedule(trade, atUptime: until)
    }
  }

  mutating func evidenceRead(
    _ trade: TradeKey, _ evidence: [Evidence], generation: Int64, at now: Moment
  ) {
    let known = controls
    inquire(trade, at: now) {
      $0.evidenceRead(evidence, controls: known, at: now, settings: $1)
    }
  }

  mutating func inquiryWritten(
    _ key: TradeKey, _ result: Result<Trade, StepRefusal>, at now: Moment
  ) {
    guard inquiries[key] != nil else { return }
    switch result {
    case .success(let trade) where trade.status == .inDoubt:
      inquire(key, at: now) { $0.unchanged(at: now, settings: $1) }
    case .failure(.illegal(.inDoubt)):
      inquire(key, at: now) { $0.unchanged(at: now, settings: $1) }
    case .success, .failure:
      unwatch(key)
    }
  }

  // MARK: Booked deals

  private mutating func poll(
    _ trade: TradeKey, at now: Moment,
    _ feed: (inout SettlementWatch, EngineSettings) -> SettlementWatch.Action
  ) {
    guard var watch = watches[trade], let generation = generation(of: trade) else { return }
    let action = feed(&watch, settings)
    watches[trade] = watch
    switch action {
    case .ask(let query):
      pollsOut += 1
      budget.spend(1)
      actions.append(.askStatus(query, .watch(trade), generation: generation))
    case .write(let command): write(command, of: watch, generation)
    case .wait(let until): schedule(trade, atUptime: until)
    case .foundByOurID(let follow):
      found(bookedAt: watch.bookedAt, askedAt: watch.askedAt, at: now)
      switch follow {
      case .write(let command): write(command, of: watch, generation)
      case .wait(let until): schedule(trade, atUptime: until)
      }
    case .blind(let until):
      schedule(trade, atUptime: until)
      move(gate: .blind)
      wakeAll(at: now)
      endCanary()
    }
  }

  private mutating func write(
    _ command: TradeCommand, of watch: SettlementWatch, _ generation: Int64
  ) {
    writesOut += 1
    if case .escalate = command { actions.append(.report(.escalated(watch.name))) }
    let step = TradeStep(
      batch: watch.batch, trade: watch.trade, authority: .lease(generation: generation),
      actor: .node(settings.node), command: command)
    actions.append(.step(step, .watch(watch.trade), generation: generation))
  }

  mutating func watchWritten(
    _ key: TradeKey, _ result: Result<Trade, StepRefusal>, at now: Moment
  ) {
    guard watches[key] != nil else { return }
    switch result {
    case .success(let trade) where trade.status == .booked:
      poll(key, at: now) { $0.unchanged(at: now, settings: $1) }
    case .failure(.illegal(.booked)):
      poll(key, at: now) { $0.refused(at: now, settings: $1) }
    case .success, .failure:
      unwatch(key)
    }
  }

  // MARK: Answers

  mutating func statusAnswered(
    _ answer: StatusAnswer, _ caller: Caller, generation: Int64, at now: Moment
  ) {
    switch caller {
    case .run(let trade):
      advance(trade, generation, at: now) { run, _, settings in
        run.statusAnswered(answer, at: now, settings: settings)
      }
    case .inquiry(let trade, let question):
      // An inquiry may have been begun anew since: its own question is still to be answered, and
      // what an older one learnt is no proof of the time that the newer one began at.
      guard let inquiry = inquiries[trade], inquiry.asked == question else { return }
      let (known, lookUp) = (controls, gate.lookUp)
      inquire(trade, at: now) {
        $0.answered(answer, controls: known, at: now, lookUp: lookUp, settings: $1)
      }
    case .watch(let trade):
      pollsOut -= 1
      let isCanary = gate == .soloBusy(trade)
      poll(trade, at: now) {
        $0.answered(answer, isCanary: isCanary, at: now, settings: $1)
      }
    case .control(let deal, let trade, let askedAt):
      controlAnswered(answer, deal, for: trade, askedAt: askedAt, at: now)
    case .recovery: break
    }
  }

  // MARK: Control and canary

  mutating func askForControl() {
    gateRetryAt = .max
    actions.append(.findControl(bookedBefore: nil, for: nil))
  }

  mutating func controlFound(_ deal: ControlDeal?, for trade: TradeKey?, at now: Moment) {
    if let deal {
      budget.spend(1)
      return actions.append(
        .askStatus(
          .dealTransactionID(deal.dealTransactionID),
          .control(deal, for: trade, askedAt: now.wall), generation: 0))
    }
    if let trade {
      inquire(trade, at: now) { inquiry, _ in inquiry.controlSought(at: now) }
    } else {
      goSolo()
    }
  }

  private mutating func controlAnswered(
    _ answer: StatusAnswer, _ deal: ControlDeal, for trade: TradeKey?, askedAt: Timestamp,
    at now: Moment
  ) {
    switch answer {
    case .found:
      found(bookedAt: deal.bookedAt, askedAt: askedAt, at: now)
    case .notFound:
      if trade == nil, gate.lookUp == .unproven { goSolo() }
    case .refused, .trouble:
      if trade == nil {
        gateTries += 1
        gateRetryAt =
          now.uptime
          + settings.backoff(
            first: EngineBounds.firstBackoffMilliseconds,
            greatest: EngineBounds.greatestBackoffMilliseconds, tries: gateTries, of: deal.trade)
      }
    }
    if let trade { inquire(trade, at: now) { inquiry, _ in inquiry.controlSought(at: now) } }
  }

  /// The bank has found, by our id, a deal that we know is booked.
  private mutating func found(bookedAt: Timestamp, askedAt: Timestamp, at now: Moment) {
    controls.removeAll { $0.dealBookedAt == bookedAt }
    controls.insert(
      ControlAnswer(askedAt: askedAt, foundAt: now.wall, dealBookedAt: bookedAt), at: 0)
    if controls.count > EngineBounds.rememberedControls { forgetOneControl() }
    if gate.lookUp != .byDealTransactionID {
      move(gate: .open)
      wakeAll(at: now)
    }
    endCanary()
  }

  /// The oldest deal serves the most doubts, the newest find the longest: one of the others goes.
  private mutating func forgetOneControl() {
    let oldest = controls.indices.min { controls[$0].dealBookedAt < controls[$1].dealBookedAt }
    let victim = controls.indices.reversed().first { $0 != oldest && $0 != 0 }
    if let victim { controls.remove(at: victim) }
  }

  private mutating func goSolo() {
    if let canary = installation?.canary {
      move(gate: .soloBusy(canary))
    } else {
      move(gate: .solo)
    }
  }

  private mutating func endCanary() {
    guard let canary = installation?.canary else { return }
    installation?.canary = nil
    actions.append(.clearCanary(canary))
  }

  /// The canary came to an end without having shown anything: the next booking is the canary.
  mutating func canaryMoved(_ trade: Trade) {
    switch trade.status {
    case .booking:
      if runs[trade.key]?.isCanary == true { installation?.canary = trade.key }
    case .pending, .completed, .failed, .cancelled:
      if installation?.canary == trade.key { installation?.canary = nil }
      if gate == .soloBusy(trade.key) { move(gate: .solo) }
    case .quoting, .booked, .inDoubt:
      break
    }
  }

  /// What the store says of the canary, which may be another node's.
  mutating func canaryHeard(_ canary: TradeKey?) {
    switch (gate, canary) {
    case (.soloBusy(let mine), nil) where runs[mine] == nil:
      move(gate: .asking)
      askForControl()
    case (.solo, .some(let other)) where runs.isEmpty:
      move(gate: .soloBusy(other))
    case (.soloBusy, _), (.solo, _), (.asking, _), (.open, _), (.blind, _):
      break
    }
  }

  mutating func move(gate new: CanaryGate) {
    guard gate != new else { return }
    gate = new
    actions.append(.report(.gate(new)))
  }
}
