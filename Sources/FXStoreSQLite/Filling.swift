import FXDomain
import FXPorts

/// What a migration fills in that SQL cannot compute.
extension Transaction {
  /// The names by which things are found, and what approvers are asked to release.
  func fillLists() throws {
    let batches = try all(
      "SELECT key, name, status FROM batches ORDER BY key",
      read: { (try $0.next() as BatchKey, try $0.next() as String, try $0.next() as BatchStatus) })
    for (key, name, status) in batches {
      try insertGrams(of: key, name)
      guard status == .staged else { continue }
      try run("UPDATE batches SET terms_hash = ? WHERE key = ?", try termsHash(of: key), key)
    }
    let clients = try all(
      "SELECT key, name FROM clients ORDER BY key",
      read: { (try $0.next() as ClientKey, try $0.next() as String) })
    for (key, name) in clients {
      try run("UPDATE clients SET folded_name = ? WHERE key = ?", SoughtText.fold(name), key)
    }
  }

  /// What is kept of the batches' trades from now on.
  func fillSummaries() throws {
    let batches = try all(
      "SELECT key FROM batches WHERE deleted_at IS NULL ORDER BY key",
      read: { row -> BatchKey in try row.next() })
    for batch in batches { try write(counted(batch), of: batch) }
  }

  /// The hash over a batch's trades as they stand; one piece of them at a time is in memory.
  func termsHash(of batch: BatchKey) throws -> [UInt8] {
    var hash = ContentHash.Terms()
    var last = TradeKey(0)
    while true {
      let piece = try all(
        "SELECT * FROM trade_rows WHERE batch_key = ? AND key > ? ORDER BY key LIMIT 500", batch,
        last, read: { try $0.trade() })
      for trade in piece { hash.add(trade.draft) }
      guard let end = piece.last else { return hash.digest() }
      last = end.key
    }
  }
}
