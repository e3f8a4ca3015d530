import FXDomain
import FXEngine
import FXPorts

/// What a node's actions do to the store and the bank, and when their answers come back.
extension SimulatedWorld {
  mutating func perform(_ action: EngineAction, by node: NodeIndex) throws(StoreError) {
    noteZombie(action, by: node)
    if let input = try storeAnswer(to: action, by: node) {
      return reply(input, to: node, after: chance.pick(0...5))
    }
    switch action {
    case .createQuote(let request, let trade, let generation):
      let answer = call(
        by: node, { bank, world, chance in bank.createQuote(request, at: world, chance: &chance) },
        otherwise: { .trouble($0) })
      reply(
        .quoteCreated(answer.answer, trade, generation: generation), to: node,
        after: answer.delay)
    case .latestQuote(let id, let trade, let generation):
      let answer = call(
        by: node, { bank, world, _ in bank.latestQuote(id, at: world) }, otherwise: { .trouble($0) }
      )
      reply(
        .rateQuoted(answer.answer, trade, generation: generation), to: node, after: answer.delay)
    case .askStatus(let query, let caller, let generation):
      let sent = asSent(query)
      let answer = call(
        by: node, { bank, world, _ in bank.status(sent, at: world) }, otherwise: { .trouble($0) })
      noteForgotten(sent, answer.answer)
      noteFoundByBankID(sent, answer.answer, caller)
      reply(
        .statusAnswered(asPlanted(answer.answer, to: caller), caller, generation: generation),
        to: node, after: answer.delay)
    case .book(let order, let trade, let generation):
      send(order, by: node, trade, generation)
    case .finish:
      occurrences[.gracefulStop] += 1
      nodes[node].core = nil
      schedule(.start(node), after: chance.pick(50...5_000))
    case .report(.gate(.blind)): occurrences[.blindBank] += 1
    case .cancelQuote, .report, .pulse, .claim, .renew, .release, .take, .load, .sweep,
      .step, .evidence, .readEvidence, .findControl, .clearCanary, .seal:
      break
    }
  }

  private mutating func reply(_ input: EngineInput, to node: NodeIndex, after delay: Int64) {
    schedule(
      .arrival(input, node, incarnation: nodes[node].incarnation), after: delay)
  }

  private mutating func storeAnswer(
    to action: EngineAction, by node: NodeIndex
  ) throws(StoreError) -> EngineInput? {
    guard let settings = nodes[node].core?.settings else { return nil }
    let actor = Actor.node(settings.node)
    switch action {
    case .pulse(let confirms, let waitsFor):
      return .pulsed(
        try books.pulse(
          NodeLife(
            node: settings.node, bank: settings.bank,
            leaseMilliseconds: settings.leaseMilliseconds,
            bankTimeoutMilliseconds: settings.bankTimeoutMilliseconds,
            doubtMarginMilliseconds: settings.proof.doubtMarginMilliseconds),
          confirmsKillSwitch: confirms, waitsFor: waitsFor))
    case .claim(let request):
      let batches = try books.claim(request)
      for batch in batches {
        if let last = lastHolder.updateValue(node, forKey: batch.key), last != node {
          occurrences[.takeOver] += 1
        }
      }
      return .claimed(batches, askedAt: moment(node))
    case .renew(let holds):
      let batches = try books.renew(
        holds, node: settings.node, leaseMilliseconds: settings.leaseMilliseconds)
      return .renewed(batches, of: holds, askedAt: moment(node))
    case .release(let holds):
      try books.release(holds, node: settings.node)
      return .released
    case .take(let request):
      let answer = try books.take(asPlanted(request))
      if !answer.trades.isEmpty, request.hold.generation != answer.batch.generation {
        violation = violation ?? "a fenced node took trades of batch \(request.hold.batch)"
      }
      if answer.blockedClients { occurrences[.clientBlocked] += 1 }
      return .taken(answer, of: request)
    case .load(let hold, let statuses, let after, let limit):
      let trades = try books.trades(of: hold.batch, in: statuses, after: after, limit: limit)
      return .loaded(asPlanted(trades), hold, statuses: statuses, limit: limit)
    case .sweep(let hold, let limit):
      let left = try books.sweepCancelled(hold.batch, limit: limit, actor: actor)
      return .swept(left: left, hold)
    case .step(let step, let caller, let generation):
      if sendsEarly(action, step, generation, by: node) { return nil }
      guard let result = try perform(step) else { return nil }
      return .stepped(result, caller, generation: generation)
    case .evidence(let evidence, let caller, let generation):
      if evidence.kind != .statusAnswer { occurrences[.witness] += 1 }
      try books.append([evidence])
      return .evidenceWritten(caller, generation: generation)
    case .readEvidence(let trade, let generation):
      return .evidenceRead(trade, try books.evidence(of: trade), generation: generation)
    case .findControl(let before, let trade):
      let deal = try books.controlDeal(with: settings.bank, bookedBefore: before)
      return .controlFound(deal, for: trade)
    case .clearCanary(let trade):
      try books.clearCanary(trade)
      return nil
    case .seal:
      try books.seal()
      return nil
    case .createQuote, .latestQuote, .cancelQuote, .book, .askStatus, .report, .finish:
      return nil
    }
  }

