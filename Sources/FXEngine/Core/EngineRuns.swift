import FXDomain
import FXPorts

/// Trades under way: the core drives each one's machine and performs nothing itself.
extension EngineCore {
  mutating func start(_ taken: TakenTrade, in batch: Batch, at now: Moment) {
    guard let installation else { return }
    guard runs[taken.trade.key] == nil else {
      // A call of an earlier hold is still out: the trade waits for its end.
      let later = now.wall.advanced(byMilliseconds: EngineBounds.blockedClientMilliseconds)
      let trade = taken.trade
      return step(
        trade, .deferQuote(nil, notBefore: later), .recovery(trade.key), batch.generation)
    }
    let run = TradeRun(
      taken: taken, batch: batch, installation: installation, isCanary: gate == .solo,
      asksForLostIDs: settings.knowsHistorySince.map { taken.trade.createdAt < $0 } ?? false)
    runs[taken.trade.key] = run
    held[batch.key]?.running += 1
    actions.append(.report(.tradeChanged(TradeName(taken.trade), .quoting, nil)))
    advance(taken.trade.key, run.hold.generation, at: now) { run, _, settings in
      run.begin(at: now, settings: settings)
    }
  }

  /// Feeds one answer to the trade's machine and issues its one next action. An answer for a run
  /// that is gone, or of another generation, is nobody's.
  mutating func advance(
    _ trade: TradeKey, _ generation: Int64, at now: Moment,
    _ feed: (inout TradeRun, LastLook, EngineSettings) -> TradeRun.Action
  ) {
    guard var run = runs[trade], run.hold.generation == generation else { return }
    var action = feed(&run, lastLook(for: run.hold.batch), settings)
    if isStopping { action = run.stopping(insteadOf: action, at: now, settings: settings) }
    runs[trade] = run
    issue(action, of: run, at: now)
  }

  private mutating func issue(_ action: TradeRun.Action, of run: TradeRun, at now: Moment) {
    let key = run.trade.key
    let generation = run.hold.generation
    switch action {
    case .ask(let query):
      // Beyond the calls that every trade needs, for which the budget was asked when it was taken.
      budget.spend(1)
      actions.append(.askStatus(query, .run(key), generation: generation))
    case .createQuote(let request):
      actions.append(.createQuote(request, key, generation: generation))
    case .latestQuote(let quoteID):
      actions.append(.latestQuote(quoteID: quoteID, key, generation: generation))
    case .write(let command): step(run.trade, command, .run(key), generation)
    case .book(let order):
      if run.isCanary { move(gate: .soloBusy(key)) }
      actions.append(.book(order, key, generation: generation))
    case .witness(let kind, let attempt, let summary, let bankTransactionID):
      writesOut += 1
      let evidence = Evidence(
        trade: key, attempt: attempt, kind: kind, at: now.wall, actor: .node(settings.node),
        summary: summary, bankTransactionID: bankTransactionID)
      actions.append(.evidence(evidence, .run(key), generation: generation))
    case .leave(let quoteID):
      if let quoteID { actions.append(.cancelQuote(quoteID: quoteID, of: TradeName(run.trade))) }
      leave(run)
    }
  }

  private mutating func leave(_ run: TradeRun) {
    runs[run.trade.key] = nil
    guard held[run.hold.batch]?.generation == run.hold.generation else { return }
    held[run.hold.batch]?.running -= 1
  }

  mutating func step(
    _ trade: Trade, _ command: TradeCommand, _ caller: Caller, _ generation: Int64
  ) {
    writesOut += 1
    let step = TradeStep(
      batch: trade.batch, trade: trade.key, authority: .lease(generation: generation),
      actor: .node(settings.node), command: command)
    actions.append(.step(step, caller, generation: generation))
  }

  mutating func witnessed(_ caller: Caller, generation: Int64, at now: Moment) {
    guard case .run(let trade) = caller else { return }
    advance(trade, generation, at: now) { run, _, _ in run.witnessed() }
  }

  mutating func stepped(
    _ result: StepResult, _ caller: Caller, generation: Int64, at now: Moment
  ) {
    if case .success(let trade) = result.result {
      actions.append(.report(.tradeChanged(TradeName(trade), trade.status, trade.failure?.code)))
    }
    switch caller {
    case .run(let key):
      advance(key, generation, at: now) { run, look, settings in
        run.written(result.result, look: look, at: now, settings: settings)
      }
    case .inquiry(let key, _): inquiryWritten(key, result.result, at: now)
    case .watch(let key): watchWritten(key, result.result, at: now)
    case .recovery, .control: break
    }
    if case .success(let trade) = result.result {
      follow(trade, generation: generation, at: now)
    }
    refresh(result.batch, at: now)
    if case .failure(.leaseLost) = result.result, let batch = result.batch,
      held[batch.key]?.generation == generation
    {
      actions.append(.report(.leaseLost(BatchName(batch))))
      forget(batch.key)
    }
  }

  /// What a trade's new status asks of the node.
  private mutating func follow(_ trade: Trade, generation: Int64, at now: Moment) {
    canaryMoved(trade)
    guard let known = held[trade.batch], known.generation == generation else { return }
    switch trade.status {
    case .booked:
      watch(trade, at: now)
    case .inDoubt:
      if !isKnownDoubt(trade.key) {
        if trade.escalatedAt != nil { actions.append(.report(.escalated(TradeName(trade)))) }
        actions.append(
          .load(
            known.hold, statuses: [.inDoubt], after: TradeKey(trade.key.value - 1), limit: 1))
      }
    case .pending:
      var due = now.uptime
      if let notBefore = trade.notBefore {
        due += max(0, notBefore.milliseconds(since: now.wall))
      }
      held[trade.batch]?.wakeAt = min(known.wakeAt, due)
    case .completed, .failed, .cancelled, .quoting, .booking:
      break
    }
    if trade.status != .inDoubt, trade.status != .booking {
      for (key, other) in held where other.waitsForBlockedClients {
        held[key]?.wakeAt = min(other.wakeAt, now.uptime)
      }
    }
  }
}
