import FXDomain
import FXPorts

/// From what on the desk's configuration asks for another person's approval. A batch's own policy may
/// ask for more.
public enum ApprovalRule: Hashable, Sendable {
  /// Nothing beyond the batch's policy.
  case byPolicy
  case always
  /// Where the deal amounts of a batch come to more, in rands.
  case above(Money)
}

/// What the deal amounts of a batch come to, in rands, as far as that is known before any quote.
struct ApprovalSum {
  private let otcRates: [CurrencyPair: Rate]
  private var cents: Int128 = 0
  /// An amount has no rate by which it could be valued.
  private var isUnknown = false

  init(otcRates: [OTCRate]) {
    self.otcRates = Dictionary(uniqueKeysWithValues: otcRates.map { ($0.pair, $0.rate) })
  }

  /// What has no rate counts as more than any amount.
  func isAbove(_ limit: Money) -> Bool { isUnknown || cents > Int128(limit.minorUnits) }

  mutating func add(_ sum: MoneySum) {
    precondition(sum.currency == .zar, "only rands are added without a rate")
    cents += sum.minorUnits
  }

  mutating func add(_ deal: Deal, fixedRate: Rate?) {
    if let rands = deal.value(fixedRate: fixedRate, otcRate: { otcRates[$0] }) {
      cents += Int128(rands.minorUnits)
    } else {
      isUnknown = true
    }
  }
}

extension Intake {
  /// Whether the configuration asks for an approval of trades that are not stored yet.
  func demandsApproval(of trades: [TradeDraft]) async throws(StoreError) -> Bool {
    switch settings.approval {
    case .byPolicy: return false
    case .always: return true
    case .above(let limit):
      var sum = ApprovalSum(otcRates: try await store.otcRates())
      for trade in trades { sum.add(trade.deal, fixedRate: trade.fixedRate) }
      return sum.isAbove(limit)
    }
  }

  /// The same of a batch as it is stored. Only amounts in other currencies are looked at singly.
  func demandsApproval(of batch: Batch) async throws(StoreError) -> Bool {
    switch settings.approval {
    case .byPolicy: return false
    case .always: return true
    case .above(let limit):
      var sum = ApprovalSum(otcRates: try await store.otcRates())
      let requested = try await store.summary(of: batch.key).totals.requested
      for rands in requested where rands.currency == .zar { sum.add(rands) }
      guard !sum.isAbove(limit), requested.contains(where: { $0.currency != .zar }) else {
        return sum.isAbove(limit)
      }
      var query = TradeQuery(batch: batch.key, limit: IntakeBounds.pageTrades)
      while !sum.isAbove(limit) {
        let page = try await store.trades(query)
        for trade in page where trade.deal.amount.currency != .zar {
          sum.add(trade.deal, fixedRate: trade.fixedRate)
        }
        guard page.count == query.limit, let last = page.last else { break }
        query.after = last.key
      }
      return sum.isAbove(limit)
    }
  }

  /// Puts a staged batch into the queue, unless a rule weighs against it as an error, or somebody's
  /// approval is missing or too old: it then waits for one. What the configuration asks for is judged
  /// anew, on the very content that is started.
  public func start(
    _ batch: Batch, by actor: Actor, expectedVersion: Int64? = nil, receipt: Receipt? = nil
  ) async throws(StoreError) -> Result<StartedBatch, StartRefusal> {
    var batch = batch
    for _ in 0..<IntakeBounds.startTries {
      let demand = ApprovalDemand(
        isRequired: try await demandsApproval(of: batch),
        validMilliseconds: settings.approvalMilliseconds)
      var examination = Examination()
      if batch.isReleased(demand, at: now()), expectedVersion ?? batch.version == batch.version {
        examination = try await examine(batch)
        guard examination.errors == 0 else { return .failure(.examined(examination)) }
      }
      let step = BatchStep(
        batch: batch.key, actor: actor, command: .start(demand, rules: settings.rules),
        expectedVersion: expectedVersion ?? batch.version)
      switch try await store.perform(step, receipt: receipt) {
      case .failure(.staleVersion) where expectedVersion == nil:
        guard let present = try await store.batch(batch.id) else {
          return .failure(.batch(.unknownBatch))
        }
        batch = present
      case .failure(.approvalRequired) where batch.policy.approval == .none:
        try await demandApproval(of: batch, by: actor)
        return .failure(.batch(.approvalRequired))
      case .failure(.approvalExpired(let since)):
        try await demandApproval(of: batch, by: actor)
        return .failure(.batch(.approvalExpired(since: since)))
      case .failure(let refusal): return .failure(.batch(refusal))
      case .success(let started):
        return .success(StartedBatch(batch: started, warnings: examination[.warning]))
      }
    }
    return .failure(.batch(.staleVersion(present: batch.version)))
  }

  /// Whether the batch ended before it was started, without the approval that a start would need: no
  /// retry may take it into the queue then.
  public func isUnreleased(_ batch: Batch) async throws(StoreError) -> Bool {
    guard batch.queuedAt == nil, batch.status.isFinal else { return false }
    guard try await demandsApproval(of: batch) || batch.policy.approval == .required else {
      return false
    }
    guard let since = batch.approvedAt else { return true }
    return now().milliseconds(since: since) > settings.approvalMilliseconds
  }

  /// Whether a batch waits for its start and for nobody's approval.
  public func needsNobody(toStart batch: Batch) async throws(StoreError) -> Bool {
    batch.isReleased(
      ApprovalDemand(
        isRequired: try await demandsApproval(of: batch),
        validMilliseconds: settings.approvalMilliseconds), at: now())
  }

  /// Lets a batch that must not start as it is wait for an approval. Whoever has changed it meanwhile
  /// is not disturbed.
  private func demandApproval(of batch: Batch, by actor: Actor) async throws(StoreError) {
    _ = try await store.perform(
      BatchStep(
        batch: batch.key, actor: actor, command: .demandApproval, expectedVersion: batch.version),
      receipt: nil)
  }

  /// After a change: what comes to more than goes without an approval waits for one. A start judges it
  /// anew in any case.
  public func judged(_ batch: Batch, by actor: Actor) async throws(StoreError) -> Batch {
    guard batch.status == .staged, batch.policy.approval == .none,
      try await demandsApproval(of: batch)
    else { return batch }
    try await demandApproval(of: batch, by: actor)
    return try await store.batch(batch.id) ?? batch
  }
}

extension Batch {
  /// Whether nothing but the desk's rules stands between it and the queue.
  fileprivate func isReleased(_ demand: ApprovalDemand, at now: Timestamp) -> Bool {
    guard status == .staged, !isCancelRequested else { return false }
    guard demand.isRequired || policy.approval == .required else { return true }
    guard let since = approvedAt else { return false }
    return demand.validMilliseconds.map { now.milliseconds(since: since) <= $0 } ?? true
  }
}
