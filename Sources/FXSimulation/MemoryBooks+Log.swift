import FXDomain
import FXPorts

/// The append-only log, its chains and their seals.
extension MemoryBooks {
  /// Numbers, chains and keeps the entries, and puts the batch with its new head in its place.
  mutating func write(_ batch: inout Batch, _ drafts: [JournalDraft]) {
    batch.chain = log(drafts, of: batch.key, onto: batch.chain)
    batches[batch.key.index] = batch
  }

  /// Numbers, chains and keeps the entries of one chain; answers its new head.
  mutating func log(
    _ drafts: [JournalDraft], of batch: BatchKey, onto start: ChainHead
  ) -> ChainHead {
    var head = start
    for draft in drafts {
      events.append(
        Journal.chain(
          draft, of: batch, onto: &head, sequence: Int64(events.count) + 1, at: now))
      places[Int(batch.value)].append(events.count - 1)
    }
    return head
  }

  /// See `BookStore.events`.
  public func events(
    of batch: BatchKey?, after sequence: Int64, limit: Int
  ) throws(StoreError) -> [JournalEvent] {
    let first = Int(clamping: max(0, sequence))
    guard let batch else { return Array(events.dropFirst(first).prefix(max(0, limit))) }
    guard places.indices.contains(Int(clamping: batch.value)) else { return [] }
    return places[Int(batch.value)].drop { $0 < first }.prefix(max(0, limit)).map { events[$0] }
  }

  /// See `BookStore.history`.
  public func history(of trade: TradeKey, limit: Int) -> [JournalEvent] {
    events.filter { $0.entry.trade == trade }.suffix(max(0, limit))
  }

  /// See `BookStore.seals`.
  public func seals(after number: Int64, limit: Int) throws(StoreError) -> [Seal] {
    Array(seals.dropFirst(Int(clamping: max(0, number))).prefix(max(0, limit)))
  }

  /// See `BookStore.digests`.
  public func digests(at places: [Seal.Head]) throws(StoreError) -> [[UInt8]?] {
    places.map { place in
      guard self.places.indices.contains(Int(clamping: place.batch.value)) else { return nil }
      let chain = self.places[Int(place.batch.value)]
      let number = Int(clamping: place.head.length) - 1
      return chain.indices.contains(number) ? events[chain[number]].digest : nil
    }
  }

  /// See `BookStore.chainHead`.
  public func chainHead(of batch: BatchKey) throws(StoreError) -> ChainHead? {
    guard batch != Journal.installation else { return houseChain }
    return batches.indices.contains(batch.index) ? batches[batch.index].chain : nil
  }

  /// See `EngineStore.seal`. Where no chain has moved, there is nothing to seal.
  public mutating func seal() throws(StoreError) {
    let all =
      [Seal.Head(batch: Journal.installation, head: houseChain)]
      + batches.map { Seal.Head(batch: $0.key, head: $0.chain) }
    let moved = all.filter { $0.head.length > sealedLengths[Int($0.batch.value)] }
    guard !moved.isEmpty else { return }
    for head in moved { sealedLengths[Int(head.batch.value)] = head.head.length }
    let digest = Journal.seal(
      moved.map { ($0.batch, $0.head) }, after: seals.last?.digest ?? ChainHead.start.digest)
    seals.append(Seal(number: Int64(seals.count) + 1, at: now, heads: moved, digest: digest))
  }
}
