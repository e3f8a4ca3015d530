import ArgumentParser
import Foundation
import Synchronization

/// Where words for people go: results to standard output, everything else to standard error.
enum Terminal {
  /// Lines that are redrawn stand on standard error, and must be wiped before the next word.
  private static let drawnLines = Mutex(0)

  static let isInteractive = isatty(STDIN_FILENO) == 1 && isatty(STDERR_FILENO) == 1
  static let errorIsTerminal = isatty(STDERR_FILENO) == 1
  private static let wantsColour = ProcessInfo.processInfo.environment["NO_COLOR"] == nil
  private static let usesColour = wantsColour && isatty(STDOUT_FILENO) == 1
  private static let errorUsesColour = wantsColour && errorIsTerminal

  static func say(_ line: String) {
    wipe()
    write(line + "\n", to: STDOUT_FILENO)
  }

  /// Bytes as they are, such as a file.
  static func say(bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

  /// Lines on standard error. They name things of files, banks and other people, so nothing in them
  /// but their line ends reaches a terminal.
  static func note(_ lines: String) {
    let plain = lines.split(separator: "\n", omittingEmptySubsequences: false).map {
      String($0).plain
    }
    noteStyled(plain.joined(separator: "\n"))
  }

  /// The same for lines with colours in them, whose foreign parts are plain already.
  static func noteStyled(_ lines: String) {
    wipe()
    write(lines + "\n", to: STDERR_FILENO)
  }

  /// One line of a log for programs, its end included; lines of several threads do not mix.
  static func writeLogLine(_ bytes: [UInt8]) {
    logLines.withLock { _ in write(bytes, to: STDERR_FILENO) }
  }

  private static let logLines = Mutex(())

  static func complain(_ message: String) { note("fxbatch: \(message)") }

  /// Replaces the lines that were drawn last. None may be wider than the terminal.
  static func draw(_ lines: [String]) {
    drawnLines.withLock { drawn in
      write(erasure(of: drawn) + lines.joined(separator: "\n"), to: STDERR_FILENO)
      drawn = lines.count
    }
  }

  static func wipe() {
    drawnLines.withLock { drawn in
      if drawn > 0 { write(erasure(of: drawn), to: STDERR_FILENO) }
      drawn = 0
    }
  }

  /// What takes the cursor to the start of so many lines, and them away.
  private static func erasure(of lines: Int) -> String {
    (lines > 1 ? "\u{1b}[\(lines - 1)A" : "") + "\r\u{1b}[J"
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
    case bold = "1"
  }

  static func coloured(_ text: String, _ colour: Colour?, onError: Bool = false) -> String {
    guard let colour, !text.isEmpty, onError ? errorUsesColour : usesColour else { return text }
    return "\u{1b}[\(colour.rawValue)m\(text)\u{1b}[0m"
  }

  private static func write(_ text: String, to descriptor: Int32) {
    write(Array(text.utf8), to: descriptor)
  }

  /// All of it, whatever its length. A reader that has gone ends the process, as of old; so does an
  /// output that takes no more, since what it lost may be shown only once.
  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Foundation.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let why = String(cString: strerror(errno))
        guard descriptor == STDOUT_FILENO else { return }
        complain("the output cannot be written: \(why). What is missing was not shown.")
        Fxbatch.exit(withError: ExitCode.store)
      }
      sent += count
    }
  }
}
