import FXAPI
import FXDomain
import FXEngine
import FXJSON
import FXPorts
import Synchronization

/// One message of the feed, encoded once for all who follow.
struct LiveMessage: Sendable {
  /// The newest event that it tells, or covers.
  let sequence: Int64
  let batchID: Identifier?
  let text: String
  let frame: EncodedMessage
  /// Whether a follower may resume after it: progress and heartbeats are not replayed.
  let isEvent: Bool

  init(_ json: JSON, sequence: Int64, batchID: Identifier?, isEvent: Bool) {
    self.sequence = sequence
    self.batchID = batchID
    self.text = json.text
    self.frame = EncodedMessage(text: text)
    self.isEvent = isEvent
  }
}

/// Reads the log once, for everybody who follows it. The newest events lie in a ring; whoever has
/// fallen behind it reads the store, whoever is too far behind gets a snapshot. Nobody is buffered for.
final class LogTail: Sendable {
  private struct Progress {
    var version: Int64
    var message: LiveMessage
  }

  private struct State {
    /// The newest events, their sequence numbers ascending.
    var ring: [LiveMessage] = []
    /// Every event after this one is in the ring.
    var ringAfter: Int64 = 0
    var newest: Int64 = 0
    var progress: [Identifier: Progress] = [:]
    var progressVersion: Int64 = 0
    /// The newest notifications, their numbers ascending.
    var notices: [(number: Int64, message: LiveMessage)] = []
    var newestNotice: Int64 = 0
    var followers: [Int: Follower] = [:]
    var nextFollower = 0
    var hasEnded = false
  }

  private struct Follower {
    let principal: Principal
    let wake: AsyncStream<Void>.Continuation
  }

  private let store: any BatchStore
  private let clock: EngineClock
  let bounds: LiveBounds
  private let state = Mutex(State())

  init(store: any BatchStore, clock: EngineClock, bounds: LiveBounds) {
    self.store = store
    self.clock = clock
    self.bounds = bounds
  }

  // MARK: Reading the log

  /// Begins at the log's end. To be called once, before anybody follows.
  func begin() async throws(StoreError) {
    let newest = try await store.newestSequence()
    let notice = try await store.notices(NoticeQuery(person: "", limit: 1)).first?.notice.number
    state.withLock {
      $0.newest = newest
      $0.ringAfter = newest
      $0.newestNotice = notice ?? 0
    }
  }

  /// Takes in what has been added to the log, and wakes everybody.
  ///
  /// - Returns: the batches that it was about.
  func advance() async throws(StoreError) -> Set<Identifier> {
    var touched: Set<Identifier> = []
    while true {
      let after = state.withLock { $0.newest }
      let page = try await store.feed(of: nil, after: after, limit: bounds.pageEvents)
      guard !page.isEmpty else { return touched }
      let messages = page.map { item in
        LiveMessage(
          item.json, sequence: item.event.sequence, batchID: item.batchID, isEvent: true)
      }
      touched.formUnion(page.compactMap(\.batchID))
      state.withLock { state in
        state.ring.append(contentsOf: messages)
        // Thrown away a half at a time, so that it costs little per event.
        if state.ring.count > 2 * bounds.ringEvents {
          let gone = state.ring.count - bounds.ringEvents
          state.ringAfter = state.ring[gone - 1].sequence
          state.ring.removeFirst(gone)
        }
        state.newest = messages[messages.count - 1].sequence
        for follower in state.followers.values { follower.wake.yield() }
      }
      if page.count < bounds.pageEvents { return touched }
    }
  }

  /// Tells how far these batches have come.
  func tellProgress(of ids: Set<Identifier>) async throws(StoreError) {
    for id in ids {
      let covered = state.withLock { $0.newest }
      guard let batch = try await store.batch(id) else { continue }
      let now = clock.now().wall
      let json: JSON = [
        "seq": .integer(covered), "type": "batch.progress", "at": JSON(now), "batch_id": JSON(id),
        "trade_id": .null, "data": BatchProgress(of: batch, at: now).json,
      ]
      let message = LiveMessage(json, sequence: covered, batchID: id, isEvent: false)
      state.withLock { state in
        state.progressVersion += 1
        state.progress[id] = Progress(version: state.progressVersion, message: message)
        if state.progress.count > bounds.progressBatches {
          let oldest = state.progress.min { $0.value.version < $1.value.version }
          if let oldest { state.progress[oldest.key] = nil }
        }
        for follower in state.followers.values { follower.wake.yield() }
      }
    }
  }

