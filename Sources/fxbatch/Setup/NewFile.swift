import Foundation

/// A file that is written whole or not at all: under another name, until it is finished.
struct NewFile: Sendable {
  private let path: String
  private let handle: FileHandle

  private var draft: String { path + ".part" }

  /// - Throws: ``Complaint`` where a file is there already, or none can be made.
  init(_ path: String) throws(Complaint) {
    guard !FileManager.default.fileExists(atPath: path) else {
      throw Complaint("\(path) is there already. Name a new file.", .badInput)
    }
    let descriptor = open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else {
      throw Complaint(
        "\(path) cannot be written: \(String(cString: strerror(errno))). Name another file.",
        .badInput)
    }
    self.path = path
    self.handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
  }

  func write(_ bytes: [UInt8]) throws(Complaint) {
    do {
      try handle.write(contentsOf: Data(bytes))
    } catch {
      throw trouble(error)
    }
  }

  func finish() throws(Complaint) {
    do {
      try handle.synchronize()
      try FileManager.default.moveItem(atPath: draft, toPath: path)
    } catch {
      throw trouble(error)
    }
  }

  func abandon() { unlink(draft) }

  private func trouble(_ error: any Error) -> Complaint {
    Complaint("\(path) cannot be written: \(error.localizedDescription)", .badInput)
  }
}
