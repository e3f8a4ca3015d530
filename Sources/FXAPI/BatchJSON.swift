import FXDomain
import FXJSON
import FXPorts

/// A batch with what the store sums up about it, for showing.
public struct BatchView: Sendable {
  public let batch: Batch
  public let totals: BatchTotals
  public let failures: [FailureGroup]
  /// Of a batch that is shown by itself; nil in lists.
  public private(set) var callbacks: [Endpoint]?
  /// Secrets of callbacks that were just made: shown this once.
  public var newSecrets: [Identifier: SigningSecret] = [:]

  public init(of batch: Batch, in store: any BatchStore) async throws(StoreError) {
    self.init(batch, try await store.summary(of: batch.key))
    callbacks = try await store.callbacks(of: batch.key)
  }

  /// A page of batches, in their order, with one read for all.
  public static func all(
    of batches: [Batch], in store: any BatchStore
  ) async throws(StoreError) -> [BatchView] {
    let summaries = try await store.summaries(of: batches.map(\.key))
    return zip(batches, summaries).map { BatchView($0, $1) }
  }

  private init(_ batch: Batch, _ summary: BatchSummary) {
    self.batch = batch
    self.totals = summary.totals
    self.failures = summary.failures
  }

  public var json: JSON {
    guard let callbacks else { return own }
    return own.adding([.init(name: "callbacks", value: .array(callbacks.map(json)))])
  }

  private func json(of callback: Endpoint) -> JSON {
    guard let secret = newSecrets[callback.id] else { return callback.callbackJSON }
    return callback.callbackJSON.adding([.init(name: "secret", value: .string(secret.text))])
  }

  private var own: JSON {
    let counts = batch.counts
    return [
      "id": JSON(batch.id), "name": .string(batch.name), "status": .string(batch.status.rawValue),
      "priority": JSON(batch.priority), "queue_position": .integer(batch.queuePosition),
      "max_concurrent_trades": JSON(batch.maxConcurrentTrades),
      "current_concurrent_trades": JSON(counts.quoting + counts.booking),
      "pricing": .string(batch.pricing.rawValue), "policy": batch.policy.json,
      "created_at": JSON(batch.createdAt), "queued_at": JSON(batch.queuedAt),
      "started_at": JSON(batch.startedAt), "completed_at": JSON(batch.completedAt),
      "updated_at": JSON(batch.updatedAt), "created_by": .string(Actor.name(in: batch.createdBy)),
      "lock": lock, "counts": counts.json,
      "progress": .number(
        DecimalText.format(Int64(counts.progressPerMille), scale: 3, minimumDecimals: 0)),
      "amounts": [
        "requested": sums(totals.requested), "dealt": sums(totals.dealt),
        "countered": sums(totals.countered),
        "rounding_difference": sums(totals.roundingDifference),
      ],
      "margin": sums(totals.margin),
      "errors": .array(
        failures.map { ["code": .string($0.code.rawValue), "count": JSON($0.count)] }),
      "needs_decision": .array(batch.needsDecision.map { .string($0.rawValue) }),
      "pause_cause": JSON(batch.pauseCause?.rawValue), "approved_by": name(batch.approvedBy),
      "approved_at": JSON(batch.approvedAt), "rejected_by": name(batch.rejectedBy),
      "rejected_note": JSON(batch.rejectedNote), "accepted_by": name(batch.acceptedBy),
      "accepted_note": JSON(batch.acceptedNote),
      "cancel_requested_at": JSON(batch.cancelRequestedAt),
      "last_decision": batch.decision?.json ?? .null,
      "content_hash": .string(batch.contentHash), "version": .integer(batch.version),
    ]
  }

  private func name(_ actor: String?) -> JSON { JSON(actor.map { Actor.name(in: $0) }) }

  private var lock: JSON {
    guard let lease = batch.lease else { return .null }
    return [
      "locked_by": JSON(lease.owner), "locked_at": JSON(lease.lockedAt),
      "expires_at": JSON(lease.expiresAt), "generation": .integer(batch.generation),
    ]
  }

  private func sums(_ amounts: [MoneySum]) -> JSON {
    .object(
      amounts.map { .init(name: $0.currency.code, value: .string($0.decimalText)) })
  }
}

extension TradeCounts {
  public var json: JSON {
    [
      "total": JSON(total), "pending": JSON(pending), "quoting": JSON(quoting),
      "booking": JSON(booking), "booked": JSON(booked), "in_doubt": JSON(inDoubt),
      "completed": JSON(completed), "failed": JSON(failed), "cancelled": JSON(cancelled),
    ]
  }
}

extension BatchPolicy {
  public var json: JSON {
    [
      "on_failure": .string(onFailure.rawValue), "tolerated_failures": JSON(toleratedFailures),
      "tolerated_failure_percent": JSON(toleratedFailurePercent),
      "max_attempts": JSON(maxAttempts),
      "retries": .object(
        FailureCategory.allCases.map { .init(name: $0.rawValue, value: retries[$0].json) }),
      "min_margin_pips": .string(minimumMargin.decimalText),
      "approval": .string(approval.rawValue),
    ]
  }
}

extension RetryRule {
  public var json: JSON {
    [
      "tries": JSON(tries), "first_delay_ms": .integer(firstDelayMilliseconds),
      "greatest_delay_ms": .integer(greatestDelayMilliseconds),
    ]
  }
}

extension Decision {
  public var json: JSON {
    ["what": .string(kind.rawValue), "by": .string(Actor.name(in: by)), "at": JSON(at)]
  }
}
