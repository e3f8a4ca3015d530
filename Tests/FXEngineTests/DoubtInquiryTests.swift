import FXDomain
import FXPorts
import Testing

@testable import FXEngine

/// After an unclear answer that bore an id of the bank's own.
@Suite struct `A doubt about a booking that the bank answered unclearly` {
  private typealias Core = `The engine's core`
  private static let bankID = "b0b0b0b0-0000-4000-8000-00000000000b"
  private static let settings = Core.settings

  private static func inquiry(bankID: String? = bankID) throws -> DoubtInquiry {
    var doubt = try Core.doubt()
    doubt.trade.bankTransactionID = bankID
    return DoubtInquiry(doubt, attempt: try #require(doubt.attempt))
  }

  /// `NOT_FOUND`, dated as late as the answer comes.
  private static func notFound(at moment: Moment) -> StatusAnswer {
    .notFound(BankReceipt(bankDate: moment.wall))
  }

  private static func answered(
    _ inquiry: inout DoubtInquiry, _ answer: StatusAnswer, at moment: Moment,
    controls: [ControlAnswer] = []
  ) -> DoubtInquiry.Action {
    inquiry.answered(
      answer, controls: controls, at: moment, lookUp: .byDealTransactionID, settings: settings)
  }

  @Test func `is ended by the bank's word on its own id, where it does not know ours`() throws {
    var inquiry = try Self.inquiry()
    let now = Core.moment(85_000)
    let first = inquiry.evidenceRead([], controls: [], at: now, settings: Self.settings)
    #expect(first == .ask(.dealTransactionID(inquiry.attempt.dealTransactionID)))
    let second = Self.answered(&inquiry, Self.notFound(at: now), at: now)
    #expect(second == .ask(.bankTransactionID(Self.bankID)))
    let deal = FoundDeal(status: .completed, dealReference: "FX-1")
    let last = Self.answered(&inquiry, .found(deal, BankReceipt()), at: now)
    #expect(last == .write(.recordFound(attempt: 1, deal)))
  }

  @Test func `takes the bank's id from a fenced owner's evidence about this attempt`() throws {
    var inquiry = try Self.inquiry(bankID: nil)
    let now = Core.moment(85_000)
    func evidence(_ attempt: Int, _ id: String) -> Evidence {
      Evidence(
        trade: TradeKey(1), attempt: attempt, kind: .bookingAnswer, at: now.wall,
        actor: .node(Self.settings.node), summary: "HTTP 500", bankTransactionID: id)
    }
    _ = inquiry.evidenceRead(
      [evidence(0, "of another"), evidence(1, Self.bankID)], controls: [], at: now,
      settings: Self.settings)
    let next = Self.answered(&inquiry, Self.notFound(at: now), at: now)
    #expect(next == .ask(.bankTransactionID(Self.bankID)))
  }

  static let otherAnswers: [StatusAnswer] = [
    .trouble(.timeout), .refused(BankRefusal(reasonCode: "VALIDATION", message: ""), BankReceipt()),
    .notFound(BankReceipt()),
  ]

  /// The moments of the proof are those of the question by our id; without a last word on the bank's
  /// id there is none.
  @Test(arguments: otherAnswers)
  func `is not disproven before the bank knows no deal by its own id either`(
    byBankID: StatusAnswer
  ) throws {
    var inquiry = try Self.inquiry()
    // The quote and the margin have passed at 90 s.
    let first = Core.moment(91_000)
    _ = inquiry.evidenceRead([], controls: [], at: first, settings: Self.settings)
    _ = Self.answered(&inquiry, Self.notFound(at: first), at: first)
    _ = Self.answered(&inquiry, .notFound(BankReceipt()), at: first)
    #expect(inquiry.firstNotFound?.askedAt == first.wall)

    let second = Core.moment(97_000)
    let control = ControlAnswer(
      askedAt: Core.moment(96_000).wall, foundAt: Core.moment(96_500).wall,
      dealBookedAt: inquiry.attempt.intentAt.advanced(byMilliseconds: -1))
    _ = inquiry.evidenceRead([], controls: [control], at: second, settings: Self.settings)
    let asked = Self.answered(
      &inquiry, Self.notFound(at: second), at: second, controls: [control])
    #expect(asked == .ask(.bankTransactionID(Self.bankID)))
    let last = Self.answered(
      &inquiry, byBankID, at: Core.moment(98_000), controls: [control])
    switch (byBankID, last) {
    case (.notFound, .write(.recordNotBooked(let proof))):
      #expect(proof.second.askedAt == second.wall)
      #expect(proof.second.bankDate == second.wall)
    case (.trouble, .wait), (.refused, .wait): break
    case (.found, _), (.notFound, _), (.trouble, _), (.refused, _): Issue.record("\(last)")
    }
  }

  static let dates: [(Int64?, Bool)] = [
    (1, true), (1_000, true), (0, false), (-1, false), (-1_000, false), (nil, false),
  ]

  /// The margin has long passed by our clock: the bank's decides.
  @Test(arguments: dates)
  func `counts no answer whose Date is not beyond the quote's end and the margin`(
    beyond: Int64?, counts: Bool
  ) throws {
    var inquiry = try Self.inquiry(bankID: nil)
    let now = Core.moment(200_000)
    let deadline = inquiry.attempt.quoteExpiresAt.advanced(
      byMilliseconds: Self.settings.proof.doubtMarginMilliseconds)
    _ = inquiry.evidenceRead([], controls: [], at: now, settings: Self.settings)
    let receipt = BankReceipt(
      bankDate: beyond.map { deadline.advanced(byMilliseconds: $0) }, sentAt: now.wall,
      receivedAt: now.wall)
    _ = Self.answered(&inquiry, .notFound(receipt), at: now)
    #expect((inquiry.firstNotFound != nil) == counts)
  }
}
