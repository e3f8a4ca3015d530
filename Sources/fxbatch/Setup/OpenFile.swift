import Foundation

/// Why a file that a person named cannot be read.
struct UnreadableFile: Error {
  let sentence: String
}

/// A regular file, open for reading. Pipes and devices are refused: their content may never come, or
/// never end, and cannot be looked at again.
struct OpenFile {
  private let path: String
  private let descriptor: Int32

  init(_ path: String) throws(UnreadableFile) {
    // Without waiting for somebody to write into a pipe.
    let descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw UnreadableFile(
        sentence: errno == ENOENT
          ? "\(path) is not there." : "\(path) cannot be read: \(Self.reason).")
    }
    self.path = path
    self.descriptor = descriptor
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      close()
      throw UnreadableFile(
        sentence: facts.st_mode & S_IFMT == S_IFDIR
          ? "\(path) is a folder, not a file."
          : "\(path) is a pipe or a device, not a file. Save what comes from it first.")
    }
  }

  /// Up to `count` bytes; none at the file's end.
  func read(upTo count: Int) throws(UnreadableFile) -> [UInt8] {
    var got = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      repeat {
        got = Foundation.read(descriptor, buffer.baseAddress, count)
      } while got < 0 && errno == EINTR
      initialized = max(got, 0)
    }
    guard got >= 0 else {
      throw UnreadableFile(sentence: "\(path) cannot be read: \(Self.reason).")
    }
    return bytes
  }

  func close() { Foundation.close(descriptor) }

  private static var reason: String { String(cString: strerror(errno)) }
}

extension OpenFile {
  /// Longest file of settings, or of one secret.
  private static let maximumTextBytes = 1 << 16

  /// The whole of a short text file.
  static func text(of path: String) throws(UnreadableFile) -> String {
    let bytes = try bytes(of: path, atMost: maximumTextBytes)
    guard let text = String(validating: bytes, as: UTF8.self), !text.contains("\0") else {
      throw UnreadableFile(sentence: "\(path) is not a text in UTF-8.")
    }
    return text
  }

  /// The whole of a file.
  static func bytes(of path: String, atMost bound: Int) throws(UnreadableFile) -> [UInt8] {
    let file = try OpenFile(path)
    defer { file.close() }
    var bytes: [UInt8] = []
    while case let piece = try file.read(upTo: pieceBytes), !piece.isEmpty {
      bytes += piece
      guard bytes.count <= bound else {
        throw UnreadableFile(sentence: "\(path) is longer than \(bound) bytes.")
      }
    }
    return bytes
  }

  private static let pieceBytes = 1 << 16
}
