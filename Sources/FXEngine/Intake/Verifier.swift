import FXDomain
import FXPorts

/// What a look over everything that is stored found.
public struct VerifyReport: Hashable, Sendable {
  /// One full sentence each; empty when all is well. The first thousand, and how many more.
  public internal(set) var findings: [String] = []
  public internal(set) var batches = 0
  public internal(set) var trades = 0
  public internal(set) var events = 0
  private var unkept = 0

  public init() {}

  mutating func find(_ sentence: String) {
    if findings.count < IntakeBounds.keptFindings { findings.append(sentence) } else { unkept += 1 }
  }

  mutating func close() {
    if unkept > 0 { findings.append("\(unkept) more findings are left out.") }
  }
}

/// Recomputes what must hold in a store: counts, sums, ends, chains, seals, transitions and figures.
///
/// The store may be live. Nothing is compared with anything that was written at another moment: a
/// batch's row is held against the log up to the head that the row itself names, and a trade's row
/// against every status that the log gives it from that head on.
///
/// Everything is read once. Memory holds one batch's statuses, and the heads of one page of seals.
public struct Verifier: Sendable {
  private let store: any BookStore

  public init(store: any BookStore) { self.store = store }

  /// Looks over all batches that exist when it begins.
  public func verify() async throws(StoreError) -> VerifyReport {
    var report = VerifyReport()
    try await verifyInstallation(&report)
    try await verifySeals(&report)
    try await verifyUsage(&report)
    let newest = try await store.batches(BatchQuery(order: .newestFirst, limit: 1)).first
    var last: Batch?
    while let newest, last.map({ $0.key < newest.key }) ?? true {
      let page = try await store.batches(
        BatchQuery(
          order: .oldestFirst, after: last.map { BatchCursor(of: $0, in: .oldestFirst) },
          limit: IntakeBounds.pageBatches))
      guard !page.isEmpty else { break }
      for listed in page {
        guard let batch = try await store.batch(listed.id) else {
          report.find("Batch \(listed.id) is listed, and cannot be read.")
          continue
        }
        report.batches += 1
        try await verify(batch, &report)
      }
      last = page.last
    }
    report.close()
    return report
  }

  // MARK: Chains and seals

  private func verifyInstallation(_ report: inout VerifyReport) async throws(StoreError) {
    guard let head = try await store.chainHead(of: Journal.installation) else {
      return report.find("The installation has no chain of events.")
    }
    var replay = Replay(of: Journal.installation, name: "The installation")
    try await read(&replay, upTo: head.length, &report)
    replay.check(head, &report)
  }

  /// The seals' own chain, and that the log still has every event that was sealed. That the events
  /// between are what they were follows from the chains, which are read with their batches.
  private func verifySeals(_ report: inout VerifyReport) async throws(StoreError) {
    var previous = ChainHead.start.digest
    var number: Int64 = 0
    while true {
      let page = try await store.seals(after: number, limit: IntakeBounds.pageSeals)
      guard !page.isEmpty else { return }
      for seal in page {
        if seal.number != number + 1 { report.find("Seal \(number + 1) is missing.") }
        number = seal.number
        let digest = Journal.seal(seal.heads.map { ($0.batch, $0.head) }, after: previous)
        if digest != seal.digest { report.find("Seal \(number) breaks the chain of seals.") }
        previous = seal.digest
        try await verify(seal, &report)
      }
    }
  }

  private func verify(_ seal: Seal, _ report: inout VerifyReport) async throws(StoreError) {
    // Read after the seal: what was sealed lies on the chain as it is now.
    let digests = try await store.digests(at: seal.heads)
    for (sealed, digest) in zip(seal.heads, digests) where digest != sealed.head.digest {
      let length = sealed.head.length
      if digest != nil {
        report.find(
          "Batch key \(sealed.batch) was sealed with another event \(length), by seal "
            + "\(seal.number).")
      } else if try await store.chainHead(of: sealed.batch) != nil {
        report.find(
          "Batch key \(sealed.batch) was sealed, by seal \(seal.number), with an event \(length) "
            + "that it no longer has.")
      } else {
        report.find("Seal \(seal.number) names batch key \(sealed.batch), which is gone.")
      }
    }
  }

  private func read(
    _ replay: inout Replay, upTo length: Int64, _ report: inout VerifyReport
  ) async throws(StoreError) {
    while replay.head.length < length {
      let page = try await store.events(
        of: replay.batch, after: replay.lastSequence,
        limit: Int(min(length - replay.head.length, Int64(IntakeBounds.pageEvents))))
      guard !page.isEmpty else {
        report.find(
          "\(replay.name) has \(replay.head.length) events where its head counts \(length).")
        return
      }
      for event in page { replay.add(event, &report) }
    }
  }

  // MARK: One batch

