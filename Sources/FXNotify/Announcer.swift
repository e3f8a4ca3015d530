import FXAPI
import FXDomain
import FXPorts

/// Reads the log after a cursor in the store, and writes the notices and the messages that it calls
/// for, in one transaction with the cursor's move. Whatever ends the process between two of these
/// neither loses nor repeats anything; and where several processes do it, one of them succeeds.
struct Announcer: Sendable {
  private let store: any BatchStore
  private let bounds: NotifyBounds
  /// Where the cursor stands in the store, as far as known.
  private var base: Int64?
  /// Events up to this one were looked at.
  private var place: Int64 = 0
  private var installation: Identifier?

  init(store: any BatchStore, bounds: NotifyBounds) {
    self.store = store
    self.bounds = bounds
  }

  /// Announces what has been added to the log.
  ///
  /// - Returns: whether something was put into the outbox.
  mutating func advance() async throws(StoreError) -> Bool {
    var hasMessages = false
    while true {
      let base: Int64
      if let known = self.base {
        base = known
      } else {
        base = try await store.noticeCursor()
        (self.base, place) = (base, base)
      }
      let page = try await store.events(of: nil, after: place, limit: bounds.pageEvents)
      guard let last = page.last else { return hasMessages }
      var announcement = Announcement(expecting: base, upTo: last.sequence)
      try await fill(&announcement, from: page)
      place = last.sequence
      if !announcement.notices.isEmpty || place - base >= bounds.lagEvents {
        // Where another process was faster, its cursor is the one to go on from.
        let isWritten = try await store.announce(announcement)
        self.base = isWritten ? place : nil
        hasMessages = hasMessages || isWritten && !announcement.deliveries.isEmpty
        guard isWritten else { continue }
      }
      if page.count < bounds.pageEvents { return hasMessages }
    }
  }

  private mutating func fill(
    _ announcement: inout Announcement, from page: [JournalEvent]
  ) async throws(StoreError) {
    var webhooks: [Endpoint]?
    for event in page {
      // Most events call for nothing, whatever their batch is like.
      guard !NoticeKind.kinds(of: event.entry, asksForApproval: true).isEmpty else { continue }
      guard
        let named = try await store.feed(of: nil, after: event.sequence - 1, limit: 1).first
      else { continue }
      var batch: Batch?
      var endpoints: [Endpoint] = []
      if let id = named.batchID {
        batch = try await store.batch(id)
        endpoints = try await store.callbacks(of: event.batch)
      }
      if webhooks == nil { webhooks = try await store.webhooks() }
      endpoints += webhooks ?? []
      let asks = batch?.needsDecision.contains(.approval) ?? false
      for kind in NoticeKind.kinds(of: event.entry, asksForApproval: asks) {
        let isKnown = try await isDoubtKnown(kind, event, in: announcement)
        guard !isKnown else { continue }
        try await add(kind, of: named, batch, to: endpoints, &announcement)
      }
    }
  }

  /// Of a batch's doubts the first is told, and each that waits for a person.
  private func isDoubtKnown(
    _ kind: NoticeKind, _ event: JournalEvent, in announcement: Announcement
  ) async throws(StoreError) -> Bool {
    guard kind == .inDoubt, event.entry.kind == .tradeTransition else { return false }
    let last = announcement.notices.last {
      $0.batch == event.batch && [.started, .inDoubt].contains($0.kind)
    }
    if let last { return last.kind == .inDoubt }
    return try await store.isDoubtAnnounced(of: event.batch)
  }

  private mutating func add(
    _ kind: NoticeKind, of named: FeedEvent, _ batch: Batch?, to endpoints: [Endpoint],
    _ announcement: inout Announcement
  ) async throws(StoreError) {
    let event = named.event
    if installation == nil { installation = try await store.installation().id }
    guard let installation else { return }
    let notice = Notice(
      id: NoticeID.of(kind, event: event, installation: installation), kind: kind, at: event.at,
      sequence: event.sequence, batch: named.batchID == nil ? nil : event.batch,
      batchID: named.batchID, tradeID: named.tradeID,
      text: NoticeText.sentence(kind, of: event.entry, batch: batch))
    announcement.notices.append(notice)
    let type = NoticeMessage.type(of: kind, isEngaged: KillSwitch.isEngaged(by: event.entry))
    let status = event.entry.kind == .batchTransition ? event.entry.to : nil
    let body = NoticeMessage.body(notice, type: type, status: status, batch: batch).bytes
    for endpoint in endpoints where endpoint.isEnabled && endpoint.kinds.contains(kind) {
      announcement.deliveries.append(
        MessageDelivery(
          id: NoticeID.delivery(of: notice.id, to: endpoint.id), endpoint: endpoint.id,
          type: type, body: body, createdAt: event.at, dueAt: event.at))
    }
  }
}
