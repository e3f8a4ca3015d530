import FXPorts
import Foundation

/// One engine per database file: a lock of the operating system on a file beside the database. The
/// kernel lets go of it when the process ends, however it ends.
struct EngineLock: Sendable {
  private let path: String

  init(besideDatabase path: String) { self.path = path + ".lock" }

  /// A lock that is held until `release`, or until the process ends.
  struct Held: Sendable {
    fileprivate let descriptor: Int32

    func release() { close(descriptor) }
  }

  /// Nil when another process holds it.
  func take() throws -> Held? {
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw StoreError.unavailable(
        "\(path) cannot be made: \(String(cString: strerror(errno))). Give its folder to this user."
      )
    }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return Held(descriptor: descriptor) }
    let reason = errno
    close(descriptor)
    guard reason == EWOULDBLOCK || reason == EINTR else {
      throw StoreError.unavailable(
        "\(path) cannot be locked: \(String(cString: strerror(reason))). Use a local disk.")
    }
    return nil
  }

  /// For whoever cannot go on without an engine of their own.
  var takenAdvice: String {
    "another fxbatch runs the engine on this store. Stop it, or let it do the work: "
      + "`fxbatch run` hands its batch over to it."
  }
}
