import FXDomain
import FXPorts

/// What the bank told about the time whose events the store has lost.
public struct LostTimeReport: Hashable, Sendable {
  /// Deals that our books do not know, and whatever could not be read.
  public internal(set) var findings = ReconcileReport()
  /// Trades whose lost attempts the bank was asked about, and how many ids that took.
  public internal(set) var trades = 0
  public internal(set) var questions = 0
  /// Deals of lost attempts that the bank has.
  public internal(set) var lostDeals = 0
  /// Lines of statements that no trade of ours explains.
  public var unexplainedLines: Int { findings.unexplainedLines }
  /// Questions that the bank did not answer.
  public internal(set) var unanswered = 0
  /// Until then a booking that was under way at the loss may still be accepted: what the bank denied
  /// before proves nothing.
  public internal(set) var tooEarlyUntil: Timestamp?
  /// Whether the bank found a deal that we know is booked by our id; nil when we know of none.
  public internal(set) var findsOurIDs: Bool?
  /// Everything was asked, and the store says so.
  public internal(set) var isReconciled = false

  public init() {}

  /// What is missing, in full sentences; empty when everything was asked.
  public var missing: [String] {
    var missing: [String] = []
    if unanswered > 0 { missing.append("The bank did not answer \(unanswered) questions.") }
    if let until = tooEarlyUntil {
      missing.append("A booking that was under way at the loss may come until \(until).")
    }
    return missing
  }

  /// What was asked and found, in one sentence.
  public var summary: String {
    let control =
      switch findsOurIDs {
      case true?: "a known deal was found by our id"
      case false?: "NO known deal was found by our id, so only statements tell"
      case nil: "there was no known deal to show that it looks our ids up"
      }
    return "\(questions) ids of \(trades) trades and \(findings.statements) statements asked for; "
      + "\(lostDeals) lost deals, \(unexplainedLines) unexplained lines; \(control)"
  }
}

/// Asks the bank for what may have been booked in the time that the store has lost: every id that an
/// attempt may have had is computed again, and statements show deals of batches that are gone.
extension Reconciler {
  /// Nil where no reconciliation is due. What is found is appended as evidence and puts its trade in
  /// doubt; when nothing is left unasked, the store is told, and the kill switch can be released.
  ///
  /// - Parameters:
  ///   - quoteLifeMilliseconds: how long the bank's quotes live.
  ///   - marginMilliseconds: the doubt margin.
  ///   - progress: hears how many trades have been asked about.
  public func reconcileLostTime(
    quoteLifeMilliseconds: Int64, marginMilliseconds: Int64,
    progress: @Sendable (Int) -> Void
  ) async throws(StoreError) -> LostTimeReport? {
    let installation = try await store.installation()
    guard let rollback = installation.rollback, installation.isReconciliationDue else { return nil }
    var report = LostTimeReport()
    let provable = rollback.detectedAt.advanced(
      byMilliseconds: quoteLifeMilliseconds + marginMilliseconds)
    if now() <= provable { report.tooEarlyUntil = provable }
    report.findsOurIDs = try await findsKnownDeal()
    var found: Set<Identifier> = []
    try await searchAttempts(installation, rollback, &report, &found, progress)
    try await searchStatements(rollback, &report, besides: found)
    if report.missing.isEmpty {
      _ = try await store.recordReconciled(note: report.summary, actor: actor)
      report.isReconciled = true
    }
    return report
  }

  private func findsKnownDeal() async throws(StoreError) -> Bool? {
    guard let deal = try await store.controlDeal(with: bank.identity, bookedBefore: nil) else {
      return nil
    }
    if case .found = await bank.dealStatus(.dealTransactionID(deal.dealTransactionID)) {
      return true
    }
    return false
  }

  // MARK: Attempts

  private struct LostDeal: Sendable {
    let attempt: Int
    let id: Identifier
    let status: DealStatus
  }

  private struct LostAnswer: Sendable {
    var deals: [LostDeal] = []
    var questions = 0
    /// The attempt that the bank did not tell about, and why.
    var unread: (attempt: Int, reason: String)?
  }

  private struct LostQuestion: Sendable {
    let trade: Trade
    let maxAttempts: Int
  }

  private func searchAttempts(
    _ installation: Installation, _ rollback: Rollback, _ report: inout LostTimeReport,
    _ found: inout Set<Identifier>, _ progress: @Sendable (Int) -> Void
  ) async throws(StoreError) {
    // A completed trade is never tried again.
    let statuses = Set(TradeStatus.allCases).subtracting([.completed])
    let epochs = rollback.firstEpoch..<installation.idEpoch
    var last: TradeKey?
    while true {
      let page = try await store.trades(
        TradeQuery(statuses: statuses, after: last, limit: IntakeBounds.pageTrades))
      guard !page.isEmpty else { return }
      last = page.last?.key
      var policies: [Identifier: Int] = [:]
      for id in Set(page.map(\.batchID)) {
        policies[id] = try await store.batch(id)?.policy.maxAttempts
      }
      let questions = page.map {
        LostQuestion(
          trade: $0, maxAttempts: policies[$0.batchID] ?? BatchPolicy().maxAttempts)
      }
      let answers = await asked(questions) { question in
        await search(question, installation.id, epochs)
      }
      for (trade, answer) in zip(page, answers) {
        try await take(answer, of: trade, &report)
        found.formUnion(answer.deals.map(\.id))
      }
      report.trades += page.count
      progress(report.trades)
    }
  }

