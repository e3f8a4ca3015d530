import FXDomain
import FXJSON
import FXPorts

extension FeedEvent {
  /// What it is called outside: a transition by the status that it leads to, such as `trade.booked`.
  public var type: String {
    let entry = event.entry
    switch entry.kind {
    case .tradeTransition: return "trade.\(entry.to ?? "")"
    case .batchTransition: return "batch.\(entry.to ?? "")"
    case .batchCreated, .batchClaimed, .batchReleased, .batchCancelRequested, .batchChanged,
      .batchApproved, .batchAccepted, .batchDeleted, .tradeEscalated, .installationChanged:
      return entry.kind.rawValue
    }
  }

  public var json: JSON {
    let entry = event.entry
    return [
      "seq": .integer(event.sequence), "type": .string(type), "at": JSON(event.at),
      "batch_id": JSON(batchID), "trade_id": JSON(tradeID),
      "data": [
        "from": JSON(entry.from), "to": JSON(entry.to), "attempt": JSON(entry.attempt),
        "actor": JSON(entry.actor), "code": JSON(entry.code?.rawValue),
        "bank_transaction_id": JSON(entry.bankTransactionID), "note": JSON(entry.note),
      ],
    ]
  }
}
