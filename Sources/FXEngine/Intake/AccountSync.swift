import FXDomain
import FXPorts

/// Asks the bank for all accounts and stores those of known clients.
public struct AccountSync: Sendable {
  private let store: any BookStore
  private let bank: any BankGateway
  private let now: @Sendable () -> Timestamp

  public init(
    store: any BookStore, bank: any BankGateway, now: @escaping @Sendable () -> Timestamp
  ) {
    self.store = store
    self.bank = bank
    self.now = now
  }

  /// Why not all accounts were stored; the pages before are.
  public enum Failure: Error, Hashable, Sendable {
    case refused(BankRefusal)
    case trouble(BankTrouble)
    case store(StoreError)
  }

  /// What was stored, and how many accounts belong to customers that the desk does not know.
  public func run() async throws(Failure) -> UpsertCounts {
    var counts = UpsertCounts()
    var page = 0
    var pages = 1
    while page < min(pages, IntakeBounds.accountPages) {
      let answer: AccountPage
      switch await bank.accounts(page: page) {
      case .success(let content, _): answer = content
      case .refused(let refusal, _): throw .refused(refusal)
      case .trouble(let trouble): throw .trouble(trouble)
      }
      pages = answer.totalPages
      page += 1
      do {
        counts += try await store.sync(answer.rows.map { account($0) })
      } catch {
        throw .store(error)
      }
    }
    return counts
  }

  private func account(_ row: AccountPage.Row) -> SettlementAccount {
    SettlementAccount(
      cifNumber: row.cifNumber, currency: row.currency, accountNumber: row.accountNumber,
      status: row.status, balance: row.balance, syncedAt: now())
  }
}

extension UpsertCounts {
  static func += (left: inout UpsertCounts, right: UpsertCounts) {
    left.created += right.created
    left.updated += right.updated
    left.unknown += right.unknown
  }
}
