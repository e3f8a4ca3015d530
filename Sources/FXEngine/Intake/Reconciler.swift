import FXDomain
import FXPorts

/// Holds our books against the bank's: every attempt that has ended by its deal transaction id, and
/// completed deals by the statements of the accounts. Open attempts are the engine's to ask about.
///
/// A deal that stands at the bank and not here is appended as evidence, and puts its trade in doubt
/// wherever the trade's status allows it. Nothing else is changed.
public struct Reconciler: Sendable {
  let store: any BatchStore
  let bank: any BankGateway
  let actor: Actor
  let deskClock: DeskClock
  let doubtMarginMilliseconds: Int64
  let now: @Sendable () -> Timestamp

  /// - Parameters:
  ///   - actor: who asks, as evidence and log name them.
  ///   - deskClock: by which statements are asked for.
  ///   - doubtMarginMilliseconds: how long the bank may take to show a deal; none is missed before.
  public init(
    store: any BatchStore, bank: any BankGateway,
    actor: Actor = .node(NodeID("reconciliation")), deskClock: DeskClock = .johannesburg,
    doubtMarginMilliseconds: Int64, now: @escaping @Sendable () -> Timestamp
  ) {
    self.store = store
    self.bank = bank
    self.actor = actor
    self.deskClock = deskClock
    self.doubtMarginMilliseconds = doubtMarginMilliseconds
    self.now = now
  }

  /// Compares one batch, or all. The store may be live.
  public func reconcile(batch: BatchKey?) async throws(StoreError) -> ReconcileReport {
    var report = ReconcileReport()
    var last: TradeKey?
    while true {
      let page = try await store.trades(
        TradeQuery(batch: batch, after: last, limit: IntakeBounds.pageTrades))
      guard !page.isEmpty else { return report }
      last = page.last?.key
      var ended: [EndedAttempt] = []
      for trade in page where trade.attempt > 0 {
        let attempts = try await store.attempts(of: trade.key).filter { $0.outcome != .open }
        if !attempts.isEmpty { report.trades += 1 }
        ended += attempts.map { EndedAttempt(trade: trade, attempt: $0) }
        let lives = attempts.map { $0.quoteExpiresAt.milliseconds(since: $0.intentAt) }
        report.longestQuoteLifeMilliseconds = lives.reduce(report.longestQuoteLifeMilliseconds) {
          max($0, $1)
        }
      }
      let standing = try await compareDeals(ended, &report)
      try await compareStatements(ended, besides: standing, &report)
    }
  }

  // MARK: Deals

  /// Answers the deals that turned out to stand at the bank only.
  private func compareDeals(
    _ ended: [EndedAttempt], _ report: inout ReconcileReport
  ) async throws(StoreError) -> Set<Identifier> {
    report.attempts += ended.count
    let answers = await asked(ended) { item in await status(of: item.attempt) }
    var standing: Set<Identifier> = []
    for (item, answer) in zip(ended, answers) {
      let ending = item.attempt.endedAt ?? item.attempt.intentAt
      let age = now().milliseconds(since: ending)
      let isFresh = age < doubtMarginMilliseconds
      let trade = item.trade.id
      let number = item.attempt.number
      switch item.judged(by: answer, isFresh: isFresh) {
      case .agrees:
        break
      case .missing:
        guard try await isUnchanged(item.trade) else { break }
        report.add(
          .missingAtBank(
            trade: trade, attempt: number, dealTransactionID: item.attempt.dealTransactionID))
      case .differs(let bank):
        guard try await isUnchanged(item.trade) else { break }
        report.add(
          .statusDiffers(trade: trade, attempt: number, ours: item.trade.status, bank: bank))
      case .stands:
        standing.insert(item.attempt.dealTransactionID)
        try await record(item, .statusAnswer, "The bank's status query finds the deal.", &report)
      case .unread(let reason):
        report.add(.unread(trade: trade, attempt: number, reason: reason))
      }
    }
    return standing
  }

  /// By our id, and where the bank does not find that, by its own.
  private func status(of attempt: Attempt) async -> StatusAnswer {
    let answer = await bank.dealStatus(.dealTransactionID(attempt.dealTransactionID))
    guard case .notFound = answer, let id = attempt.bankTransactionID else { return answer }
    return await bank.dealStatus(.bankTransactionID(id))
  }

  /// A trade that moved on meanwhile is compared by the next reconciliation.
  private func isUnchanged(_ trade: Trade) async throws(StoreError) -> Bool {
    try await store.trade(trade.id)?.version == trade.version
  }

  private func record(
    _ item: EndedAttempt, _ kind: EvidenceKind, _ note: String, _ report: inout ReconcileReport
  ) async throws(StoreError) {
    let number = item.attempt.number
    let isInDoubtNow = try await witness(item.trade, attempt: number, kind, note)
    report.add(
      .bookedAtBankButNotHere(
        trade: item.trade.id, attempt: number,
        dealTransactionID: item.attempt.dealTransactionID, ours: item.trade.status,
        isInDoubtNow: isInDoubtNow))
  }

