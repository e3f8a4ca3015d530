import FXDomain

/// Bounds of the lists, so that no page grows slower with what is stored.
public enum ListBounds {
  /// A longer text finds nothing.
  public static let textCharacters = 200
  /// Clients whose trades a text finds: the first so many, by CIF number, that fit it.
  public static let clientsPerText = 50
  /// Trades that a text finds by the beginning of their external reference, and not by all of it:
  /// those with the last so many of the references that fit.
  public static let referencesPerText = 1_000
  /// With a text, only the newest so many batches are sorted by another order than that of their
  /// coming or their status.
  public static let sortedPerText = 1_000
}

public struct BatchQuery: Hashable, Sendable {
  public enum Order: Hashable, Sendable, CaseIterable {
    /// By their coming.
    case newestFirst
    case oldestFirst
    /// The order of the queue; only batches that have not ended.
    case queue
    /// In the order of `BatchStatus.allCases`, then newest first.
    case status
    /// Those with most trades first, then newest first.
    case total
    /// Only batches that have ended, the last to end first.
    case lastEnded
  }

  /// Empty for all.
  public var statuses: Set<BatchStatus>
  /// Whether a person's decision is awaited.
  public var needsDecision: Bool?
  /// Only batches that wait for one of these decisions; empty for any.
  public var decisions: Set<DecisionReason>
  /// Whether a node holds it, under a lease that has not ended by the store's clock.
  public var isLeased: Bool?
  /// Came in at this moment or later.
  public var createdFrom: Timestamp?
  /// Came in before this moment.
  public var createdTo: Timestamp?
  /// Part of the name in either case; the whole id; a client's CIF number, or part of a client's
  /// name; the beginning of a trade's external reference, or a whole deal reference. See `ListBounds`.
  public var text: String?
  public var order: Order
  /// Leaves out everything up to and including this place of the order.
  public var after: BatchCursor?
  public var limit: Int

  public init(
    statuses: Set<BatchStatus> = [], needsDecision: Bool? = nil,
    decisions: Set<DecisionReason> = [], isLeased: Bool? = nil, createdFrom: Timestamp? = nil,
    createdTo: Timestamp? = nil, text: String? = nil, order: Order = .newestFirst,
    after: BatchCursor? = nil, limit: Int = 50
  ) {
    self.statuses = statuses
    self.needsDecision = needsDecision
    self.decisions = decisions
    self.isLeased = isLeased
    self.createdFrom = createdFrom
    self.createdTo = createdTo
    self.text = text
    self.order = order
    self.after = after
    self.limit = limit
  }
}

extension BatchQuery {
  /// Whether all but the text lets the batch through.
  public func admits(_ batch: Batch, at now: Timestamp) -> Bool {
    switch order {
    case .queue: if batch.status.isFinal { return false }
    case .lastEnded: if batch.completedAt == nil { return false }
    case .newestFirst, .oldestFirst, .status, .total: break
    }
    return (statuses.isEmpty || statuses.contains(batch.status))
      && needsDecision.map { $0 == !batch.needsDecision.isEmpty } ?? true
      && (decisions.isEmpty || !decisions.isDisjoint(with: batch.needsDecision))
      && isLeased.map { $0 == batch.isLeased(at: now) } ?? true
      && createdFrom.map { batch.createdAt >= $0 } ?? true
      && createdTo.map { batch.createdAt < $0 } ?? true
  }
}

extension BatchQuery {
  /// The same query, that reads no batch which cannot wait for the decisions asked for; nil where no
  /// batch can.
  public var narrowedByDecisions: BatchQuery? {
    guard !decisions.isEmpty else { return self }
    guard needsDecision != false else { return nil }
    let possible = decisions.reduce(into: Set<BatchStatus>()) { $0.formUnion($1.statuses) }
    var query = self
    query.needsDecision = true
    query.statuses = statuses.isEmpty ? possible : statuses.intersection(possible)
    return query.statuses.isEmpty ? nil : query
  }
}

