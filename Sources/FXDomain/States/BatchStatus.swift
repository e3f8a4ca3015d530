/// Where a batch stands.
public enum BatchStatus: String, Hashable, Sendable, CaseIterable {
  case staged
  /// In the queue.
  case pending
  case running
  case paused
  case success
  case partialSuccess = "partial_success"
  case failed
  case cancelled

  public var isFinal: Bool {
    switch self {
    case .success, .partialSuccess, .failed, .cancelled: true
    case .staged, .pending, .running, .paused: false
    }
  }
}

/// What can happen to a batch.
public enum BatchEvent: Hashable, Sendable {
  case started
  case claimed
  case paused
  /// `started` tells whether a node had ever claimed the batch in this round.
  case resumed(started: Bool)
  /// Its last open trade came to an end.
  case ended(BatchOutcome)
  /// An operator's retry opened a new round.
  case retried
  /// Evidence put a trade of a final batch in doubt.
  case reopened
}

/// What the trades of a batch that has ended amount to.
public enum BatchOutcome: Hashable, Sendable, CaseIterable {
  case success
  case partialSuccess
  case failed
  case cancelled

  public var status: BatchStatus {
    switch self {
    case .success: .success
    case .partialSuccess: .partialSuccess
    case .failed: .failed
    case .cancelled: .cancelled
    }
  }
}

extension BatchStatus {
  /// The only way a batch changes status.
  public func applying(
    _ event: BatchEvent
  ) throws(IllegalTransition<BatchStatus, BatchEvent>) -> BatchStatus {
    switch (self, event) {
    case (.staged, .started): return .pending
    case (.pending, .claimed): return .running
    // A lease that changes hands, or is taken for polling only, changes no status.
    case (.running, .claimed): return .running
    case (.paused, .claimed): return .paused
    case (.pending, .paused), (.running, .paused): return .paused
    case (.paused, .resumed(let started)): return started ? .running : .pending

    case (.staged, .ended(let outcome)), (.pending, .ended(let outcome)),
      (.running, .ended(let outcome)), (.paused, .ended(let outcome)):
      return outcome.status

    case (.success, .retried), (.partialSuccess, .retried), (.failed, .retried),
      (.cancelled, .retried):
      return .pending
    // Trades that failed may be tried again while others still run.
    case (.pending, .retried): return .pending
    case (.running, .retried): return .running
    case (.paused, .retried): return .paused

    case (.success, .reopened), (.partialSuccess, .reopened), (.failed, .reopened),
      (.cancelled, .reopened):
      return .running

    case (.staged, .claimed), (.staged, .paused), (.staged, .resumed), (.staged, .retried),
      (.staged, .reopened),
      (.pending, .started), (.pending, .resumed), (.pending, .reopened),
      (.running, .started), (.running, .resumed), (.running, .reopened),
      (.paused, .started), (.paused, .paused), (.paused, .reopened),
      (.success, .started), (.success, .claimed), (.success, .paused), (.success, .resumed),
      (.success, .ended),
      (.partialSuccess, .started), (.partialSuccess, .claimed), (.partialSuccess, .paused),
      (.partialSuccess, .resumed), (.partialSuccess, .ended),
      (.failed, .started), (.failed, .claimed), (.failed, .paused), (.failed, .resumed),
      (.failed, .ended),
      (.cancelled, .started), (.cancelled, .claimed), (.cancelled, .paused),
      (.cancelled, .resumed), (.cancelled, .ended):
      throw IllegalTransition(state: self, event: event)
    }
  }
}

/// How many trades of a batch stand where. Always equal to its trades.
public struct TradeCounts: Hashable, Sendable {
  public var pending = 0
  public var quoting = 0
  public var booking = 0
  public var booked = 0
  public var inDoubt = 0
  public var completed = 0
  public var failed = 0
  public var cancelled = 0

  public init() {}

  public subscript(status: TradeStatus) -> Int {
    get {
      switch status {
      case .pending: pending
      case .quoting: quoting
      case .booking: booking
      case .booked: booked
      case .inDoubt: inDoubt
      case .completed: completed
      case .failed: failed
      case .cancelled: cancelled
      }
    }
    set {
      switch status {
      case .pending: pending = newValue
      case .quoting: quoting = newValue
      case .booking: booking = newValue
      case .booked: booked = newValue
      case .inDoubt: inDoubt = newValue
      case .completed: completed = newValue
      case .failed: failed = newValue
      case .cancelled: cancelled = newValue
      }
    }
  }

  public var total: Int {
    pending + quoting + booking + booked + inDoubt + completed + failed + cancelled
  }

  /// Trades that have not come to an end.
  public var open: Int { pending + quoting + booking + booked + inDoubt }

  /// Trades that something may still be booked for.
  public var bookable: Int { pending + quoting + booking }

  public var isEveryTradeFinal: Bool { open == 0 && total > 0 }

  /// What the batch amounts to once every trade is final; nil before.
  public var outcome: BatchOutcome? {
    guard isEveryTradeFinal else { return nil }
    if completed == total { return .success }
    if completed > 0 { return .partialSuccess }
    return failed > 0 ? .failed : .cancelled
  }

  /// The trades' share that has come to an end, from 0 to 1, in thousandths.
  public var progressPerMille: Int {
    total == 0 ? 0 : (total - open) * 1000 / total
  }

  mutating func move(from: TradeStatus, to: TradeStatus) {
    self[from] -= 1
    self[to] += 1
    precondition(self[from] >= 0, "a count never falls below zero")
  }
}

/// How many trades of a batch wait for a person's word. Always equal to its trades.
public struct EscalatedCounts: Hashable, Sendable {
  public var inDoubt = 0
  /// Booked, and unconfirmed for too long.
  public var booked = 0
  /// Failed after the bank had booked them.
  public var settlementFailed = 0

  public init() {}

  /// Counts a trade that was put before a person or did not settle, or with -1 no longer counts it.
  public mutating func add(_ trade: Trade, times: Int = 1) {
    switch trade.status {
    case .inDoubt: if trade.escalatedAt != nil { inDoubt += times }
    case .booked: if trade.escalatedAt != nil { booked += times }
    case .failed: if trade.failure?.code == .settlementFailed { settlementFailed += times }
    case .pending, .quoting, .booking, .completed, .cancelled:
      precondition(
        trade.escalatedAt == nil, "a trade that is \(trade.status) waits for nobody's word")
    }
    precondition(
      inDoubt >= 0 && booked >= 0 && settlementFailed >= 0, "a count never falls below zero")
  }
}
