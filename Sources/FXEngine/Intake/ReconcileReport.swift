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
  /// The bank did not tell about an attempt.
  case unread(trade: Identifier, attempt: Int, reason: String)
  case statementUnread(cifNumber: String, accountNumber: String, reason: String)
  /// The bank has a deal of an attempt that our books have lost.
  case lostDeal(
    trade: Identifier, attempt: Int, dealTransactionID: Identifier, bank: DealStatus,
    isInDoubtNow: Bool)
  /// A statement has a line since a loss of events that no trade of ours explains.
  case unexplainedLine(
    cifNumber: String, accountNumber: String, date: CivilDate, reference: String, amount: String)

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
        + "\(reference), that no trade explains. It may be a deal of a batch that was lost."
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
  public internal(set) var statements = 0
  /// From intent to expiry, of the quotes of all attempts that had ended; 0 without any.
  public internal(set) var longestQuoteLifeMilliseconds: Int64 = 0

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
    if differences.count < IntakeBounds.keptFindings { differences.append(difference) }
  }
}

/// An attempt that has ended, with its trade.
struct EndedAttempt: Hashable, Sendable {
  var trade: Trade
  var attempt: Attempt

  /// Whether a deal stands for it, as far as we know.
  var isBooked: Bool { attempt.outcome == .booked }

  /// The words by which a statement may name the deal, in lower case.
  var names: [String] {
    var names = [attempt.dealTransactionID.description]
    names += attempt.bankTransactionID.map { [$0] } ?? []
    if isBooked { names += trade.dealReference.map { [$0] } ?? [] }
    return names.map { $0.lowercased() }
  }

  /// What a status answer says against our books.
  ///
  /// - Parameter isFresh: the attempt ended so lately that the bank may not show it yet.
  func judged(by answer: StatusAnswer, isFresh: Bool) -> AttemptVerdict {
    switch answer {
    case .found(let deal, _): judged(by: deal.status)
    case .notFound: isBooked && !isFresh ? .missing : .agrees
    case .refused(let refusal, _): .unread("\(refusal.reasonCode) \(refusal.message)")
    case .trouble(let trouble): .unread(trouble.failure.message)
    }
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
  case differs(DealStatus)
  /// A deal stands at the bank that does not stand here.
  case stands
  case unread(String)
}
