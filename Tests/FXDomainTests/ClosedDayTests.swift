import FXDomain
import Foundation
import Testing

/// The rules of the four centres against PyPI's `holidays`, an independent work; see
/// Tests/Calendars/compare_holidays.py. There is no day on which the two knowingly differ.
@Suite struct `The closed days of 2020 to 2035` {
  @Test(arguments: [Currency.zar, .usd, .eur, .gbp])
  func `are those that the holidays package has`(currency: Currency) throws {
    let expected = try Self.fixture()[currency.code, default: []]
    #expect(expected.count > 60)
    let calendar = BusinessCalendar(currency: currency)
    var date = try #require(CivilDate(year: 2020, month: 1, day: 1))
    var differences: [String] = []
    while date.year <= 2035 {
      let isOpen = !date.weekday.isWeekend && !expected.contains(date.description)
      if try calendar.isOpen(date) != isOpen {
        differences.append("\(date): holidays has it \(isOpen ? "open" : "closed")")
      }
      date = date.advanced(byDays: 1)
    }
    #expect(differences.isEmpty)
  }

  /// Closed weekdays by currency code.
  private static func fixture() throws -> [String: Set<String>] {
    let file = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "Fixtures/closed-days-2020-2035.csv")
    var days: [String: Set<String>] = [:]
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let fields = line.split(separator: ",")
      guard fields.count == 2, !line.hasPrefix("#") else { continue }
      days[String(fields[0]), default: []].insert(String(fields[1]))
    }
    return days
  }
}

@Suite struct `A business calendar` {
  @Test(arguments: [
    ("ZAR", "2022-12-27", false), ("ZAR", "2023-12-15", false), ("ZAR", "2024-05-29", false),
    ("ZAR", "2026-11-04", false),
    // A Sunday holiday closes the Monday, a Saturday one nothing.
    ("ZAR", "2026-08-10", false), ("ZAR", "2027-04-30", true), ("ZAR", "2027-05-03", true),
    // The Fourth of July 2026 is a Saturday, that of 2027 a Sunday.
    ("USD", "2026-07-03", true), ("USD", "2027-07-05", false),
    ("EUR", "2026-05-01", false), ("EUR", "2027-12-27", true),
    ("GBP", "2020-05-04", true), ("GBP", "2020-05-08", false), ("GBP", "2022-05-30", true),
    ("GBP", "2022-06-02", false), ("GBP", "2022-06-03", false), ("GBP", "2022-09-19", false),
    ("GBP", "2023-05-08", false), ("GBP", "2026-12-28", false),
  ])
  func `knows`(code: String, day: String, isOpen: Bool) throws {
    let currency = try #require(Currency(code))
    let date = try #require(CivilDate(day))
    #expect(try BusinessCalendar(currency: currency).isOpen(date) == isOpen)
  }

  @Test func `closes on the days that the configuration adds`() throws {
    let date = try #require(CivilDate("2029-05-30"))
    #expect(try BusinessCalendar(currency: .zar).isOpen(date))
    #expect(try !BusinessCalendar(currency: .zar, closedDays: [date]).isOpen(date))
  }

  @Test func `of another currency is known in the years with a listed day only`() throws {
    let canada = try #require(Currency("CAD"))
    let listed = try #require(CivilDate("2026-07-01"))
    let nextYear = try #require(CivilDate("2027-07-02"))
    let calendar = BusinessCalendar(currency: canada, closedDays: [listed])
    #expect(try !calendar.isOpen(listed))
    #expect(try calendar.isOpen(listed.advanced(byDays: 1)))
    #expect(throws: CalendarError.calendarUnknown(canada, year: 2027)) {
      try calendar.isOpen(nextYear)
    }
    #expect(throws: CalendarError.calendarUnknown(canada, year: 2026)) {
      try BusinessCalendar(currency: canada).isOpen(listed)
    }
  }
}
