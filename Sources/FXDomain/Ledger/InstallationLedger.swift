/// Decisions about the installation as a whole.
extension Ledger {
  /// A generation this much higher is beyond every one that was given out in a lost time.
  static let lostGenerations: Int64 = 1_000_000

  /// Engages or releases the kill switch. After a loss of events it is released only once the bank
  /// has been asked for everything that may have been booked.
  public static func setKillSwitch(
    engaged: Bool, reason: String, in installation: inout Installation, actor: Actor,
    now: Timestamp
  ) throws(KillSwitchRefusal) -> JournalDraft {
    if !engaged, let rollback = installation.rollback, rollback.reconciledAt == nil {
      throw .reconciliationDue(rollback)
    }
    installation.killSwitch =
      engaged
      ? KillSwitch(engagedAt: now, engagedBy: actor.description, reason: reason) : nil
    installation.changeCounter += 1
    return JournalDraft(
      kind: .installationChanged, actor: actor,
      note: KillSwitch.note(engaged: engaged, ": \(reason)"))
  }

  /// Holds everything after a loss of events: a new id epoch, and the kill switch. Nil, and nothing
  /// changed, where this very loss was recorded before.
  ///
  /// - Parameter newest: number of the newest event that the log has; 0 when it is empty.
  public static func record(
    _ loss: LogLoss, newest: Int64, in installation: inout Installation, now: Timestamp
  ) -> JournalDraft? {
    let lastEpoch: Int
    let lostFrom: Int64
    switch loss {
    case .event(let sequence, let epoch, let isThere):
      // An epoch is raised by a recorded loss alone: a mark of an older one is from before it.
      guard epoch >= installation.idEpoch else { return nil }
      lastEpoch = epoch
      // Where the event differs, the histories parted at some event before it.
      lostFrom = isThere ? 1 : min(sequence, newest + 1)
    case .otherInstallation:
      lastEpoch = installation.idEpoch
      lostFrom = 1
    case .unreadableMark:
      // The mark may have been one epoch ahead, when this is not the first loss.
      lastEpoch = installation.idEpoch + 1
      lostFrom = newest + 1
    }
    var firstEpoch = installation.idEpoch
    var earliest = lostFrom
    if let pending = installation.rollback, pending.reconciledAt == nil {
      firstEpoch = min(firstEpoch, pending.firstEpoch)
      earliest = min(earliest, pending.lostFrom)
    }
    installation.idEpoch = lastEpoch + 1
    installation.rollback = Rollback(
      detectedAt: now, lostFrom: earliest, firstEpoch: firstEpoch, reason: loss.sentence)
    let actor = Actor.node(NodeID("mark"))
    installation.killSwitch = KillSwitch(
      engagedAt: now, engagedBy: actor.description, reason: loss.sentence)
    installation.changeCounter += 1
    return JournalDraft(
      kind: .installationChanged, actor: actor,
      note: KillSwitch.note(
        engaged: true, ", id epoch \(installation.idEpoch): \(loss.sentence)"))
  }

  /// Ends every hold on a batch after a loss of events. Generations that were given out in the lost
  /// time are never given out again, so that whoever still has one stays fenced.
  public static func fence(_ batch: inout Batch, now: Timestamp) {
    batch.generation += lostGenerations
    batch.lease = nil
    batch.updatedAt = now
    batch.version += 1
  }

  /// The bank has been asked for everything that may have been booked in the lost time. Nil where
  /// no reconciliation is due.
  public static func recordReconciled(
    note: String, in installation: inout Installation, actor: Actor, now: Timestamp
  ) -> JournalDraft? {
    guard let rollback = installation.rollback, rollback.reconciledAt == nil else { return nil }
    installation.rollback?.reconciledAt = now
    installation.changeCounter += 1
    return JournalDraft(
      kind: .installationChanged, actor: actor, note: "reconciled after a loss of events: \(note)")
  }
}

extension LogLoss {
  /// What was seen, in one sentence for a person.
  public var sentence: String {
    switch self {
    case .event(let sequence, _, isThere: false):
      "The store lacks its event \(sequence), which was acknowledged: it was restored or rolled back."
    case .event(let sequence, _, isThere: true):
      "The store has another event \(sequence) than was acknowledged: it was restored or replaced."
    case .otherInstallation(let id, let sequence):
      "The mark beside the store is of another installation, \(id), with \(sequence) events."
    case .unreadableMark(let why):
      "The mark beside the store cannot be read, so nobody knows what the store must hold: \(why)."
    }
  }
}
