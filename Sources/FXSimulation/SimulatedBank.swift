import FXDomain
import FXPorts

/// How the simulated bank and the way to it behave.
public struct BankTemper: Hashable, Sendable {
  /// In thousandths, for each call: the request never arrives.
  public var lostBeforePerMille = 20
  /// The bank does what was asked and its answer never arrives.
  public var lostAfterPerMille = 20
  /// The request arrives late, up to `lateMilliseconds`.
  public var latePerMille = 20
  public var lateMilliseconds: Int64 = 20_000
  /// Answers with a 5xx, in half of the cases after having done what was asked.
  public var brokenPerMille = 20
  public var refusalPerMille = 10
  /// Refuses with a code that is on no list, in half of the cases after having booked.
  public var unlistedPerMille = 5
  /// A deal that the bank fails to settle.
  public var settlementFailurePerMille = 5
  public var usualMilliseconds: ClosedRange<Int64> = 5...80
  public var quoteLifeMilliseconds: Int64 = 30_000
  public var settlementMilliseconds: ClosedRange<Int64> = 500...5_000
  /// Time until the status query shows a deal.
  public var statusLagMilliseconds: Int64 = 0
  /// How long it works on a booking after it has checked the quote.
  public var workMilliseconds: ClosedRange<Int64> = 0...0
  /// The status query knows a deal for so long after it was booked, by any id.
  public var remembersMilliseconds = Int64.max / 4
  /// Whether a quote books once only.
  public var refusesUsedQuotes = true
  /// The status query knows no deal by our id.
  public var isBlind = false
  /// The bank's clock minus the world's.
  public var clockSkewMilliseconds: Int64 = 0

  public init() {}

  /// A bank without any fault.
  public static var calm: BankTemper {
    var temper = BankTemper()
    temper.lostBeforePerMille = 0
    temper.lostAfterPerMille = 0
    temper.latePerMille = 0
    temper.brokenPerMille = 0
    temper.refusalPerMille = 0
    temper.unlistedPerMille = 0
    temper.settlementFailurePerMille = 0
    return temper
  }
}

/// A deal in the bank's ledger: the truth that everything else is held against.
public struct LedgerDeal: Hashable, Sendable {
  public var dealTransactionID: Identifier
  public var bankTransactionID: String
  public var reference: String
  public var cifNumber: String
  public var deal: Deal
  public var quoteRate: Rate
  public var dealRate: Rate
  public var bookedAt: Int64
  public var settlesAt: Int64
  public var settlesAs: DealStatus

  public func status(at world: Int64) -> DealStatus { world < settlesAt ? .pending : settlesAs }
}

/// The bank as a value: what it does when a request reaches it. Time is the world's, in
/// milliseconds.
public struct SimulatedBank: Sendable {
  struct Quote: Sendable {
    var request: QuoteRequest
    var rate: Rate
    var expiresAt: Int64
    var isUsed = false
  }

  public var temper: BankTemper
  public private(set) var deals: [LedgerDeal] = []
  private var byDealID: [Identifier: Int] = [:]
  private var byBankID: [String: Int] = [:]
  private var quotes: [Int64: Quote] = [:]
  private var serial: Int64 = 0
  private let midRate: Rate
  /// Who waits for the answer that is being given; nil where nobody compares clocks.
  var asker: Asker?

  /// By the world's clock, when its request left and when the answer will be there.
  struct Asker: Sendable {
    var skewMilliseconds: Int64
    var sentAt: Int64
    var receivesAt: Int64
  }

  public init(temper: BankTemper, midRate: Rate) {
    self.temper = temper
    self.midRate = midRate
  }

  func clock(at world: Int64) -> Timestamp {
    Timestamp(milliseconds: world + temper.clockSkewMilliseconds)
  }

  /// The Date header cuts to whole seconds.
  mutating func receipt(at world: Int64) -> BankReceipt {
    serial += 1
    let seconds = clock(at: world).milliseconds / 1_000
    let (id, date) = ("bank-\(serial)", Timestamp(milliseconds: seconds * 1_000))
    guard let asker else { return BankReceipt(bankTransactionID: id, bankDate: date) }
    return BankReceipt(
      bankTransactionID: id, bankDate: date,
      sentAt: Timestamp(milliseconds: asker.sentAt + asker.skewMilliseconds),
      receivedAt: Timestamp(milliseconds: asker.receivesAt + asker.skewMilliseconds))
  }

