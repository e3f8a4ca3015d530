import FXDomain
import FXPorts

/// Holds our books against the bank's: every attempt that has ended by its deal transaction id, and
/// the statements of the accounts line by line. Open attempts are the engine's to ask about.
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
  private let turn: @Sendable () async -> Void

  /// - Parameters:
  ///   - actor: who asks, as evidence and log name them.
  ///   - deskClock: by which statements are asked for.
  ///   - doubtMarginMilliseconds: how long the bank may take to show a deal; none is missed before.
  ///   - turn: waits until another question may be asked.
  public init(
    store: any BatchStore, bank: any BankGateway,
    actor: Actor = .node(NodeID("reconciliation")), deskClock: DeskClock = .johannesburg,
    doubtMarginMilliseconds: Int64, now: @escaping @Sendable () -> Timestamp,
    turn: @escaping @Sendable () async -> Void = {}
  ) {
    self.store = store
    self.bank = bank
    self.actor = actor
    self.deskClock = deskClock
    self.doubtMarginMilliseconds = doubtMarginMilliseconds
    self.now = now
    self.turn = turn
  }

  /// Compares one batch, or all. The store may be live.
  public func reconcile(batch: BatchKey?) async throws(StoreError) -> ReconcileReport {
    var comparison = Comparison(scope: batch.map { .batch($0) } ?? .all)
    var last: TradeKey?
    while true {
      let page = try await store.trades(
        TradeQuery(batch: batch, after: last, limit: IntakeBounds.pageTrades))
      guard !page.isEmpty else { break }
      last = page.last?.key
      try await compare(page, &comparison)
    }
    return try await ended(comparison)
  }

  /// Compares the trades that were under way since a moment, and those that still are. A bank that stops
  /// answering is not asked on and on.
  public func reconcile(since moment: Timestamp) async throws(StoreError) -> ReconcileReport {
    let trades = try await tradesUnderWay(since: moment)
    var comparison = Comparison(scope: .trades(trades))
    var page: [Trade] = []
    for id in trades.sorted() {
      guard let trade = try await store.trade(id) else { continue }
      page.append(trade)
      guard page.count == IntakeBounds.pageTrades else { continue }
      try await compare(page, &comparison)
      page = []
      if comparison.report.unread >= IntakeBounds.endingUnread { return comparison.report }
    }
    try await compare(page, &comparison)
    return try await ended(comparison)
  }

  private struct Comparison {
    let scope: ReconcileScope
    var report = ReconcileReport()
    var customers: Set<String> = []
    var standing: Set<Identifier> = []
  }

  private func compare(
    _ page: [Trade], _ comparison: inout Comparison
  ) async throws(StoreError) {
    comparison.customers.formUnion(page.lazy.filter(\.mayHaveDeals).map(\.cifNumber))
    var ended: [EndedAttempt] = []
    for trade in page where trade.attempt > 0 {
      let attempts = try await store.attempts(of: trade.key).filter { $0.outcome != .open }
      if !attempts.isEmpty { comparison.report.trades += 1 }
      ended += attempts.map { EndedAttempt(trade: trade, attempt: $0) }
      let lives = attempts.map { $0.quoteExpiresAt.milliseconds(since: $0.intentAt) }
      comparison.report.longestQuoteLifeMilliseconds = lives.reduce(
        comparison.report.longestQuoteLifeMilliseconds
      ) { max($0, $1) }
    }
    comparison.standing.formUnion(try await compareDeals(ended, &comparison.report))
  }

  private func ended(_ comparison: Comparison) async throws(StoreError) -> ReconcileReport {
    var report = comparison.report
    try await compareStatements(
      of: comparison.customers, in: comparison.scope, besides: comparison.standing, &report)
    return report
  }

  /// By the log, in which a day is found without reading what was before it.
  private func tradesUnderWay(since moment: Timestamp) async throws(StoreError) -> Set<Identifier> {
    var trades: Set<Identifier> = []
    var place = try await lastSequence(before: moment)
    while true {
      let page = try await store.feed(of: nil, after: place, limit: IntakeBounds.pageEvents)
      guard let last = page.last else { break }
      place = last.event.sequence
      for item in page where item.event.entry.mayTellOfDeal {
        if let trade = item.tradeID { trades.insert(trade) }
      }
    }
    var query = TradeQuery(statuses: [.booked, .inDoubt], limit: IntakeBounds.pageTrades)
    while true {
      let page = try await store.trades(query)
      guard let last = page.last else { return trades }
      trades.formUnion(page.map(\.id))
      query.after = last.key
    }
  }

  /// The newest event before a moment; 0 where there is none.
  private func lastSequence(before moment: Timestamp) async throws(StoreError) -> Int64 {
    var (low, high) = (Int64(0), try await store.newestSequence())
    while low < high {
      let middle = low + (high - low) / 2
      guard let event = try await store.events(of: nil, after: middle, limit: 1).first,
        event.at < moment
      else {
        high = middle
        continue
      }
      low = middle + 1
    }
    return low
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
      let trade = item.trade.id
      let number = item.attempt.number
      switch item.judged(by: answer, at: now(), marginMilliseconds: doubtMarginMilliseconds) {
      case .agrees:
        break
      case .tooEarly(let until):
        guard try await isUnchanged(item.trade) else { break }
        report.tooEarlyUntil = max(until, report.tooEarlyUntil ?? until)
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
        try await record(
          item.trade, attempt: number, item.attempt.dealTransactionID, .statusAnswer,
          "The bank's status query finds the deal.", &report)
      case .unread(let reason):
        report.add(.unread(trade: trade, attempt: number, reason: reason))
      }
    }
    return standing
  }

  /// By our id, and where the bank does not find that, by its own.
  func status(of attempt: Attempt) async -> StatusAnswer {
    let answer = await bank.dealStatus(.dealTransactionID(attempt.dealTransactionID))
    guard case .notFound = answer, let id = attempt.bankTransactionID else { return answer }
    return await bank.dealStatus(.bankTransactionID(id))
  }

  /// A trade that moved on meanwhile is compared by the next reconciliation.
  private func isUnchanged(_ trade: Trade) async throws(StoreError) -> Bool {
    try await store.trade(trade.id)?.version == trade.version
  }

  func record(
    _ trade: Trade, attempt: Int, _ deal: Identifier, _ kind: EvidenceKind, _ note: String,
    _ report: inout ReconcileReport
  ) async throws(StoreError) {
    let isInDoubtNow = try await witness(trade, attempt: attempt, kind, note)
    report.add(
      .bookedAtBankButNotHere(
        trade: trade.id, attempt: attempt, dealTransactionID: deal, ours: trade.status,
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
        group.addTask {
          await turn()
          return (place, await ask(question))
        }
      }
      for await (done, answer) in group { answers[done] = answer }
      return answers.compactMap { $0 }
    }
  }
}

/// What a reconciliation is about.
enum ReconcileScope: Sendable {
  case all
  case batch(BatchKey)
  case trades(Set<Identifier>)

  func covers(_ trade: Trade) -> Bool {
    switch self {
    case .all: true
    case .batch(let batch): trade.batch == batch
    case .trades(let trades): trades.contains(trade.id)
    }
  }

  /// Whether statements are read through today, and not only to the deals' value dates.
  var reachesToday: Bool {
    switch self {
    case .all, .trades: true
    case .batch: false
    }
  }
}

extension JournalDraft {
  /// Whether a deal may stand since, or may have ended.
  fileprivate var mayTellOfDeal: Bool {
    guard kind == .tradeTransition, let to = to.flatMap(TradeStatus.init(rawValue:)) else {
      return false
    }
    switch to {
    case .booking, .booked, .completed, .inDoubt: return true
    case .failed: return code == .settlementFailed
    case .pending, .quoting, .cancelled: return false
    }
  }
}
