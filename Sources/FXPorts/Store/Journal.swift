import Crypto
import FXDomain

/// Numbers and chains the entries of a batch's log.
public enum Journal {
  /// The installation's own entries are chained under this key, which no batch has.
  public static let installation = BatchKey(0)

  /// The next event of the chain; `head` moves on to it.
  public static func chain(
    _ entry: JournalDraft, of batch: BatchKey, onto head: inout ChainHead, sequence: Int64,
    at moment: Timestamp
  ) -> JournalEvent {
    let number = head.length + 1
    let digest = digest(
      of: entry, batch: batch, batchSequence: number, at: moment, after: head.digest)
    head = ChainHead(length: number, digest: digest)
    return JournalEvent(
      sequence: sequence, batch: batch, batchSequence: number, at: moment, entry: entry,
      digest: digest)
  }

  /// SHA-256 over the link before and every field of the event, each ended by a byte that no field
  /// holds, so that no two events read alike.
  public static func digest(
    of entry: JournalDraft, batch: BatchKey, batchSequence: Int64, at moment: Timestamp,
    after previous: [UInt8]
  ) -> [UInt8] {
    var bytes = previous
    bytes.reserveCapacity(256)
    func add(_ text: String?) {
      if let text { bytes.append(contentsOf: text.utf8) } else { bytes.append(0xfe) }
      bytes.append(0xff)
    }
    func add(_ value: Int64?) { add(value.map { String($0) }) }
    add(batch.value)
    add(batchSequence)
    add(moment.milliseconds)
    add(entry.kind.rawValue)
    add(entry.trade?.value)
    add(entry.from)
    add(entry.to)
    add(entry.attempt.map { Int64($0) })
    add(entry.actor.description)
    add(entry.code?.rawValue)
    add(entry.bankTransactionID)
    add(entry.note)
    return Array(SHA256.hash(data: bytes))
  }

  /// The digest of a seal: over the seal before it and the heads of all chains that moved since.
  public static func seal(
    _ heads: [(batch: BatchKey, head: ChainHead)], after previous: [UInt8]
  ) -> [UInt8] {
    var sha = SHA256()
    sha.update(data: previous)
    for (batch, head) in heads {
      sha.update(data: Array("\(batch):\(head.length):".utf8))
      sha.update(data: head.digest)
    }
    return Array(sha.finalize())
  }
}
