import FXDomain
import FXPorts

/// One way in which the bank's books and ours differ, or could not be compared.
public enum ReconcileDifference: Hashable, Sendable {
  /// We hold the deal as booked; the bank does not find it.
  case missingAtBank(trade: Identifier, attempt: Int, dealTransactionID: Identifier)
  case statusDiffers(trade: Identifier, attempt: Int, ours: TradeStatus, bank: DealStatus)
  /// A deal stands at the bank for an attempt that we hold as not booked, or as failed to settle.
  /// Where the trade's own status allowed it, the trade is in doubt now.
  case bookedAtBankButNotHere(
    trade: Identifier, attempt: Int, dealTransactionID: Identifier, ours: TradeStatus,
    isInDoubtNow: Bool)
  /// A completed deal whose value date has come, of which the account's statement has no line.
  case notOnStatement(trade: Identifier, accountNumber: String)
  /// A deal that is booked once, and has more than one line on an account's statement.
  case repeatedOnStatement(trade: Identifier, accountNumber: String, lines: Int)
  case amountDiffers(trade: Identifier, accountNumber: String, ours: Money, bank: String)
  /// The bank did not tell about an attempt.
  case unread(trade: Identifier, attempt: Int, reason: String)
  case statementUnread(cifNumber: String, accountNumber: String, reason: String)
  /// The bank has a deal of an attempt that our books have lost.
  case lostDeal(
    trade: Identifier, attempt: Int, dealTransactionID: Identifier, bank: DealStatus,
    isInDoubtNow: Bool)
  /// A statement has a line that no trade of ours explains.
  case unexplainedLine(
    cifNumber: String, accountNumber: String, date: CivilDate, reference: String, amount: String)

  /// Which kind it is, for programs.
  public var code: String {
    switch self {
    case .missingAtBank: "missing_at_bank"
    case .statusDiffers: "status_differs"
    case .bookedAtBankButNotHere: "booked_at_bank_but_not_here"
    case .notOnStatement: "not_on_statement"
    case .repeatedOnStatement: "repeated_on_statement"
    case .amountDiffers: "amount_differs"
    case .unread: "unread"
    case .statementUnread: "statement_unread"
    case .lostDeal: "lost_deal"
    case .unexplainedLine: "unexplained_line"
    }
  }

  /// The trade that it is about; nil for what is about an account.
  public var trade: Identifier? {
    switch self {
    case .missingAtBank(let trade, _, _), .statusDiffers(let trade, _, _, _),
      .bookedAtBankButNotHere(let trade, _, _, _, _), .notOnStatement(let trade, _),
      .repeatedOnStatement(let trade, _, _), .amountDiffers(let trade, _, _, _),
      .unread(let trade, _, _), .lostDeal(let trade, _, _, _, _):
      trade
    case .statementUnread, .unexplainedLine: nil
    }
  }

  /// Whether it says no more than that something could not be compared.
  public var isUnread: Bool {
    switch self {
    case .unread, .statementUnread: true
    case .missingAtBank, .statusDiffers, .bookedAtBankButNotHere, .notOnStatement,
      .repeatedOnStatement, .amountDiffers, .lostDeal, .unexplainedLine:
      false
    }
  }

  /// One full sentence for a person.
  public var sentence: String {
    switch self {
    case .missingAtBank(let trade, _, let deal):
      "Trade \(trade) is booked here as deal \(deal), which the bank does not find."
    case .statusDiffers(let trade, let attempt, let ours, let bank):
      "Trade \(trade) is \(ours.rawValue) here, and the bank calls its attempt \(attempt) "
        + "\(bank.rawValue)."
    case .bookedAtBankButNotHere(let trade, let attempt, let deal, let ours, let isInDoubtNow):
      "Trade \(trade) was \(ours.rawValue) here, and the deal \(deal) of its attempt \(attempt) "
        + "stands at the bank. "
        + (isInDoubtNow ? "It is in doubt now." : "A person has to look at it.")
    case .notOnStatement(let trade, let account):
      "Trade \(trade) is completed here, and the statement of account \(account) does not name it."
    case .repeatedOnStatement(let trade, let account, let lines):
      "Trade \(trade) is booked once here, and the statement of account \(account) has \(lines) lines "
        + "of it. The bank may have booked it more than once."
    case .amountDiffers(let trade, let account, let ours, let bank):
      "Trade \(trade) is booked over \(ours) here, and the statement of account \(account) has it "
        + "over \(bank)."
    case .unread(let trade, let attempt, let reason):
      "The bank did not tell about attempt \(attempt) of trade \(trade): \(reason)"
    case .statementUnread(let cifNumber, let account, let reason):
      "The statement of account \(account) of client \(cifNumber) could not be read: \(reason)"
    case .lostDeal(let trade, let attempt, let deal, let bank, let isInDoubtNow):
      "The bank has deal \(deal), \(bank.rawValue), of attempt \(attempt) of trade \(trade), which "
        + "our books have lost. "
        + (isInDoubtNow ? "It is in doubt now." : "A person has to look at it.")
    case .unexplainedLine(let cif, let account, let date, let reference, let amount):
      "The statement of account \(account) of client \(cif) has a line of \(date) over \(amount), "
        + "\(reference), that no trade explains. It may be a deal that our books lack, or money that "
        + "was moved for another reason."
    }
  }
}

