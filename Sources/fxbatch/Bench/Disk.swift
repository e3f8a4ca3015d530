import Foundation

/// What the disk alone can do.
enum Disk {
  private static let syncs = 2_000
  private static let blockBytes = 4_096
  private static let blocks = 1_024

  /// How often a second 4 KiB become durable, one after the other, in a file that is long enough.
  static func measure(at path: String) throws -> Figures {
    let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw failure(path) }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 0x5a, count: blockBytes)
    func write(_ index: Int) throws {
      guard pwrite(descriptor, block, blockBytes, off_t(index % blocks * blockBytes)) == blockBytes
      else { throw failure(path) }
    }
    for index in 0..<blocks { try write(index) }
    guard fdatasync(descriptor) == 0 else { throw failure(path) }
    let clock = ContinuousClock()
    let start = clock.now
    for index in 0..<syncs {
      try write(index)
      guard fdatasync(descriptor) == 0 else { throw failure(path) }
    }
    var figures = Figures()
    figures.add("ceiling_fdatasyncs_per_second", syncs, in: clock.now - start)
    return figures
  }

  private static func failure(_ path: String) -> Complaint {
    Complaint("\(path) cannot be written: \(String(cString: strerror(errno)))", .store)
  }
}
