import FXDomain

/// What booked and completed deals have earned, for reports.
public protocol ReportStore: Sendable {
  /// Sums over the deals that were booked in a span of time, read from them through an index of their
  /// bookings: a call costs as much as the span has deals, however long the history is.
  func margins(_ query: MarginQuery) async throws(StoreError) -> [MarginLine]
}

/// By what deals are summed up.
public enum MarginGrouping: String, Hashable, Sendable, CaseIterable {
  case batch
  case client
  case day
}

public struct MarginQuery: Hashable, Sendable {
  public var grouping: MarginGrouping
  /// Booked at this moment or later, and before the other.
  public var from: Timestamp
  public var to: Timestamp
  /// Whose days count.
  public var deskClock: DeskClock
  /// Leaves out everything up to and including this line.
  public var after: MarginLine.Place?
  public var limit: Int

  public init(
    _ grouping: MarginGrouping, from: Timestamp, to: Timestamp,
    deskClock: DeskClock = .johannesburg, after: MarginLine.Place? = nil, limit: Int = 50
  ) {
    self.grouping = grouping
    self.from = from
    self.to = to
    self.deskClock = deskClock
    self.after = after
    self.limit = limit
  }
}

/// The deals of one batch, client or day that have the same terms.
public struct MarginLine: Hashable, Sendable {
  public enum Group: Hashable, Sendable {
    case batch(BatchKey, id: Identifier, name: String)
    case client(cifNumber: String, name: String)
    case day(CivilDate)
  }

  /// Where a line stands: batches in the order of their coming, clients by CIF number, days by the
  /// calendar; within each by pair and deal currency.
  public struct Place: Hashable, Sendable, Comparable {
    /// Key of the batch, or number of the day.
    public var number: Int64
    /// CIF number.
    public var text: String
    /// Of base, quote and deal currency.
    public var terms: [String]

    public init(number: Int64 = 0, text: String = "", terms: [String]) {
      self.number = number
      self.text = text
      self.terms = terms
    }

    public static func < (left: Place, right: Place) -> Bool {
      if left.number != right.number { return left.number < right.number }
      // As SQLite compares texts.
      if left.text != right.text {
        return left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
      }
      return left.terms.lexicographicallyPrecedes(right.terms)
    }
  }

  public var group: Group
  public var terms: DealTerms
  public var trades: Int
  /// Of these deals; nothing is requested beyond them.
  public var sums: DealSums

  public init(group: Group, terms: DealTerms, trades: Int, sums: DealSums) {
    self.group = group
    self.terms = terms
    self.trades = trades
    self.sums = sums
  }

  public var place: Place {
    let terms = [terms.pair.base.code, terms.pair.quote.code, terms.currency.code]
    switch group {
    case .batch(let key, _, _): return Place(number: key.value, terms: terms)
    case .client(let cif, _): return Place(text: cif, terms: terms)
    case .day(let date): return Place(number: Int64(date.dayNumber), terms: terms)
    }
  }
}
