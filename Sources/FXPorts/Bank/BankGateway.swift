import FXDomain

/// The bank, as the engine sees it. Implementations speak one bank's words and keep them inside.
///
/// No call throws: whatever happens on the way is one of the answer's cases, so that no caller can
/// mistake trouble for a refusal.
public protocol BankGateway: Sendable {
  /// Which bank this is, for every attempt's record.
  var identity: BankIdentity { get }

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote>
  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate>
  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing>

  /// The bytes that `book` would send, so that their digest can be part of the intent.
  func bookingBody(_ order: BookingOrder) -> [UInt8]

  /// Sends one BookQuotedDeal, exactly once or not at all. No layer below repeats it.
  ///
  /// - Parameter timeoutMilliseconds: after which the answer is `.unclear`.
  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer

  func dealStatus(_ query: DealQuery) async -> StatusAnswer

  func balance(accountNumber: String, cifNumber: String) async -> BankAnswer<AccountBalance>
  /// Every FX trade account of the customer, page by page, `page` from 0.
  func accounts(page: Int) async -> BankAnswer<AccountPage>
  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]>
}

/// What is known of an answer beside its content.
public struct BankReceipt: Hashable, Sendable {
  /// `header.transactionId`.
  public var bankTransactionID: String?
  /// The Date header, by the bank's clock; resolution 1 s.
  public var bankDate: Timestamp?
  /// The bank's clock minus ours, as the Date header tells it; nil without one. At least half a second
  /// uncertain, and by half of the time that the answer took.
  public private(set) var clockSkewMilliseconds: Int64?

  public init(bankTransactionID: String? = nil, bankDate: Timestamp? = nil) {
    self.bankTransactionID = bankTransactionID
    self.bankDate = bankDate
  }

  /// - Parameters:
  ///   - sentAt: when the request was sent, by our clock.
  ///   - receivedAt: when its answer was there, by our clock. Read at its arrival: what is waited
  ///     after that would pass for skew.
  public init(
    bankTransactionID: String? = nil, bankDate: Timestamp?, sentAt: Timestamp,
    receivedAt: Timestamp
  ) {
    self.init(bankTransactionID: bankTransactionID, bankDate: bankDate)
    guard let bankDate else { return }
    // The header stands for any moment within its second, and was written between the two.
    let least = bankDate.milliseconds(since: receivedAt)
    let most = bankDate.advanced(byMilliseconds: 1_000).milliseconds(since: sentAt)
    clockSkewMilliseconds = (least + most) / 2
  }
}

/// A well-formed, authenticated answer with `resultCode` above 0.
public struct BankRefusal: Error, Hashable, Sendable {
  public var reasonCode: String
  public var message: String

  public init(reasonCode: String, message: String) {
    self.reasonCode = reasonCode
    self.message = message
  }
}

/// Trouble on the way: the bank's word on the matter is not known.
public enum BankTrouble: Error, Hashable, Sendable {
  /// No byte left this process: refused, no route, TLS failed, or no token to be had.
  case notSent(String)
  case timeout
  case connectionLost(String)
  /// 401 or 403.
  case unauthorized
  /// 429 or 503, and what their `Retry-After` asks for.
  case rateLimited(retryAfterMilliseconds: Int64?)
  /// Any other HTTP status without an envelope.
  case httpStatus(Int)
  case unreadable(String)

  /// The failure that a trade keeps.
  public var failure: Failure {
    switch self {
    case .notSent(let why): Failure(.bankUnavailable, "The bank could not be reached: \(why).")
    case .timeout: Failure(.bankTimeout, "The bank did not answer in time.")
    case .connectionLost(let why):
      Failure(.bankUnavailable, "The connection to the bank was lost: \(why).")
    case .unauthorized:
      Failure(.bankUnauthorized, "The bank did not accept our credentials.")
    case .rateLimited: Failure(.rateLimited, "The bank asked us to slow down.")
    case .httpStatus(let status):
      Failure(.bankUnavailable, "The bank answered with HTTP status \(status).")
    case .unreadable(let why):
      Failure(.bankUnavailable, "The bank's answer could not be read: \(why).")
    }
  }
}

/// An answer without content.
public struct Nothing: Hashable, Sendable {
  public init() {}
}

/// What became of a call that carries no money.
public enum BankAnswer<Content: Hashable & Sendable>: Hashable, Sendable {
  case success(Content, BankReceipt)
  case refused(BankRefusal, BankReceipt)
  case trouble(BankTrouble)
}

