/// A customer of the desk.
public struct Client: Hashable, Sendable {
  public var key: ClientKey
  public var name: String
  /// The bank's customer number; unique.
  public var cifNumber: String
  /// The desk's usual mark-up for this client.
  public var spread: Pips
  public var isActive: Bool
  /// The most that may be dealt on one day, in rands, instead of the desk's own limit.
  public var dayLimit: Money?
  public var taxClearance: TaxClearance?

  public init(
    key: ClientKey, name: String, cifNumber: String, spread: Pips, isActive: Bool = true,
    dayLimit: Money? = nil, taxClearance: TaxClearance? = nil
  ) {
    self.key = key
    self.name = name
    self.cifNumber = cifNumber
    self.spread = spread
    self.isActive = isActive
    self.dayLimit = dayLimit
    self.taxClearance = taxClearance
  }
}

/// What the bank says of an account.
public enum AccountStatus: String, Hashable, Sendable, CaseIterable {
  case open = "OPEN"
  case dormant = "DORM"
  case closed = "CLOS"
  /// Given by a file and not yet confirmed by the bank.
  case unconfirmed = "UNCONFIRMED"
}

/// A client's settlement account in one currency.
public struct SettlementAccount: Hashable, Sendable {
  public var cifNumber: String
  public var currency: Currency
  public var accountNumber: String
  public var status: AccountStatus
  /// As last told by the bank.
  public var balance: Money?
  public var syncedAt: Timestamp?

  public init(
    cifNumber: String, currency: Currency, accountNumber: String,
    status: AccountStatus = .unconfirmed, balance: Money? = nil, syncedAt: Timestamp? = nil
  ) {
    self.cifNumber = cifNumber
    self.currency = currency
    self.accountNumber = accountNumber
    self.status = status
    self.balance = balance
    self.syncedAt = syncedAt
  }
}

/// The desk's own reference rate for a pair.
public struct OTCRate: Hashable, Sendable {
  public var pair: CurrencyPair
  public var rate: Rate
  public var setAt: Timestamp
  public var setBy: String

  public init(pair: CurrencyPair, rate: Rate, setAt: Timestamp, setBy: String) {
    self.pair = pair
    self.rate = rate
    self.setAt = setAt
    self.setBy = setBy
  }

  /// Whether a new rate lies further from this one than `basisPoints` of it.
  public func isJump(to new: Rate, basisPoints: Int) -> Bool {
    let distance = (Int128(new.units) - Int128(rate.units)).magnitude
    return distance * 10_000 > (Int128(rate.units) * Int128(basisPoints)).magnitude
  }
}
