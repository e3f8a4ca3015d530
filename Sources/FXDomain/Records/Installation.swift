/// What holds for the whole installation, read in every intent's transaction.
public struct Installation: Hashable, Sendable {
  /// Part of every deal transaction id.
  public var id: Identifier
  /// Raised when the store is known to have lost acknowledged events.
  public var idEpoch: Int
  public var killSwitch: KillSwitch?
  /// The bank that deals are open with; nil before the first.
  public var bank: BankIdentity?
  /// The trade that books alone until the bank has shown that it can look deals up.
  public var canary: TradeKey?
  /// Raised by every command that running engines must hear of.
  public var changeCounter: Int64
  /// The last loss of events that was detected.
  public var rollback: Rollback?

  public init(
    id: Identifier, idEpoch: Int = 1, killSwitch: KillSwitch? = nil, bank: BankIdentity? = nil,
    canary: TradeKey? = nil, changeCounter: Int64 = 0, rollback: Rollback? = nil
  ) {
    self.id = id
    self.idEpoch = idEpoch
    self.killSwitch = killSwitch
    self.bank = bank
    self.canary = canary
    self.changeCounter = changeCounter
    self.rollback = rollback
  }
}

extension Installation {
  /// Events were lost, and the bank has not been asked for everything since.
  public var isReconciliationDue: Bool { rollback != nil && rollback?.reconciledAt == nil }
}

/// Engaged: no booking leaves any node.
public struct KillSwitch: Hashable, Sendable {
  public var engagedAt: Timestamp
  public var engagedBy: String
  public var reason: String

  public init(engagedAt: Timestamp, engagedBy: String, reason: String) {
    self.engagedAt = engagedAt
    self.engagedBy = engagedBy
    self.reason = reason
  }
}

extension KillSwitch {
  private static let words = (engaged: "kill switch engaged", released: "kill switch released")

  /// What the log says when it is engaged or released.
  static func note(engaged: Bool, _ more: String) -> String {
    (engaged ? words.engaged : words.released) + more
  }

  /// Whether an entry of the installation's own log is about it.
  static func isAbout(_ entry: JournalDraft) -> Bool {
    guard let note = entry.note else { return false }
    return note.hasPrefix(words.engaged) || note.hasPrefix(words.released)
  }

  /// Whether an entry that is about it tells of its engagement.
  public static func isEngaged(by entry: JournalDraft) -> Bool {
    entry.note?.hasPrefix(words.engaged) ?? false
  }
}
