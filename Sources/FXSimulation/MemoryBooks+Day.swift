import FXDomain
import FXPorts

/// What the desk's day has asked for.
struct MemoryDays: Sendable {
  struct Kept: Sendable {
    var reconciliation: Reconciliation
    var heldUntil: Timestamp?
    var differences: [ReconciliationDifference] = []
  }

  /// In the order of their numbers.
  var reconciliations: [Kept] = []
  var warned: [CivilDate: Set<BatchKey>] = [:]
  var settled: Set<CivilDate> = []
  var inquiries: [TradeKey: [Inquiry]] = [:]

  func place(of id: Identifier) -> Int? {
    reconciliations.firstIndex { $0.reconciliation.id == id }
  }

  func place(of id: Identifier, heldBy node: NodeID) -> Int? {
    place(of: id).flatMap {
      let found = reconciliations[$0].reconciliation
      return found.status == .running && found.node == node ? $0 : nil
    }
  }

  func waiting(at now: Timestamp) -> Int? {
    reconciliations.firstIndex {
      switch $0.reconciliation.status {
      case .requested: true
      case .running: $0.heldUntil.map { $0 <= now } ?? true
      case .agrees, .differs, .incomplete: false
      }
    }
  }
}

extension MemoryBooks {
  mutating func request(
    _ wanted: Reconciliation, receipt: Receipt?
  ) throws(StoreError) -> Result<Reconciliation, ReconciliationRefusal> {
    let known = days.reconciliations.map(\.reconciliation)
    if wanted.isScheduled {
      if let same = known.first(where: { $0.isScheduled && $0.day == wanted.day }) {
        return .success(same)
      }
    } else if let open = known.first(where: { !$0.status.hasEnded }) {
      return .failure(.underWay(open.id))
    }
    return try once(receipt, subject: wanted.id, else: .repeated) { books in
      var wanted = wanted
      wanted.number = Int64(books.days.reconciliations.count) + 1
      books.days.reconciliations.append(.init(reconciliation: wanted))
      return .success(wanted)
    }
  }

  mutating func takeReconciliation(by node: NodeID, leaseMilliseconds: Int64) -> Reconciliation? {
    while let place = days.waiting(at: now) {
      guard days.reconciliations[place].reconciliation.tries < Reconciliation.greatestTries else {
        end(
          place, by: node,
          ReconciliationResult(
            .incomplete, ReconciliationFigures(),
            reason: "every process that began it has ended before it was done."))
        continue
      }
      days.reconciliations[place].reconciliation.begin(by: node, now: now)
      days.reconciliations[place].heldUntil = now.advanced(byMilliseconds: leaseMilliseconds)
      return days.reconciliations[place].reconciliation
    }
    return nil
  }

  mutating func renewReconciliation(
    _ id: Identifier, by node: NodeID, leaseMilliseconds: Int64
  ) -> Bool {
    guard let place = days.place(of: id, heldBy: node) else { return false }
    days.reconciliations[place].heldUntil = now.advanced(byMilliseconds: leaseMilliseconds)
    return true
  }

  mutating func finish(
    _ id: Identifier, by node: NodeID, _ result: ReconciliationResult
  ) -> Reconciliation? {
    guard let place = days.place(of: id, heldBy: node) else { return nil }
    end(place, by: node, result)
    return days.reconciliations[place].reconciliation
  }

  private mutating func end(_ place: Int, by node: NodeID, _ result: ReconciliationResult) {
    let entry = days.reconciliations[place].reconciliation.end(
      result.status, result.figures, reason: result.reason, by: node, now: now)
    days.reconciliations[place].heldUntil = nil
    days.reconciliations[place].differences = result.differences
    logHouse(entry)
  }

  mutating func warnOfSettlement(on day: CivilDate, actor: Actor, limit: Int) -> Bool {
    guard !days.settled.contains(day) else { return true }
    let due = trades.filter { isListed($0) && $0.isDueUnsettled(on: day) }
    let known = days.warned[day] ?? []
    let keys = Set(due.map(\.batch)).subtracting(known).sorted().prefix(limit)
    for key in keys {
      let entry = Ledger.settlementDue(due.filter { $0.batch == key }, on: day, actor: actor)
      var batch = batches[key.index]
      write(&batch, [entry])
      days.warned[day, default: []].insert(key)
    }
    guard keys.count < limit else { return false }
    days.settled.insert(day)
    return true
  }

  mutating func note(_ inquiry: Inquiry) {
    var known = days.inquiries[inquiry.trade] ?? []
    if let place = known.lastIndex(where: { $0.asked == inquiry.asked }),
      known[place].absorb(inquiry)
    {
      days.inquiries[inquiry.trade] = known
      return
    }
    known.append(inquiry)
    days.inquiries[inquiry.trade] = known.suffix(Inquiry.keptPerTrade)
  }
}

extension MemoryStore {
  public func request(
    _ reconciliation: Reconciliation, receipt: Receipt?
  ) async throws(StoreError) -> Result<Reconciliation, ReconciliationRefusal> {
    try transact { (books) throws(StoreError) in
      try books.request(reconciliation, receipt: receipt)
    }
  }

  public func hasWaitingReconciliation() async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in books.days.waiting(at: books.now) != nil }
  }

  public func takeReconciliation(
    by node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> Reconciliation? {
    try transact { (books) throws(StoreError) in
      books.takeReconciliation(by: node, leaseMilliseconds: leaseMilliseconds)
    }
  }

  public func renewReconciliation(
    _ id: Identifier, by node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in
      books.renewReconciliation(id, by: node, leaseMilliseconds: leaseMilliseconds)
    }
  }

  public func finish(
    _ id: Identifier, by node: NodeID, _ result: ReconciliationResult
  ) async throws(StoreError) -> Reconciliation? {
    try transact { (books) throws(StoreError) in books.finish(id, by: node, result) }
  }

  public func reconciliations(
    before number: Int64?, limit: Int
  ) async throws(StoreError) -> [Reconciliation] {
    try transact { (books) throws(StoreError) in
      Array(
        books.days.reconciliations.reversed().map(\.reconciliation)
          .filter { $0.number < number ?? .max }.prefix(limit))
    }
  }

  public func reconciliation(_ id: Identifier) async throws(StoreError) -> Reconciliation? {
    try transact { (books) throws(StoreError) in
      books.days.place(of: id).map { books.days.reconciliations[$0].reconciliation }
    }
  }

  public func reconciliation(of day: CivilDate) async throws(StoreError) -> Reconciliation? {
    try transact { (books) throws(StoreError) in
      books.days.reconciliations.last { $0.reconciliation.day == day }?.reconciliation
    }
  }

  public func differences(
    of reconciliation: Identifier
  ) async throws(StoreError) -> [ReconciliationDifference] {
    try transact { (books) throws(StoreError) in
      books.days.place(of: reconciliation).map { books.days.reconciliations[$0].differences } ?? []
    }
  }

  public func warnOfSettlement(
    on day: CivilDate, actor: Actor, limit: Int
  ) async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in
      books.warnOfSettlement(on: day, actor: actor, limit: limit)
    }
  }

  public func note(_ inquiry: Inquiry) async throws(StoreError) {
    try transact { (books) throws(StoreError) in books.note(inquiry) }
  }

  public func inquiries(about trade: TradeKey) async throws(StoreError) -> [Inquiry] {
    try transact { (books) throws(StoreError) in books.days.inquiries[trade] ?? [] }
  }
}