  mutating func createQuote(
    _ request: QuoteRequest, at world: Int64, chance: inout Chance
  ) -> BankAnswer<CreatedQuote> {
    let receipt = receipt(at: world)
    let id = Int64(quotes.count + 1)
    let rate = Rate(units: midRate.units + chance.pick(-500...500) * 1_000)
    let expiry = world + temper.quoteLifeMilliseconds
    quotes[id] = Quote(request: request, rate: rate, expiresAt: expiry)
    return .success(CreatedQuote(quoteID: id, expiresAt: clock(at: expiry)), receipt)
  }

  mutating func latestQuote(_ id: Int64, at world: Int64) -> BankAnswer<QuotedRate> {
    let receipt = receipt(at: world)
    guard let quote = quotes[id] else {
      return .refused(BankRefusal(reasonCode: "NOT_FOUND", message: "no such quote"), receipt)
    }
    return .success(
      QuotedRate(quoteID: id, rate: quote.rate, expiresAt: clock(at: quote.expiresAt)), receipt)
  }

  /// Books unless the quote was gone when the request was accepted. A repeated deal transaction id
  /// books again: this bank promises nothing else.
  mutating func book(
    _ order: BookingOrder, acceptedAt: Int64, at world: Int64, chance: inout Chance
  ) -> BookingAnswer {
    let receipt = receipt(at: world)
    func refusal(_ code: String) -> BookingAnswer {
      .refused(BankRefusal(reasonCode: code, message: code.lowercased()), receipt)
    }
    if chance.happens(perMille: temper.refusalPerMille) { return refusal("BUSINESS") }
    let isUnlisted = chance.happens(perMille: temper.unlistedPerMille)
    if isUnlisted, chance.happens(perMille: 500) { return refusal("ODD") }
    guard var quote = quotes[order.quoteID] else { return refusal("VALIDATION") }
    guard acceptedAt < quote.expiresAt else { return refusal("QUOTE_EXPIRED") }
    guard !quote.isUsed || !temper.refusesUsedQuotes else { return refusal("QUOTE_USED") }
    guard quote.rate == order.quoteRate else { return refusal("RATE_MISMATCH") }
    quote.isUsed = true
    quotes[order.quoteID] = quote
    let failsToSettle = chance.happens(perMille: temper.settlementFailurePerMille)
    let bankID = receipt.bankTransactionID ?? ""
    byDealID[order.dealTransactionID] = deals.count
    byBankID[bankID] = deals.count
    deals.append(
      LedgerDeal(
        dealTransactionID: order.dealTransactionID, bankTransactionID: bankID,
        reference: "REF\(deals.count + 1)", cifNumber: quote.request.cifNumber,
        deal: quote.request.deal, quoteRate: order.quoteRate, dealRate: order.clientRate,
        bookedAt: world, settlesAt: world + chance.pick(temper.settlementMilliseconds),
        settlesAs: failsToSettle ? .failed : .completed))
    return isUnlisted ? refusal("ODD") : .accepted(receipt)
  }

  mutating func status(_ query: DealQuery, at world: Int64) -> StatusAnswer {
    let receipt = receipt(at: world)
    let place: Int? =
      switch query {
      case .dealTransactionID(let id): temper.isBlind ? nil : byDealID[id]
      case .bankTransactionID(let id): byBankID[id]
      }
    guard let place else { return .notFound(receipt) }
    let deal = deals[place]
    let age = world - deal.bookedAt
    guard age >= temper.statusLagMilliseconds, age < temper.remembersMilliseconds else {
      return .notFound(receipt)
    }
    return .found(
      FoundDeal(
        status: deal.status(at: world), dealReference: deal.reference,
        bankTransactionID: deal.bankTransactionID), receipt)
  }

  public func deal(_ id: Identifier) -> LedgerDeal? { byDealID[id].map { deals[$0] } }
}
