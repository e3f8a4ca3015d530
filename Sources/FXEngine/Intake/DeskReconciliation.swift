import FXDomain
import FXPorts

/// Makes the reconciliations that are kept: each by one process, which holds it until it is done.
public struct DeskReconciliation: Sendable {
  private let store: any BatchStore
  private let bank: any BankGateway
  private let node: NodeID
  private let deskClock: DeskClock
  private let doubtMarginMilliseconds: Int64
  private let clock: EngineClock
  private let pace: Pace

  /// - Parameters:
  ///   - node: unique to this process, as whom it holds them.
  ///   - requestsPerSecond: what the installation may ask of the bank; a part of it is taken here.
  public init(
    store: any BatchStore, bank: any BankGateway, node: NodeID,
    deskClock: DeskClock = .johannesburg, doubtMarginMilliseconds: Int64, requestsPerSecond: Int,
    clock: EngineClock
  ) {
    self.pace = Pace(
      perSecond: max(1, requestsPerSecond / IntakeBounds.reconciliationShare), clock: clock)
    self.store = store
    self.bank = bank
    self.node = node
    self.deskClock = deskClock
    self.doubtMarginMilliseconds = doubtMarginMilliseconds
    self.clock = clock
  }

  /// Makes the oldest that waits.
  ///
  /// - Returns: as it ended; nil where none waits, or another process has taken it over meanwhile.
  public func makeNext() async throws -> Reconciliation? {
    let lease = IntakeBounds.reconciliationLeaseMilliseconds
    guard try await store.hasWaitingReconciliation(),
      let taken = try await store.takeReconciliation(by: node, leaseMilliseconds: lease)
    else { return nil }
    let result = try await withThrowingTaskGroup(of: ReconciliationResult?.self) { group in
      group.addTask { try await outcome(of: taken) }
      group.addTask {
        while true {
          try await clock.sleep(clock.now().uptime + lease / 3)
          let isHeld = try await store.renewReconciliation(
            taken.id, by: node, leaseMilliseconds: lease)
          guard isHeld else { return nil }
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let result else { return nil }
    return try await store.finish(taken.id, by: node, result)
  }

  private func outcome(of taken: Reconciliation) async throws -> ReconciliationResult {
    if let silence = try await silence() {
      return ReconciliationResult(.incomplete, ReconciliationFigures(), reason: silence)
    }
    let first = CivilDate(dayNumber: taken.day.dayNumber - IntakeBounds.reconciledDays + 1)
    let (now, pace) = (clock.now, pace)
    let reconciler = Reconciler(
      store: store, bank: bank, actor: .node(node), deskClock: deskClock,
      doubtMarginMilliseconds: doubtMarginMilliseconds, now: { now().wall },
      turn: { await pace.turn() })
    let report = try await reconciler.reconcile(since: deskClock.start(of: first))
    let doubts = try await store.gauges().doubts
    return ReconciliationResult(report, doubts: doubts)
  }

  /// Why the bank cannot be asked anything; nil where it can.
  private func silence() async throws -> String? {
    var trouble: BankTrouble?
    for knock in 1...IntakeBounds.knocks {
      guard case .trouble(let found) = await bank.accounts(page: 0) else { return nil }
      switch found {
      case .rateLimited: return nil
      case .notSent, .timeout, .connectionLost, .unauthorized, .httpStatus, .unreadable:
        trouble = found
      }
      if knock < IntakeBounds.knocks {
        try await clock.sleep(clock.now().uptime + IntakeBounds.knockMilliseconds)
      }
    }
    return trouble?.failure.message
  }
}

/// Gives turns out, one after the other and no more than so many in a second.
private actor Pace {
  private let milliseconds: Int64
  private let clock: EngineClock
  private var next: Int64 = 0

  init(perSecond: Int, clock: EngineClock) {
    self.milliseconds = Int64(1_000 / min(1_000, perSecond))
    self.clock = clock
  }

  /// Returns when the turn has come, or at once where the work is given up.
  func turn() async {
    let mine = max(next, clock.now().uptime)
    next = mine + milliseconds
    do { try await clock.sleep(mine) } catch { return }
  }
}

extension ReconciliationResult {
  init(_ report: ReconcileReport, doubts: Int) {
    let figures = ReconciliationFigures(
      trades: report.trades, attempts: report.attempts, statements: report.statements,
      unexplainedLines: report.unexplainedLines, inDoubt: doubts, differences: report.total,
      tooEarlyUntil: report.tooEarlyUntil)
    var reasons: [String] = []
    if report.unread > 0 {
      reasons.append("the bank left \(report.unread) questions without an answer")
    }
    if doubts > 0 { reasons.append("\(doubts) trades are in doubt") }
    if let until = report.tooEarlyUntil {
      reasons.append("the bank may show deals of ours until \(until)")
    }
    let hasDifferences = report.total > report.unread
    self.init(
      hasDifferences ? .differs : reasons.isEmpty ? .agrees : .incomplete, figures,
      reason: reasons.isEmpty ? nil : reasons.joined(separator: "; ") + ".",
      differences: report.differences.map {
        ReconciliationDifference(kind: $0.code, trade: $0.trade, sentence: $0.sentence)
      })
  }
}
