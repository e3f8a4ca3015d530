import FXDomain

/// How far a store's log goes, small enough to be kept outside the store, where a restored or rolled
/// back store cannot take it back. Kept by whoever opens the store; written after each commit and
/// before anybody hears of it, so that it never names an event that was not durable.
public struct LogMark: Hashable, Sendable {
  public var installation: Identifier
  public var idEpoch: Int
  /// Number of the newest durable event; 0 for an empty log.
  public var sequence: Int64
  /// That event's digest; 32 zero bytes for an empty log.
  public var digest: [UInt8]

  public init(installation: Identifier, idEpoch: Int, sequence: Int64, digest: [UInt8]) {
    self.installation = installation
    self.idEpoch = idEpoch
    self.sequence = sequence
    self.digest = digest
  }

  /// Whether a mark of the same installation is older than another: a later epoch begins where a
  /// store was found to have lost events, and so with a lower number.
  public func isOlder(than other: LogMark) -> Bool {
    (idEpoch, sequence) < (other.idEpoch, other.sequence)
  }

  /// What the store has lost of what this mark, read before, says was durable; nil for nothing, or
  /// nothing new.
  public func loss(in store: any BatchStore) async throws(StoreError) -> LogLoss? {
    let present = try await store.installation()
    guard present.id == installation else {
      return .otherInstallation(installation, sequence: sequence)
    }
    guard sequence > 0, idEpoch >= present.idEpoch else { return nil }
    let event = try await store.events(of: nil, after: sequence - 1, limit: 1).first
    guard event?.sequence == sequence else {
      return .event(sequence: sequence, idEpoch: idEpoch, isThere: false)
    }
    return event?.digest == digest
      ? nil : .event(sequence: sequence, idEpoch: idEpoch, isThere: true)
  }
}
