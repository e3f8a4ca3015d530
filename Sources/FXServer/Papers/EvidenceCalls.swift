import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts

/// Everything that is known of one trade, laid out for whoever has to say what became of it.
struct EvidenceCalls: Sendable {
  let backend: Backend

  var routes: [Route] {
    [Route(.get, "/api/trades/{id}/evidence", .role(.viewer)) { try await evidence($0) }]
  }

  private func evidence(_ call: Call) async throws -> Answer {
    var query = try call.query()
    let asksBank = query.bool("ask_bank") ?? true
    try query.finish()
    let id = try call.identifier("id", "such trade")
    let store = backend.store
    guard let trade = try await store.trade(id) else { throw Problem.notFound("such trade") }
    let margin = backend.settings.doubtMarginMilliseconds
    let bank: JSON = asksBank ? try await bankEvidence(on: trade, call) : .null
    // Read after the bank was asked: what it answered may have ended the doubt meanwhile.
    guard let trade = try await store.trade(id) else { throw Problem.notFound("such trade") }
    let attempts = try await store.attempts(of: trade.key)
    let history = try await store.history(of: trade.key, limit: CallBounds.eventsOfOneTrade).map {
      FeedEvent(event: $0, batchID: trade.batchID, tradeID: trade.id)
    }
    return .json([
      "trade_id": JSON(trade.id), "batch_id": JSON(trade.batchID),
      "status": .string(trade.status.rawValue), "in_doubt_since": JSON(trade.doubtSince),
      "escalated_at": JSON(trade.escalatedAt), "deal_reference": JSON(trade.dealReference),
      "attempts": .array(
        attempts.map { attempt in
          let until = attempt.quoteExpiresAt.advanced(byMilliseconds: margin)
          return attempt.json.adding([.init(name: "may_be_booked_until", value: JSON(until))])
        }),
      "inquiries": .array(try await store.inquiries(about: trade.key).map(\.json)),
      "evidence": .array(try await store.evidence(of: trade.key).map(\.json)),
      "history": .array(history.map(\.json)), "bank": bank,
    ])
  }

  private func bankEvidence(on trade: Trade, _ call: Call) async throws(StoreError) -> JSON {
    guard let bank = backend.bank else { return .null }
    let askedAt = backend.now
    let reconciler = Reconciler(
      store: backend.store, bank: bank, actor: call.actor, deskClock: backend.settings.deskClock,
      doubtMarginMilliseconds: backend.settings.doubtMarginMilliseconds, now: { backend.now })
    let told = try await reconciler.bankEvidence(on: trade)
    return [
      "asked_at": JSON(askedAt),
      "answers": .array(
        told.answers.map { answer in
          [
            "attempt": JSON(answer.attempt),
            "deal_transaction_id": JSON(answer.dealTransactionID),
            "answer": .string(answer.answer), "deal_reference": JSON(answer.dealReference),
          ]
        }),
      "statement_lines": .array(
        told.lines.map { found in
          [
            "account_number": .string(found.accountNumber), "date": JSON(found.line.date),
            "type": .string(found.line.type), "reference": .string(found.line.reference),
            "amount": .string(found.line.amount), "balance": .string(found.line.balance),
            "names_trade": .bool(found.namesTrade),
          ]
        }),
      "more_lines": JSON(told.moreLines),
      "unread_statements": .array(told.unread.map { .string($0) }),
    ]
  }
}

extension Inquiry {
  fileprivate var json: JSON {
    [
      "asked": .string(asked),
      "asked_by": isByOurID ? "deal_transaction_id" : "bank_transaction_id",
      "answer": .string(answer), "times": JSON(times), "first_asked_at": JSON(firstAskedAt),
      "last_asked_at": JSON(lastAskedAt), "last_answered_at": JSON(lastAnsweredAt),
      "bank_date": JSON(bankDate),
    ]
  }
}
