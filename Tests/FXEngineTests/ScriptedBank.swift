import FXDomain
import FXPorts
import Synchronization
import Testing

/// A bank that answers from a list, and books nothing.
final class ScriptedBank: BankGateway {
  let identity = DealtDesk.bank
  let deals = Mutex<[Identifier: StatusAnswer]>([:])
  let answersByBankID = Mutex<[String: DealStatus]>([:])
  /// On the statement of every account, over an amount that no deal has.
  let references = Mutex<[String]>([])
  /// By the number of their account.
  let lines = Mutex<[String: [StatementLine]]>([:])
  /// The days of every question for a statement.
  let spans = Mutex<[ClosedRange<Int>]>([])
  let isDown = Mutex(false)
  let mostAtOnce = Mutex(0)
  private let underWay = Mutex(0)

  init(agreeingWith dealt: DealtDesk) async throws {
    for trade in try await dealt.trades() {
      guard let id = trade.dealTransactionID else { continue }
      let status: DealStatus
      switch trade.status {
      case .booked: status = .pending
      case .completed: status = .completed
      case .failed where trade.failure?.code == .settlementFailed: status = .failed
      case .pending, .quoting, .booking, .inDoubt, .failed, .cancelled: continue
      }
      deals.withLock { $0[id] = .found(FoundDeal(status: status), BankReceipt()) }
      if status == .completed { try post(trade, reference: id.description) }
    }
  }

  /// What a deal of a trade moves, on both of its accounts.
  func post(_ trade: Trade, reference: String, sign: String = "-") throws {
    let counter = try #require(trade.figures?.priced.counterAmount)
    for amount in [trade.deal.amount, counter] {
      let line = StatementLine(
        date: CivilDate(dayNumber: 0), type: "DEBIT", reference: reference,
        amount: sign + amount.decimalText, balance: "0.00")
      lines.withLock { $0["77\(trade.cifNumber)\(amount.currency)", default: []].append(line) }
    }
  }

  private func counted<Answer>(_ answer: () -> Answer) async -> Answer {
    let now = underWay.withLock {
      $0 += 1
      return $0
    }
    mostAtOnce.withLock { $0 = max($0, now) }
    await Task.yield()
    underWay.withLock { $0 -= 1 }
    return answer()
  }

  func dealStatus(_ query: DealQuery) async -> StatusAnswer {
    await counted {
      if isDown.withLock({ $0 }) { return .trouble(.timeout) }
      switch query {
      case .dealTransactionID(let id):
        return deals.withLock { $0[id] } ?? .notFound(BankReceipt())
      case .bankTransactionID(let id):
        guard let status = answersByBankID.withLock({ $0[id] }) else {
          return .notFound(BankReceipt())
        }
        return .found(FoundDeal(status: status), BankReceipt())
      }
    }
  }

  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> {
    spans.withLock { $0.append(from.dayNumber...to.dayNumber) }
    return await counted {
      if isDown.withLock({ $0 }) { return .trouble(.timeout) }
      let common = references.withLock { $0 }.map {
        StatementLine(date: from, type: "DEBIT", reference: $0, amount: "1.00", balance: "1.00")
      }
      return .success((lines.withLock { $0[accountNumber] } ?? []) + common, BankReceipt())
    }
  }

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> {
    .trouble(.notSent("A reconciliation asks for no quote."))
  }

  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> {
    .trouble(.notSent("A reconciliation asks for no quote."))
  }

  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> {
    .trouble(.notSent("A reconciliation asks for no quote."))
  }

  func bookingBody(_ order: BookingOrder) -> [UInt8] { [] }

  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    Issue.record("a reconciliation books nothing")
    return .notSent(.notSent("A reconciliation books nothing."))
  }

  func balance(
    accountNumber: String, cifNumber: String
  ) async -> BankAnswer<AccountBalance> {
    .trouble(.notSent("A reconciliation asks for no balance."))
  }

  func accounts(page: Int) async -> BankAnswer<AccountPage> {
    .trouble(.notSent("A reconciliation asks for no list of accounts."))
  }
}
