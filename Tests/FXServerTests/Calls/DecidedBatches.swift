import FXDomain
import FXJSON
import FXPorts
import HTTPTypes
import Testing

@testable import FXServer

/// How a batch stands before somebody decides about it.
enum Standing: CaseIterable {
  case staged, awaitingApproval, approved, rejected
  case pending, running, cancelling, paused, pausedByPolicy
  case success, partialSuccess, failed, accepted, cancelled

  var status: BatchStatus {
    switch self {
    case .staged, .awaitingApproval, .approved, .rejected: .staged
    case .pending: .pending
    case .running, .cancelling: .running
    case .paused, .pausedByPolicy: .paused
    case .success: .success
    case .partialSuccess: .partialSuccess
    case .failed, .accepted: .failed
    case .cancelled: .cancelled
    }
  }
}

extension CallWorld {
  private static let node = NodeID("test-node")

  /// A new batch of two trades that stands so, submitted by the dealer.
  func batch(standing: Standing) async throws -> Batch {
    let policy =
      switch standing {
      case .awaitingApproval, .approved, .rejected: #"{"approval":"required"}"#
      case .pausedByPolicy: #"{"on_failure":"pause"}"#
      case .staged, .pending, .running, .cancelling, .paused, .success, .partialSuccess, .failed,
        .accepted, .cancelled:
        "{}"
      }
    let trade = #"{"cif_number":"C1","deal_amount":"1000.00"}"#
    let reply = try await call(
      .post, "/api/batches", as: .dealer,
      json: #"{"allow_duplicates":true,"policy":\#(policy),"trades":[\#(trade),\#(trade)]}"#)
    guard case .string(let text)? = try reply.json["id"], let id = Identifier(text) else {
      throw Problem(.internalError, String(decoding: reply.bytes, as: UTF8.self))
    }
    try await bring(try #require(try await store.batch(id)), to: standing)
    let batch = try #require(try await store.batch(id))
    try #require(batch.status == standing.status, "\(standing): \(batch.status)")
    return batch
  }

  private func bring(_ batch: Batch, to standing: Standing) async throws {
    let hash = batch.contentHash
    switch standing {
    case .staged, .awaitingApproval: return
    case .approved: return try await command(.approve(contentHash: hash), batch, by: "eve")
    case .rejected:
      return try await command(.reject(contentHash: hash, note: "no"), batch, by: "eve")
    case .pending, .running, .cancelling, .paused, .pausedByPolicy, .success, .partialSuccess,
      .failed, .accepted, .cancelled:
      try await command(.start(), batch)
    }
    if standing == .pending { return }
    let claimed = try await store.claim(
      ClaimRequest(
        node: Self.node, leaseMilliseconds: 300_000, bookingRoom: 1, watchingRoom: 1,
        only: [batch.key]))
    let held = try #require(claimed.first)
    switch standing {
    case .staged, .awaitingApproval, .approved, .rejected, .pending, .running: return
    case .paused: try await command(.pause, batch)
    case .pausedByPolicy: try await fail(try await take(held, 1))
    case .cancelling:
      _ = try await take(held, 1)
      try await command(.requestCancel(), batch)
    case .success: try await complete(try await take(held, 2))
    case .partialSuccess:
      let taken = try await take(held, 2)
      try await complete([taken[0]])
      try await fail([taken[1]])
    case .failed: try await fail(try await take(held, 2))
    case .accepted:
      try await fail(try await take(held, 2))
      try await command(.accept(note: "agreed"), batch, by: "eve")
    case .cancelled:
      try await command(.requestCancel(), batch)
      _ = try await store.sweepCancelled(batch.key, limit: 9, actor: .person("eve"))
    }
  }

  private func command(
    _ command: BatchCommand, _ batch: Batch, by person: String = "dealer-person"
  ) async throws {
    _ = try await store.perform(
      BatchStep(batch: batch.key, actor: .person(person), command: command)
    ).get()
  }

  private func take(_ batch: Batch, _ count: Int) async throws -> [Trade] {
    let hold = Hold(batch: batch.key, generation: batch.generation)
    return try await store.take(
      TakeRequest(hold: hold, limit: count, actor: .node(Self.node))
    ).trades.map(\.trade)
  }

  private func fail(_ trades: [Trade]) async throws {
    for trade in trades { try await step(.refuseQuote(Failure(.quoteRefused, "no")), trade) }
  }

  private func complete(_ trades: [Trade]) async throws {
    for trade in trades {
      let priced = try trade.deal.priced(
        .bank(spread: .zero), quoteRate: Rate(units: 1_779_300_000), otcRate: nil,
        rules: RateRules())
      let intent = Intent(
        number: 1, dealTransactionID: trade.id, bank: BankIdentity("bank-a"),
        figures: QuoteFigures(
          quoteID: 1, expiresAt: clock.now.advanced(byMilliseconds: 30_000), priced: priced),
        valueDate: ValueDate(date: CivilDate(dayNumber: 20_769)),
        requestDigest: Array(repeating: 7, count: 32), isCanary: false)
      try await step(.recordIntent(intent), trade)
      try await step(.recordAccepted(attempt: 1, bankTransactionID: nil), trade)
      try await step(.recordSettled(attempt: 1, dealReference: nil), trade)
    }
  }

  private func step(_ command: TradeCommand, _ trade: Trade) async throws {
    let step = TradeStep(
      batch: trade.batch, trade: trade.key, authority: .open, actor: .node(Self.node),
      command: command)
    _ = try #require(try await store.perform([step]).first).result.get()
  }
}
