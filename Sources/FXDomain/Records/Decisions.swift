/// Why a batch waits for a person.
public enum DecisionReason: String, Hashable, Sendable, CaseIterable {
  case approval
  /// An approver sent it back.
  case rejected
  case partialSuccess = "partial_success"
  case failed
  /// It went on in spite of failures, until they were more than is tolerated.
  case thresholdBreached = "threshold_breached"
  /// It pauses on failure.
  case pausedByPolicy = "paused_by_policy"
  case inDoubt = "in_doubt"
  case unconfirmed
  case settlementFailed = "settlement_failed"

  /// Where a batch stands that waits for this.
  public var statuses: Set<BatchStatus> {
    switch self {
    case .approval, .rejected: [.staged]
    case .partialSuccess: [.partialSuccess]
    case .failed: [.failed]
    case .thresholdBreached, .pausedByPolicy: [.paused]
    case .inDoubt, .unconfirmed: [.staged, .pending, .running, .paused]
    case .settlementFailed: [.staged, .pending, .running, .paused, .partialSuccess, .failed]
    }
  }
}

/// Why a batch is paused.
public enum PauseCause: String, Hashable, Sendable, CaseIterable {
  case person
  /// By `on_failure` of its policy.
  case policy
  /// It was to go on, and more trades have failed than is tolerated.
  case threshold
}

/// What was last decided about a batch: whoever comes second is told.
public struct Decision: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable, CaseIterable {
    case started, approved, rejected, paused, resumed, cancelled, retried, accepted
  }

  public var kind: Kind
  public var by: String
  public var at: Timestamp

  public init(_ kind: Kind, by actor: Actor, at moment: Timestamp) {
    self.init(kind, by: actor.description, at: moment)
  }

  public init(_ kind: Kind, by: String, at moment: Timestamp) {
    self.kind = kind
    self.by = by
    self.at = moment
  }
}

extension Batch {
  /// Why a person's decision is awaited; empty when none is.
  public var needsDecision: [DecisionReason] {
    var reasons: [DecisionReason] = []
    if status == .staged {
      if rejectedBy != nil {
        reasons.append(.rejected)
      } else if policy.approval == .required, approvedBy == nil {
        reasons.append(.approval)
      }
    }
    if acceptedBy == nil {
      if status == .partialSuccess { reasons.append(.partialSuccess) }
      if status == .failed { reasons.append(.failed) }
    }
    // What is cancelled has been decided about.
    switch isCancelRequested ? nil : pauseCause {
    case .threshold: reasons.append(.thresholdBreached)
    case .policy: reasons.append(.pausedByPolicy)
    case .person, nil: break
    }
    if escalated.inDoubt > 0 { reasons.append(.inDoubt) }
    if escalated.booked > 0 { reasons.append(.unconfirmed) }
    if escalated.settlementFailed > 0, acceptedBy == nil { reasons.append(.settlementFailed) }
    return reasons
  }

  /// What was approved or sent back before is another thing now.
  mutating func reopenApproval() {
    approvedBy = nil
    approvedAt = nil
    rejectedBy = nil
    rejectedNote = nil
  }
}
