/// What exchange control lets a person take out in a calendar year, by the day from which it holds.
public struct AllowanceSchedule: Hashable, Sendable {
  public struct Step: Hashable, Sendable {
    public var allowance: Allowance
    public var from: CivilDate
    /// In rands, for the whole calendar year.
    public var limit: Money

    public init(_ allowance: Allowance, from: CivilDate, limit: Money) {
      self.allowance = allowance
      self.from = from
      self.limit = limit
    }
  }

  private let steps: [Step]

  /// In any order; of steps from the same day the last one holds.
  public init(_ steps: [Step]) {
    self.steps = steps.enumerated().sorted {
      ($0.element.from, $0.offset) < ($1.element.from, $1.offset)
    }.map(\.element)
  }

  /// With further steps, which hold instead of those from the same day.
  public func adding(_ further: [Step]) -> AllowanceSchedule {
    AllowanceSchedule(steps + further)
  }

  /// Nil before the first day for which the schedule speaks.
  public func limit(of allowance: Allowance, on day: CivilDate) -> Money? {
    steps.last { $0.allowance == allowance && $0.from <= day }?.limit
  }

  /// ZAR 1,000,000 of the discretionary allowance, twice as much from 25 February 2026, and
  /// ZAR 10,000,000 of the foreign investment allowance.
  public static let statutory = AllowanceSchedule([
    Step(.sda, from: CivilDate(dayNumber: 0), limit: rands(1_000_000)),
    Step(.sda, from: CivilDate(dayNumber: 20_509), limit: rands(2_000_000)),
    Step(.fia, from: CivilDate(dayNumber: 0), limit: rands(10_000_000)),
  ])

  private static func rands(_ whole: Int64) -> Money {
    Money(minorUnits: whole * 100, currency: .zar)
  }
}

/// The tax authority's word on what a client may invest abroad.
public struct TaxClearance: Hashable, Sendable {
  /// The number that the authority gave.
  public var pin: String
  /// In rands.
  public var approved: Money
  /// The last day on which it holds.
  public var expires: CivilDate

  public init(pin: String, approved: Money, expires: CivilDate) {
    self.pin = pin
    self.approved = approved
    self.expires = expires
  }
}

/// What a client says to have used of an allowance elsewhere; it counts.
public struct DeclaredUse: Hashable, Sendable {
  public var allowance: Allowance
  /// The calendar year.
  public var year: Int
  /// In rands.
  public var amount: Money

  public init(_ allowance: Allowance, year: Int, amount: Money) {
    self.allowance = allowance
    self.year = year
    self.amount = amount
  }
}
