/// What the desk's records of a client say to its rules.
public struct ClientTerms: Hashable, Sendable {
  /// Holds instead of the desk's own limit by client and day; nil for none.
  public var dayLimit: Money?
  public var clearance: TaxClearance?
  public var declared: [DeclaredUse]

  public init(
    dayLimit: Money? = nil, clearance: TaxClearance? = nil, declared: [DeclaredUse] = []
  ) {
    self.dayLimit = dayLimit
    self.clearance = clearance
    self.declared = declared
  }

  /// A client of whom nothing is recorded.
  public static let none = ClientTerms()

  /// In cents of the rand.
  public func declared(_ allowance: Allowance, in year: Int) -> Int128 {
    declared.lazy.filter { $0.allowance == allowance && $0.year == year }
      .reduce(0) { $0 + Int128($1.amount.minorUnits) }
  }
}

/// Where a client stands with limits and allowances.
public struct ClientStanding: Hashable, Sendable {
  public var cifNumber: String
  public var terms: ClientTerms
  /// On the day that was asked for.
  public var day: ClientUsage
  /// Over the calendar year of that day, without what is declared.
  public var year: ClientUsage

  public init(cifNumber: String, terms: ClientTerms, day: ClientUsage, year: ClientUsage) {
    self.cifNumber = cifNumber
    self.terms = terms
    self.day = day
    self.year = year
  }
}
