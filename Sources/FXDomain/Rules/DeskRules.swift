/// What the desk's configuration says of trades before they may start.
public struct DeskRules: Hashable, Sendable {
  /// A rule that can be set aside; what the bank itself would refuse is always looked at.
  public enum Rule: String, Hashable, Sendable, CaseIterable {
    case balance
    case allowance
    case tradeLimit = "trade_limit"
    case batchLimit = "batch_limit"
    case clientDayLimit = "client_day_limit"
    case dealerDayLimit = "dealer_day_limit"
    case duplicate
  }

  /// How much a broken rule weighs.
  public enum Severity: String, Hashable, Sendable, CaseIterable {
    /// Told, and nothing is held up for it.
    case warning
    /// The batch does not start.
    case error
  }

  /// Rules that do not weigh as an error: a nil value switches the rule off.
  public var exceptions: [Rule: Severity?]
  public var limits: DealLimits
  public var allowances: AllowanceSchedule
  /// What the bank takes for moving the money of one deal, in rands.
  public var transferFee: Money

  public init(
    exceptions: [Rule: Severity?] = [:], limits: DealLimits = .none,
    allowances: AllowanceSchedule = .statutory, transferFee: Money = .zero(.zar)
  ) {
    self.exceptions = exceptions
    self.limits = limits
    self.allowances = allowances
    self.transferFee = transferFee
  }

  /// Nil where the rule is switched off.
  public func severity(of rule: Rule) -> Severity? {
    if let exception = exceptions[rule] { exception } else { .error }
  }
}

/// The most that may be dealt, in rands; nil for any amount.
public struct DealLimits: Hashable, Sendable {
  public var trade: Money?
  public var batch: Money?
  /// Of one client on one day. A client's own limit holds instead, where there is one.
  public var clientDay: Money?
  /// Of all batches that one person submitted, on one day.
  public var dealerDay: Money?

  public init(
    trade: Money? = nil, batch: Money? = nil, clientDay: Money? = nil, dealerDay: Money? = nil
  ) {
    self.trade = trade
    self.batch = batch
    self.clientDay = clientDay
    self.dealerDay = dealerDay
  }

  public static let none = DealLimits()
}
