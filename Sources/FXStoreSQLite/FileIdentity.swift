import Foundation

/// Which file a path named when it was opened. A process that goes on writing into a file that others
/// no longer see would lose what it acknowledges.
struct FileIdentity: Sendable {
  private let path: String
  private let opened: Numbers?

  private struct Numbers: Equatable {
    let device: dev_t
    let file: ino_t
  }

  init(of path: String) {
    self.path = path
    self.opened = Self.numbers(of: path)
  }

  /// Whether the path still names that file.
  var isInPlace: Bool { opened != nil && Self.numbers(of: path) == opened }

  private static func numbers(of path: String) -> Numbers? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return Numbers(device: status.st_dev, file: status.st_ino)
  }
}
