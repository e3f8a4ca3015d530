import FXDomain
import FXJSON
import FXPorts

extension Trade {
  public var json: JSON {
    let priced = figures?.priced
    return [
      "id": JSON(id), "batch_id": JSON(batchID), "row": JSON(row),
      "cif_number": .string(cifNumber), "client_name": .string(clientName),
      "pair": JSON(deal.pair), "side": .string(deal.side.rawValue),
      "deal_amount": .string(deal.amount.decimalText), "deal_currency": JSON(deal.amount.currency),
      "delivery": .string(delivery.rawValue), "value_date": JSON(valueDate),
      "allowance": JSON(allowance?.rawValue), "external_ref": JSON(externalRef),
      "spread": .string(spread.decimalText), "status": .string(status.rawValue),
      "attempt": JSON(attempt), "quote_id": JSON(figures?.quoteID),
      "quote_rate": JSON(priced?.quoteRate), "quote_expires_at": JSON(figures?.expiresAt),
      "client_rate": JSON(priced?.clientRate),
      "counter_amount": JSON(priced?.counterAmount.decimalText),
      "counter_currency": JSON(deal.pair.counter(of: deal.amount.currency)),
      "margin_pips": JSON(priced?.marginPips), "margin_amount": JSON(priced?.margin.decimalText),
      "deal_transaction_id": JSON(dealTransactionID), "deal_reference": JSON(dealReference),
      "error": failure?.json ?? .null, "created_at": JSON(createdAt),
      "updated_at": JSON(updatedAt), "completed_at": JSON(completedAt),
      "version": .integer(version),
    ]
  }
}

extension Failure {
  public var json: JSON {
    [
      "code": .string(code.rawValue), "category": .string(code.category.rawValue),
      "message": .string(message), "bank_reason_code": JSON(bankReasonCode),
      "bank_transaction_id": JSON(bankTransactionID),
    ]
  }
}

extension FeedEvent {
  /// As the live feed and a batch's events say it. Nothing of it is known by the store's own keys.
  public var json: JSON {
    let entry = event.entry
    return [
      "seq": .integer(event.sequence), "type": .string(type), "at": JSON(event.at),
      "batch_id": JSON(batchID), "trade_id": JSON(tradeID),
      "data": [
        "from": JSON(entry.from), "to": JSON(entry.to), "attempt": JSON(entry.attempt),
        "actor": .string(entry.actor.name), "code": JSON(entry.code?.rawValue),
        "bank_transaction_id": JSON(entry.bankTransactionID), "note": JSON(entry.note),
      ],
    ]
  }

  /// A transition is named by where it leads.
  public var type: String {
    switch event.entry.kind {
    case .batchTransition: "batch.\(event.entry.to ?? "changed")"
    case .tradeTransition: "trade.\(event.entry.to ?? "changed")"
    case .batchCreated, .batchClaimed, .batchReleased, .batchCancelRequested, .batchChanged,
      .batchEdited, .batchApproved, .batchRejected, .batchAccepted, .batchDeleted, .tradeEscalated,
      .installationChanged,
      .settlementDue, .reconciliationEnded:
      event.entry.kind.rawValue
    }
  }
}

extension Attempt {
  public var json: JSON {
    [
      "number": JSON(number), "deal_transaction_id": JSON(dealTransactionID),
      "quote_id": .integer(quoteID), "quote_rate": JSON(quoteRate),
      "client_rate": JSON(clientRate), "quote_expires_at": JSON(quoteExpiresAt),
      "intent_at": JSON(intentAt), "outcome": .string(outcome.rawValue),
      "bank_transaction_id": JSON(bankTransactionID), "ended_at": JSON(endedAt),
    ]
  }
}

extension Evidence {
  public var json: JSON {
    [
      "attempt": JSON(attempt), "kind": .string(kind.rawValue), "at": JSON(at),
      "actor": JSON(actor), "summary": .string(summary),
      "bank_transaction_id": JSON(bankTransactionID),
    ]
  }
}

extension Client {
  public var json: JSON {
    [
      "cif_number": .string(cifNumber), "name": .string(name),
      "spread": .string(spread.decimalText), "active": .bool(isActive),
      "day_limit": JSON(dayLimit?.decimalText), "tax_clearance": taxClearance?.json ?? .null,
    ]
  }
}

extension TaxClearance {
  public var json: JSON {
    [
      "pin": .string(pin), "approved": .string(approved.decimalText),
      "expires": .string(expires.description),
    ]
  }
}

extension DeclaredUse {
  public var json: JSON {
    [
      "allowance": .string(allowance.rawValue), "year": JSON(year),
      "amount": .string(amount.decimalText),
    ]
  }
}

extension SettlementAccount {
  public var json: JSON {
    [
      "cif_number": .string(cifNumber), "currency": JSON(currency),
      "account_number": .string(accountNumber), "status": .string(status.rawValue),
      "balance": JSON(balance?.decimalText), "synced_at": JSON(syncedAt),
    ]
  }
}
