/// Why no value date can be told.
public enum CalendarError: Error, Hashable, Sendable {
  /// There are no rules for this currency, and the configuration lists no day of this year.
  case calendarUnknown(Currency, year: Int)
  /// Nothing but closed days from this day on, as far as is searched: the configuration is wrong.
  case noOpenDay(from: CivilDate)
}

/// The days on which payments in a currency can be made: weekdays without its holidays.
///
/// ZAR, USD, EUR and GBP have rules of their own. Any other currency is known in just those years of
/// which the configuration lists a closed day: no centre is open on all weekdays of a year, so a
/// year without one was forgotten, and guessing it open would promise money on a holiday.
public struct BusinessCalendar: Hashable, Sendable {
  public let currency: Currency
  private let rules: HolidayRules?
  private let addedDays: Set<CivilDate>
  private let listedYears: Set<Int>

  /// - Parameter closedDays: days beyond what the rules know, such as an election just proclaimed.
  public init(currency: Currency, closedDays: Set<CivilDate> = []) {
    self.currency = currency
    self.rules = HolidayRules(of: currency)
    self.addedDays = closedDays
    self.listedYears = Set(closedDays.map(\.year))
  }

  /// Whether payments in the currency can be made on a day.
  public func isOpen(_ date: CivilDate) throws(CalendarError) -> Bool {
    let year = date.year
    guard rules != nil || listedYears.contains(year) else {
      throw .calendarUnknown(currency, year: year)
    }
    if date.weekday.isWeekend || addedDays.contains(date) { return false }
    return rules.map { !$0.closedDays(in: year).contains(date) } ?? true
  }

  /// The business day that lies `count` business days after a day. A closed `start` counts as the
  /// next open day, so zero business days from a Saturday is the Monday.
  func date(_ count: Int, businessDaysAfter start: CivilDate) throws(CalendarError) -> CivilDate {
    var date = try firstOpenDay(from: start, in: [self])
    for _ in 0..<count { date = try firstOpenDay(from: date.advanced(byDays: 1), in: [self]) }
    return date
  }
}

/// The first day, from `start` on, on which all of the calendars are open.
func firstOpenDay(
  from start: CivilDate, in calendars: [BusinessCalendar]
) throws(CalendarError) -> CivilDate {
  /// No centre closes for a month; a longer run is a mistake in the configuration.
  let searchedDays = 31
  for days in 0..<searchedDays {
    let date = start.advanced(byDays: days)
    var open = true
    for calendar in calendars where open { open = try calendar.isOpen(date) }
    if open { return date }
  }
  throw .noOpenDay(from: start)
}
