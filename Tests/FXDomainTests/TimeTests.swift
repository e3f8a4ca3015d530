import FXDomain
import Testing

@Suite struct `A civil date` {
  @Test func `goes through text and parts and back, every day from 1900 to 2200`() throws {
    var date = try #require(CivilDate(year: 1900, month: 1, day: 1))
    // Walked independently of the arithmetic: month lengths, leap years and weekdays by hand.
    var (year, month, day) = (1900, 1, 1)
    var weekday = 0
    while year <= 2200 {
      let text = "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)"
      let same =
        date.components == (year, month, day) && date.description == text
        && CivilDate(text) == date && CivilDate(year: year, month: month, day: day) == date
        && date.weekday.rawValue == weekday
      guard same else {
        Issue.record("\(text) became \(date), \(date.weekday)")
        return
      }
      date = date.advanced(byDays: 1)
      weekday = (weekday + 1) % 7
      let leap = year % 400 == 0 || (year % 4 == 0 && year % 100 != 0)
      let length = [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1]
      day += 1
      if day > length { (month, day) = (month + 1, 1) }
      if month > 12 { (year, month) = (year + 1, 1) }
    }
  }

  @Test(arguments: [
    ("1970-01-01", 0), ("2000-02-29", 11_016), ("2026-11-04", 20_761), ("1969-12-31", -1),
    ("0000-01-01", -719_528), ("9999-12-31", 2_932_896),
  ])
  func `counts from 1970`(text: String, number: Int) throws {
    #expect(try #require(CivilDate(text)).dayNumber == number)
    #expect(CivilDate(dayNumber: number).description == text)
  }

  @Test(arguments: [
    "", "2026", "2026-1-1", "2026-13-01", "2026-00-10", "2026-01-00", "2026-01-32", "2026-02-29",
    "1900-02-29", "2026-04-31", "2026/01/01", "20260101", " 2026-01-01", "2026-01-01 ",
    "2026-01-0１", "+026-01-01", "-001-01-01", "2026-01-1e", "２０２６-01-01", "10000-01-01",
    "2026-01-01T", "é026-01-1",
  ])
  func `refuses what is no day`(text: String) {
    #expect(CivilDate(text) == nil)
  }

  @Test(arguments: [Int.min, -1, 10_000, Int.max])
  func `refuses a year without four digits`(year: Int) {
    #expect(CivilDate(year: year, month: 1, day: 1) == nil)
  }

  @Test(arguments: [(0, 1), (13, 1), (1, 0), (1, 32), (Int.max, 1), (1, Int.max), (1, Int.min)])
  func `refuses a month or day that does not exist`(month: Int, day: Int) {
    #expect(CivilDate(year: 2026, month: month, day: day) == nil)
  }

  @Test func `is ordered by time`() throws {
    let earlier = try #require(CivilDate("2026-09-30"))
    #expect(earlier < earlier.advanced(byDays: 1))
    #expect(earlier.advanced(byDays: 1).description == "2026-10-01")
    #expect(earlier.weekday == .wednesday)
  }
}

@Suite struct `A timestamp` {
  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"),
    ("2026-11-10T08:30:00.5Z", 1_794_299_400_500, "2026-11-10T08:30:00.500Z"),
    ("2026-11-10t08:30:00z", 1_794_299_400_000, "2026-11-10T08:30:00.000Z"),
    ("2026-11-10T10:30:00+02:00", 1_794_299_400_000, "2026-11-10T08:30:00.000Z"),
    ("2026-11-09T23:00:00.123456789-09:30", 1_794_299_400_123, "2026-11-10T08:30:00.123Z"),
    ("1969-12-31T23:59:59.999Z", -1, "1969-12-31T23:59:59.999Z"),
    ("0000-01-01T00:00:00Z", -62_167_219_200_000, "0000-01-01T00:00:00.000Z"),
    ("9999-12-31T23:59:59.999Z", 253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
  ])
  func `reads RFC 3339 and writes it in UTC`(text: String, milliseconds: Int64, utc: String) throws
  {
    let moment = try #require(Timestamp(text))
    #expect(moment.milliseconds == milliseconds)
    #expect(moment.description == utc)
    #expect(Timestamp(utc) == moment)
  }

  @Test(arguments: [
    "", "2026-11-10", "2026-11-10T08:30Z", "2026-11-10T08:30:00", "2026-11-10 08:30:00Z",
    "2026-11-10T24:00:00Z", "2026-11-10T08:60:00Z", "2026-11-10T08:30:60Z",
    "2026-02-30T08:30:00Z", "2026-11-10T08:30:00.Z", "2026-11-10T08:30:00.0123456789Z",
    "2026-11-10T08:30:00,5Z", "2026-11-10T08:30:00+0200", "2026-11-10T08:30:00+24:00",
    "2026-11-10T08:30:00+02:60", "2026-11-10T08:30:00+02", "2026-11-10T08:30:00ZZ",
    "2026-11-10T08:30:00.5", "2026-11-10T08:30:00Z ", " 2026-11-10T08:30:00Z",
    "2026-11-10T08:30:00.5é", "2026-11-10T0８:30:00Z", "2026-11-10T-8:30:00Z",
    // An offset that leads out of the years of four digits.
    "0000-01-01T00:00:00+00:01", "9999-12-31T23:59:00-00:01",
  ])
  func `refuses what is no moment`(text: String) {
    #expect(Timestamp(text) == nil)
  }

  @Test func `goes through text and back at any moment`() {
    var random = SeededRandom(seed: 4_217)
    for _ in 0..<20_000 {
      let moment = Timestamp(
        milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &random))
      #expect(Timestamp(moment.description) == moment)
    }
  }

  @Test func `is moved and compared in milliseconds`() {
    let moment = Timestamp(milliseconds: 1_000)
    let later = moment.advanced(byMilliseconds: 250)
    #expect(moment < later)
    #expect(later.milliseconds(since: moment) == 250)
  }

  @Test(arguments: [Int64.min, Int64.max])
  func `has a text at either end of its range`(milliseconds: Int64) {
    #expect(Timestamp(milliseconds: milliseconds).description.hasSuffix("Z"))
  }
}
