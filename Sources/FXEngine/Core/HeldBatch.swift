import FXDomain
import FXPorts

/// A batch under this node's lease, as the node knows it.
struct HeldBatch: Sendable {
  enum Phase: Hashable, Sendable {
    /// What a predecessor left in `quoting` and `booking` is being read.
    case recovering
    /// New trades may be taken; doubts and booked deals are still being read.
    case adopting
    case settled
  }

  var batch: Batch
  let generation: Int64
  /// Until when the hold is certainly ours: counted from before the claim was sent.
  var validUntil: Int64
  var renewAt: Int64
  var isRenewing = false
  var phase = Phase.recovering
  /// Runs under way, and places promised to a `take` that is out.
  var running = 0
  var promised = 0
  /// Nothing is due before this; `Int64.max` until something changes.
  var wakeAt: Int64
  var waitsForBlockedClients = false
  var isSweeping = false
  /// Booked trades or doubts of it wait in the store until there is room to watch them.
  var hasUnwatched = false
  /// Doubts that were known when they began to be read again, and have not been met since.
  var doubtsToConfirm: Set<TradeKey> = []
  /// When it was last given a place, in turns.
  var turn = 0

  init(_ batch: Batch, askedAt: Moment, settings: EngineSettings) {
    self.batch = batch
    self.generation = batch.generation
    self.validUntil = askedAt.uptime + settings.leaseMilliseconds
    self.renewAt = askedAt.uptime + settings.leaseMilliseconds / 3
    self.wakeAt = askedAt.uptime
  }

  var hold: Hold { Hold(batch: batch.key, generation: generation) }

  /// Places that its concurrency limit leaves.
  var room: Int { max(0, batch.maxConcurrentTrades - running - promised) }

  func mayTake(atUptime uptime: Int64) -> Bool {
    phase != .recovering && batch.status == .running && !batch.isCancelRequested
      && batch.counts.pending > 0 && wakeAt <= uptime && promised == 0 && room > 0
  }

  /// It takes one of the node's places for batches that book.
  var books: Bool { batch.wantsToBook }

  /// Takes in a newer picture of the batch; an older one is ignored.
  mutating func refresh(_ newer: Batch) {
    guard newer.generation == generation, newer.chain.length >= batch.chain.length else { return }
    batch = newer
  }
}
