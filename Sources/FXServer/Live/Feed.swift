import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts

/// One follower's way through the log: from where they were, in order, none missing, then along with it.
struct Feed: Sendable {
  let tail: LogTail
  let store: any BatchStore
  let clock: EngineClock
  /// Only this batch, where given.
  let batch: Identifier?
  /// Events up to this one were told.
  private(set) var place: Int64
  private var progressVersion: Int64
  private var notice: Int64
  private var lastSentAt: Int64

  /// - Parameter after: the last event that the follower knows; nil begins at the log's end.
  init(tail: LogTail, backend: Backend, batch: Identifier?, after: Int64?) {
    self.tail = tail
    self.store = backend.store
    self.clock = backend.clock
    self.batch = batch
    self.place = after ?? tail.newest
    self.progressVersion = after == nil ? tail.progressVersion : 0
    self.notice = tail.notice(upTo: after)
    self.lastSentAt = backend.clock.now().uptime
  }

  /// Everything new, a page at a time; a heartbeat where there was nothing for long.
  mutating func tell(_ send: ([LiveMessage]) async throws -> Void) async throws {
    var hasSent = false
    func sent() { hasSent = true }
    while true {
      switch tail.news(after: place, of: batch) {
      case .messages(let messages, let newest):
        for start in stride(from: 0, to: messages.count, by: tail.bounds.pageEvents) {
          try await send(Array(messages[start...].prefix(tail.bounds.pageEvents)))
          sent()
        }
        place = newest
      case .behind(let newest) where newest - place <= tail.bounds.replayedEvents:
        try await replay(upTo: newest, send)
        sent()
        continue
      case .behind(let newest), .beyond(let newest):
        try await send([try await snapshot(at: newest)])
        sent()
        place = newest
        continue
      }
      break
    }
    let progress = tail.progress(after: progressVersion, of: batch)
    progressVersion = progress.version
    let notices = tail.notices(after: notice, of: batch)
    notice = notices.newest
    for messages in [progress.messages, notices.messages] where !messages.isEmpty {
      try await send(messages)
      sent()
    }
    let now = clock.now().uptime
    if hasSent {
      lastSentAt = now
    } else if now - lastSentAt >= tail.bounds.heartbeatMilliseconds {
      lastSentAt = now
      try await send([heartbeat])
    }
  }

  /// What lies before the ring, read from the store.
  private mutating func replay(
    upTo newest: Int64, _ send: ([LiveMessage]) async throws -> Void
  ) async throws {
    // What the tail has not taken in yet is told from there.
    let page = try await store.feed(of: batch, after: place, limit: tail.bounds.pageEvents)
      .prefix { $0.event.sequence <= newest }
    if let last = page.last {
      try await send(
        page.map { item in
          LiveMessage(
            item.json, sequence: item.event.sequence, batchID: item.batchID, isEvent: true)
        })
      place = last.event.sequence
    }
    if page.count < tail.bounds.pageEvents { place = max(place, newest) }
  }

  /// How the batches that are under way stand, for whoever has missed too much.
  private func snapshot(at newest: Int64) async throws -> LiveMessage {
    let now = clock.now().wall
    var batches: [Batch] = []
    if let batch {
      if let found = try await store.batch(batch) { batches = [found] }
    } else {
      batches = try await store.batches(
        BatchQuery(
          statuses: [.pending, .running, .paused], order: .queue,
          limit: tail.bounds.snapshotBatches))
    }
    let json: JSON = [
      "seq": .integer(newest), "type": "snapshot", "at": JSON(now), "batch_id": JSON(batch),
      "trade_id": .null,
      "data": ["batches": .array(batches.map { BatchProgress(of: $0, at: now).json })],
    ]
    return LiveMessage(json, sequence: newest, batchID: batch, isEvent: true)
  }

  private var heartbeat: LiveMessage {
    let json: JSON = [
      "seq": .integer(place), "type": "heartbeat", "at": JSON(clock.now().wall),
      "batch_id": JSON(batch), "trade_id": .null, "data": [:],
    ]
    return LiveMessage(json, sequence: place, batchID: batch, isEvent: false)
  }
}
