import FXDomain
import FXPorts
import Logging

/// Why an engine could not start or had to stop.
public enum EngineError: Error, Sendable {
  /// Everything that is wrong with the settings.
  case settings([String])
  /// What the engine holds in memory can no longer be trusted, or the store is gone.
  case store(StoreError)
}

/// The thin shell around `EngineCore`: performs its actions with a store and a bank, and feeds the
/// answers back. It decides nothing.
public struct Engine: Sendable {
  private let store: any BatchStore
  private let bank: any BankGateway
  private let settings: EngineSettings
  private let clock: EngineClock
  private let logger: Logger
  private let inbox = Inbox()

  public init(
    store: any BatchStore, bank: any BankGateway, settings: EngineSettings, clock: EngineClock,
    logger: Logger
  ) throws(EngineError) {
    let problems = settings.problems
    guard problems.isEmpty else { throw .settings(problems) }
    self.store = store
    self.bank = bank
    self.settings = settings
    self.clock = clock
    self.logger = logger
  }

  /// Something was changed by this process: flags and queue are looked at now.
  public func nudge() { inbox.put(.nudge) }

  /// Takes no more trades, finishes the calls that are out, writes their outcomes, releases the
  /// leases; `run` then returns.
  public func shutDown() { inbox.put(.shutDown) }

  /// Runs until `shutDown`, the task's cancellation, or an error. May be called once.
  public func run(report: @escaping @Sendable (EngineReport) -> Void) async throws(EngineError) {
    do {
      let installation = try await store.installation()
      try await loop(installation, report)
    } catch let error as StoreError {
      logger.error("the engine stops: \(error)")
      throw .store(error)
    } catch {
      // Only cancellation is left: it ends the engine and loses nothing that was durable.
      logger.notice("the engine was stopped at once")
    }
  }

  private func loop(
    _ installation: Installation, _ report: @escaping @Sendable (EngineReport) -> Void
  ) async throws {
    let bank = bank
    var core = EngineCore(settings: settings, at: clock.now()) { order in
      bank.digest(of: order)
    }
    inbox.put(.begin(installation))
    do {
      try await perform(of: &core, report)
    } catch is CancellationError where core.isFinished {
      // Timers that had not rung were all that was left.
    }
    if !core.isFinished { try Task.checkCancellation() }
    logger.info("the engine has ended")
  }

  /// Feeds the core until it has finished. What then still waits is cancelled.
  private func perform(
    of core: inout EngineCore, _ report: @escaping @Sendable (EngineReport) -> Void
  ) async throws {
    try await withThrowingDiscardingTaskGroup { group in
      // When the timers that still run will ring, the next one last: one is added only to ring before
      // all others, so that none is ever there twice.
      var timers: [Int64] = []
      for await _ in inbox.arrivals {
        let now = clock.now()
        while let next = timers.last, next <= now.uptime { timers.removeLast() }
        perform(core.handle(inbox.takeAll(), at: now), of: core, in: &group, report)
        if core.isFinished { break }
        let wake = core.nextWake
        if wake < timers.last ?? .max {
          timers.append(wake)
          group.addTask {
            try await endingTheLoop { try await clock.sleep(wake) }
            inbox.put(.tick)
          }
        }
      }
      // Before the group ends: of its children, one that was merely cancelled may be heard first.
      if let failure = inbox.failure { throw failure }
      group.cancelAll()
    }
  }