  /// Appends what was found, once per attempt and kind, and puts the trade in doubt. Answers whether
  /// it is in doubt now; a trade that is booked, or under way, stays what it is.
  func witness(
    _ trade: Trade, attempt: Int, _ kind: EvidenceKind, _ note: String
  ) async throws(StoreError) -> Bool {
    let known = try await store.evidence(of: trade.key)
    if !known.contains(where: { $0.attempt == attempt && $0.kind == kind }) {
      try await store.append([
        Evidence(
          trade: trade.key, attempt: attempt, kind: kind, at: now(), actor: actor, summary: note)
      ])
    }
    let step = TradeStep(
      batch: trade.batch, trade: trade.key, authority: .open, actor: actor,
      command: .recordBookingEvidence(attempt: attempt, note: note))
    switch try await store.perform([step]).first?.result {
    case .success: return true
    case .failure(let refusal): return refusal == .illegal(status: .inDoubt)
    case nil: return false
    }
  }

  // MARK: Statements

  private struct StatementQuestion: Sendable {
    let account: SettlementAccount
    var from: CivilDate
    var to: CivilDate
  }

  /// What an account's statement names.
  private struct StatementWords: Sendable {
    let accountNumber: String
    /// The words of the lines' references, in lower case.
    let words: Set<String>

    func name(_ item: EndedAttempt) -> Bool { !words.isDisjoint(with: item.names) }
  }

  private func compareStatements(
    _ ended: [EndedAttempt], besides standing: Set<Identifier>, _ report: inout ReconcileReport
  ) async throws(StoreError) {
    let statements = try await statements(about: ended, &report)
    for item in ended {
      let pair = item.trade.deal.pair
      let read = [pair.base, pair.quote].compactMap {
        statements[AccountCursor(cifNumber: item.trade.cifNumber, currency: $0)]
      }
      switch item.attempt.outcome {
      case .notBooked, .notSent:
        guard !standing.contains(item.attempt.dealTransactionID),
          let naming = read.first(where: { $0.name(item) })
        else { continue }
        try await record(
          item, .statementLine,
          "The statement of account \(naming.accountNumber) names the deal.", &report)
      case .booked:
        guard isDue(item.trade) else { continue }
        for silent in read where !silent.name(item) {
          report.add(
            .notOnStatement(trade: item.trade.id, accountNumber: silent.accountNumber))
        }
      // A deal that failed to settle may be named by what was debited and given back.
      case .settlementFailed, .open:
        continue
      }
    }
  }

  /// Of the accounts whose statements the bank tells.
  private func statements(
    about ended: [EndedAttempt], _ report: inout ReconcileReport
  ) async throws(StoreError) -> [AccountCursor: StatementWords] {
    let questions = try await statementQuestions(about: ended)
    report.statements += questions.count
    let answers = await asked(questions) { question in
      await bank.statement(
        accountNumber: question.account.accountNumber, cifNumber: question.account.cifNumber,
        from: question.from, to: question.to)
    }
    var statements: [AccountCursor: StatementWords] = [:]
    for (question, answer) in zip(questions, answers) {
      let account = question.account
      let reason: String
      switch answer {
      case .success(let lines, _):
        statements[AccountCursor(cifNumber: account.cifNumber, currency: account.currency)] =
          StatementWords(
            accountNumber: account.accountNumber, words: Set(lines.flatMap(\.words)))
        continue
      case .refused(let refusal, _): reason = "\(refusal.reasonCode) \(refusal.message)"
      case .trouble(let trouble): reason = trouble.failure.message
      }
      report.add(
        .statementUnread(
          cifNumber: account.cifNumber, accountNumber: account.accountNumber, reason: reason))
    }
    return statements
  }

  /// Completed, and its money should have moved by now.
  private func isDue(_ trade: Trade) -> Bool {
    guard trade.status == .completed, let date = trade.valueDate else { return false }
    return date < deskClock.date(of: now())
  }

  /// Each account of the attempts' pairs once, from the first intent's day to the last value date,
  /// and not beyond today.
  private func statementQuestions(
    about ended: [EndedAttempt]
  ) async throws(StoreError) -> [StatementQuestion] {
    let today = deskClock.date(of: now())
    var spans: [AccountCursor: (from: CivilDate, to: CivilDate)] = [:]
    for item in ended {
      let day = min(today, deskClock.date(of: item.attempt.intentAt))
      let end = max(day, min(today, item.trade.valueDate ?? day))
      for currency in [item.trade.deal.pair.base, item.trade.deal.pair.quote] {
        let key = AccountCursor(cifNumber: item.trade.cifNumber, currency: currency)
        let span = spans[key] ?? (day, end)
        spans[key] = (min(span.from, day), max(span.to, end))
      }
    }
    var questions: [StatementQuestion] = []
    for account in try await store.accounts(ofCIF: Set(ended.map(\.trade.cifNumber))) {
      let key = AccountCursor(cifNumber: account.cifNumber, currency: account.currency)
      guard let span = spans[key] else { continue }
      questions.append(StatementQuestion(account: account, from: span.from, to: span.to))
    }
    return questions
  }

  /// The answers in the order of the questions, a bounded number of which is under way at once.
  func asked<Question: Sendable, Answer: Sendable>(
    _ questions: [Question], _ ask: @escaping @Sendable (Question) async -> Answer
  ) async -> [Answer] {
    await withTaskGroup(of: (Int, Answer).self) { group in
      var answers: [Answer?] = Array(repeating: nil, count: questions.count)
      for (place, question) in questions.enumerated() {
        if place >= IntakeBounds.concurrentQuestions, let (done, answer) = await group.next() {
          answers[done] = answer
        }
        group.addTask { (place, await ask(question)) }
      }
      for await (done, answer) in group { answers[done] = answer }
      return answers.compactMap { $0 }
    }
  }
}