  private func verify(
    _ batch: Batch, _ report: inout VerifyReport
  ) async throws(StoreError) {
    var replay = Replay(of: batch.key, name: "Batch \(batch.id)")
    try await read(&replay, upTo: batch.chain.length, &report)
    replay.check(batch.chain, &report)
    replay.check(batch, &report)
    try await verifySummary(of: batch, &report)

    // Trades that another writer moved since the batch's row was read.
    var moved: [TradeKey: (id: Identifier, status: TradeStatus)] = [:]
    var last: TradeKey?
    var count = 0
    while true {
      let page = try await store.trades(
        TradeQuery(batch: batch.key, after: last, limit: IntakeBounds.pageTrades))
      guard !page.isEmpty else { break }
      for trade in page {
        if replay.status(of: trade.key) != trade.status {
          moved[trade.key] = (trade.id, trade.status)
        }
        try await verify(trade, &report)
      }
      count += page.count
      last = page.last?.key
    }
    report.trades += count
    if count != batch.counts.total {
      report.find("Batch \(batch.id) counts \(batch.counts.total) trades and has \(count).")
    }
    guard !moved.isEmpty, let now = try await store.batch(batch.id) else { return }
    replay.watch(moved.mapValues(\.status))
    try await read(&replay, upTo: now.chain.length, &report)
    for key in replay.unreached.keys.sorted() {
      guard let trade = moved[key] else { continue }
      report.find(
        "Trade \(trade.id) is \(trade.status.rawValue), and its log ends at "
          + "\(replay.status(of: key).rawValue).")
    }
  }

  /// Both sides are read at one moment, so that a batch that moves agrees with itself.
  private func verifySummary(
    of batch: Batch, _ report: inout VerifyReport
  ) async throws(StoreError) {
    let recount = try await store.recount(batch.key)
    if recount.kept.sums != recount.counted.sums {
      report.find("Batch \(batch.id) keeps sums that its trades do not make.")
    }
    if recount.kept.failures != recount.counted.failures {
      report.find("Batch \(batch.id) keeps other counts of failures than its trades make.")
    }
    if recount.keptUsage != recount.countedUsage {
      report.find("Batch \(batch.id) counts otherwise against limits than its trades do.")
    }
  }

  /// What counts against limits and allowances. Each page is read at one moment.
  private func verifyUsage(_ report: inout VerifyReport) async throws(StoreError) {
    var last: String?
    while true {
      let page = try await store.clients(after: last, limit: IntakeBounds.pageClients)
      guard !page.isEmpty else { break }
      let recount = try await store.recountUsage(of: page.map(\.key))
      for client in page
      where recount.kept.clients[client.key] != recount.counted.clients[client.key] {
        report.find("Client \(client.cifNumber) has used other amounts than the trades make.")
      }
      last = page.last?.cifNumber
    }
    let recount = try await store.recountDealerUsage()
    for dealer in Set(recount.kept.dealers.keys).union(recount.counted.dealers.keys).sorted()
    where recount.kept.dealers[dealer] != recount.counted.dealers[dealer] {
      report.find("\(dealer) has dealt other amounts than the trades make.")
    }
  }

  private func verify(_ trade: Trade, _ report: inout VerifyReport) async throws(StoreError) {
    if trade.attempt > 0 {
      let attempts = try await store.attempts(of: trade.key)
      if attempts.count(where: { $0.outcome == .booked }) > 1 {
        report.find("Trade \(trade.id) has more than one attempt that is booked.")
      }
      if let id = trade.dealTransactionID,
        !attempts.contains(where: { $0.dealTransactionID == id })
      {
        report.find("Trade \(trade.id) names deal \(id), which none of its attempts has.")
      }
    }
    // Without an attempt, a booking is known from evidence alone, which has no figures.
    guard trade.status == .booked || trade.status == .completed, trade.attempt > 0 else { return }
    guard let priced = trade.figures?.priced, trade.dealTransactionID != nil else {
      return report.find(
        "Trade \(trade.id) is \(trade.status.rawValue) without the figures and id of its deal.")
    }
    if trade.deal.repriced(as: priced) != priced {
      report.find(
        "Trade \(trade.id) has figures that its rates \(priced.quoteRate) and "
          + "\(priced.clientRate) do not make.")
    }
  }
}

extension Deal {
  /// The figures that these rates make, or nil where they make none.
  fileprivate func repriced(as priced: Priced) -> Priced? {
    let unbounded = RateRules(
      minimumMargin: Pips(rateUnits: .min), collarBasisPoints: nil)
    do throws(RateRefusal) {
      return try self.priced(
        .fixed(rate: priced.clientRate), quoteRate: priced.quoteRate, otcRate: nil,
        rules: unbounded)
    } catch {
      return nil
    }
  }
}
