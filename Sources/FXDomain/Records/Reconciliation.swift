/// How far a reconciliation has come, and what it found.
public enum ReconciliationStatus: String, Hashable, Sendable, CaseIterable {
  /// Waits for a process that has a bank.
  case requested
  case running
  /// Everything was compared, and bank and books agree.
  case agrees
  case differs
  /// No difference was found, and not everything could be compared.
  case incomplete

  public var hasEnded: Bool {
    switch self {
    case .requested, .running: false
    case .agrees, .differs, .incomplete: true
    }
  }
}

/// What was compared.
public struct ReconciliationFigures: Hashable, Sendable {
  public var trades: Int
  public var attempts: Int
  public var statements: Int
  public var unexplainedLines: Int
  /// Trades in doubt when it ended.
  public var inDoubt: Int
  /// All of them, also those that are not kept.
  public var differences: Int
  /// Until then a deal that is booked here may still come to be found at the bank.
  public var tooEarlyUntil: Timestamp?

  public init(
    trades: Int = 0, attempts: Int = 0, statements: Int = 0, unexplainedLines: Int = 0,
    inDoubt: Int = 0, differences: Int = 0, tooEarlyUntil: Timestamp? = nil
  ) {
    self.trades = trades
    self.attempts = attempts
    self.statements = statements
    self.unexplainedLines = unexplainedLines
    self.inDoubt = inDoubt
    self.differences = differences
    self.tooEarlyUntil = tooEarlyUntil
  }
}

/// A comparison of our books with the bank's that is kept: the one of a day, or one that a person asked
/// for.
public struct Reconciliation: Hashable, Sendable {
  /// Ascending over the installation; given by the store.
  public var number: Int64
  public var id: Identifier
  /// The desk's day that it was asked for.
  public var day: CivilDate
  /// A day has one of these.
  public var isScheduled: Bool
  public var requestedAt: Timestamp
  public var requestedBy: Actor
  public var status: ReconciliationStatus
  /// Who makes it, or has made it.
  public var node: NodeID?
  /// How often somebody has begun to make it.
  public var tries: Int
  public var startedAt: Timestamp?
  public var endedAt: Timestamp?
  public var figures: ReconciliationFigures
  /// Why not everything was compared.
  public var reason: String?

  public init(
    number: Int64 = 0, id: Identifier, day: CivilDate, isScheduled: Bool, requestedAt: Timestamp,
    requestedBy: Actor, status: ReconciliationStatus = .requested, node: NodeID? = nil,
    tries: Int = 0, startedAt: Timestamp? = nil, endedAt: Timestamp? = nil,
    figures: ReconciliationFigures = ReconciliationFigures(), reason: String? = nil
  ) {
    self.number = number
    self.id = id
    self.day = day
    self.isScheduled = isScheduled
    self.requestedAt = requestedAt
    self.requestedBy = requestedBy
    self.status = status
    self.node = node
    self.tries = tries
    self.startedAt = startedAt
    self.endedAt = endedAt
    self.figures = figures
    self.reason = reason
  }
}

extension Reconciliation {
  /// How often it is begun before it counts as one that cannot be made.
  public static let greatestTries = 3

  /// Puts it into a process's hands.
  public mutating func begin(by node: NodeID, now: Timestamp) {
    status = .running
    self.node = node
    tries += 1
    startedAt = now
  }

  /// Ends it with what was found.
  ///
  /// - Returns: the entry of the installation's log.
  public mutating func end(
    _ status: ReconciliationStatus, _ figures: ReconciliationFigures, reason: String?,
    by node: NodeID, now: Timestamp
  ) -> JournalDraft {
    precondition(status.hasEnded, "what ends has an outcome")
    self.status = status
    self.figures = figures
    self.reason = reason
    endedAt = now
    return JournalDraft(
      kind: .reconciliationEnded, to: status.rawValue, actor: .node(node), note: sentence)
  }

  /// What it came to, in one sentence for a person.
  public var sentence: String {
    let name = "the reconciliation of \(day)"
    switch status {
    case .requested: return "\(name) has not begun."
    case .running: return "\(name) is being made."
    case .agrees: return "\(name) found bank and books in agreement."
    case .differs:
      let count = figures.differences
      return "\(name) found \(count) \(count == 1 ? "difference" : "differences")."
    case .incomplete:
      return "\(name) could not be completed: \(reason ?? "not everything could be compared.")"
    }
  }
}

/// One of the differences that are kept.
public struct ReconciliationDifference: Hashable, Sendable {
  /// Which of the kinds of difference, in `snake_case`.
  public var kind: String
  /// The trade that it is about, where it is about one.
  public var trade: Identifier?
  /// One full sentence for a person.
  public var sentence: String

  public init(kind: String, trade: Identifier?, sentence: String) {
    self.kind = kind
    self.trade = trade
    self.sentence = sentence
  }
}
