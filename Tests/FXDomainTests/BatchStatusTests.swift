import FXDomain
import Testing

@Suite struct `The batch's state machine` {
  private typealias Row = (from: BatchStatus, event: BatchEvent, to: BatchStatus)

  private static let events: [BatchEvent] =
    [.started, .claimed, .paused, .resumed(started: false), .resumed(started: true)]
    + BatchOutcome.allCases.map(BatchEvent.ended) + [.retried, .reopened]

  private static let final: [(BatchOutcome, BatchStatus)] = [
    (.success, .success), (.partialSuccess, .partialSuccess), (.failed, .failed),
    (.cancelled, .cancelled),
  ]

  /// The specification's drawing: staged → pending → running ⇄ paused → one of the final four, and
  /// by a retry or new evidence back. What is not here is not allowed.
  private static let table: [Row] = {
    var rows: [Row] = [
      (.staged, .started, .pending),
      (.pending, .claimed, .running),
      (.pending, .paused, .paused), (.running, .paused, .paused),
      (.paused, .resumed(started: false), .pending), (.paused, .resumed(started: true), .running),
      // A lease that changes hands is no change of status.
      (.running, .claimed, .running), (.paused, .claimed, .paused),
      // Failed trades of a batch that still runs can be retried.
      (.pending, .retried, .pending), (.running, .retried, .running), (.paused, .retried, .paused),
    ]
    for (outcome, status) in final {
      for open in [BatchStatus.staged, .pending, .running, .paused] {
        rows.append((open, .ended(outcome), status))
      }
      rows.append((status, .retried, .pending))
      rows.append((status, .reopened, .running))
    }
    return rows
  }()

  @Test(arguments: BatchStatus.allCases)
  func `has the specification's transitions and no others`(state: BatchStatus) throws {
    for event in Self.events {
      if let row = Self.table.first(where: { $0.from == state && $0.event == event }) {
        #expect(try state.applying(event) == row.to, "\(event)")
      } else {
        #expect(throws: IllegalTransition<BatchStatus, BatchEvent>.self, "\(state), \(event)") {
          try state.applying(event)
        }
      }
    }
  }

  @Test(arguments: [
    (BatchStatus.staged, "staged", false), (.pending, "pending", false),
    (.running, "running", false), (.paused, "paused", false), (.success, "success", true),
    (.partialSuccess, "partial_success", true), (.failed, "failed", true),
    (.cancelled, "cancelled", true),
  ])
  func `has the specification's words`(state: BatchStatus, text: String, isFinal: Bool) {
    #expect(state.rawValue == text)
    #expect(state.isFinal == isFinal)
  }
}

@Suite struct `The counts of a batch` {
  @Test(arguments: [
    // Completed, failed, cancelled.
    (0, 0, 0, BatchOutcome?.none), (1, 0, 0, .success), (7, 0, 0, .success), (0, 1, 0, .failed),
    (0, 1, 3, .failed), (0, 0, 1, .cancelled), (0, 0, 5, .cancelled), (1, 1, 0, .partialSuccess),
    (1, 0, 1, .partialSuccess), (5, 2, 3, .partialSuccess),
  ])
  func `tell its outcome`(completed: Int, failed: Int, cancelled: Int, outcome: BatchOutcome?) {
    var counts = TradeCounts()
    counts.completed = completed
    counts.failed = failed
    counts.cancelled = cancelled
    #expect(counts.outcome == outcome)
    #expect(counts.isEveryTradeFinal == (outcome != nil))
    // A single open trade keeps the batch open.
    for status in TradeStatus.allCases where !status.isFinal {
      var open = counts
      open[status] += 1
      #expect(open.outcome == nil, "\(status)")
    }
  }

  @Test func `are kept by status and add up`() {
    var counts = TradeCounts()
    for (index, status) in TradeStatus.allCases.enumerated() {
      counts[status] = 1 << index
      #expect(counts[status] == 1 << index)
    }
    #expect(counts.total == 255)
    let final = counts.completed + counts.failed + counts.cancelled
    #expect(counts.open == 255 - final)
    #expect(counts.bookable == counts.pending + counts.quoting + counts.booking)
    #expect(counts.progressPerMille == final * 1000 / 255)
    #expect(TradeCounts().progressPerMille == 0)
  }
}

@Suite struct `A batch under a lease` {
  @Test(arguments: [
    (BatchStatus.running, TradeStatus.pending, false, true), (.running, .quoting, false, true),
    (.running, .booking, false, true), (.pending, .pending, false, true),
    (.paused, .pending, false, false), (.running, .pending, true, false),
    (.running, .inDoubt, false, false), (.running, .booked, false, false),
  ])
  func `wants to book only while a trade may still be booked`(
    status: BatchStatus, trade: TradeStatus, isCancelled: Bool, wants: Bool
  ) {
    let start = Timestamp(milliseconds: 1_794_297_600_000)
    var batch = Batch(
      key: BatchKey(1), id: Identifier(high: 3, low: 4), name: "morning", pricing: .bank,
      priority: 5, queuePosition: 1, maxConcurrentTrades: 5, policy: BatchPolicy(),
      createdAt: start, createdBy: "person:dealer")
    batch.status = status
    batch.counts[trade] = 1
    if isCancelled { batch.cancelRequestedAt = start }
    #expect(batch.wantsToBook == wants)
  }
}

@Suite struct `A trade that has failed` {
  @Test(
    arguments: [
      (FailureCode.settlementFailed, false, true), (.settlementFailed, true, true),
      (.notBooked, true, true), (.quoteRefused, false, false), (nil, true, true),
      (nil, false, false),
    ] as [(FailureCode?, Bool, Bool)])
  func `is retried singly after a failed settlement or a person's word`(
    code: FailureCode?, isResolved: Bool, isSingly: Bool
  ) {
    let trade = EndedTrade(
      key: TradeKey(1), code: code, isResolvedByPerson: isResolved, version: 1)
    #expect(trade.isRetriedSinglyOnly == isSingly)
  }
}

@Suite struct `A failure code` {
  @Test(arguments: [
    ("bank_unavailable", FailureCategory.transient), ("bank_timeout", .transient),
    ("rate_limited", .transient), ("quote_expired", .transient), ("quote_refused", .permanent),
    ("booking_refused", .permanent), ("settlement_failed", .permanent),
    ("attempts_exhausted", .permanent), ("cancelled_by_user", .permanent), ("rate_check", .rule),
    ("price_collar", .rule), ("insufficient_balance", .rule), ("account_not_open", .rule),
    ("client_unknown", .rule), ("calendar_unknown", .rule), ("allowance_exceeded", .rule),
    ("limit_exceeded", .rule),
  ])
  func `of the specification has its category`(text: String, category: FailureCategory) throws {
    #expect(try #require(FailureCode(rawValue: text)).category == category)
  }
}
