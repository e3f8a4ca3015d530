/// The desk's local time: a fixed distance from UTC, as Africa/Johannesburg has it, where clocks are
/// never put forward.
public struct DeskClock: Hashable, Sendable {
  public let utcOffsetMinutes: Int

  /// Africa/Johannesburg, UTC+2.
  public static let johannesburg = DeskClock(fixed: 120)

  /// Nil for an offset of more than 14 hours: no place on earth has one.
  public init?(utcOffsetMinutes: Int) {
    guard (-840...840).contains(utcOffsetMinutes) else { return nil }
    self.init(fixed: utcOffsetMinutes)
  }

  private init(fixed minutes: Int) { utcOffsetMinutes = minutes }

  /// The local day of a moment, and the whole minutes since that day's midnight, 0 to 1439.
  public func local(_ moment: Timestamp) -> (date: CivilDate, minuteOfDay: Int) {
    // Minutes first: adding the offset to them cannot overflow, whatever the moment.
    let minutes = moment.milliseconds.flooredDivision(by: 60_000).quotient
    let (day, minute) = (minutes + Int64(utcOffsetMinutes)).flooredDivision(by: 1440)
    return (CivilDate(dayNumber: Int(day)), Int(minute))
  }

  public func date(of moment: Timestamp) -> CivilDate { local(moment).date }

  /// The moment a local day begins.
  public func start(of date: CivilDate) -> Timestamp {
    Timestamp(milliseconds: (Int64(date.dayNumber) * 1440 - Int64(utcOffsetMinutes)) * 60_000)
  }
}

/// Dealing cut-offs by delivery and currency, in the desk's local time. None by default.
public struct CutOffs: Hashable, Sendable {
  private let minutesOfDay: [Delivery: [Currency: Int]]

  public static let none = CutOffs(checked: [:])

  private init(checked minutesOfDay: [Delivery: [Currency: Int]]) {
    self.minutesOfDay = minutesOfDay
  }

  /// - Parameter minutesOfDay: minutes since local midnight; nil when one is not within 0 to 1439.
  public init?(minutesOfDay: [Delivery: [Currency: Int]]) {
    guard minutesOfDay.values.allSatisfy({ $0.values.allSatisfy((0..<1440).contains) }) else {
      return nil
    }
    self.init(checked: minutesOfDay)
  }

  /// Whether the cut-off of a currency has passed; it has from its own minute on.
  func isPast(_ minuteOfDay: Int, _ delivery: Delivery, _ currency: Currency) -> Bool {
    minutesOfDay[delivery]?[currency].map { minuteOfDay >= $0 } ?? false
  }
}
