import FXDomain
import FXPorts

extension SQLiteStore {
  public func batch(_ id: Identifier) async throws(StoreError) -> Batch? {
    try await read { transaction in
      try transaction.first(
        "SELECT * FROM batch_rows WHERE id = ?", id, read: { try $0.batch() })
    }
  }

  public func trade(_ id: Identifier) async throws(StoreError) -> Trade? {
    try await read { transaction in
      try transaction.first(
        "SELECT * FROM trade_rows WHERE id = ?", id, read: { try $0.trade() })
    }
  }
}
