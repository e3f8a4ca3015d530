import FXDomain
import FXPorts

@testable import FXEngine

/// What a node does, composed as the engine's core composes it.
extension World {
  mutating func perform(_ move: NodeMove, by index: Int) {
    switch move {
    case .claim: claim(index)
    case .renew: renew(index)
    case .hearOfKillSwitch: nodes[index].heardOfKillSwitch = books.value.killSwitch
    case .take: take(index)
    case .sweep: sweep(index)
    case .recover: recover(index)
    case .run(let way): run(index, way)
    case .inquire(let way): inquire(index, way)
    case .watch: watch(index)
    case .findControl: findControl(index)
    case .takeStrayAnswer: takeStrayAnswer(index)
    case .crash:
      crashes -= 1
      return crash(index)
    }
    // After every input the core drops what has ended by its own clock.
    dropExpired(index)
  }

  mutating func dropExpired(_ index: Int) {
    if nodes[index].generation != nil, nodes[index].validUntil <= now { forget(index) }
  }

  /// Its memory is lost, its messages are not.
  mutating func crash(_ index: Int) {
    nodes[index] = ModelNode()
    giveUpWaiting(index)
  }

  private mutating func giveUpWaiting(_ index: Int) {
    for request in bank.requests.indices where bank.requests[request].asker == index {
      bank.requests[request].asker = nil
    }
  }

  private mutating func forget(_ index: Int) {
    keepStrayAnswer(index)
    nodes[index].forget()
  }

  /// A question that is out when its inquiry goes is answered all the same.
  mutating func keepStrayAnswer(_ index: Int) {
    if case .ask(.dealTransactionID(let id)) = nodes[index].inquiry?.value.pending {
      nodes[index].stray = bank.status(id, at: now, bounds.bank)
    }
  }

  // MARK: The store

  private func node(_ index: Int) -> NodeID { NodeID(Self.names[index]) }

  /// One write of a node. The trade, the batch and the attempt change together or not at all.
  mutating func write(
    _ command: TradeCommand, _ generation: Int64, by index: Int
  ) -> StepResult {
    var new = books.value
    let carried = bounds.mutation == .noGenerationCheck ? new.batch.generation : generation
    let result = new.perform(
      command, .lease(generation: carried), by: .node(node(index)), now: now)
    guard case .success = result.result else { return result }
    wasUnfenced = wasUnfenced || generation != batch.generation
    if bounds.mutation == .countsOutside { new.batch.counts = batch.counts }
    books = Kept(new)
    return result
  }

  private mutating func claim(_ index: Int) {
    if nodes[index].generation != nil { forget(index) }
    var new = books.value
    _ = Ledger.claim(
      &new.batch, by: node(index), leaseMilliseconds: Scale.lease * Scale.tick, now: now)
    books = Kept(new)
    let generation = new.batch.generation
    nodes[index].generation = generation
    nodes[index].validUntil = now.advanced(byMilliseconds: Scale.lease * Scale.tick)
    switch new.trade.status {
    case .quoting:
      let command = TradeCommand.deferQuote(nil, notBefore: nil)
      nodes[index].recovery = Kept(.init(command: command, generation: generation))
    case .booking:
      let failure = Failure(.bookingUnclear, "The process that made the call ended.")
      let command = TradeCommand.recordUnclear(attempt: new.trade.attempt, failure)
      nodes[index].recovery = Kept(.init(command: command, generation: generation))
    case .inDoubt, .booked: adopt(index)
    case .pending, .completed, .failed, .cancelled: break
    }
  }

  private mutating func renew(_ index: Int) {
    guard let generation = nodes[index].generation else { return }
    var new = books.value
    let isHeld = Ledger.renew(
      &new.batch, by: node(index), generation: generation,
      leaseMilliseconds: Scale.lease * Scale.tick, now: now)
    guard isHeld else { return forget(index) }
    books = Kept(new)
    nodes[index].validUntil = now.advanced(byMilliseconds: Scale.lease * Scale.tick)
    // What is watched is read again when it no longer agrees with the counts.
    let doubts = nodes[index].inquiry == nil ? 0 : 1
    if nodes[index].recovery == nil, doubts != new.batch.counts.inDoubt {
      keepStrayAnswer(index)
      nodes[index].inquiry = nil
      adopt(index)
    }
  }

  private mutating func sweep(_ index: Int) {
    var new = books.value
    let result = new.perform(.cancel, .open, by: .node(node(index)), now: now)
    if case .success = result.result { books = Kept(new) }
    refresh(index)
  }

  /// Watches a doubt or a booked deal, once.
  private mutating func adopt(_ index: Int) {
    let trade = trade
    switch trade.status {
    case .inDoubt:
      guard nodes[index].inquiry == nil, let attempt = books.value.attempts.last else { return }
      let machine = DoubtInquiry(OpenTrade(trade: trade, attempt: attempt), attempt: attempt)
      nodes[index].inquiry = Kept(.init(machine: machine, pending: nil))
    case .booked:
      guard nodes[index].watch == nil, let machine = SettlementWatch(trade) else { return }
      nodes[index].watch = Kept(.init(machine: machine, pending: nil))
    case .pending, .quoting, .booking, .completed, .failed, .cancelled: break
    }
  }

  /// What follows from every answer to a write.
  mutating func follow(_ result: StepResult, _ generation: Int64, by index: Int) {
    guard nodes[index].generation == generation else { return }
    switch result.result {
    case .success:
      adopt(index)
      refresh(index)
    case .failure(.leaseLost): forget(index)
    case .failure: break
    }
  }

  private mutating func refresh(_ index: Int) {
    if nodes[index].generation == batch.generation, batch.status.isFinal { forget(index) }
  }

