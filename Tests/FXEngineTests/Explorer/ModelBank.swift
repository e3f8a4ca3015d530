import FXDomain
import FXPorts

/// The bank: it books whatever comes in time, also the same thing twice, and nothing under an expired
/// quote.
struct ModelBank: Hashable, Sendable {
  struct Request: Hashable, Sendable {
    var id: Identifier
    /// Number of the attempt, for the traces.
    var number: Int
    var expiresAt: Timestamp
    /// The node that waits for the answer; nil once it has gone or given up.
    var asker: Int?
    /// When it passed the bank's check of the quote.
    var acceptedAt: Timestamp?
  }

  struct Deal: Hashable, Sendable {
    var id: Identifier
    var number: Int
    var bookedAt: Timestamp
    var status = DealStatus.pending
    var isKnown = true
  }

  /// On their way, or being worked on.
  var requests: [Request] = []
  var deals: [Deal] = []
  /// Whether a status query still finds the control deal.
  var knowsControl = true

  static let controlID = Identifier(high: 0x5000, low: 1 << 63)
  static let controlBookedAt = Scale.start.advanced(byMilliseconds: -Scale.tick)

  /// Deals that stand: a failed one has moved no money.
  var standing: Int { deals.count { $0.status != .failed } }

  /// Whether the bank's own promise forbids that more time passes.
  func mustWork(at now: Timestamp, _ habits: BankHabits) -> Bool {
    requests.contains { request in
      request.acceptedAt.map {
        now.milliseconds(since: $0) >= Int64(habits.work) * Scale.tick
      } ?? false
    }
  }

  func status(_ id: Identifier, at now: Timestamp, _ habits: BankHabits) -> StatusAnswer {
    let receipt = BankReceipt(bankDate: habits.sendsDate ? now : nil)
    guard habits.looksUp else { return .notFound(receipt) }
    if id == Self.controlID, knowsControl {
      return .found(FoundDeal(status: .completed), receipt)
    }
    let deal = deals.first {
      $0.id == id && $0.isKnown
        && now.milliseconds(since: $0.bookedAt) >= Int64(habits.lag) * Scale.tick
    }
    guard let deal else { return .notFound(receipt) }
    return .found(FoundDeal(status: deal.status, dealReference: "D\(deal.number)"), receipt)
  }

  /// Loses the id that its way of forgetting gives; false when none is left.
  mutating func forget(_ way: BankHabits.Forgetting) -> Bool {
    switch way {
    case .never: return false
    case .oldestFirst:
      if knowsControl {
        knowsControl = false
        return true
      }
      guard let oldest = deals.firstIndex(where: \.isKnown) else { return false }
      deals[oldest].isKnown = false
      return true
    case .newestFirst:
      if let newest = deals.lastIndex(where: \.isKnown) {
        deals[newest].isKnown = false
        return true
      }
      defer { knowsControl = false }
      return knowsControl
    }
  }
}