  // MARK: The bank

  /// A call that carries no money: done when it is sent, answered after a while, or in trouble.
  private mutating func call<Answer>(
    by node: NodeIndex, _ act: (inout SimulatedBank, Int64, inout Chance) -> Answer,
    otherwise: (BankTrouble) -> Answer
  ) -> (answer: Answer, delay: Int64) {
    let usual = chance.pick(temper.bank.usualMilliseconds)
    let timeout = temper.bankTimeoutMilliseconds
    bank.asker = SimulatedBank.Asker(
      skewMilliseconds: nodes[node].skew, sentAt: now, receivesAt: now + usual)
    defer { bank.asker = nil }
    guard isFaulty else { return (act(&bank, now + usual / 2, &chance), usual) }
    if chance.happens(perMille: temper.bank.lostBeforePerMille) {
      return (otherwise(.timeout), timeout)
    }
    if chance.happens(perMille: temper.bank.lostAfterPerMille) {
      _ = act(&bank, now + usual / 2, &chance)
      return (otherwise(.connectionLost("closed")), usual)
    }
    if chance.happens(perMille: temper.bank.brokenPerMille) {
      return (otherwise(.httpStatus(503)), usual)
    }
    return (act(&bank, now + usual / 2, &chance), usual)
  }

  /// - Parameter isEarly: a planted bug makes the call before the engine asks for it, and nobody
  ///   waits for its answer.
  mutating func send(
    _ order: BookingOrder, by node: NodeIndex, _ trade: TradeKey, _ generation: Int64,
    isEarly: Bool = false
  ) {
    var sender = Sender(
      node: node, incarnation: nodes[node].incarnation, trade: trade, generation: generation,
      isWaiting: false)
    func unclear(_ trouble: BankTrouble) -> EngineInput {
      .booked(.unclear(trouble, BankReceipt()), trade, generation: generation)
    }
    let timeout = temper.bankTimeoutMilliseconds
    if sentEarly.contains(order.dealTransactionID) {
      return reply(unclear(.timeout), to: node, after: timeout)
    }
    if isEarly {
      return schedule(.booking(order, sender, workMilliseconds: 0), after: 1)
    }
    if isFaulty, chance.happens(perMille: temper.bank.lostBeforePerMille) {
      occurrences[.lostBefore] += 1
      return reply(unclear(.timeout), to: node, after: timeout)
    }
    var travel = chance.pick(temper.bank.usualMilliseconds)
    if isFaulty, chance.happens(perMille: temper.bank.latePerMille) {
      travel = chance.pick(1...temper.bank.lateMilliseconds)
    }
    let work = chance.pick(temper.bank.workMilliseconds)
    if temper.planted == .callRepeated {
      schedule(.booking(order, sender, workMilliseconds: work), after: travel + 1)
    }
    sender.isWaiting = travel + work < timeout
    schedule(.booking(order, sender, workMilliseconds: work), after: travel)
    if !sender.isWaiting {
      occurrences[.late] += 1
      reply(unclear(.timeout), to: node, after: timeout)
    }
  }

  /// The request has reached the bank, which looks at the quote and then works for a while.
  mutating func accept(_ order: BookingOrder, _ sender: Sender, _ work: Int64) {
    if work == 0 { return reach(order, sender, now) }
    schedule(.worked(order, sender, acceptedAt: now), after: work)
  }

  mutating func reach(_ order: BookingOrder, _ sender: Sender, _ acceptedAt: Int64) {
    let before = bank.deals.count
    var answer = bank.book(asSent(order), acceptedAt: acceptedAt, at: now, chance: &chance)
    if bank.deals.count > before {
      dealsOf[sender.trade, default: []].append(before)
      checkBookedOnce(sender.trade, order.dealTransactionID)
    }
    noteRefusal(answer)
    guard sender.isWaiting else { return }
    if isFaulty {
      if chance.happens(perMille: temper.bank.lostAfterPerMille) {
        occurrences[.lostAfter] += 1
        answer = .unclear(.connectionLost("closed"), BankReceipt())
      } else if chance.happens(perMille: temper.bank.brokenPerMille) {
        occurrences[.broken] += 1
        // Half of them with an envelope all the same, whose id is one more to ask by.
        let hasEnvelope = chance.happens(perMille: 500)
        answer = .unclear(.httpStatus(500), hasEnvelope ? answer.receipt : BankReceipt())
      }
    }
    schedule(
      .arrival(
        .booked(answer, sender.trade, generation: sender.generation), sender.node,
        incarnation: sender.incarnation),
      after: chance.pick(temper.bank.usualMilliseconds))
  }
}

extension BookingAnswer {
  fileprivate var receipt: BankReceipt {
    switch self {
    case .accepted(let receipt), .refused(_, let receipt), .unclear(_, let receipt): receipt
    case .notSent: BankReceipt()
    }
  }
}
