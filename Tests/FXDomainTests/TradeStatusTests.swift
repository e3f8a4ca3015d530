import FXDomain
import Testing

@Suite struct `The trade's state machine` {
  private typealias Row = (from: TradeStatus, event: TradeEvent, to: TradeStatus)

  /// The table of states in the specification, line by line. What it does not name is not allowed.
  private static let table: [Row] = [
    // A lease holder takes it.
    (.pending, .taken, .quoting),
    // The quote passed the rate check, and the intent is durable.
    (.quoting, .intentRecorded, .booking),
    // The quote was refused for good, or a transient fault met.
    (.quoting, .quoteRefused, .failed),
    (.quoting, .quoteDeferred, .pending),
    // Cancel, before the intent only.
    (.pending, .cancelled, .cancelled),
    (.quoting, .cancelled, .cancelled),
    // The answers to a booking.
    (.booking, .accepted, .booked),
    (.booking, .notSent, .pending),
    (.booking, .refusedDefinitely, .failed),
    (.booking, .answerUnclear, .inDoubt),
    // Ways out of doubt: the bank's word, or a person.
    (.inDoubt, .foundBooked, .booked),
    (.inDoubt, .foundCompleted, .completed),
    (.inDoubt, .foundFailed, .failed),
    (.inDoubt, .provenNotBooked, .pending),
    (.inDoubt, .provenNotBookedExhausted, .failed),
    (.inDoubt, .resolvedBooked, .completed),
    (.inDoubt, .resolvedNotBooked, .failed),
    // Evidence of a booking turned up.
    (.pending, .bookingEvidenceFound, .inDoubt),
    (.quoting, .bookingEvidenceFound, .inDoubt),
    (.failed, .bookingEvidenceFound, .inDoubt),
    (.cancelled, .bookingEvidenceFound, .inDoubt),
    // Settlement, or a person after a day without an answer.
    (.booked, .settled, .completed),
    (.booked, .settlementFailed, .failed),
    (.booked, .resolvedBooked, .completed),
    (.booked, .resolvedNotBooked, .failed),
    // An operator's retry.
    (.failed, .retried, .pending),
    (.cancelled, .retried, .pending),
  ]

  @Test(arguments: TradeStatus.allCases)
  func `has the specification's transitions and no others`(state: TradeStatus) throws {
    for event in TradeEvent.allCases {
      let rows = Self.table.filter { $0.from == state && $0.event == event }
      if let row = rows.first {
        #expect(try state.applying(event, cancelRequested: false) == row.to, "\(event)")
      } else {
        for cancelRequested in [false, true] {
          #expect(throws: IllegalTransition<TradeStatus, TradeEvent>.self, "\(state), \(event)") {
            try state.applying(event, cancelRequested: cancelRequested)
          }
        }
      }
    }
  }

  @Test func `cancels whatever would return to pending once cancel is flagged`() throws {
    // A retry is left out: it clears the flag in the same transaction.
    for row in Self.table where row.event != .retried {
      let next = try row.from.applying(row.event, cancelRequested: true)
      #expect(next == (row.to == .pending ? .cancelled : row.to), "\(row)")
    }
  }

  @Test func `never sends again what may have been sent`() throws {
    for cancelRequested in [false, true] {
      for event in TradeEvent.allCases where event != .provenNotBooked {
        guard let next = try? TradeStatus.inDoubt.applying(event, cancelRequested: cancelRequested)
        else { continue }
        #expect(next != .pending && next != .cancelled && next != .quoting && next != .booking)
      }
    }
  }

  @Test func `is at its end when completed, failed or cancelled`() {
    let final = TradeStatus.allCases.filter(\.isFinal)
    #expect(Set(final) == [.completed, .failed, .cancelled])
  }

  @Test func `tells what was refused`() {
    do {
      _ = try TradeStatus.completed.applying(.taken, cancelRequested: false)
      Issue.record("a completed trade was taken")
    } catch {
      #expect(error.state == .completed)
      #expect(error.event == .taken)
    }
  }

  @Test(arguments: [
    (TradeStatus.pending, "pending"), (.quoting, "quoting"), (.booking, "booking"),
    (.booked, "booked"), (.completed, "completed"), (.inDoubt, "in_doubt"), (.failed, "failed"),
    (.cancelled, "cancelled"),
  ])
  func `is written with the specification's words`(state: TradeStatus, text: String) {
    #expect(state.rawValue == text)
  }
}
