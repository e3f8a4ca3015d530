/// What a batch does by itself when its trades fail.
extension Ledger {
  /// Acts on one more failed trade, as the batch's policy says. The batch has not ended with it.
  ///
  /// A batch that somebody resumes acts again with the next failure beyond the bound.
  static func followFailure(
    in batch: inout Batch, actor: Actor, now: Timestamp
  ) -> [JournalDraft] {
    guard !batch.isCancelRequested, let breach = batch.policy.breach(of: batch.counts) else {
      return []
    }
    switch (batch.status, batch.policy.onFailure) {
    case (.pending, .continue), (.running, .continue):
      batch.decision = Decision(.paused, by: actor, at: now)
      return [pause(&batch, .threshold, actor: actor, now: now, note: breach)]
    case (.pending, .pause), (.running, .pause):
      batch.decision = Decision(.paused, by: actor, at: now)
      return [pause(&batch, .policy, actor: actor, now: now, note: breach)]
    case (.pending, .cancel), (.running, .cancel), (.paused, .cancel):
      batch.decision = Decision(.cancelled, by: actor, at: now)
      return [requestCancel(&batch, actor: actor, now: now, note: breach)]
    // Nothing new of these is booked, whatever the policy says.
    case (.paused, .continue), (.paused, .pause), (.staged, _), (.success, _),
      (.partialSuccess, _), (.failed, _), (.cancelled, _):
      return []
    }
  }

  static func pause(
    _ batch: inout Batch, _ cause: PauseCause, actor: Actor, now: Timestamp, note: String? = nil
  ) -> JournalDraft {
    let event = transition(&batch, .paused, actor: actor, now: now, note: note)
    batch.pauseCause = cause
    return event
  }

  static func requestCancel(
    _ batch: inout Batch, actor: Actor, now: Timestamp, note: String?
  ) -> JournalDraft {
    batch.cancelRequestedAt = now
    return touched(&batch, .batchCancelRequested, actor: actor, now: now, note: note)
  }
}
