import FXDomain
import FXPorts
import Synchronization

/// A bank in this process that answers at once, or after a fixed time, and never fails. Its ledger
/// is exact: what it has booked, under which id, for whom and over how much.
final class InProcessBank: BankGateway {
  private struct LedgerDeal {
    var cifNumber: String
    var amount: Money
  }

  private struct Books {
    /// Quotes that nobody has booked yet.
    var quotes: [Int64: LedgerDeal] = [:]
    var lastQuote: Int64 = 0
    var deals: [Identifier: LedgerDeal] = [:]
    /// Bookings accepted; more than there are deals when an id was booked twice.
    var bookings = 0
  }

  private static let quoteLifeMilliseconds: Int64 = 60_000
  private static let midRate = Rate(units: 1_850_000_000)

  let identity = BankIdentity("in-process")
  private let latencyMilliseconds: Int64
  private let books = Mutex(Books())

  init(latencyMilliseconds: Int64) { self.latencyMilliseconds = latencyMilliseconds }

  // MARK: The ledger

  var bookings: Int { books.withLock { $0.bookings } }

  /// Whether the ledger has the trade's deal.
  func holds(_ trade: Trade) -> Bool {
    books.withLock { books in
      guard let id = trade.dealTransactionID, let deal = books.deals[id] else { return false }
      return deal.cifNumber == trade.cifNumber && deal.amount == trade.deal.amount
    }
  }

  // MARK: Calls

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> {
    await takeTime()
    let id = books.withLock { books in
      books.lastQuote += 1
      books.quotes[books.lastQuote] = LedgerDeal(
        cifNumber: request.cifNumber, amount: request.deal.amount)
      return books.lastQuote
    }
    return .success(CreatedQuote(quoteID: id, expiresAt: Self.expiry), BankReceipt())
  }

  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> {
    await takeTime()
    return .success(
      QuotedRate(quoteID: quoteID, rate: Self.midRate, expiresAt: Self.expiry), BankReceipt())
  }

  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> {
    await takeTime()
    books.withLock { $0.quotes[quoteID] = nil }
    return .success(Nothing(), BankReceipt())
  }

  func bookingBody(_ order: BookingOrder) -> [UInt8] {
    order.dealTransactionID.bytes
      + [order.quoteID, order.quoteRate.units, order.clientRate.units].flatMap { number in
        withUnsafeBytes(of: number.bigEndian) { Array($0) }
      }
  }

  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    await takeTime()
    return books.withLock { books in
      guard let deal = books.quotes.removeValue(forKey: order.quoteID) else {
        let refusal = BankRefusal(reasonCode: "BUSINESS", message: "no such quote")
        return .refused(refusal, BankReceipt())
      }
      books.bookings += 1
      books.deals[order.dealTransactionID] = deal
      return .accepted(BankReceipt(bankTransactionID: "T\(books.bookings)"))
    }
  }

  func dealStatus(_ query: DealQuery) async -> StatusAnswer {
    await takeTime()
    guard case .dealTransactionID(let id) = query, books.withLock({ $0.deals[id] != nil }) else {
      return .notFound(BankReceipt())
    }
    return .found(FoundDeal(status: .completed), BankReceipt())
  }

  // MARK: What no benchmark asks for

  func balance(accountNumber: String, cifNumber: String) async -> BankAnswer<AccountBalance> {
    .refused(Self.notOffered, BankReceipt())
  }

  func accounts(page: Int) async -> BankAnswer<AccountPage> {
    .success(AccountPage(rows: [], totalPages: 1), BankReceipt())
  }

  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> {
    .refused(Self.notOffered, BankReceipt())
  }

  private static let notOffered = BankRefusal(reasonCode: "BUSINESS", message: "not offered")

  private static var expiry: Timestamp { .now.advanced(byMilliseconds: quoteLifeMilliseconds) }

  private func takeTime() async {
    guard latencyMilliseconds > 0 else { return }
    do {
      try await Task.sleep(for: .milliseconds(latencyMilliseconds))
    } catch {
      // The engine was stopped: whoever waited has gone, and the answer may come early.
    }
  }
}
