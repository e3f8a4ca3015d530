import FXDomain
import FXPorts

/// The kill switch, and what the installation does after a loss of events.
extension MemoryBooks {
  /// See `EngineStore.setKillSwitch`.
  public mutating func setKillSwitch(
    engaged: Bool, reason: String, actor: Actor
  ) throws(StoreError) -> Result<Installation, KillSwitchRefusal> {
    do {
      let entry = try Ledger.setKillSwitch(
        engaged: engaged, reason: reason, in: &house, actor: actor, now: now)
      forgetConfirmations()
      logHouse(entry)
      return .success(house)
    } catch {
      return .failure(error)
    }
  }

  /// See `EngineStore.logMark`.
  public func logMark() -> LogMark {
    LogMark(
      installation: house.id, idEpoch: house.idEpoch, sequence: events.last?.sequence ?? 0,
      digest: events.last?.digest ?? ChainHead.start.digest)
  }

  /// See `EngineStore.recordLoss`.
  public mutating func recordLoss(_ loss: LogLoss) throws(StoreError) -> Installation {
    let newest = events.last?.sequence ?? 0
    guard let entry = Ledger.record(loss, newest: newest, in: &house, now: now) else {
      return house
    }
    for index in batches.indices where batches[index].deletedAt == nil {
      Ledger.fence(&batches[index], now: now)
    }
    forgetConfirmations()
    logHouse(entry)
    return house
  }

  /// See `EngineStore.recordReconciled`.
  public mutating func recordReconciled(
    note: String, actor: Actor
  ) throws(StoreError) -> Installation {
    if let entry = Ledger.recordReconciled(note: note, in: &house, actor: actor, now: now) {
      logHouse(entry)
    }
    return house
  }

  private mutating func forgetConfirmations() {
    for name in signsOfLife.keys { signsOfLife[name]?.confirmsKillSwitch = false }
  }

  mutating func logHouse(_ entry: JournalDraft) {
    houseChain = log([entry], of: Journal.installation, onto: houseChain)
  }
}
