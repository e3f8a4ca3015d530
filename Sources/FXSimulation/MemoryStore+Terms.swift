import FXDomain
import FXPorts

/// What is agreed with clients, and what they declare.
extension MemoryStore {
  public func declare(
    _ use: DeclaredUse, byCIF cifNumber: String
  ) async throws(StoreError) -> Bool {
    try transact { (books) throws(StoreError) in books.declare(use, byCIF: cifNumber) }
  }

  public func declaredUses(
    ofCIF numbers: Set<String>
  ) async throws(StoreError) -> [String: [DeclaredUse]] {
    try transact { (books) throws(StoreError) in
      var uses: [String: [DeclaredUse]] = [:]
      for number in numbers {
        guard let client = books.client(withCIF: number) else { continue }
        let found = books.declaredUses[client, default: []]
        if !found.isEmpty { uses[number] = found }
      }
      return uses
    }
  }
}

extension MemoryBooks {
  /// See `BookStore.declare`.
  public mutating func declare(_ use: DeclaredUse, byCIF cifNumber: String) -> Bool {
    guard let client = client(withCIF: cifNumber) else { return false }
    var uses = declaredUses[client, default: []]
    uses.removeAll { $0.allowance == use.allowance && $0.year == use.year }
    if use.amount.isPositive { uses.append(use) }
    declaredUses[client] = uses.sorted {
      ($0.year, $0.allowance.rawValue) < ($1.year, $1.allowance.rawValue)
    }
    return true
  }
}

extension MemoryStore {
  public func duplicates(
    of batch: BatchKey, withinMilliseconds window: Int64
  ) async throws(StoreError) -> [CreateRefusal.Duplicate] {
    try transact { (books) throws(StoreError) in
      guard let index = books.index(of: batch) else { return [] }
      let own = books.trades(at: index).filter { $0.status == .pending }
      return books.duplicates(
        of: own.map(\.draft), within: window, besides: Set(books.trades(at: index).map(\.key)))
    }
  }
}
