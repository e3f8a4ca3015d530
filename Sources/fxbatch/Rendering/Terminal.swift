import Foundation
import Synchronization

/// Where words for people go: results to standard output, everything else to standard error.
enum Terminal {
  /// A line that is redrawn stands on standard error, and must be wiped before the next word.
  private static let isLineDrawn = Mutex(false)

  static let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1
  private static let usesColour =
    isatty(STDOUT_FILENO) == 1 && ProcessInfo.processInfo.environment["NO_COLOR"] == nil

  static func say(_ line: String) {
    wipe()
    write(line + "\n", to: STDOUT_FILENO)
  }

  /// Lines on standard error. They name things of files, banks and other people, so nothing in them
  /// but their line ends reaches a terminal.
  static func note(_ lines: String) {
    wipe()
    let plain = lines.split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0).plain
    }
    write(plain.joined(separator: "\n") + "\n", to: STDERR_FILENO)
  }

  static func complain(_ message: String) { note("fxbatch: \(message)") }

  /// Replaces the line that was drawn last.
  static func draw(_ line: String) {
    isLineDrawn.withLock { $0 = true }
    write("\r\u{1b}[2K" + line, to: STDERR_FILENO)
  }

  static func wipe() {
    let isDrawn = isLineDrawn.withLock { drawn in
      defer { drawn = false }
      return drawn
    }
    if isDrawn { write("\r\u{1b}[2K", to: STDERR_FILENO) }
  }

  /// A yes, or anything else.
  static func confirms(_ question: String) -> Bool {
    write("\(question) [y/N] ", to: STDERR_FILENO)
    let answer = readLine()?.lowercased()
    return answer == "y" || answer == "yes"
  }

  enum Colour: String {
    case green = "32"
    case yellow = "33"
    case red = "31"
    case dim = "2"
  }

  static func coloured(_ text: String, _ colour: Colour?) -> String {
    guard let colour, usesColour else { return text }
    return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
  }

  /// Whole lines, whatever their length. A reader that has gone ends the process, as of old.
  private static func write(_ text: String, to descriptor: Int32) {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      sent += count
    }
  }
}
