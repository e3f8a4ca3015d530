import FXDomain
import FXPorts

/// Everything about batches and trades that is only read.
extension MemoryBooks {
  /// See `BookStore.batch`.
  public func batch(_ id: Identifier) throws(StoreError) -> Batch? {
    batchesByID[id].map { batches[$0.index] }
  }

  /// See `BookStore.trade`.
  public func trade(_ id: Identifier) throws(StoreError) -> Trade? {
    tradesByID[id].map { trades[$0.index] }
  }

  /// See `BookStore.attempts`.
  public func attempts(of trade: TradeKey) throws(StoreError) -> [Attempt] {
    index(of: trade).map { attempts[$0] } ?? []
  }

  /// See `BookStore.evidence`.
  public func evidence(of trade: TradeKey) throws(StoreError) -> [Evidence] {
    index(of: trade).map { evidence[$0] } ?? []
  }
}
