import FXDomain

/// New trades, other terms and removals for a staged batch. What stays keeps its identifier and its
/// place; new trades come last; rows are then numbered anew from 1.
public struct RestageRequest: Hashable, Sendable {
  /// A trade's identifier, and what it is to do. The draft's row is by which a refusal names it.
  public struct Entry: Hashable, Sendable {
    public var id: Identifier
    public var draft: TradeDraft

    public init(id: Identifier, draft: TradeDraft) {
      self.id = id
      self.draft = draft
    }
  }

  public var batch: BatchKey
  public var add: [Entry]
  public var change: [Entry]
  public var remove: Set<Identifier>
  public var actor: Actor
  public var expectedVersion: Int64?
  /// As in `CreateRequest`.
  public var duplicateWindowMilliseconds: Int64?

  public init(
    batch: BatchKey, add: [Entry] = [], change: [Entry] = [], remove: Set<Identifier> = [],
    actor: Actor, expectedVersion: Int64? = nil, duplicateWindowMilliseconds: Int64?
  ) {
    self.batch = batch
    self.add = add
    self.change = change
    self.remove = remove
    self.actor = actor
    self.expectedVersion = expectedVersion
    self.duplicateWindowMilliseconds = duplicateWindowMilliseconds
  }

  /// What is new in it, in the order in which it is looked at.
  public var drafts: [TradeDraft] { (change + add).map(\.draft) }

  /// Trades whose present terms go.
  public var outdated: Set<Identifier> { remove.union(change.map(\.id)) }

  /// Entries that repeat one before them in the request.
  public var repetitions: [TradeDraft] {
    var seen: [Int64: [TradeDraft]] = [:]
    return drafts.filter { draft in
      let isRepeated = seen[draft.fingerprint, default: []].contains { draft.isDuplicate(of: $0) }
      seen[draft.fingerprint, default: []].append(draft)
      return isRepeated
    }
  }
}

/// Why a batch's trades were left as they were.
public enum RestageRefusal: Error, Hashable, Sendable {
  case batch(BatchRefusal)
  /// No trades of this batch, or named more than once.
  case unknownTrades([Identifier])
  /// Rows that stand in a batch of the window, or in this one.
  case duplicates([CreateRefusal.Duplicate])
  /// Rows whose client is gone or no longer active.
  case clients(rows: [Int])
}
