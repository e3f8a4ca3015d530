import FXDomain

/// What the desk's day asks for: reconciliations that are kept, and warnings before settlement.
public protocol DayStore: Sendable {
  // MARK: Reconciliations

  /// Has a reconciliation made by a process that has a bank. Of a scheduled one, a day has one only,
  /// which is answered where it is there.
  func request(
    _ reconciliation: Reconciliation, receipt: Receipt?
  ) async throws(StoreError) -> Result<Reconciliation, ReconciliationRefusal>
  /// Whether there is one to be made: nobody has begun it, or who has went silent.
  func hasWaitingReconciliation() async throws(StoreError) -> Bool
  /// Puts the oldest one to be made into a node's hands for the lease, which `renew` prolongs. One that
  /// was begun too often ends as incomplete.
  func takeReconciliation(
    by node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> Reconciliation?
  /// False where it is in nobody's or in another node's hands.
  func renewReconciliation(
    _ id: Identifier, by node: NodeID, leaseMilliseconds: Int64
  ) async throws(StoreError) -> Bool
  /// Ends it with what was found, together with the log's entry of it; nil where it is in another
  /// node's hands.
  func finish(
    _ id: Identifier, by node: NodeID, _ result: ReconciliationResult
  ) async throws(StoreError) -> Reconciliation?
  /// Newest first, with lower numbers than one.
  func reconciliations(
    before number: Int64?, limit: Int
  ) async throws(StoreError) -> [Reconciliation]
  func reconciliation(_ id: Identifier) async throws(StoreError) -> Reconciliation?
  /// The newest of a day.
  func reconciliation(of day: CivilDate) async throws(StoreError) -> Reconciliation?
  /// In the order in which they were found.
  func differences(
    of reconciliation: Identifier
  ) async throws(StoreError) -> [ReconciliationDifference]

  // MARK: Settlement

  /// Writes into the logs of so many batches which of their deals are due on a day and not completed,
  /// once for each batch and day.
  ///
  /// - Returns: whether all of the day's batches were warned of. From then on, nothing is.
  func warnOfSettlement(
    on day: CivilDate, actor: Actor, limit: Int
  ) async throws(StoreError) -> Bool

  // MARK: Doubts

  /// Keeps a question about a trade in doubt. The same answer to the same question is counted.
  func note(_ inquiry: Inquiry) async throws(StoreError)
  /// In the order in which they were first asked.
  func inquiries(about trade: TradeKey) async throws(StoreError) -> [Inquiry]
}

public struct ReconciliationResult: Hashable, Sendable {
  public var status: ReconciliationStatus
  public var figures: ReconciliationFigures
  public var reason: String?
  /// The first of them; see `ReconciliationFigures.differences`.
  public var differences: [ReconciliationDifference]

  public init(
    _ status: ReconciliationStatus, _ figures: ReconciliationFigures, reason: String? = nil,
    differences: [ReconciliationDifference] = []
  ) {
    self.status = status
    self.figures = figures
    self.reason = reason
    self.differences = differences
  }
}

public enum ReconciliationRefusal: Error, Hashable, Sendable {
  /// Another one has not ended yet.
  case underWay(Identifier)
  /// The same request has been made before.
  case repeated
}

/// What the bank was asked about a trade in doubt, and what it answered.
public struct Inquiry: Hashable, Sendable {
  public var trade: TradeKey
  /// A deal transaction id of ours, or the bank's own id.
  public var asked: String
  public var isByOurID: Bool
  public var answer: String
  /// When it was first and last asked with this answer, without another one between.
  public var firstAskedAt: Timestamp
  public var lastAskedAt: Timestamp
  public var lastAnsweredAt: Timestamp
  /// The Date header of the last answer.
  public var bankDate: Timestamp?
  public var times: Int

  public init(
    trade: TradeKey, asked: String, isByOurID: Bool, answer: String, firstAskedAt: Timestamp,
    lastAskedAt: Timestamp, lastAnsweredAt: Timestamp, bankDate: Timestamp?, times: Int = 1
  ) {
    self.trade = trade
    self.asked = asked
    self.isByOurID = isByOurID
    self.answer = answer
    self.firstAskedAt = firstAskedAt
    self.lastAskedAt = lastAskedAt
    self.lastAnsweredAt = lastAnsweredAt
    self.bankDate = bankDate
    self.times = times
  }

  /// Of one trade; the oldest go.
  public static let keptPerTrade = 500

  /// Counts a later question with this one where it was the same, with the same answer.
  public mutating func absorb(_ later: Inquiry) -> Bool {
    guard later.asked == asked, later.isByOurID == isByOurID, later.answer == answer else {
      return false
    }
    lastAskedAt = later.lastAskedAt
    lastAnsweredAt = later.lastAnsweredAt
    bankDate = later.bankDate
    times += later.times
    return true
  }
}