  /// Starts everything that is to be done. Steps that were decided together are written together.
  private func perform(
    _ actions: [EngineAction], of core: EngineCore,
    in group: inout ThrowingDiscardingTaskGroup<any Error>,
    _ report: @escaping @Sendable (EngineReport) -> Void
  ) {
    var steps: [(step: TradeStep, caller: Caller, generation: Int64)] = []
    for action in actions {
      switch action {
      case .report(let news):
        log(news)
        report(news)
      case .step(let step, let caller, let generation):
        steps.append((step, caller, generation))
      case .finish:
        break
      case .pulse, .claim, .renew, .release, .take, .load, .sweep, .evidence, .readEvidence,
        .findControl, .clearCanary, .seal, .createQuote, .latestQuote, .cancelQuote, .book,
        .askStatus:
        let subject = core.subject(of: action)
        group.addTask {
          let input = try await endingTheLoop { try await answer(to: action, about: subject) }
          if let input { inbox.put(input) }
        }
      }
    }
    guard !steps.isEmpty else { return }
    let batch = steps
    group.addTask {
      let results = try await endingTheLoop {
        try await untilNotBusy { () throws(StoreError) in
          try await store.perform(batch.map(\.step))
        }
      }
      inbox.put(
        zip(batch, results).map { wish, result in
          .stepped(result, wish.caller, generation: wish.generation)
        })
    }
  }

  /// An action that fails must wake the loop, which would wait for its answer for good, and then
  /// throws the failure.
  private func endingTheLoop<Value: Sendable>(
    _ action: () async throws -> Value
  ) async throws -> Value {
    do {
      return try await action()
    } catch {
      inbox.close(because: error)
      throw error
    }
  }

  private func answer(
    to action: EngineAction, about subject: TradeName?
  ) async throws -> EngineInput? {
    if let input = try await storeAnswer(to: action) { return input }
    let input = await TraceID.$current.withValue(subject.map { TraceID($0.id) }) {
      await bankAnswer(to: action, about: subject)
    }
    if let inquiry = Inquiry(asking: action, answeredBy: input, at: clock.now().wall) {
      // Before anything follows from it, so that a person sees on what it rests.
      try await untilNotBusy { () throws(StoreError) in try await store.note(inquiry) }
    }
    return input
  }

  private func storeAnswer(to action: EngineAction) async throws -> EngineInput? {
    switch action {
    case .pulse(let confirms, let waitsFor):
      return .pulsed(
        try await untilNotBusy { () throws(StoreError) in
          try await store.pulse(
            settings.life, confirmsKillSwitch: confirms, waitsFor: waitsFor)
        })
    case .claim(let request):
      let askedAt = clock.now()
      let batches = try await untilNotBusy { () throws(StoreError) in
        try await store.claim(request)
      }
      return .claimed(batches, askedAt: askedAt)
    case .renew(let holds):
      let askedAt = clock.now()
      let batches = try await untilNotBusy { () throws(StoreError) in
        try await store.renew(
          holds, node: settings.node, leaseMilliseconds: settings.leaseMilliseconds)
      }
      return .renewed(batches, of: holds, askedAt: askedAt)
    case .release(let holds):
      try await untilNotBusy { () throws(StoreError) in
        try await store.release(holds, node: settings.node)
      }
      return .released
    case .take(let request):
      let answer = try await untilNotBusy { () throws(StoreError) in
        try await store.take(request)
      }
      return .taken(answer, of: request)
    case .load(let hold, let statuses, let after, let limit):
      let trades = try await untilNotBusy { () throws(StoreError) in
        try await store.trades(of: hold.batch, in: statuses, after: after, limit: limit)
      }
      return .loaded(trades, hold, statuses: statuses, limit: limit)
    case .sweep(let hold, let limit):
      let left = try await untilNotBusy { () throws(StoreError) in
        try await store.sweepCancelled(hold.batch, limit: limit, actor: .node(settings.node))
      }
      return .swept(left: left, hold)
    case .evidence(let evidence, let caller, let generation):
      try await untilNotBusy { () throws(StoreError) in try await store.append([evidence]) }
      return .evidenceWritten(caller, generation: generation)
    case .readEvidence(let trade, let generation):
      let evidence = try await untilNotBusy { () throws(StoreError) in
        try await store.evidence(of: trade)
      }
      return .evidenceRead(trade, evidence, generation: generation)
    case .findControl(let before, let trade):
      let deal = try await untilNotBusy { () throws(StoreError) in
        try await store.controlDeal(with: settings.bank, bookedBefore: before)
      }
      return .controlFound(deal, for: trade)
    case .clearCanary(let trade):
      try await untilNotBusy { () throws(StoreError) in try await store.clearCanary(trade) }
      return nil
    case .seal:
      try await untilNotBusy { () throws(StoreError) in try await store.seal() }
      return nil
    case .step, .createQuote, .latestQuote, .cancelQuote, .book, .askStatus, .report, .finish:
      return nil
    }
  }