/// What became of a booking call.
public enum BookingAnswer: Hashable, Sendable {
  /// `resultCode` 0.
  case accepted(BankReceipt)
  /// Well-formed, authenticated, `resultCode` above 0. Whether it is definite is the engine's to say.
  case refused(BankRefusal, BankReceipt)
  /// This process knows that no byte of the call was written.
  case notSent(BankTrouble)
  /// Anything else: the deal may be booked.
  case unclear(BankTrouble, BankReceipt)
}

/// What a status query asks by.
public enum DealQuery: Hashable, Sendable {
  case dealTransactionID(Identifier)
  /// The `header.transactionId` of the bank's booking answer.
  case bankTransactionID(String)
}

/// What a status query learnt.
public enum StatusAnswer: Hashable, Sendable {
  case found(FoundDeal, BankReceipt)
  /// `NOT_FOUND`, and nothing else.
  case notFound(BankReceipt)
  /// Another refusal: proves nothing.
  case refused(BankRefusal, BankReceipt)
  case trouble(BankTrouble)
}

public struct QuoteRequest: Hashable, Sendable {
  public var cifNumber: String
  public var from: SettlementAccount
  public var to: SettlementAccount
  public var deal: Deal
  public var delivery: Delivery
  public var valueDate: CivilDate
  public var at: Timestamp

  public init(
    cifNumber: String, from: SettlementAccount, to: SettlementAccount, deal: Deal,
    delivery: Delivery, valueDate: CivilDate, at: Timestamp
  ) {
    self.cifNumber = cifNumber
    self.from = from
    self.to = to
    self.deal = deal
    self.delivery = delivery
    self.valueDate = valueDate
    self.at = at
  }
}

public struct CreatedQuote: Hashable, Sendable {
  public var quoteID: Int64
  public var expiresAt: Timestamp

  public init(quoteID: Int64, expiresAt: Timestamp) {
    self.quoteID = quoteID
    self.expiresAt = expiresAt
  }
}

public struct QuotedRate: Hashable, Sendable {
  public var quoteID: Int64
  public var rate: Rate
  public var expiresAt: Timestamp

  public init(quoteID: Int64, rate: Rate, expiresAt: Timestamp) {
    self.quoteID = quoteID
    self.rate = rate
    self.expiresAt = expiresAt
  }
}

public struct BookingOrder: Hashable, Sendable {
  public var quoteID: Int64
  public var dealTransactionID: Identifier
  public var quoteRate: Rate
  public var clientRate: Rate

  public init(
    quoteID: Int64, dealTransactionID: Identifier, quoteRate: Rate, clientRate: Rate
  ) {
    self.quoteID = quoteID
    self.dealTransactionID = dealTransactionID
    self.quoteRate = quoteRate
    self.clientRate = clientRate
  }
}

public struct AccountBalance: Hashable, Sendable {
  public var accountName: String
  public var status: AccountStatus
  /// Decimal texts in the account's currency, which the answer does not name.
  public var currentBalance: String
  public var availableBalance: String

  public init(
    accountName: String, status: AccountStatus, currentBalance: String, availableBalance: String
  ) {
    self.accountName = accountName
    self.status = status
    self.currentBalance = currentBalance
    self.availableBalance = availableBalance
  }
}

public struct AccountPage: Hashable, Sendable {
  public struct Row: Hashable, Sendable {
    public var cifNumber: String
    public var customerName: String
    public var accountNumber: String
    public var accountType: String
    public var status: AccountStatus
    public var currency: Currency
    public var balance: Money

    public init(
      cifNumber: String, customerName: String, accountNumber: String, accountType: String,
      status: AccountStatus, currency: Currency, balance: Money
    ) {
      self.cifNumber = cifNumber
      self.customerName = customerName
      self.accountNumber = accountNumber
      self.accountType = accountType
      self.status = status
      self.currency = currency
      self.balance = balance
    }
  }

  /// FX trade accounts only.
  public var rows: [Row]
  public var totalPages: Int

  public init(rows: [Row], totalPages: Int) {
    self.rows = rows
    self.totalPages = totalPages
  }
}

public struct StatementLine: Hashable, Sendable {
  public var date: CivilDate
  public var type: String
  public var reference: String
  /// Decimal texts in the account's currency.
  public var amount: String
  public var balance: String

  public init(date: CivilDate, type: String, reference: String, amount: String, balance: String) {
    self.date = date
    self.type = type
    self.reference = reference
    self.amount = amount
    self.balance = balance
  }
}
