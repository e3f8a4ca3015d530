import FXDomain
import FXJSON
import FXPorts
import Foundation

extension ListedNotice {
  public var json: JSON {
    [
      "id": JSON(notice.id), "kind": .string(notice.kind.rawValue), "at": JSON(notice.at),
      "seq": .integer(notice.sequence), "batch_id": JSON(notice.batchID),
      "trade_id": JSON(notice.tradeID), "text": .string(notice.text), "read": .bool(isRead),
    ]
  }
}

extension Notice {
  /// As the live feed tells it.
  public var liveJSON: JSON {
    [
      "seq": .integer(sequence), "type": "notification", "at": JSON(at), "batch_id": JSON(batchID),
      "trade_id": JSON(tradeID),
      "data": ["id": JSON(id), "kind": .string(kind.rawValue), "text": .string(text)],
    ]
  }
}

extension Set<NoticeKind> {
  /// In the order of the kinds.
  public var json: JSON {
    .array(NoticeKind.allCases.filter(contains).map { .string($0.rawValue) })
  }
}

extension Endpoint {
  /// Never its secrets.
  public var json: JSON {
    [
      "id": JSON(id), "url": .string(url), "on": kinds.json, "description": JSON(note),
      "enabled": .bool(isEnabled), "disabled_reason": JSON(disabledReason),
      "previous_secret_until": JSON(previousUntil), "created_at": JSON(createdAt),
      "created_by": .string(Actor.name(in: createdBy)), "updated_at": JSON(updatedAt),
    ]
  }

  /// As the batch that it belongs to shows it.
  public var callbackJSON: JSON {
    [
      "id": JSON(id), "url": .string(url), "on": kinds.json, "enabled": .bool(isEnabled),
      "disabled_reason": JSON(disabledReason),
    ]
  }
}

extension SigningSecret {
  private static let prefix = "whsec_"

  /// As receivers are given it.
  public var text: String { Self.prefix + Data(bytes).base64EncodedString() }

  /// Reads what `text` writes; nil for what is too short or no such text.
  public init?(text: String) {
    guard text.hasPrefix(Self.prefix),
      let data = Data(base64Encoded: String(text.dropFirst(Self.prefix.count))),
      NoticeBounds.givenSecretBytes.contains(data.count)
    else { return nil }
    self.init(Array(data))
  }
}

extension LoggedDelivery {
  public var json: JSON {
    [
      "id": JSON(delivery.id), "type": .string(delivery.type),
      "status": .string(delivery.outcome?.rawValue ?? "pending"),
      "created_at": JSON(delivery.createdAt), "next_try_at": JSON(delivery.dueAt),
      "ended_at": JSON(delivery.endedAt),
      "attempts": .array(
        attempts.map { attempt in
          [
            "number": JSON(attempt.number), "at": JSON(attempt.at),
            "duration_ms": .integer(attempt.milliseconds), "status": JSON(attempt.status),
            "error": JSON(attempt.error),
          ]
        }),
    ]
  }
}

/// The body of a message to an endpoint, by the Standard Webhooks rules: type, timestamp, data.
public enum NoticeMessage {
  /// What a test sends.
  public static let testType = "webhook.test"

  /// - Parameter isEngaged: of the kill switch, where it is about that.
  public static func type(of kind: NoticeKind, isEngaged: Bool) -> String {
    switch kind {
    case .started, .success, .partialSuccess, .failed, .cancelled, .needsDecision:
      "batch.\(kind.rawValue)"
    case .inDoubt: "trade.in_doubt"
    case .killSwitch: isEngaged ? "kill_switch.engaged" : "kill_switch.released"
    case .settlementDue: "batch.settlement_due"
    case .reconciliation: "reconciliation.ended"
    }
  }

  /// - Parameters:
  ///   - status: of the batch, as the event says it; as it stands where the event says none.
  ///   - batch: as it stands; nil for a deleted one, and for what is about no batch.
  public static func body(
    _ notice: Notice, type: String, status: String?, batch: Batch?
  ) -> JSON {
    body(
      type, at: notice.at,
      [
        "notification_id": JSON(notice.id), "seq": .integer(notice.sequence),
        "kind": .string(notice.kind.rawValue), "batch_id": JSON(notice.batchID),
        "trade_id": JSON(notice.tradeID), "name": JSON(batch?.name),
        "status": JSON(status ?? batch?.status.rawValue), "round": JSON(batch?.round),
        "counts": batch?.counts.json ?? .null,
        "needs_decision": .array(
          (batch?.needsDecision ?? []).map { .string($0.rawValue) }),
        "text": .string(notice.text),
      ])
  }

  public static func test(of endpoint: Endpoint, at moment: Timestamp) -> JSON {
    body(
      testType, at: moment,
      ["webhook_id": JSON(endpoint.id), "text": "A test: whoever reads this is reached."])
  }

  private static func body(_ type: String, at moment: Timestamp, _ data: JSON) -> JSON {
    ["type": .string(type), "timestamp": JSON(moment), "data": data]
  }
}
