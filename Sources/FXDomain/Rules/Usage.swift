/// How much is under way and how much is dealt, in cents of the rand.
///
/// A sum never overflows: what the bank has booked can always be written down.
public struct Usage: Hashable, Sendable {
  /// Started and not ended yet.
  public var reserved: Int128
  /// Booked or completed.
  public var used: Int128

  public init(reserved: Int128 = 0, used: Int128 = 0) {
    self.reserved = reserved
    self.used = used
  }

  public var total: Int128 { reserved + used }

  public static func += (usage: inout Usage, change: Usage) {
    usage.reserved += change.reserved
    usage.used += change.used
  }

  public static func - (left: Usage, right: Usage) -> Usage {
    Usage(reserved: left.reserved - right.reserved, used: left.used - right.used)
  }

  /// What a trade counts. Of a batch that was never started only what may be with the bank counts,
  /// which evidence alone can tell.
  public init(of cents: Int128, status: TradeStatus, isStarted: Bool) {
    switch (status, isStarted) {
    case (.pending, true), (.quoting, true), (.booking, _), (.inDoubt, _):
      self.init(reserved: cents)
    case (.booked, _), (.completed, _): self.init(used: cents)
    case (.pending, false), (.quoting, false), (.failed, _), (.cancelled, _): self.init()
    }
  }
}

/// What counts for one client: all that is dealt, and of that what goes against each allowance.
public struct ClientUsage: Hashable, Sendable {
  public var dealt: Usage
  public var sda: Usage
  public var fia: Usage

  public init(dealt: Usage = Usage(), sda: Usage = Usage(), fia: Usage = Usage()) {
    self.dealt = dealt
    self.sda = sda
    self.fia = fia
  }

  /// Trades of the same allowance that count alike.
  public init(_ usage: Usage, against allowance: Allowance?) {
    switch allowance {
    case .sda: self.init(dealt: usage, sda: usage)
    case .fia: self.init(dealt: usage, fia: usage)
    case nil: self.init(dealt: usage)
    }
  }

  public subscript(allowance: Allowance) -> Usage {
    switch allowance {
    case .sda: sda
    case .fia: fia
    }
  }

  public static func += (usage: inout ClientUsage, change: ClientUsage) {
    usage.dealt += change.dealt
    usage.sda += change.sda
    usage.fia += change.fia
  }
}

/// What is counted by client and day, and by the person who submitted and day; or a change of that.
public struct UsageBook: Hashable, Sendable {
  public private(set) var clients: [ClientKey: [CivilDate: ClientUsage]] = [:]
  public private(set) var dealers: [String: [CivilDate: Usage]] = [:]

  public init() {}

  public var isEmpty: Bool { clients.isEmpty && dealers.isEmpty }

  public func usage(of client: ClientKey, on day: CivilDate) -> ClientUsage {
    clients[client]?[day] ?? ClientUsage()
  }

  /// Over the days of a calendar year.
  public func usage(of client: ClientKey, in year: Int) -> ClientUsage {
    (clients[client] ?? [:]).reduce(into: ClientUsage()) { sum, day in
      if day.key.year == year { sum += day.value }
    }
  }

  public func usage(ofDealer dealer: String, on day: CivilDate) -> Usage {
    dealers[dealer]?[day] ?? Usage()
  }

  /// A day on which nothing counts is not kept.
  public mutating func add(_ usage: ClientUsage, of client: ClientKey, on day: CivilDate) {
    var sum = self.usage(of: client, on: day)
    sum += usage
    clients[client, default: [:]][day] = sum == ClientUsage() ? nil : sum
    if clients[client]?.isEmpty ?? false { clients[client] = nil }
  }

  public mutating func add(_ usage: Usage, ofDealer dealer: String, on day: CivilDate) {
    var sum = self.usage(ofDealer: dealer, on: day)
    sum += usage
    dealers[dealer, default: [:]][day] = sum == Usage() ? nil : sum
    if dealers[dealer]?.isEmpty ?? false { dealers[dealer] = nil }
  }

  public static func += (book: inout UsageBook, change: UsageBook) {
    for (client, days) in change.clients {
      for (day, usage) in days { book.add(usage, of: client, on: day) }
    }
    for (dealer, days) in change.dealers {
      for (day, usage) in days { book.add(usage, ofDealer: dealer, on: day) }
    }
  }

  /// Counts a trade as it stands.
  public mutating func count(_ trade: Trade, of batch: Batch) {
    guard let day = trade.usageDay ?? batch.usageDay else { return }
    add(Usage(of: trade, in: batch), of: trade, on: day, batch)
  }

  /// Takes in a step of a trade. Most steps change nothing here.
  ///
  /// - Parameter batch: as it stands after the step.
  public mutating func move(from before: Trade, to after: Trade, of batch: Batch) {
    let (old, new) = (Usage(of: before, in: batch), Usage(of: after, in: batch))
    let (left, joined) = (before.usageDay ?? batch.usageDay, after.usageDay ?? batch.usageDay)
    if left == joined {
      if old != new, let joined { add(new - old, of: after, on: joined, batch) }
    } else {
      if let left { add(Usage() - old, of: after, on: left, batch) }
      if let joined { add(new, of: after, on: joined, batch) }
    }
  }

  /// Takes in trades that are put under way together.
  public mutating func reserve(_ trades: [AskedTrade], of batch: Batch) {
    guard let today = batch.usageDay else { return }
    var byDay: [CivilDate: Usage] = [:]
    for trade in trades {
      let usage = Usage(reserved: Int128(trade.cents ?? 0))
      guard usage != Usage() else { continue }
      let day = trade.day ?? today
      add(ClientUsage(usage, against: trade.allowance), of: trade.client, on: day)
      byDay[day, default: Usage()] += usage
    }
    for (day, usage) in byDay { add(usage, ofDealer: batch.createdBy, on: day) }
  }

  private mutating func add(_ usage: Usage, of trade: Trade, on day: CivilDate, _ batch: Batch) {
    guard usage != Usage() else { return }
    add(ClientUsage(usage, against: trade.allowance), of: trade.client, on: day)
    add(usage, ofDealer: batch.createdBy, on: day)
  }
}

extension Usage {
  /// What a trade counts as it stands.
  public init(of trade: Trade, in batch: Batch) {
    self.init(
      of: Int128(trade.value?.minorUnits ?? 0), status: trade.status,
      isStarted: batch.usageDay != nil)
  }
}

/// Usage as it is kept, and as the trades make it at the same moment.
public struct UsageRecount: Hashable, Sendable {
  public var kept: UsageBook
  public var counted: UsageBook

  public init(kept: UsageBook, counted: UsageBook) {
    self.kept = kept
    self.counted = counted
  }
}

/// A trade that somebody wants to put under way, as the rules look at it.
public struct AskedTrade: Hashable, Sendable {
  public var row: Int
  public var client: ClientKey
  public var allowance: Allowance?
  /// Of the rand; nil where its value cannot be told.
  public var cents: Int64?
  /// Where it counts on another day than its batch.
  public var day: CivilDate?

  public init(
    row: Int, client: ClientKey, allowance: Allowance?, cents: Int64?, day: CivilDate? = nil
  ) {
    self.row = row
    self.client = client
    self.allowance = allowance
    self.cents = cents
    self.day = day
  }

  public init(_ trade: TradeDraft, value: Money?) {
    self.init(
      row: trade.row, client: trade.client, allowance: trade.allowance, cents: value?.minorUnits)
  }

  public init(_ trade: Trade) {
    self.init(trade.draft, value: trade.value)
    day = trade.usageDay
  }
}
