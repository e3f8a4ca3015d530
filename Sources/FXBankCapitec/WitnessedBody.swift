import Synchronization

/// A request body that knows whether anybody has begun to read it.
///
/// The HTTP library reads a body when it hands it to an established connection, and not before: as long
/// as nothing was read, the request cannot have arrived in full.
struct WitnessedBody: Collection, Sendable {
  private final class Witness: Sendable {
    let wasRead = Atomic(false)
  }

  private let bytes: [UInt8]
  private let witness = Witness()

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var wasRead: Bool { witness.wasRead.load(ordering: .sequentiallyConsistent) }

  var startIndex: Int { 0 }
  var endIndex: Int { bytes.count }
  func index(after index: Int) -> Int { index + 1 }

  subscript(index: Int) -> UInt8 {
    witness.wasRead.store(true, ordering: .sequentiallyConsistent)
    return bytes[index]
  }
}
