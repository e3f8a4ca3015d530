/// Which trades an operator's retry takes up. Never empty by accident: there is no "none given".
public enum RetrySelection: Hashable, Sendable {
  /// Every failed and cancelled trade that may be retried in bulk.
  case all
  case codes(Set<FailureCode>)
  case trades(Set<TradeKey>)
  /// A single one, in the version that the person saw; nil when they do not say.
  case trade(TradeKey, expectedVersion: Int64?)
}

/// What a retry reads of a trade that has failed or was cancelled.
public struct EndedTrade: Hashable, Sendable {
  public var key: TradeKey
  public var code: FailureCode?
  public var isResolvedByPerson: Bool
  public var version: Int64

  public init(key: TradeKey, code: FailureCode?, isResolvedByPerson: Bool, version: Int64) {
    self.key = key
    self.code = code
    self.isResolvedByPerson = isResolvedByPerson
    self.version = version
  }

  /// Never retried in bulk: a settlement that failed, and what a person resolved as not booked.
  public var isRetriedSinglyOnly: Bool { isResolvedByPerson || code == .settlementFailed }
}

extension Trade {
  public var isRetriedSinglyOnly: Bool {
    EndedTrade(
      key: key, code: failure?.code, isResolvedByPerson: isResolvedByPerson, version: version
    ).isRetriedSinglyOnly
  }
}

extension Ledger {
  /// What a retry takes up of the ended trades of its batch.
  ///
  /// - Parameter byApprover: whether who asks may take up what is retried singly only.
  public static func retriable(
    _ selection: RetrySelection, of ended: [EndedTrade], note: String?, byApprover: Bool
  ) throws(BatchRefusal) -> [TradeKey] {
    let chosen: [EndedTrade]
    switch selection {
    case .all:
      chosen = ended.filter { !$0.isRetriedSinglyOnly }
    case .codes(let codes):
      chosen = ended.filter { trade in
        !trade.isRetriedSinglyOnly && trade.code.map { codes.contains($0) } ?? false
      }
    case .trades(let keys):
      chosen = ended.filter { keys.contains($0.key) }
      guard chosen.isEmpty || chosen.count == keys.count else {
        throw .notToRetry(count: keys.count - chosen.count)
      }
      try checkSingly(chosen, note: note, byApprover: byApprover)
    case .trade(let key, let expectedVersion):
      chosen = ended.filter { $0.key == key }
      if let expectedVersion, let present = chosen.first?.version, present != expectedVersion {
        throw .staleVersion(present: present)
      }
      try checkSingly(chosen, note: note, byApprover: byApprover)
    }
    guard !chosen.isEmpty else { throw .nothingToRetry }
    return chosen.map(\.key)
  }

  private static func checkSingly(
    _ chosen: [EndedTrade], note: String?, byApprover: Bool
  ) throws(BatchRefusal) {
    let singly = chosen.count { $0.isRetriedSinglyOnly }
    guard singly > 0 else { return }
    if !byApprover { throw .approverRetries(count: singly) }
    if chosen.count > 1 || note?.isEmpty ?? true { throw .singlyOnly(count: singly) }
  }
}
