import FXDomain
import FXJSON
import Logging
import Synchronization
import Testing

@testable import FXServer

/// Keeps what a log for programs writes, read again as JSON.
final class KeptLines: Sendable {
  private let bytes = Mutex<[UInt8]>([])

  var logger: Logger {
    var logger = Logger(label: "desk") { label in
      JSONLogHandler(
        label: label, now: { Timestamp(milliseconds: 1_767_258_000_123) },
        write: { more in self.bytes.withLock { $0 += more } })
    }
    logger.logLevel = .debug
    return logger
  }

  var text: String { String(decoding: bytes.withLock { $0 }, as: UTF8.self) }

  var all: [JSON] {
    text.split(separator: "\n").map { line in
      do { return try JSON(parsing: Array(line.utf8)) } catch {
        Issue.record("\(line) is not JSON: \(error)")
        return .null
      }
    }
  }
}

@Suite struct `The log for programs` {
  private let lines = KeptLines()

  @Test func `writes one object a line, what it is about beside the message`() {
    lines.logger.info(
      "a batch has ended",
      metadata: [
        "batch_id": "b1", "count": .stringConvertible(7), "names": ["x", "y"],
        "inner": ["a": "1"],
      ])
    #expect(
      lines.text == """
        {"timestamp":"2026-01-01T09:00:00.123Z","level":"info","label":"desk",\
        "message":"a batch has ended","batch_id":"b1","count":7,"inner":{"a":"1"},"names":["x","y"]}

        """)
  }

  @Test func `keeps to one line whatever it is told, and hides nothing`() {
    lines.logger.error("two\nlines\u{1b}[31m\u{202e}", metadata: ["key\n": "\u{0}"])
    #expect(lines.text.count { $0 == "\n" } == 1)
    #expect(lines.text.contains(#""message":"two\u000alines\u001b[31m\u202e""#))
    #expect(lines.all.first?["message"] == "two\nlines\u{1b}[31m\u{202e}")
  }

  @Test func `metadata takes no fixed name away`() {
    lines.logger.warning("m", metadata: ["level": "mine", "message": "mine"])
    let line = lines.all.first
    #expect(line?["level"] == "warning")
    #expect(line?["level_"] == "mine")
    #expect(line?["message_"] == "mine")
  }

  @Test(arguments: ["password", "client_secret", "accessToken", "Authorization", "Set-Cookie"])
  func `tells nothing under a name that sounds like a secret`(name: String) {
    lines.logger.info("m", metadata: [name: "canary", "fields": [name: "canary"]])
    #expect(!lines.text.contains("canary"))
  }

  @Test func `a logger's own metadata stands in each of its lines`() {
    var logger = lines.logger
    logger[metadataKey: "trade_id"] = "t1"
    logger.debug("one")
    logger.trace("below the level")
    logger.debug("two", metadata: ["trade_id": "t2"])
    #expect(lines.all.map { $0["trade_id"] } == ["t1", "t2"])
  }
}
