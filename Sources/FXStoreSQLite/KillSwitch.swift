import FXDomain
import FXPorts

/// The kill switch, and what the installation does after a loss of events.
extension SQLiteStore {
  public func setKillSwitch(
    engaged: Bool, reason: String, actor: Actor
  ) async throws(StoreError) -> Result<Installation, KillSwitchRefusal> {
    try await write { transaction in
      let entry: JournalDraft
      do {
        entry = try transaction.updateInstallation { installation in
          try Ledger.setKillSwitch(
            engaged: engaged, reason: reason, in: &installation, actor: actor,
            now: transaction.now)
        }
      } catch let refusal as KillSwitchRefusal {
        return .failure(refusal)
      }
      try transaction.forgetConfirmations()
      try transaction.logInstallation(entry)
      return .success(try transaction.installation())
    }
  }

  public func logMark() async throws(StoreError) -> LogMark {
    try await read { transaction in
      let installation = try transaction.installation()
      let newest = try transaction.first(
        "SELECT sequence, digest FROM events WHERE sequence = (SELECT max(sequence) FROM events)",
        read: { (sequence: try $0.next() as Int64, digest: try $0.next() as [UInt8]) })
      return LogMark(
        installation: installation.id, idEpoch: installation.idEpoch,
        sequence: newest?.sequence ?? 0, digest: newest?.digest ?? ChainHead.start.digest)
    }
  }

  public func recordLoss(_ loss: LogLoss) async throws(StoreError) -> Installation {
    try await write(weight: GroupCommit.greatestWeight) { transaction in
      let newest = try transaction.value("SELECT max(sequence) FROM events", as: Int64.self) ?? 0
      let entry = try transaction.updateInstallation {
        Ledger.record(loss, newest: newest, in: &$0, now: transaction.now)
      }
      guard let entry else { return try transaction.installation() }
      let keys = try transaction.all(
        "SELECT key FROM batches WHERE key > 0 AND deleted_at IS NULL ORDER BY key",
        read: { row -> BatchKey in try row.next() })
      for key in keys {
        try transaction.update(key) { Ledger.fence(&$0, now: transaction.now) }
      }
      try transaction.forgetConfirmations()
      try transaction.logInstallation(entry)
      return try transaction.installation()
    }
  }

  public func recordReconciled(
    note: String, actor: Actor
  ) async throws(StoreError) -> Installation {
    try await write { transaction in
      let entry = try transaction.updateInstallation {
        Ledger.recordReconciled(note: note, in: &$0, actor: actor, now: transaction.now)
      }
      if let entry { try transaction.logInstallation(entry) }
      return try transaction.installation()
    }
  }
}

extension Transaction {
  /// Each engagement of the kill switch is confirmed anew.
  fileprivate func forgetConfirmations() throws {
    try run("UPDATE nodes SET confirms_kill_switch = 0")
  }
}
