import FXDomain
import FXPorts

/// A store's whole content as one value: every operation of the ports, synchronous and
/// deterministic.
///
/// It has no clock of its own: whoever owns it sets `now` before each call. Each call is one
/// transaction. Keys are dense, so that a record lies at its key in an array.
public struct MemoryBooks: Sendable {
  /// The store's clock; decides about leases and stamps whatever is written.
  public var now: Timestamp

  var house: Installation
  var signsOfLife: [NodeID: NodeRecord] = [:]

  var clients: [Client] = []
  /// Each client's accounts, by currency.
  var accounts: [[SettlementAccount]] = []
  /// All clients in the order of their CIF numbers.
  var clientsByCIF: [ClientKey] = []
  /// What each client has declared, in the order of years and allowances.
  var declaredUses: [ClientKey: [DeclaredUse]] = [:]
  var deletedClients: Set<ClientKey> = []
  var otcRates: [CurrencyPair: OTCRate] = [:]

  var batches: [Batch] = []
  /// Where each batch's trades lie in `trades`, ascending.
  var rows: [[Int]] = []
  /// By batch.
  var summaries: [MemorySummary] = []
  /// What counts against limits and allowances.
  var usage = UsageBook()
  var trades: [Trade] = []
  /// Taken out of a batch before it was started.
  var removed: Set<TradeKey> = []
  var access = MemoryAccess()
  var told = MemoryNotices()
  var templates = MemoryTemplates()
  var days = MemoryDays()
  /// By trade, in the order of their numbers.
  var attempts: [[Attempt]] = []
  var evidence: [[Evidence]] = []
  var batchesByID: [Identifier: BatchKey] = [:]
  var tradesByID: [Identifier: TradeKey] = [:]
  var tradesByPrint: [Int64: [TradeKey]] = [:]
  var dealTransactionIDs: Set<Identifier> = []

  /// Each client's trades in `booking` or `in_doubt`.
  var exposed: [[TradeKey]] = []
  /// Trades in `booking`, over the installation.
  var callsOut = 0
  /// Trades in `booking`, `in_doubt` or `booked`, over the installation.
  var openDeals = 0
  /// Every booking that was ever known, by its moment.
  var bookings: [Booking] = []

  /// All events; the sequence number of each is its place, from 1.
  var events: [JournalEvent] = []
  /// The places of each chain's events, by batch key; the installation's first.
  var places: [[Int]] = [[]]
  /// The chain of the installation's own events.
  var houseChain = ChainHead.start
  var seals: [Seal] = []
  /// How long each chain was when it was last sealed, by batch key.
  var sealedLengths: [Int64] = [0]

  /// An empty store.
  public init(installation: Identifier, now: Timestamp) {
    self.now = now
    self.house = Installation(id: installation)
  }
}

/// A node's last sign of life.
struct NodeRecord: Hashable, Sendable {
  var life: NodeLife
  var seenAt: Timestamp
  var confirmsKillSwitch: Bool
  var waitsFor: String?

  func isAlive(at now: Timestamp) -> Bool {
    now < seenAt.advanced(byMilliseconds: life.leaseMilliseconds)
  }
}

/// A trade that became known as booked.
struct Booking: Hashable, Sendable {
  var at: Timestamp
  var trade: TradeKey
}

extension Key {
  /// The place of the record in its array.
  var index: Int { Int(value) - 1 }

  init(index: Int) { self.init(Int64(index) + 1) }
}

extension TradeStatus {
  /// The bank may have the deal without our knowing.
  var isExposed: Bool { self == .booking || self == .inDoubt }

  /// The deal is, or may be, with the bank, and has not come to an end.
  var isOpenDeal: Bool { isExposed || self == .booked }
}

extension MemoryBooks {
  /// Nil for a batch that was deleted, too.
  func index(of key: BatchKey) -> Int? {
    batches.indices.contains(key.index) && batches[key.index].deletedAt == nil ? key.index : nil
  }

  /// Nil for a trade that was removed, too, or whose batch was deleted.
  func index(of key: TradeKey) -> Int? {
    trades.indices.contains(key.index) && isListed(trades[key.index]) ? key.index : nil
  }

  func isListed(_ trade: Trade) -> Bool {
    !removed.contains(trade.key) && batches[trade.batch.index].deletedAt == nil
  }

  /// A batch's trades in the order of its rows.
  func trades(at batch: Int) -> LazyMapSequence<LazySequence<[Int]>.Elements, Trade> {
    rows[batch].lazy.map { trades[$0] }
  }

  /// Where the CIF number stands or would stand in the order of all.
  func place(ofCIF number: String) -> Int {
    var low = 0
    var high = clientsByCIF.count
    while low < high {
      let middle = (low + high) / 2
      if clients[clientsByCIF[middle].index].cifNumber < number {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /// Nil for a client who was deleted, too.
  func client(withCIF number: String) -> ClientKey? {
    known(withCIF: number).flatMap { deletedClients.contains($0) ? nil : $0 }
  }

  func known(withCIF number: String) -> ClientKey? {
    let place = place(ofCIF: number)
    guard place < clientsByCIF.count else { return nil }
    let key = clientsByCIF[place]
    return clients[key.index].cifNumber == number ? key : nil
  }

  /// Whether another trade of the client may have been booked without our knowing.
  func isBlocked(_ client: ClientKey, besides trade: TradeKey) -> Bool {
    exposed[client.index].contains { $0 != trade && isAdrift($0) }
  }

  /// In doubt, or `booking` without a call that is known to be live.
  private func isAdrift(_ key: TradeKey) -> Bool {
    let trade = trades[key.index]
    guard trade.status == .booking else { return trade.status == .inDoubt }
    let batch = batches[trade.batch.index]
    return attempts[key.index].last?.generation != batch.generation || !batch.isLeased(at: now)
  }

  /// Takes note of a trade's change of status in whatever is counted over batches.
  mutating func tally(_ trade: Trade, from: TradeStatus) {
    let to = trade.status
    if from.isOpenDeal != to.isOpenDeal { openDeals += to.isOpenDeal ? 1 : -1 }
    if (from == .booking) != (to == .booking) { callsOut += to == .booking ? 1 : -1 }
    guard from.isExposed != to.isExposed else { return }
    if to.isExposed {
      exposed[trade.client.index].append(trade.key)
    } else {
      exposed[trade.client.index].removeAll { $0 == trade.key }
    }
  }
}
