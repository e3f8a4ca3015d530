/// What an entry of the event log tells.
public enum JournalKind: String, Hashable, Sendable, CaseIterable {
  case batchCreated = "batch.created"
  /// A transition of the batch; from and to are batch statuses.
  case batchTransition = "batch.transition"
  case batchClaimed = "batch.claimed"
  case batchReleased = "batch.released"
  case batchCancelRequested = "batch.cancel_requested"
  case batchChanged = "batch.changed"
  /// Of a staged batch what an approver is shown.
  case batchEdited = "batch.edited"
  case batchApproved = "batch.approved"
  case batchRejected = "batch.rejected"
  case batchAccepted = "batch.accepted"
  case batchDeleted = "batch.deleted"
  /// A transition of a trade; from and to are trade statuses.
  case tradeTransition = "trade.transition"
  case tradeEscalated = "trade.escalated"
  case installationChanged = "installation.changed"
  /// Deals of the batch are due today and not completed.
  case settlementDue = "batch.settlement_due"
  /// Of the installation; to is a `ReconciliationStatus`.
  case reconciliationEnded = "reconciliation.ended"
}

/// One row of the append-only log, before it is numbered and chained.
public struct JournalDraft: Hashable, Sendable {
  public var kind: JournalKind
  public var trade: TradeKey?
  public var from: String?
  public var to: String?
  public var attempt: Int?
  public var actor: Actor
  /// A `FailureCode`, where the step has a reason.
  public var code: FailureCode?
  public var bankTransactionID: String?
  /// A person's note, or the figures that matter.
  public var note: String?

  public init(
    kind: JournalKind, trade: TradeKey? = nil, from: String? = nil, to: String? = nil,
    attempt: Int? = nil, actor: Actor, code: FailureCode? = nil,
    bankTransactionID: String? = nil, note: String? = nil
  ) {
    self.kind = kind
    self.trade = trade
    self.from = from
    self.to = to
    self.attempt = attempt
    self.actor = actor
    self.code = code
    self.bankTransactionID = bankTransactionID
    self.note = note
  }
}

/// One row of the append-only log: numbered over the installation, and chained within its batch.
public struct JournalEvent: Hashable, Sendable {
  /// Over the whole installation, ascending in the order of commits.
  public var sequence: Int64
  public var batch: BatchKey
  /// Within the batch, from 1 without gaps.
  public var batchSequence: Int64
  public var at: Timestamp
  public var entry: JournalDraft
  /// SHA-256 over the link before and this event.
  public var digest: [UInt8]

  public init(
    sequence: Int64, batch: BatchKey, batchSequence: Int64, at: Timestamp, entry: JournalDraft,
    digest: [UInt8]
  ) {
    self.sequence = sequence
    self.batch = batch
    self.batchSequence = batchSequence
    self.at = at
    self.entry = entry
    self.digest = digest
  }
}
