import FXDomain
import FXPorts
import Foundation
import Synchronization

/// The mark of a store's newest durable event, in a file beside it.
///
/// Two slots are written in turn, each in place and with a checksum, so that a torn write never loses
/// both. A write is not synchronized to the disk: what a killed process has written stays, and after
/// a power cut the mark may be older than the store, which does no harm, but never newer, since the
/// store's own commit was on the disk before. Several processes write it, under the file's lock, and
/// none ever takes it back.
final class MarkFile: Sendable {
  enum Reading: Equatable {
    case missing
    case unreadable(String)
    case mark(LogMark)
  }

  let path: String

  private struct State {
    var descriptor: Int32?
    var replacesAnything = false
    var syncedAt = ContinuousClock.now
  }
  private let state = Mutex(State())

  /// In different pages, so that no write of one touches the other.
  private static let slotDistance: off_t = 4_096
  private static let syncDistance = Duration.seconds(10)

  init(besideDatabase path: String) { self.path = path + ".mark" }

  /// What the file says now.
  func read() throws(StoreError) -> Reading {
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if errno == ENOENT { return .missing }
      throw failure("cannot be read")
    }
    defer { Foundation.close(descriptor) }
    try lock(descriptor, LOCK_SH)
    guard let newest = try newestSlot(of: descriptor) else {
      return .unreadable("neither of the two slots of \(path) holds a mark")
    }
    return .mark(newest.mark)
  }

  /// From the next `raise` on, whatever the file holds is replaced: the loss that it shows is being
  /// recorded in the store.
  func replaceAnything() { state.withLock { $0.replacesAnything = true } }

  /// Takes a mark in, unless the file holds one that is as new; makes the file where there is none.
  ///
  /// - Throws: `StoreError.unavailable` when the file cannot be written, or holds the mark of another
  ///   store: then this process writes to a store that others no longer see.
  func raise(to mark: LogMark) throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      let descriptor: Int32
      if let known = state.descriptor {
        descriptor = known
      } else {
        descriptor = try openOrCreate(with: mark)
        state.descriptor = descriptor
      }
      try lock(descriptor, LOCK_EX)
      defer { flock(descriptor, LOCK_UN) }
      try write(mark, to: descriptor, &state)
      if ContinuousClock.now - state.syncedAt > Self.syncDistance {
        try sync(descriptor)
        state.syncedAt = .now
      }
    }
  }

  /// Synchronizes and closes the file.
  func close() throws(StoreError) {
    try state.withLock { (state) throws(StoreError) in
      guard let descriptor = state.descriptor else { return }
      state.descriptor = nil
      defer { Foundation.close(descriptor) }
      try sync(descriptor)
    }
  }

  // MARK: Slots

  private func write(
    _ mark: LogMark, to descriptor: Int32, _ state: inout State
  ) throws(StoreError) {
    let newest = try newestSlot(of: descriptor)
    guard !state.replacesAnything else {
      // Both, so that nothing of what was replaced comes back.
      let number = newest?.number ?? 0
      for next in [number + 1, number + 2] { try write(MarkSlot(next, mark), to: descriptor) }
      try sync(descriptor)
      state.replacesAnything = false
      return
    }
    guard let newest else {
      throw .unavailable("neither slot of \(path) can be read any more. Start again.")
    }
    guard newest.mark.installation == mark.installation else {
      throw .unavailable("\(path) belongs to another store, which has taken the place of this one.")
    }
    guard newest.mark.isOlder(than: mark) else { return }
    try write(MarkSlot(newest.number + 1, mark), to: descriptor)
  }

  private func newestSlot(of descriptor: Int32) throws(StoreError) -> MarkSlot? {
    var newest: MarkSlot?
    for place in 0..<off_t(2) {
      var bytes = [UInt8](repeating: 0, count: MarkSlot.length)
      let count = pread(descriptor, &bytes, bytes.count, place * Self.slotDistance)
      guard count >= 0 else { throw failure("cannot be read") }
      guard count == bytes.count, let slot = MarkSlot(bytes) else { continue }
      if slot.number > newest?.number ?? 0 { newest = slot }
    }
    return newest
  }

  private func write(_ slot: MarkSlot, to descriptor: Int32) throws(StoreError) {
    let place = off_t(slot.number % 2) * Self.slotDistance
    guard pwrite(descriptor, slot.bytes, MarkSlot.length, place) == MarkSlot.length else {
      throw failure("cannot be written")
    }
  }

  // MARK: The file

  private func openOrCreate(with mark: LogMark) throws(StoreError) -> Int32 {
    let known = Foundation.open(path, O_RDWR | O_CLOEXEC)
    if known >= 0 { return known }
    guard errno == ENOENT else { throw failure("cannot be opened") }
    // Under its own name only when it is whole and on the disk: an empty file would look like a loss.
    let draft = "\(path).\(ProcessInfo.processInfo.processIdentifier)"
    let descriptor = Foundation.open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure("cannot be made") }
    defer {
      Foundation.close(descriptor)
      unlink(draft)
    }
    for number in UInt64(1)...2 { try write(MarkSlot(number, mark), to: descriptor) }
    try sync(descriptor)
    guard link(draft, path) == 0 || errno == EEXIST else { throw failure("cannot be made") }
    let made = Foundation.open(path, O_RDWR | O_CLOEXEC)
    guard made >= 0 else { throw failure("cannot be opened") }
    return made
  }

  private func lock(_ descriptor: Int32, _ kind: Int32) throws(StoreError) {
    while flock(descriptor, kind) != 0 {
      guard errno == EINTR else { throw failure("cannot be locked") }
    }
  }

  private func sync(_ descriptor: Int32) throws(StoreError) {
    guard fsync(descriptor) == 0 else { throw failure("cannot be put on the disk") }
  }

  private func failure(_ what: String) -> StoreError {
    .unavailable(
      "\(path) \(what): \(String(cString: strerror(errno))). Give it and its folder to this user.")
  }
}

/// One slot: a number that counts the writes, the mark, and a checksum over both.
struct MarkSlot: Equatable {
  static let length = 96
  private static let magic: UInt64 = 0x6678_622d_6d61_726b

  let number: UInt64
  let mark: LogMark

  init(_ number: UInt64, _ mark: LogMark) {
    self.number = number
    self.mark = mark
  }

  /// Nil for bytes that no writer has finished.
  init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.length else { return nil }
    func word(_ index: Int) -> UInt64 {
      bytes[index * 8..<index * 8 + 8].reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard word(0) == Self.magic, word(10) == Self.checksum(bytes.prefix(80)), word(1) > 0,
      let epoch = Int(exactly: word(4)), let sequence = Int64(exactly: word(5))
    else { return nil }
    number = word(1)
    mark = LogMark(
      installation: Identifier(high: word(2), low: word(3)), idEpoch: epoch, sequence: sequence,
      digest: Array(bytes[48..<80]))
  }

  var bytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.length)
    func add(_ word: UInt64) {
      withUnsafeBytes(of: word.bigEndian) { bytes.append(contentsOf: $0) }
    }
    add(Self.magic)
    add(number)
    add(mark.installation.high)
    add(mark.installation.low)
    add(UInt64(mark.idEpoch))
    add(UInt64(mark.sequence))
    bytes += mark.digest
    add(Self.checksum(bytes[...]))
    add(0)
    return bytes
  }

  /// FNV-1a, against torn writes and not against forgers.
  private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }
}
