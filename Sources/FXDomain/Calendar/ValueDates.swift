/// The day money moves, and the missed cut-off that put it there, if one did.
public struct ValueDate: Hashable, Sendable {
  public let date: CivilDate
  /// The currency whose cut-off had passed, so that the day is a business day later than the ordinary
  /// one; nil for the ordinary day.
  public let missedCutOff: Currency?

  public init(date: CivilDate, missedCutOff: Currency? = nil) {
    self.date = date
    self.missedCutOff = missedCutOff
  }
}

/// Value dates of all pairs, from each currency's calendar.
///
/// - Each currency counts its own business days. USD is the exception of the market: its holidays
///   between trade and value date push nothing out, only the final day must be open in it too.
/// - The final day is open in both currencies.
/// - A trade date that is closed in a currency counts as its next open day: what is dealt on a
///   Saturday is dealt as on the Monday.
public struct ValueDates: Sendable {
  private let configured: [Currency: BusinessCalendar]

  /// - Parameter closedDays: by currency, the days that the configuration adds. They make a currency
  ///   without rules of its own known in the years they lie in.
  public init(closedDays: [Currency: Set<CivilDate>] = [:]) {
    var calendars: [Currency: BusinessCalendar] = [:]
    for (currency, days) in closedDays {
      calendars[currency] = BusinessCalendar(currency: currency, closedDays: days)
    }
    self.configured = calendars
  }

  public func calendar(of currency: Currency) -> BusinessCalendar {
    configured[currency] ?? BusinessCalendar(currency: currency)
  }

  /// The day on which both legs of a deal move.
  ///
  /// - Parameter tradeDate: the desk's local day of the deal, business day or not.
  public func valueDate(
    for pair: CurrencyPair, delivery: Delivery, tradeDate: CivilDate
  ) throws(CalendarError) -> CivilDate {
    let calendars = [calendar(of: pair.base), calendar(of: pair.quote)]
    let count = delivery.businessDays(for: pair)
    var date = tradeDate
    for calendar in calendars where calendar.currency != .usd {
      date = max(date, try calendar.date(count, businessDaysAfter: tradeDate))
    }
    return try firstOpenDay(from: date, in: calendars)
  }

  /// The value date of a deal made at a moment. When a cut-off of either currency has passed, it is
  /// the business day after the ordinary one; a deal is never refused for it.
  ///
  /// A cut-off means the payments of its currency's business day: on a day closed in the currency it
  /// has no effect, since the count starts at a later day then, whose cut-off is still to come.
  public func valueDate(
    for pair: CurrencyPair, delivery: Delivery, at moment: Timestamp, clock: DeskClock,
    cutOffs: CutOffs
  ) throws(CalendarError) -> ValueDate {
    let (tradeDate, minute) = clock.local(moment)
    let date = try valueDate(for: pair, delivery: delivery, tradeDate: tradeDate)
    let calendars = [calendar(of: pair.base), calendar(of: pair.quote)]
    for calendar in calendars where cutOffs.isPast(minute, delivery, calendar.currency) {
      guard try calendar.isOpen(tradeDate) else { continue }
      let next = try firstOpenDay(from: date.advanced(byDays: 1), in: calendars)
      return ValueDate(date: next, missedCutOff: calendar.currency)
    }
    return ValueDate(date: date)
  }
}

extension Delivery {
  /// Currencies whose spot against USD is the next business day.
  private static let nextDaySpot = Set(
    ["CAD", "KZT", "PHP", "PKR", "RUB", "TRY"].compactMap { Currency($0) })

  /// Business days from trade to value date.
  public func businessDays(for pair: CurrencyPair) -> Int {
    switch self {
    case .cash: 0
    case .tom: 1
    case .spot: pair.contains(.usd) && Self.nextDaySpot.contains(pair.counter(of: .usd)) ? 1 : 2
    }
  }
}