  private mutating func recover(_ index: Int) {
    guard let recovery = nodes[index].recovery?.value else { return }
    nodes[index].recovery = nil
    // A call of its own under this very hold would tell by itself.
    guard nodes[index].run?.value.machine.hold.generation != recovery.generation else { return }
    let result = write(recovery.command, recovery.generation, by: index)
    follow(result, recovery.generation, by: index)
  }

  // MARK: Runs

  private func look(_ index: Int) -> LastLook {
    let node = nodes[index]
    return LastLook(
      killSwitchEngaged: node.heardOfKillSwitch,
      leaseUntilUptime: node.generation == nil
        ? .min : node.validUntil.milliseconds(since: Scale.start),
      bankClockSkewMilliseconds: 0, digest: { _ in [] })
  }

  private mutating func take(_ index: Int) {
    guard let generation = nodes[index].generation else { return }
    let result = write(.take, generation, by: index)
    guard case .success = result.result else { return follow(result, generation, by: index) }
    // A run of an earlier hold that is still calling keeps its place.
    guard nodes[index].run == nil else { return }
    let new = books.value
    var machine = TradeRun(
      taken: new.taken, batch: new.batch, installation: new.installation, isCanary: false)
    let action = machine.begin(at: moment, settings: Scale.settings)
    issue(action, of: machine, by: index)
    // Nothing is at stake between the taking and the quote.
    if case .createQuote = action { run(index, .done) }
  }

  private mutating func issue(_ action: TradeRun.Action, of machine: TradeRun, by index: Int) {
    if case .leave = action {
      nodes[index].run = nil
    } else {
      nodes[index].run = Kept(.init(machine: machine, pending: .perform(action)))
    }
  }

  private mutating func run(_ index: Int, _ way: Way) {
    guard let run = nodes[index].run?.value else { return }
    switch run.pending {
    case .perform(let action): perform(action, run, by: index, way)
    case .awaiting:
      giveUpWaiting(index)
      hear(.unclear(.timeout, BankReceipt()), by: index)
    }
  }

  /// The booking call is answered.
  mutating func hear(_ answer: BookingAnswer, by index: Int) {
    guard var machine = nodes[index].run?.value.machine else { return }
    let action = machine.bookingAnswered(answer, at: moment, settings: Scale.settings)
    issue(action, of: machine, by: index)
  }

  private mutating func perform(
    _ action: TradeRun.Action, _ was: ModelNode.Run, by index: Int, _ way: Way
  ) {
    var run = was
    let settings = Scale.settings
    switch action {
    case .ask(.dealTransactionID(let id)):
      let answer = way == .done ? bank.status(id, at: now, bounds.bank) : .trouble(.timeout)
      let next = run.machine.statusAnswered(answer, at: moment, settings: settings)
      issue(next, of: run.machine, by: index)
    case .createQuote:
      let expiry = now.advanced(byMilliseconds: Scale.quoteLife * Scale.tick)
      let created = CreatedQuote(quoteID: 1, expiresAt: expiry)
      _ = run.machine.quoteCreated(
        .success(created, BankReceipt()), at: moment, settings: settings)
      let quoted = QuotedRate(quoteID: 1, rate: Rate(units: 1_785_000_000), expiresAt: expiry)
      let next = run.machine.rateQuoted(
        .success(quoted, BankReceipt()), look: look(index), at: moment, settings: settings)
      issue(next, of: run.machine, by: index)
    case .write(let command):
      if bounds.mutation == .intentAfterCall, !run.sentEarly,
        case .recordIntent(let intent, _) = command
      {
        run.sentEarly = true
        send(intent.order, run.machine, by: index)
        nodes[index].run = Kept(run)
        return
      }
      let result = write(command, run.machine.hold.generation, by: index)
      let next = run.machine.written(
        result.result, look: look(index), at: moment, settings: settings)
      issue(next, of: run.machine, by: index)
      if run.sentEarly, case .book = next {
        nodes[index].run = Kept(.init(machine: run.machine, pending: .awaiting))
      }
      follow(result, run.machine.hold.generation, by: index)
    case .book(let order):
      if way == .trouble {
        return hear(.notSent(.notSent("refused")), by: index)
      }
      send(order, run.machine, by: index)
      if bounds.mutation == .callRepeated { send(order, run.machine, by: index) }
      nodes[index].run = Kept(.init(machine: run.machine, pending: .awaiting))
    case .witness(let kind, let attempt, _, _):
      if kind == .bookingAccepted {
        var new = books.value
        new.accepted.insert(attempt)
        books = Kept(new)
      }
      issue(run.machine.witnessed(), of: run.machine, by: index)
    case .ask(.bankTransactionID), .latestQuote, .leave:
      preconditionFailure("a run never rests there")
    }
  }

  private mutating func send(_ order: BookingOrder, _ machine: TradeRun, by index: Int) {
    guard let intent = machine.intent else { return }
    var id = order.dealTransactionID
    if bounds.mutation == .randomID {
      // Made up anew in each epoch, and nowhere but in the intent that names it.
      id = Identifier(high: id.high ^ 0xbad, low: id.low)
    }
    guard now <= intent.figures.expiresAt else { return }
    bank.requests.append(
      ModelBank.Request(
        id: id, number: intent.number, expiresAt: intent.figures.expiresAt, asker: index))
  }
}

extension TradeRun {
  /// The intent of the present stage, where there is one.
  var intent: Intent? {
    switch stage {
    case .writingIntent(let intent), .calling(let intent), .confirmingRefusal(let intent, _),
      .writingOutcome(let intent, _):
      intent
    case .askingEarlier, .creatingQuote, .fetchingRate, .lettingGo, .over: nil
    }
  }
}
