import FXDomain
import FXFiles
import FXJSON
import Testing

@testable import fxbatch

@Suite struct `Answers in words` {
  @Test func `a batch stands as its status and its counts say`() throws {
    let standing = try #require(
      Standing([
        "batch_id": "b1", "name": "morning", "status": "running",
        "counts": [
          "total": .integer(7), "pending": .integer(2), "booking": .integer(1),
          "in_doubt": .integer(1), "completed": .integer(3),
        ],
        "trades_per_second": .number("1.5"), "eta_seconds": .integer(4),
        "needs_decision": ["in_doubt"],
      ]))
    #expect((standing.id, standing.status) == ("b1", .running))
    #expect(standing.counts.total == 7)
    #expect(standing.done == 3)
    #expect((standing.rate, standing.secondsLeft) == ("1.5", 4))
    #expect(standing.needsDecision == ["in_doubt"])
    #expect(standing.counts.words == "7: 1 in doubt, 3 completed, 1 booking, 2 pending")
  }

  @Test(
    arguments: [
      [:], ["status": "asleep", "counts": [:]], ["status": "running"],
    ] as [JSON])
  func `what is no batch of ours stands nowhere`(json: JSON) {
    #expect(Standing(json) == nil)
  }

  @Test func `amounts that are nothing are not told`() {
    let sums: JSON = ["ZAR": "0.00", "USD": "12.50", "EUR": "-0.01"]
    #expect(BatchText.money(sums) == "USD 12.50, EUR -0.01")
    #expect(BatchText.money(nil) == "")
  }

  @Test func `names cannot steer a terminal`() {
    let event: JSON = [
      "seq": .integer(3), "at": "2026-03-01T09:30:00.000Z", "type": "trade.booking",
      "trade_id": "t1",
      "data": [
        "from": "quoting", "to": "booking", "attempt": .integer(1), "actor": "Ev\u{1b}[31mil",
        "note": "\u{202e}backwards",
      ],
    ]
    let line = TradeText.line(ofEvent: event)
    #expect(line.contains("quoting → booking  attempt 1  by Ev\\u{1b}[31mil"))
    #expect(line.contains("— \\u{202e}backwards"))
  }

  @Test func `a message of the feed tells how batches stand, or nothing`() {
    let batch: JSON = ["batch_id": "b1", "status": "paused", "counts": ["pending": .integer(1)]]
    let progress: JSON = ["type": "batch.progress", "data": batch]
    let snapshot: JSON = ["type": "snapshot", "data": ["batches": [batch, batch]]]
    let event: JSON = ["type": "trade.booked", "data": [:]]
    #expect(progress.standings.map(\.status) == [.paused])
    #expect(snapshot.standings.count == 2)
    #expect(event.standings.isEmpty)
  }
}

@Suite struct `The address of a server` {
  @Test(arguments: [
    ("https://desk.example:8443", "https://desk.example:8443"),
    ("https://desk.example/", "https://desk.example"),
    ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("http://localhost:8080", "http://localhost:8080"),
    ("http://[::1]:8080", "http://[::1]:8080"),
  ])
  func `is taken`(text: String, base: String) throws {
    #expect(try ServerAddress(text, from: "--server").base == base)
  }

  @Test(arguments: [
    "desk.example", "ftp://desk.example", "http://desk.example", "http://127.0.0.1.desk.example",
    "https://user:secret@desk.example", "https://desk.example?x=1", "https://", "",
  ])
  func `is refused where a token would not be safe with it`(text: String) {
    #expect(throws: Complaint.self) { try ServerAddress(text, from: "--server") }
  }
}

@Suite struct `Server-sent events` {
  @Test func `are read from pieces of any size`() throws {
    let text =
      "retry: 2000\n\nid: 7\r\ndata: {\"seq\":7}\r\n\r\n: note\ndata: {\"seq\":\ndata: 8}\n\n"
    for size in [1, 3, 1_000] {
      var stream = EventStream()
      var events: [EventStream.Event] = []
      var rest = Array(text.utf8)
      while !rest.isEmpty {
        events += try stream.take(Array(rest.prefix(size)))
        rest.removeFirst(min(size, rest.count))
      }
      #expect(
        events == [
          .init(id: "7", json: ["seq": .integer(7)]), .init(id: nil, json: ["seq": .integer(8)]),
        ])
    }
  }

  @Test func `that are none of ours are refused`() {
    var stream = EventStream()
    #expect(throws: ServerTrouble.self) { try stream.take(Array("data: <html>\n\n".utf8)) }
    #expect(throws: ServerTrouble.self) {
      try stream.take([UInt8](repeating: UInt8(ascii: "x"), count: CallingBounds.messageBytes + 1))
    }
  }
}

@Suite struct `A refusal` {
  @Test(arguments: [
    (401, "unauthenticated", 65), (403, "forbidden", 65), (404, "not_found", 65),
    (409, "wrong_state", 65), (409, "approval_required", 4), (409, "reconciliation_due", 4),
    (422, "invalid_input", 65), (429, "too_many_requests", 69), (500, "internal_error", 69),
    (503, "unavailable", 69),
  ])
  func `ends the process with the code of its kind`(status: Int, code: String, exit: Int32) {
    let refusal = Refusal(DeskAnswer(status: status, json: ["code": .string(code)]))
    #expect(refusal.exitCode.rawValue == exit)
  }

  @Test func `names every row of a file, and says what to do`() {
    var parser = TradeFileParser()
    parser.consume(Array("Client CIF,Amount ZAR\nC1,0\nC2,x\n".utf8).span)
    guard case .refused(let problems, _) = parser.finish() else {
      Issue.record("the file was taken")
      return
    }
    let lines = Refusal(problems).lines
    #expect(lines.details.count == 2)
    #expect(lines.details[0].hasPrefix("row 1: Amount ZAR: "))
    #expect(lines.sentence.hasPrefix("there are 2 problems, so nothing was stored."))
  }

  @Test func `without rows is one sentence, as it follows a colon`() {
    let problem: JSON = [
      "code": "wrong_state", "detail": "The batch is success, which does not allow this.",
    ]
    let lines = Refusal(DeskAnswer(status: 409, json: problem)).lines
    #expect(lines.details.isEmpty)
    #expect(lines.sentence == "the batch is success, which does not allow this.")
  }
}
