import FXDomain
import FXPorts
import Synchronization
import Testing

@testable import fxbatch

@Suite struct `A measured bank` {
  @Test func `passes each call on once and tells what came of it`() async throws {
    let heard = Mutex<[String]>([])
    let inner = OneWordBank()
    let bank = MeasuredBank(bank: inner) { call, outcome, took in
      #expect(took >= .zero)
      heard.withLock { $0.append("\(call) \(outcome)") }
    }
    let order = BookingOrder(
      quoteID: 1, dealTransactionID: Identifier(high: 1, low: 1), quoteRate: try Rate("17.5"),
      clientRate: try Rate("17.6"))
    #expect(bank.identity == inner.identity)
    #expect(bank.bookingBody(order) == [7])
    #expect(await bank.latestQuote(1) == .trouble(.timeout))
    #expect(await bank.cancelQuote(1) == .success(Nothing(), BankReceipt()))
    #expect(
      await bank.book(order, timeoutMilliseconds: 1)
        == .unclear(.connectionLost("x"), BankReceipt()))
    #expect(await bank.dealStatus(.bankTransactionID("b")) == .notFound(BankReceipt()))
    _ = await bank.accounts(page: 0)
    _ = await bank.balance(accountNumber: "a", cifNumber: "c")
    #expect(
      heard.withLock { $0 } == [
        "latest_quote timeout", "cancel_quote success", "book unclear_connection_lost",
        "deal_status not_found", "accounts rate_limited", "balance refused",
      ])
    #expect(inner.calls.withLock { $0 } == 6)
  }
}

/// Gives each call one answer.
private final class OneWordBank: BankGateway {
  let identity = BankIdentity("bank-a")
  let calls = Mutex(0)

  private func counted<Reply>(_ reply: Reply) -> Reply {
    calls.withLock { $0 += 1 }
    return reply
  }

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> {
    counted(.trouble(.unauthorized))
  }
  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> { counted(.trouble(.timeout)) }
  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> {
    counted(.success(Nothing(), BankReceipt()))
  }
  func bookingBody(_ order: BookingOrder) -> [UInt8] { [7] }
  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    counted(.unclear(.connectionLost("x"), BankReceipt()))
  }
  func dealStatus(_ query: DealQuery) async -> StatusAnswer { counted(.notFound(BankReceipt())) }
  func balance(accountNumber: String, cifNumber: String) async -> BankAnswer<AccountBalance> {
    counted(.refused(BankRefusal(reasonCode: "VALIDATION", message: "no"), BankReceipt()))
  }
  func accounts(page: Int) async -> BankAnswer<AccountPage> {
    counted(.trouble(.rateLimited(retryAfterMilliseconds: nil)))
  }
  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> { counted(.trouble(.timeout)) }
}