  /// Tells the notifications that were written since the last look.
  func tellNotices() async throws(StoreError) {
    let known = state.withLock { $0.newestNotice }
    let listed = try await store.notices(NoticeQuery(person: "", limit: bounds.notices))
    let fresh = listed.map(\.notice).filter { $0.number > known }.reversed()
    guard !fresh.isEmpty else { return }
    state.withLock { state in
      for notice in fresh {
        let message = LiveMessage(
          notice.liveJSON, sequence: notice.sequence, batchID: notice.batchID, isEvent: false)
        state.notices.append((notice.number, message))
        state.newestNotice = notice.number
      }
      state.notices.removeFirst(max(0, state.notices.count - bounds.notices))
      for follower in state.followers.values { follower.wake.yield() }
    }
  }

  // MARK: Followers

  /// Somebody's place in the feed: the number to leave by, and what wakes them. It ends when they are
  /// no more let in, or when the server ends.
  func enter(_ principal: Principal) -> (number: Int, wakes: AsyncStream<Void>) {
    let (wakes, wake) = AsyncStream.makeStream(
      of: Void.self, bufferingPolicy: .bufferingNewest(1))
    return state.withLock { state in
      let number = state.nextFollower
      state.nextFollower += 1
      if state.hasEnded {
        wake.finish()
      } else {
        state.followers[number] = Follower(principal: principal, wake: wake)
        wake.yield()
      }
      return (number, wakes)
    }
  }

  func leave(_ number: Int) { state.withLock { _ = $0.followers.removeValue(forKey: number) } }

  var hasEnded: Bool { state.withLock { $0.hasEnded } }
  var followers: Int { state.withLock { $0.followers.count } }

  /// Wakes everybody, for their heartbeats.
  func beat() {
    state.withLock { state in
      for follower in state.followers.values { follower.wake.yield() }
    }
  }

  /// Cuts off whoever is no more let in.
  func expel(_ signIn: SignIn) async throws(StoreError) {
    let present = state.withLock { Set($0.followers.values.map(\.principal)) }
    for principal in present where try await !signIn.stillHolds(principal) {
      state.withLock { state in
        for (number, follower) in state.followers where follower.principal == principal {
          follower.wake.finish()
          state.followers[number] = nil
        }
      }
    }
  }

  /// Ends every follower's feed, now and from now on.
  func end() {
    state.withLock { state in
      state.hasEnded = true
      for follower in state.followers.values { follower.wake.finish() }
      state.followers = [:]
    }
  }

  // MARK: What is new

  /// What a follower has not been told yet.
  enum News: Sendable {
    case messages([LiveMessage], newest: Int64)
    /// Their place lies before the ring.
    case behind(newest: Int64)
    /// Their place lies beyond the log: it was another log.
    case beyond(newest: Int64)
  }

  func news(after sequence: Int64, of batch: Identifier?) -> News {
    state.withLock { state in
      guard sequence <= state.newest else { return .beyond(newest: state.newest) }
      guard sequence >= state.ringAfter else { return .behind(newest: state.newest) }
      let first = state.ring.partitioningIndex { $0.sequence > sequence }
      let messages = state.ring[first...].filter { batch == nil || $0.batchID == batch }
      return .messages(messages, newest: state.newest)
    }
  }

  /// Progress that was told after a version, oldest first, and the newest version.
  func progress(
    after version: Int64, of batch: Identifier?
  ) -> (messages: [LiveMessage], version: Int64) {
    state.withLock { state in
      guard version < state.progressVersion else { return ([], version) }
      let found = state.progress.values.filter {
        $0.version > version && (batch == nil || $0.message.batchID == batch)
      }
      return (found.sorted { $0.version < $1.version }.map(\.message), state.progressVersion)
    }
  }

  /// Notifications after one, oldest first, and the newest one's number.
  func notices(
    after number: Int64, of batch: Identifier?
  ) -> (messages: [LiveMessage], newest: Int64) {
    state.withLock { state in
      guard number < state.newestNotice else { return ([], number) }
      let found = state.notices.filter {
        $0.number > number && (batch == nil || $0.message.batchID == batch)
      }
      return (found.map(\.message), state.newestNotice)
    }
  }

  /// The last notification that follows from an event up to this one; the newest where nil is given.
  func notice(upTo sequence: Int64?) -> Int64 {
    state.withLock { state in
      guard let sequence else { return state.newestNotice }
      return state.notices.last { $0.message.sequence <= sequence }?.number ?? 0
    }
  }

  var newest: Int64 { state.withLock { $0.newest } }
  var progressVersion: Int64 { state.withLock { $0.progressVersion } }
}

extension Array {
  /// The first place whose element answers true; all before it answer false.
  fileprivate func partitioningIndex(where belongs: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if belongs(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