  /// The attempts after the last one that we know of, as many as some rounds have, since a round may
  /// have ended without a deal and been tried again; and further as long as the bank has one.
  private func search(
    _ question: LostQuestion, _ installation: Identifier, _ epochs: Range<Int>
  ) async -> LostAnswer {
    let trade = question.trade
    var answer = LostAnswer()
    var until = trade.attempt + question.maxAttempts * IntakeBounds.lostRounds
    var number = trade.attempt
    while number < min(until, trade.attempt + IntakeBounds.lostAttempts) {
      number += 1
      for epoch in epochs {
        let id = DealTransactionID.of(
          installation: installation, epoch: epoch, batch: trade.batchID, trade: trade.id,
          attempt: number)
        answer.questions += 1
        switch await bank.dealStatus(.dealTransactionID(id)) {
        case .found(let deal, _):
          answer.deals.append(LostDeal(attempt: number, id: id, status: deal.status))
          until = max(until, number + 1)
        case .notFound: break
        case .refused(let refusal, _):
          answer.unread = (number, "\(refusal.reasonCode) \(refusal.message)")
        case .trouble(let trouble): answer.unread = (number, trouble.failure.message)
        }
        if answer.unread != nil { return answer }
      }
    }
    return answer
  }

  private func take(
    _ answer: LostAnswer, of trade: Trade, _ report: inout LostTimeReport
  ) async throws(StoreError) {
    report.questions += answer.questions
    report.lostDeals += answer.deals.count
    for deal in answer.deals {
      let isInDoubtNow = try await witness(
        trade, attempt: deal.attempt, .statusAnswer,
        "The bank has deal \(deal.id) of attempt \(deal.attempt), \(deal.status.rawValue), which our "
          + "books have lost.")
      report.findings.add(
        .lostDeal(
          trade: trade.id, attempt: deal.attempt, dealTransactionID: deal.id, bank: deal.status,
          isInDoubtNow: isInDoubtNow))
    }
    if let unread = answer.unread {
      report.unanswered += 1
      report.findings.add(
        .unread(trade: trade.id, attempt: unread.attempt, reason: unread.reason))
    }
  }

  // MARK: Statements

  private func searchStatements(
    _ rollback: Rollback, _ report: inout LostTimeReport, besides found: Set<Identifier>
  ) async throws(StoreError) {
    let today = deskClock.date(of: now())
    let from = try await firstLostDay(rollback, today: today)
    var last: AccountCursor?
    while true {
      let page = try await store.accounts(
        after: last, cifNumber: nil, limit: IntakeBounds.pageAccounts)
      guard let end = page.last else { return }
      last = AccountCursor(cifNumber: end.cifNumber, currency: end.currency)
      let answers = await asked(page) { account in
        await bank.statement(
          accountNumber: account.accountNumber, cifNumber: account.cifNumber, from: from, to: today)
      }
      // Read after the statements: what they name was written before.
      var deals: [String: ClientDeals] = [:]
      for cif in Set(page.map(\.cifNumber)) {
        deals[cif] = try await self.deals(ofCIF: cif, in: .all)
      }
      report.findings.statements += page.count
      for (account, answer) in zip(page, answers) {
        add(answer, of: account, deals[account.cifNumber] ?? ClientDeals(), found, to: &report)
      }
    }
  }

  private func add(
    _ answer: BankAnswer<[StatementLine]>, of account: SettlementAccount, _ deals: ClientDeals,
    _ found: Set<Identifier>, to report: inout LostTimeReport
  ) {
    // A refusal is an answer: the bank tells no statement of this account.
    if case .trouble = answer { report.unanswered += 1 }
    switch answer.lines {
    case .success(let lines):
      for line in lines where !deals.explains(line) {
        let isFound = line.names.contains { Identifier($0).map { found.contains($0) } ?? false }
        if !isFound { report.findings.addUnexplained(line, of: account) }
      }
    case .failure(let reason):
      report.findings.add(
        .statementUnread(
          cifNumber: account.cifNumber, accountNumber: account.accountNumber,
          reason: reason.text))
    }
  }

  /// The day of the last event before the loss; a month back where that is not known.
  private func firstLostDay(
    _ rollback: Rollback, today: CivilDate
  ) async throws(StoreError) -> CivilDate {
    let farthest = CivilDate(dayNumber: today.dayNumber - IntakeBounds.lostStatementDays)
    guard rollback.lostFrom > 1,
      let event = try await store.events(of: nil, after: rollback.lostFrom - 2, limit: 1).first
    else { return farthest }
    return min(today, max(farthest, deskClock.date(of: event.at)))
  }
}
