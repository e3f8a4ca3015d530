import FXDomain

/// What a notice says to a person.
enum NoticeText {
  /// - Parameter batch: as it stands; nil where it is deleted, or nothing is about it.
  static func sentence(_ kind: NoticeKind, of entry: JournalDraft, batch: Batch?) -> String {
    let name = batch.map { "Batch \"\($0.name)\"" } ?? "A batch that was deleted since"
    let counts = batch?.counts ?? TradeCounts()
    let ended = "\(counts.completed) of \(counts.total) trades are completed"
    switch kind {
    case .started: return "\(name) has started."
    case .success: return "\(name) is done: all its trades are completed."
    case .partialSuccess:
      return "\(name) has ended in part: \(ended), \(counts.failed) failed, "
        + "\(counts.cancelled) were cancelled."
    case .failed: return "\(name) has failed: none of its trades is completed."
    case .cancelled: return "\(name) was cancelled."
    case .needsDecision: return "\(name) needs a decision: \(reason(of: entry))."
    case .inDoubt:
      return entry.kind == .tradeEscalated
        ? "\(name): the bank does not tell what became of a trade."
        : "\(name): a trade is in doubt, and the bank is being asked."
    case .killSwitch: return capitalized(entry.note ?? "the kill switch was changed")
    case .settlementDue: return "\(name): \(entry.note ?? "deals are due today")."
    case .reconciliation: return capitalized(entry.note ?? "a reconciliation has ended")
    }
  }

  private static func reason(of entry: JournalDraft) -> String {
    switch entry.kind {
    case .tradeEscalated: "a trade waits for a person's word"
    case .batchCreated, .batchEdited: "it waits for approval"
    case .batchRejected: "its approval was refused" + (entry.note.map { ": \($0)" } ?? "")
    case .tradeTransition: "a trade failed to settle"
    case .batchTransition:
      switch entry.to.flatMap(BatchStatus.init(rawValue:)) {
      case .paused: "it was paused" + (entry.note.map { ", \($0)" } ?? "")
      case .partialSuccess: "some of its trades are not completed"
      case .failed: "none of its trades is completed"
      case .staged, .pending, .running, .success, .cancelled, nil: "look at it"
      }
    case .batchClaimed, .batchReleased, .batchCancelRequested, .batchChanged, .batchApproved,
      .batchAccepted, .batchDeleted, .installationChanged, .settlementDue, .reconciliationEnded:
      "look at it"
    }
  }

  private static func capitalized(_ text: String) -> String {
    text.prefix(1).uppercased() + text.dropFirst()
  }
}
