import FXDomain
import FXPorts

/// An account as the bank knows it.
struct AccountName: Hashable, Sendable {
  let cifNumber: String
  let number: String

  init(_ account: SettlementAccount) {
    cifNumber = account.cifNumber
    number = account.accountNumber
  }

  init(_ row: AccountPage.Row) {
    cifNumber = row.cifNumber
    number = row.accountNumber
  }
}

/// What the bank says of an account.
enum AccountWord: Hashable, Sendable {
  case told(AccountStatus, balance: Money)
  /// Nothing that counts, and why: one full sentence.
  case untold(String)
}

/// Asks the bank what accounts hold, within bounds of time and calls. Whatever it does not tell is an
/// answer too: nobody waits for more.
public struct BalanceInquiry: Sendable {
  private let bank: any BankGateway
  private let clock: EngineClock
  /// Between two calls, once the first few are out: half of what the installation may ask for, so
  /// that a batch under way is not held up.
  private let spacingMilliseconds: Int64

  /// - Parameter callsPerSecond: what the installation may ask of the bank in all.
  public init(bank: any BankGateway, clock: EngineClock, callsPerSecond: Int) {
    self.bank = bank
    self.clock = clock
    spacingMilliseconds = 2_000 / Int64(max(1, callsPerSecond))
  }

  /// A word on each of the accounts. Few are asked about singly; many are looked up in the bank's
  /// list of all, which tells the current balance for the available one.
  func words(on accounts: [SettlementAccount]) async -> [AccountName: AccountWord] {
    let deadline = clock.now().uptime + IntakeBounds.balanceMilliseconds
    var words =
      accounts.count <= IntakeBounds.accountsAskedSingly
      ? await singly(accounts, until: deadline) : await listed(accounts, until: deadline)
    for account in accounts where words[AccountName(account)] == nil {
      words[AccountName(account)] = .untold(
        "The bank did not answer within \(IntakeBounds.balanceMilliseconds / 1_000) s.")
    }
    return words
  }

  private func singly(
    _ accounts: [SettlementAccount], until deadline: Int64
  ) async -> [AccountName: AccountWord] {
    var words: [AccountName: AccountWord] = [:]
    await ask(0..<accounts.count, until: deadline) { place in
      let account = accounts[place]
      return await bank.balance(
        accountNumber: account.accountNumber, cifNumber: account.cifNumber)
    } take: { place, answer in
      words[AccountName(accounts[place])] = AccountWord(answer, in: accounts[place].currency)
      return true
    }
    return words
  }

  private func listed(
    _ accounts: [SettlementAccount], until deadline: Int64
  ) async -> [AccountName: AccountWord] {
    var missing = Set(accounts.map(AccountName.init))
    var words: [AccountName: AccountWord] = [:]
    var pages = 1
    var failure: String?
    func read(_ answer: BankAnswer<AccountPage>) -> Bool {
      switch answer {
      case .success(let page, _):
        pages = min(page.totalPages, IntakeBounds.accountPages)
        for row in page.rows {
          let name = AccountName(row)
          if missing.remove(name) != nil { words[name] = .told(row.status, balance: row.balance) }
        }
        return !missing.isEmpty
      case .refused(let refusal, _):
        failure = "The bank refused: \(refusal.reasonCode) \(refusal.message)."
      case .trouble(let trouble): failure = trouble.failure.message
      }
      return false
    }
    let first = await ask(0..<1, until: deadline) {
      await bank.accounts(page: $0)
    } take: {
      read($1)
    }
    var isWhole = first
    if first, failure == nil, !missing.isEmpty, pages > 1 {
      isWhole = await ask(1..<pages, until: deadline) {
        await bank.accounts(page: $0)
      } take: {
        read($1)
      }
    }
    guard isWhole || failure != nil else { return words }
    for name in missing {
      words[name] = .untold(failure ?? "The bank's list of accounts does not have it.")
    }
    return words
  }

  private enum Step<Answer: Sendable>: Sendable {
    case answered(Int, Answer)
    case notAsked
    case timeIsUp
  }

  /// Asks questions in their order, a few at once, until the time is up or `take` wants no more.
  ///
  /// - Returns: false when the time was up before the last answer.
  @discardableResult
  private func ask<Answer: Sendable>(
    _ questions: Range<Int>, until deadline: Int64,
    _ question: @escaping @Sendable (Int) async -> Answer, take: (Int, Answer) -> Bool
  ) async -> Bool {
    let begin = clock.now().uptime
    let burst = IntakeBounds.concurrentQuestions
    return await withTaskGroup(of: Step<Answer>.self) { group in
      defer { group.cancelAll() }
      group.addTask { await isOver(deadline) ? .timeIsUp : .notAsked }
      var next = questions.lowerBound
      var underWay = 0
      func askNext() {
        guard next < questions.upperBound else { return }
        let (place, order) = (next, next - questions.lowerBound)
        next += 1
        underWay += 1
        group.addTask {
          let turn = begin + Int64(order - burst + 1) * spacingMilliseconds
          if order >= burst, await !isOver(turn) { return .notAsked }
          return .answered(place, await question(place))
        }
      }
      for _ in 0..<burst { askNext() }
      while underWay > 0, let step = await group.next() {
        switch step {
        case .answered(let place, let answer):
          underWay -= 1
          guard take(place, answer) else { return true }
          askNext()
        case .notAsked, .timeIsUp: return false
        }
      }
      return true
    }
  }

  /// Waits for a moment; false where nobody waits any more.
  private func isOver(_ uptime: Int64) async -> Bool {
    do {
      try await clock.sleep(uptime)
      return true
    } catch {
      return false
    }
  }
}

extension AccountWord {
  init(_ answer: BankAnswer<AccountBalance>, in currency: Currency) {
    switch answer {
    case .success(let balance, _):
      do {
        self = .told(balance.status, balance: try Money(balance.availableBalance, currency))
      } catch {
        self = .untold("The bank told a balance that cannot be read.")
      }
    case .refused(let refusal, _):
      self = .untold("The bank refused: \(refusal.reasonCode) \(refusal.message).")
    case .trouble(let trouble): self = .untold(trouble.failure.message)
    }
  }
}
