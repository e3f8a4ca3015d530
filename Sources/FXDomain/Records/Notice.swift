/// What people and programs are told of.
public enum NoticeKind: String, Hashable, Sendable, CaseIterable {
  /// A batch left the queue, in its first round or a later one.
  case started
  case success
  case partialSuccess = "partial_success"
  case failed
  case cancelled
  /// A batch waits for a person.
  case needsDecision = "needs_decision"
  /// Nobody knows whether a trade was booked.
  case inDoubt = "in_doubt"
  /// Engaged or released.
  case killSwitch = "kill_switch"
  /// Deals are to be settled soon, and are not.
  case settlementDue = "settlement_due"
  /// A reconciliation found differences, or could not be completed.
  case reconciliation

  /// Whether it can be about one batch.
  public var isOfBatch: Bool { self != .killSwitch && self != .reconciliation }
}

extension NoticeKind {
  /// Of what an entry of the log gives notice, in the order in which it is told. Of most, nothing.
  ///
  /// - Parameter asksForApproval: the entry's batch waits for its approval.
  public static func kinds(of entry: JournalDraft, asksForApproval: Bool) -> [NoticeKind] {
    switch entry.kind {
    case .batchTransition: ofBatch(entry)
    case .tradeTransition: ofTrade(entry)
    case .tradeEscalated: [.inDoubt, .needsDecision]
    case .batchRejected: [.needsDecision]
    case .batchCreated, .batchEdited: asksForApproval ? [.needsDecision] : []
    case .installationChanged: KillSwitch.isAbout(entry) ? [.killSwitch] : []
    case .settlementDue: [.settlementDue]
    case .reconciliationEnded:
      entry.to == ReconciliationStatus.agrees.rawValue ? [] : [.reconciliation]
    case .batchClaimed, .batchReleased, .batchCancelRequested, .batchChanged, .batchApproved,
      .batchAccepted, .batchDeleted:
      []
    }
  }

  private static func ofBatch(_ entry: JournalDraft) -> [NoticeKind] {
    guard let to = entry.to.flatMap(BatchStatus.init(rawValue:)) else { return [] }
    switch to {
    // What was paused, or reopened by evidence, goes on.
    case .running: return entry.from == BatchStatus.pending.rawValue ? [.started] : []
    case .success: return [.success]
    case .partialSuccess: return [.partialSuccess, .needsDecision]
    case .failed: return [.failed, .needsDecision]
    case .cancelled: return [.cancelled]
    // A person knows what they have paused; the policy, which says why, acts on a person's word too.
    case .paused:
      switch entry.actor {
      case .node: return [.needsDecision]
      case .person: return entry.note == nil ? [] : [.needsDecision]
      }
    case .staged, .pending: return []
    }
  }

  private static func ofTrade(_ entry: JournalDraft) -> [NoticeKind] {
    guard let to = entry.to.flatMap(TradeStatus.init(rawValue:)) else { return [] }
    switch to {
    case .inDoubt: return [.inDoubt]
    case .failed: return entry.code == .settlementFailed ? [.needsDecision] : []
    case .pending, .quoting, .booking, .booked, .completed, .cancelled: return []
    }
  }
}

/// One thing that people are told of.
public struct Notice: Hashable, Sendable {
  /// Ascending over the installation; given by the store.
  public var number: Int64
  public var id: Identifier
  public var kind: NoticeKind
  /// When it happened.
  public var at: Timestamp
  /// The event of the log that it follows from.
  public var sequence: Int64
  /// Nil for what is about the whole installation.
  public var batch: BatchKey?
  public var batchID: Identifier?
  public var tradeID: Identifier?
  /// A sentence for a person.
  public var text: String

  public init(
    number: Int64 = 0, id: Identifier, kind: NoticeKind, at: Timestamp, sequence: Int64,
    batch: BatchKey? = nil, batchID: Identifier? = nil, tradeID: Identifier? = nil, text: String
  ) {
    self.number = number
    self.id = id
    self.kind = kind
    self.at = at
    self.sequence = sequence
    self.batch = batch
    self.batchID = batchID
    self.tradeID = tradeID
    self.text = text
  }
}