  private func bankAnswer(
    to action: EngineAction, about subject: TradeName?
  ) async -> EngineInput? {
    switch action {
    case .createQuote(let request, let trade, let generation):
      return .quoteCreated(await bank.createQuote(request), trade, generation: generation)
    case .latestQuote(let quoteID, let trade, let generation):
      return .rateQuoted(await bank.latestQuote(quoteID), trade, generation: generation)
    case .cancelQuote(let quoteID, _):
      // The quote expires by itself; cancelling is a courtesy whose outcome changes nothing.
      _ = await bank.cancelQuote(quoteID)
      return nil
    case .book(let order, let trade, let generation):
      let answer = await bank.book(
        order, timeoutMilliseconds: settings.bankTimeoutMilliseconds)
      return .booked(answer, trade, generation: generation)
    case .askStatus(let query, let caller, let generation):
      let answer = await bank.dealStatus(query)
      if case .inquiry = caller {
        logger.info(
          "the bank was asked about a trade in doubt",
          metadata: subject?.metadata(with: ["answer": "\(answer.word)"]))
      }
      return .statusAnswered(answer, caller, generation: generation)
    case .pulse, .claim, .renew, .release, .take, .load, .sweep, .step, .evidence, .readEvidence,
      .findControl, .clearCanary, .seal, .report, .finish:
      return nil
    }
  }

  /// A busy store is asked again, a bounded number of times; it has changed nothing.
  private func untilNotBusy<Value: Sendable>(
    _ call: () async throws(StoreError) -> Value
  ) async throws(StoreError) -> Value {
    var attempt = 0
    while true {
      attempt += 1
      do {
        return try await call()
      } catch {
        guard error == .busy, attempt < EngineBounds.busyStoreTries, !Task.isCancelled else {
          throw error
        }
        logger.warning("the store is busy", metadata: ["try": "\(attempt)"])
      }
    }
  }

  private func log(_ news: EngineReport) {
    // Most reports are of trades, which hardly any log wants.
    guard news.level >= logger.logLevel else { return }
    logger.log(level: news.level, "\(news.words)", metadata: news.metadata)
  }
}

extension StatusAnswer {
  /// For the log.
  fileprivate var word: String {
    switch self {
    case .found(let deal, _): deal.status.rawValue
    case .notFound: "not found"
    case .refused(let refusal, _): refusal.reasonCode
    case .trouble(let trouble): trouble.failure.code.rawValue
    }
  }
}

extension Inquiry {
  /// Nil for what was no question about a trade in doubt.
  fileprivate init?(asking action: EngineAction, answeredBy input: EngineInput?, at now: Timestamp)
  {
    guard case .askStatus(let query, .inquiry(let trade, let question), _) = action,
      case .statusAnswered(let answer, _, _)? = input
    else { return nil }
    let (asked, isByOurID): (String, Bool) =
      switch query {
      case .dealTransactionID(let id): (id.description, true)
      case .bankTransactionID(let id): (id, false)
      }
    let askedAt = question?.askedAt ?? now
    self.init(
      trade: trade, asked: asked, isByOurID: isByOurID, answer: answer.sentence,
      firstAskedAt: askedAt, lastAskedAt: askedAt, lastAnsweredAt: now, bankDate: answer.bankDate)
  }
}

extension EngineSettings {
  var life: NodeLife {
    NodeLife(
      node: node, bank: bank, leaseMilliseconds: leaseMilliseconds,
      bankTimeoutMilliseconds: bankTimeoutMilliseconds,
      doubtMarginMilliseconds: proof.doubtMarginMilliseconds)
  }
}
