import FXDomain
import Testing

/// Some of Canada's and Japan's closed days, as a configuration would give them.
private func configuredDays() throws -> [Currency: Set<CivilDate>] {
  let canada = try #require(Currency("CAD"))
  return [
    canada: [try #require(CivilDate("2026-07-01"))],
    .jpy: [try #require(CivilDate("2026-07-20"))],
    .zar: [try #require(CivilDate("2026-10-07"))],
  ]
}

@Suite struct `A value date` {
  @Test(arguments: [
    // The vectors of the specification.
    ("USD/ZAR", Delivery.spot, "2026-07-01", "2026-07-03"),
    ("USD/ZAR", .spot, "2026-11-10", "2026-11-12"),
    ("USD/ZAR", .spot, "2026-06-12", "2026-06-17"),
    ("USD/ZAR", .spot, "2026-12-23", "2026-12-28"),
    // The municipal elections, and a day that only the configuration knows.
    ("USD/ZAR", .spot, "2026-11-02", "2026-11-05"),
    ("USD/ZAR", .spot, "2026-10-05", "2026-10-08"),
    // The final day must be open in both: Veterans Day.
    ("USD/ZAR", .spot, "2026-11-09", "2026-11-12"),
    ("USD/ZAR", .tom, "2026-11-10", "2026-11-12"),
    ("USD/ZAR", .cash, "2026-11-11", "2026-11-12"),
    ("USD/ZAR", .cash, "2026-07-01", "2026-07-01"),
    ("USD/ZAR", .tom, "2026-07-03", "2026-07-06"),
    // A holiday of USD on the trade date leaves the count alone; one of ZAR starts it a day later.
    ("USD/ZAR", .spot, "2026-11-11", "2026-11-13"),
    ("USD/ZAR", .spot, "2026-09-24", "2026-09-29"),
    ("USD/ZAR", .cash, "2026-09-24", "2026-09-25"),
    // What is dealt at the weekend is dealt on Monday.
    ("USD/ZAR", .cash, "2026-07-04", "2026-07-06"),
    ("USD/ZAR", .tom, "2026-07-04", "2026-07-07"),
    ("USD/ZAR", .spot, "2026-07-05", "2026-07-08"),
    // Each currency counts its own days; the later one decides.
    ("GBP/ZAR", .spot, "2026-12-23", "2026-12-29"),
    ("EUR/USD", .spot, "2026-04-02", "2026-04-08"),
    ("EUR/ZAR", .spot, "2026-08-06", "2026-08-11"),
    // Spot on the next day.
    ("USD/CAD", .spot, "2026-06-29", "2026-06-30"),
    ("USD/CAD", .spot, "2026-06-30", "2026-07-02"),
    ("CAD/USD", .spot, "2026-06-29", "2026-06-30"),
    ("CAD/ZAR", .spot, "2026-06-29", "2026-07-02"),
    ("USD/JPY", .spot, "2026-07-17", "2026-07-22"),
  ])
  func `is counted in business days`(
    pair: String, delivery: Delivery, tradeDate: String, expected: String
  ) throws {
    let date = try ValueDates(closedDays: configuredDays()).valueDate(
      for: try #require(CurrencyPair(pair)), delivery: delivery,
      tradeDate: try #require(CivilDate(tradeDate)))
    #expect(date.description == expected)
  }

  @Test(arguments: ["TRY", "PHP", "RUB", "KZT", "PKR", "CAD"])
  func `of a spot deal is the next day for some pairs with USD`(code: String) throws {
    let currency = try #require(Currency(code))
    let pair = try #require(CurrencyPair(base: .usd, quote: currency))
    #expect(Delivery.spot.businessDays(for: pair) == 1)
    let cross = try #require(CurrencyPair(base: .eur, quote: currency))
    #expect(Delivery.spot.businessDays(for: cross) == 2)
  }

  @Test func `is refused for a currency without a calendar`() throws {
    let pair = try #require(CurrencyPair("CHF/ZAR"))
    let date = try #require(CivilDate("2026-07-01"))
    #expect(throws: CalendarError.calendarUnknown(pair.base, year: 2026)) {
      try ValueDates().valueDate(for: pair, delivery: .cash, tradeDate: date)
    }
  }

  @Test func `is refused when it would lie in a year without listed days`() throws {
    let pair = try #require(CurrencyPair("USD/CAD"))
    let date = try #require(CivilDate("2026-12-31"))
    #expect(throws: CalendarError.calendarUnknown(pair.quote, year: 2027)) {
      try ValueDates(closedDays: configuredDays()).valueDate(
        for: pair, delivery: .spot, tradeDate: date)
    }
  }

  @Test func `is not searched for without end`() throws {
    let pair = try #require(CurrencyPair("USD/ZAR"))
    let date = try #require(CivilDate("2026-07-01"))
    let closed = Set((0..<60).map { date.advanced(byDays: $0) })
    #expect(throws: CalendarError.noOpenDay(from: date)) {
      try ValueDates(closedDays: [.zar: closed]).valueDate(
        for: pair, delivery: .spot, tradeDate: date)
    }
  }

  @Test(arguments: ["USD/ZAR", "EUR/ZAR", "GBP/USD"])
  func `is open in both currencies and never goes back`(text: String) throws {
    let pair = try #require(CurrencyPair(text))
    let dates = ValueDates()
    var trade = try #require(CivilDate("2024-01-01"))
    var previous: [Delivery: CivilDate] = [:]
    while trade.year < 2029 {
      var earliest = trade
      for delivery in [Delivery.cash, .tom, .spot] {
        let date = try dates.valueDate(for: pair, delivery: delivery, tradeDate: trade)
        #expect(date >= earliest, "\(delivery) of \(trade)")
        #expect(date >= previous[delivery] ?? date, "\(delivery) of \(trade)")
        #expect(try dates.calendar(of: pair.base).isOpen(date), "\(delivery) of \(trade)")
        #expect(try dates.calendar(of: pair.quote).isOpen(date), "\(delivery) of \(trade)")
        previous[delivery] = date
        earliest = date
      }
      trade = trade.advanced(byDays: 1)
    }
  }
}

@Suite struct `A cut-off` {
  /// 15:00 for tom in ZAR, 10:30 for spot in USD.
  private let cutOffs: CutOffs

  init() throws {
    cutOffs = try #require(CutOffs(minutesOfDay: [.tom: [.zar: 900], .spot: [.usd: 630]]))
  }

  @Test(arguments: [
    // 14:59 and 15:00 in Johannesburg.
    ("2026-07-01T12:59:59.999Z", Delivery.tom, "2026-07-02", nil),
    ("2026-07-01T13:00:00Z", .tom, "2026-07-03", "ZAR"),
    // The next business day is behind a weekend, and 10 August is a holiday in South Africa.
    ("2026-07-02T13:00:00Z", .tom, "2026-07-06", "ZAR"),
    ("2026-08-06T13:00:00Z", .tom, "2026-08-11", "ZAR"),
    // Another delivery, another time.
    ("2026-07-01T08:29:00Z", .spot, "2026-07-03", nil),
    ("2026-07-01T08:30:00Z", .spot, "2026-07-06", "USD"),
    ("2026-07-01T21:00:00Z", .cash, "2026-07-01", nil),
    // Past 22:00 UTC it is tomorrow in Johannesburg, before its cut-off.
    ("2026-07-01T22:00:00Z", .tom, "2026-07-03", nil),
    // On a closed day nothing is missed.
    ("2026-07-04T20:00:00Z", .tom, "2026-07-07", nil),
    ("2026-09-24T20:00:00Z", .tom, "2026-09-28", nil),
    // Even where the ordinary date was put off already, the next one is a later day.
    ("2026-11-10T13:00:00Z", .tom, "2026-11-13", "ZAR"),
  ])
  func `moves the date to the next business day and says whose it is`(
    moment: String, delivery: Delivery, expected: String, missed: String?
  ) throws {
    let date = try ValueDates().valueDate(
      for: try #require(CurrencyPair("USD/ZAR")), delivery: delivery,
      at: try #require(Timestamp(moment)), clock: .johannesburg, cutOffs: cutOffs)
    #expect(date.date.description == expected)
    #expect(date.missedCutOff?.code == missed)
  }

  @Test func `is not set by default`() throws {
    let date = try ValueDates().valueDate(
      for: try #require(CurrencyPair("USD/ZAR")), delivery: .cash,
      at: try #require(Timestamp("2026-07-01T21:59:00Z")), clock: .johannesburg, cutOffs: .none)
    #expect(date.date.description == "2026-07-01")
    #expect(date.missedCutOff == nil)
  }

  @Test(arguments: [-1, 1440, Int.max, Int.min])
  func `lies within the day`(minute: Int) {
    #expect(CutOffs(minutesOfDay: [.spot: [.usd: minute]]) == nil)
  }
}

@Suite struct `The desk's clock` {
  @Test(arguments: [
    ("2026-07-01T21:59:59.999Z", 120, "2026-07-01", 1439),
    ("2026-07-01T22:00:00.000Z", 120, "2026-07-02", 0),
    ("2026-12-31T22:00:00.000Z", 120, "2027-01-01", 0),
    ("2026-07-01T00:00:00.000Z", -300, "2026-06-30", 1140),
    ("1969-12-31T23:59:59.999Z", 0, "1969-12-31", 1439),
    ("1969-12-31T22:30:00.000Z", 120, "1970-01-01", 30),
  ])
  func `tells the local day and minute`(
    moment: String, offset: Int, date: String, minute: Int
  ) throws {
    let clock = try #require(DeskClock(utcOffsetMinutes: offset))
    let local = clock.local(try #require(Timestamp(moment)))
    #expect(local.date.description == date)
    #expect(local.minuteOfDay == minute)
    let start = clock.start(of: local.date)
    #expect(clock.local(start) == (local.date, 0))
    #expect(clock.date(of: start.advanced(byMilliseconds: -1)) == local.date.advanced(byDays: -1))
  }

  @Test(arguments: [Int64.min, .max, 0, -1])
  func `takes any moment`(milliseconds: Int64) {
    let minute = DeskClock.johannesburg.local(Timestamp(milliseconds: milliseconds)).minuteOfDay
    #expect((0..<1440).contains(minute))
  }

  @Test(arguments: [841, -841, Int.max, Int.min])
  func `refuses an offset that no place has`(offset: Int) {
    #expect(DeskClock(utcOffsetMinutes: offset) == nil)
  }
}