/// What a comparison with the bank's books found.
public struct ReconcileReport: Hashable, Sendable {
  /// The first thousand.
  public internal(set) var differences: [ReconcileDifference] = []
  /// All differences, also those not kept.
  public internal(set) var total = 0
  /// Trades with at least one attempt that had ended.
  public internal(set) var trades = 0
  /// Attempts that the bank was asked about.
  public internal(set) var attempts = 0
  /// Accounts whose statements were asked for.
  public internal(set) var statements = 0
  /// Lines of statements that no trade of ours explains.
  public internal(set) var unexplainedLines = 0
  /// Until then a deal that is booked here may still come to be found: that the bank does not find it
  /// says nothing yet. Nil when every answer counts.
  public internal(set) var tooEarlyUntil: Timestamp?
  /// From intent to expiry, of the quotes of all attempts that had ended; 0 without any.
  public internal(set) var longestQuoteLifeMilliseconds: Int64 = 0

  /// Questions that the bank did not answer.
  public private(set) var unread = 0

  public init() {}

  /// How long the bank's quotes may live, as far as these books tell: the intent was written when
  /// a quote had lived for a while already, so twice what was seen.
  public var quoteLifeMilliseconds: Int64 {
    guard longestQuoteLifeMilliseconds > 0 else {
      return IntakeBounds.assumedQuoteLifeMilliseconds
    }
    return min(2 * longestQuoteLifeMilliseconds, IntakeBounds.greatestQuoteLifeMilliseconds)
  }

  mutating func add(_ difference: ReconcileDifference) {
    total += 1
    if difference.isUnread { unread += 1 }
    if differences.count < IntakeBounds.keptFindings { differences.append(difference) }
  }

  mutating func addUnexplained(_ line: StatementLine, of account: SettlementAccount) {
    unexplainedLines += 1
    add(
      .unexplainedLine(
        cifNumber: account.cifNumber, accountNumber: account.accountNumber, date: line.date,
        reference: line.reference, amount: line.amount))
  }
}

/// An attempt that has ended, with its trade.
struct EndedAttempt: Hashable, Sendable {
  var trade: Trade
  var attempt: Attempt

  /// Whether a deal stands for it, as far as we know.
  var isBooked: Bool { attempt.outcome == .booked }

  /// What a status answer says against our books.
  ///
  /// - Parameter marginMilliseconds: how long the bank may take to show a deal.
  func judged(
    by answer: StatusAnswer, at now: Timestamp, marginMilliseconds: Int64
  ) -> AttemptVerdict {
    switch answer {
    case .found(let deal, _): judged(by: deal.status)
    case .notFound:
      if !isBooked {
        .agrees
      } else if now < shown(marginMilliseconds) {
        .tooEarly(until: shown(marginMilliseconds))
      } else {
        .missing
      }
    case .refused(let refusal, _): .unread("\(refusal.reasonCode) \(refusal.message)")
    case .trouble(let trouble): .unread(trouble.failure.message)
    }
  }

  /// From then on the bank shows the deal, if there is one. No deal is made after its quote's expiry,
  /// however much later somebody called it booked.
  private func shown(_ marginMilliseconds: Int64) -> Timestamp {
    min(attempt.endedAt ?? attempt.intentAt, attempt.quoteExpiresAt)
      .advanced(byMilliseconds: marginMilliseconds)
  }

  private func judged(by bank: DealStatus) -> AttemptVerdict {
    switch attempt.outcome {
    case .booked:
      switch (trade.status, bank) {
      case (.booked, .pending), (.completed, .completed): .agrees
      case (.booked, .completed), (.booked, .failed), (.completed, .pending),
        (.completed, .failed), (.pending, _), (.quoting, _), (.booking, _), (.inDoubt, _),
        (.failed, _), (.cancelled, _):
        .differs(bank)
      }
    case .settlementFailed:
      switch bank {
      case .failed: .agrees
      case .pending, .completed: .stands
      }
    case .notBooked, .notSent:
      switch bank {
      case .failed: .differs(bank)
      case .pending, .completed: .stands
      }
    // Still asked about by the engine.
    case .open: .agrees
    }
  }
}

/// What became of comparing one attempt.
enum AttemptVerdict: Hashable, Sendable {
  case agrees
  case missing
  /// Not found, and the bank may still come to show it.
  case tooEarly(until: Timestamp)
  case differs(DealStatus)
  /// A deal stands at the bank that does not stand here.
  case stands
  case unread(String)
}