/// Where a page of batches ended: what its last batch was sorted by at that moment. What has become
/// of that batch since makes no difference to the next page.
public struct BatchCursor: Hashable, Sendable, Comparable {
  /// Ascending along the list; the last of them tells batches apart.
  public let values: [Int64]

  public init(of batch: Batch, in order: BatchQuery.Order) {
    switch order {
    case .newestFirst: values = [-batch.key.value]
    case .oldestFirst: values = [batch.key.value]
    case .queue:
      values = [
        -Int64(batch.priority), batch.queuePosition, batch.createdAt.milliseconds, batch.key.value,
      ]
    case .status: values = [batch.status.place, -batch.key.value]
    case .total: values = [-Int64(batch.counts.total), -batch.key.value]
    case .lastEnded: values = [-(batch.completedAt?.milliseconds ?? 0), -batch.key.value]
    }
  }

  /// Reads what `values` told; nil for what no cursor of this order holds.
  public init?(values: [Int64], in order: BatchQuery.Order) {
    let count =
      switch order {
      case .newestFirst, .oldestFirst: 1
      case .status, .total, .lastEnded: 2
      case .queue: 4
      }
    guard values.count == count, values.allSatisfy({ $0 != .min }) else { return nil }
    self.values = values
  }

  public static func < (left: BatchCursor, right: BatchCursor) -> Bool {
    left.values.lexicographicallyPrecedes(right.values)
  }
}

extension BatchStatus {
  /// Its place among all, from 0.
  fileprivate var place: Int64 { Int64(Self.allCases.firstIndex(of: self) ?? 0) }
}

public struct TradeQuery: Hashable, Sendable {
  public enum Order: Hashable, Sendable, CaseIterable {
    /// By the coming of their batches, and within a batch in the order of its rows.
    case oldestFirst
    case newestFirst
  }

  public var batch: BatchKey?
  /// Empty for all.
  public var statuses: Set<TradeStatus>
  public var cifNumber: String?
  public var code: FailureCode?
  /// The batch came in at this moment or later.
  public var createdFrom: Timestamp?
  /// The batch came in before this moment.
  public var createdTo: Timestamp?
  /// The trade's id, or a deal transaction id of any attempt; a whole deal reference; the beginning
  /// of an external reference; a client's CIF number, or part of a client's name. See `ListBounds`.
  public var text: String?
  public var order: Order
  /// Leaves out everything up to and including this trade.
  public var after: TradeKey?
  public var limit: Int

  public init(
    batch: BatchKey? = nil, statuses: Set<TradeStatus> = [], cifNumber: String? = nil,
    code: FailureCode? = nil, createdFrom: Timestamp? = nil, createdTo: Timestamp? = nil,
    text: String? = nil, order: Order = .oldestFirst, after: TradeKey? = nil, limit: Int = 50
  ) {
    self.batch = batch
    self.statuses = statuses
    self.cifNumber = cifNumber
    self.code = code
    self.createdFrom = createdFrom
    self.createdTo = createdTo
    self.text = text
    self.order = order
    self.after = after
    self.limit = limit
  }
}

/// A text that somebody looks for.
public struct SoughtText: Hashable, Sendable {
  /// As it was given.
  public let text: String
  /// As it is compared with names.
  public let folded: String

  /// Nil where nothing is sought.
  public init?(_ text: String?) {
    guard let text, !text.isEmpty else { return nil }
    self.text = text
    self.folded = Self.fold(text)
  }

  /// A text without the difference between capital and small letters.
  public static func fold(_ text: String) -> String { text.lowercased() }

  public var isTooLong: Bool { text.unicodeScalars.count > ListBounds.textCharacters }

  public func isPart(of name: String) -> Bool { Self.fold(name).contains(folded) }

  public func finds(_ client: Client) -> Bool {
    client.cifNumber == text || isPart(of: client.name)
  }

  public func isWholly(_ reference: String?) -> Bool {
    reference.map { $0.utf8.elementsEqual(text.utf8) } ?? false
  }

  public func begins(_ reference: String?) -> Bool {
    reference?.utf8.starts(with: text.utf8) ?? false
  }
}
