/// The rules by which a payment centre closes on weekdays, known for the desk's main currencies.
///
/// They hold for 2020 and later; days proclaimed after this was written come from the configuration.
enum HolidayRules: Hashable, Sendable {
  /// ZAR: the Public Holidays Act and what was proclaimed under it.
  case southAfrica
  /// USD: the Federal Reserve Banks.
  case federalReserve
  /// EUR: TARGET.
  case target
  /// GBP: the bank holidays of England.
  case england

  init?(of currency: Currency) {
    switch currency {
    case .zar: self = .southAfrica
    case .usd: self = .federalReserve
    case .eur: self = .target
    case .gbp: self = .england
    default: return nil
    }
  }

  /// Every closed day of a year, those on a weekend included; in no order.
  func closedDays(in year: Int) -> [CivilDate] {
    switch self {
    case .southAfrica: Self.southAfrica(year)
    case .federalReserve: Self.federalReserve(year)
    case .target: Self.target(year)
    case .england: Self.england(year)
    }
  }

  /// A holiday on a Sunday closes the Monday too, one on a Saturday closes nothing more.
  private static func southAfrica(_ year: Int) -> [CivilDate] {
    let fixed = [
      (1, 1), (3, 21), (4, 27), (5, 1), (6, 16), (8, 9), (9, 24), (12, 16), (12, 25), (12, 26),
    ]
    let easter = easterSunday(year)
    let proclaimed: [CivilDate] =
      switch year {
      case 2021: [date(year, 11, 1)]  // Municipal elections.
      case 2022: [date(year, 12, 27)]  // Christmas Day fell on a Sunday.
      case 2023: [date(year, 12, 15)]  // The rugby world cup.
      case 2024: [date(year, 5, 29)]  // National and provincial elections.
      case 2026: [date(year, 11, 4)]  // Municipal elections.
      default: []
      }
    return fixed.map { sundayToMonday(date(year, $0.0, $0.1)) }
      + [easter.advanced(byDays: -2), easter.advanced(byDays: 1)] + proclaimed
  }

  /// The banks stay open on the Friday before a holiday that falls on a Saturday.
  private static func federalReserve(_ year: Int) -> [CivilDate] {
    var fixed = [date(year, 1, 1), date(year, 7, 4), date(year, 11, 11), date(year, 12, 25)]
    if year >= 2021 { fixed.append(date(year, 6, 19)) }
    return fixed.map(sundayToMonday) + [
      nth(3, .monday, year, 1), nth(3, .monday, year, 2), last(.monday, year, 5),
      nth(1, .monday, year, 9), nth(2, .monday, year, 10), nth(4, .thursday, year, 11),
    ]
  }

  /// Nothing is moved from a weekend.
  private static func target(_ year: Int) -> [CivilDate] {
    let easter = easterSunday(year)
    return [
      date(year, 1, 1), easter.advanced(byDays: -2), easter.advanced(byDays: 1), date(year, 5, 1),
      date(year, 12, 25), date(year, 12, 26),
    ]
  }

  private static func england(_ year: Int) -> [CivilDate] {
    let easter = easterSunday(year)
    // The day of the early May and of the spring holiday has been moved, and days were added.
    let earlyMay = year == 2020 ? date(year, 5, 8) : nth(1, .monday, year, 5)
    let spring = year == 2022 ? date(year, 6, 2) : last(.monday, year, 5)
    let proclaimed: [CivilDate] =
      switch year {
      case 2022: [date(year, 6, 3), date(year, 9, 19)]  // Jubilee, state funeral.
      case 2023: [date(year, 5, 8)]  // Coronation.
      default: []
      }
    // From Saturday to Monday and from Sunday to Tuesday: so the two never meet, whichever of them
    // falls on the weekend.
    let christmas = [date(year, 12, 25), date(year, 12, 26)].map {
      $0.weekday.isWeekend ? $0.advanced(byDays: 2) : $0
    }
    let newYear = date(year, 1, 1)
    return christmas + proclaimed + [
      newYear.weekday == .saturday ? newYear.advanced(byDays: 2) : sundayToMonday(newYear),
      easter.advanced(byDays: -2), easter.advanced(byDays: 1), earlyMay, spring,
      last(.monday, year, 8),
    ]
  }

  private static func sundayToMonday(_ date: CivilDate) -> CivilDate {
    date.weekday == .sunday ? date.advanced(byDays: 1) : date
  }

  private static func nth(
    _ count: Int, _ weekday: Weekday, _ year: Int, _ month: Int
  ) -> CivilDate {
    let first = date(year, month, 1)
    let wait = (weekday.rawValue - first.weekday.rawValue + 7) % 7
    return first.advanced(byDays: wait + 7 * (count - 1))
  }

  private static func last(_ weekday: Weekday, _ year: Int, _ month: Int) -> CivilDate {
    let last = date(year, month, CivilDate.days(inMonth: month, of: year))
    return last.advanced(byDays: -((last.weekday.rawValue - weekday.rawValue + 7) % 7))
  }

  /// The Gregorian Easter: the Sunday after the first full moon, by the church's tables, on or after
  /// 21 March.
  static func easterSunday(_ year: Int) -> CivilDate {
    let century = year / 100
    let golden = year % 19
    // The moon's age, corrected for left-out leap years and for the drift of the lunar cycle.
    let drift = (8 * century + 13) / 25
    let epact = (19 * golden + century - century / 4 - drift + 15) % 30
    // The tables have no full moon on 19 April, nor two on 18 April within one lunar cycle.
    let moon = epact - (epact == 29 || (epact == 28 && golden > 10) ? 1 : 0)
    let fullMoon = date(year, 3, 21).advanced(byDays: moon)
    return fullMoon.advanced(byDays: 7 - (fullMoon.weekday.rawValue + 1) % 7)
  }

  private static func date(_ year: Int, _ month: Int, _ day: Int) -> CivilDate {
    CivilDate(existing: year, month, day)
  }
}
