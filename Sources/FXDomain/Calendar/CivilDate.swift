/// A day of the Gregorian calendar, without a time zone; counted in days since 1970-01-01.
public struct CivilDate: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let dayNumber: Int

  public init(dayNumber: Int) { self.dayNumber = dayNumber }

  /// Nil when the month or the day does not exist, or the year is not one of four digits.
  public init?(year: Int, month: Int, day: Int) {
    guard (0...9999).contains(year), (1...12).contains(month),
      (1...Self.days(inMonth: month, of: year)).contains(day)
    else { return nil }
    self.init(existing: year, month, day)
  }

  /// Reads `YYYY-MM-DD`.
  public init?(_ text: some StringProtocol) {
    let bytes = Array(text.utf8)
    guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
      let day = number(bytes[8..<10])
    else { return nil }
    self.init(year: Int(year), month: Int(month), day: Int(day))
  }

  /// A day known to exist. Counts years from March, so that the leap day comes last.
  init(existing year: Int, _ month: Int, _ day: Int) {
    let marchYear = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = Int64(marchYear).flooredDivision(by: 400)
    let monthFromMarch = (month + 9) % 12
    let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
    let dayOfEra = Int(yearOfEra) * 365 + Int(yearOfEra) / 4 - Int(yearOfEra) / 100 + dayOfYear
    self.dayNumber = Int(era) * 146_097 + dayOfEra - 719_468
  }

  public var components: (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = Int64(dayNumber + 719_468).flooredDivision(by: 146_097)
    let inEra = Int(dayOfEra)
    let yearOfEra = (inEra - inEra / 1460 + inEra / 36_524 - inEra / 146_096) / 365
    let dayOfYear = inEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthFromMarch = (5 * dayOfYear + 2) / 153
    let month = (monthFromMarch + 2) % 12 + 1
    return (
      yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0), month,
      dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
    )
  }

  public var year: Int { components.year }

  public var weekday: Weekday {
    // 1970-01-01 was a Thursday.
    guard
      let weekday = Weekday(rawValue: Int(Int64(dayNumber + 3).flooredDivision(by: 7).remainder))
    else { preconditionFailure("a remainder by seven is a weekday") }
    return weekday
  }

  public func advanced(byDays days: Int) -> CivilDate { CivilDate(dayNumber: dayNumber + days) }

  public static func < (left: CivilDate, right: CivilDate) -> Bool {
    left.dayNumber < right.dayNumber
  }

  /// `YYYY-MM-DD`.
  public var description: String {
    let (year, month, day) = components
    return "\(padded(Int64(year), to: 4))-\(two(Int64(month)))-\(two(Int64(day)))"
  }

  static func days(inMonth month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
  }
}

public enum Weekday: Int, Hashable, Sendable {
  case monday
  case tuesday
  case wednesday
  case thursday
  case friday
  case saturday
  case sunday

  public var isWeekend: Bool { self == .saturday || self == .sunday }
}
