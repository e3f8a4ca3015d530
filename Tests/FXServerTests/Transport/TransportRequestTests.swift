import FXServer
import Testing

/// Bytes on a new connection, and the statuses of all that is answered before it ends.
struct RequestCase: CustomTestStringConvertible, Sendable {
  let testDescription: String
  let bytes: String
  let statuses: [Int]

  init(_ name: String, _ bytes: String, _ statuses: Int...) {
    testDescription = name
    self.bytes = bytes
    self.statuses = statuses
  }
}

private let last = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

private func get(_ fields: String, _ target: String = "/hello") -> String {
  "GET \(target) HTTP/1.1\r\nHost: a\r\n\(fields)\r\n"
}

private func post(_ fields: String, _ body: String = "") -> String {
  "POST /echo HTTP/1.1\r\nHost: a\r\n\(fields)\r\n\(body)"
}

private let chunked = "Transfer-Encoding: chunked\r\n"

private let served: [RequestCase] = [
  .init("one request", last, 200),
  .init("three at once", get("") + get("") + last, 200, 200, 200),
  .init("an empty line first", "\r\n" + last, 200),
  .init("HTTP/1.0", "GET /hello HTTP/1.0\r\n\r\n", 200),
  .init("HTTP/1.0 with a host", "GET /hello HTTP/1.0\r\nHost: a\r\n\r\n", 200),
  .init("HTTP/1.0 that would stay", "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200),
  .init("HTTP/1.7", "GET /hello HTTP/1.7\r\nHost: a\r\nConnection: close\r\n\r\n", 200),
  .init("Connection as a list", get("Connection: x, Close\r\n"), 200),
  .init("blanks around a value", get("X: \t a \t\r\nConnection:close\r\n"), 200),
  .init("Latin-1 in a value", get("X: \u{FF}\r\nConnection: close\r\n"), 200),
  .init("the asterisk", "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n" + last, 404, 200),
  .init("absolute form", get("Connection: close\r\n", "http://b:8/hello"), 200),
  .init("absolute form, capitals", get("Connection: close\r\n", "HTTP://b/hello"), 200),
  .init("HEAD", "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n" + last, 200, 200),
  .init(
    "h2c is ignored", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n") + last, 200,
    200),
  .init(
    "h2c with a body",
    post("Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 2\r\n", "ab") + last, 200, 200),
  .init("a body by length", post("Content-Length: 3\r\n", "abc") + last, 200, 200),
  .init("an empty body", post("Content-Length: 0\r\n") + last, 200, 200),
  .init("chunks", post(chunked, "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n") + last, 200, 200),
  .init(
    "chunks, capitals",
    post("TRANSFER-ENCODING: CHUNKED\r\n", "A\r\n0123456789\r\n0\r\n\r\n") + last, 200, 200),
  .init("chunk extensions", post(chunked, "1;a=b\r\nx\r\n0 ;c\r\n\r\n") + last, 200, 200),
  .init("a trailer", post(chunked, "0\r\nHost: evil\r\nX: y\r\n\r\n") + last, 200, 200),
  .init(
    "a body nobody reads",
    "POST /ignored HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + last, 200, 200),
  .init(
    "100-continue", post("Content-Length: 1\r\nExpect: 100-Continue\r\n", "a") + last, 100, 200, 200
  ),
  .init("100-continue without a body", get("Expect: 100-continue\r\n") + last, 200, 200),
]

private let refused: [RequestCase] = [
  .init("another expectation", post("Expect: 200-ok\r\n"), 417),
  .init("no host", "GET / HTTP/1.1\r\n\r\n", 400),
  .init("two hosts", get("Host: b\r\n"), 400),
  .init("an empty host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
  .init("a user in the host", "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", 400),
  .init("a path in the host", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
  .init("a list in the host", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
  .init("absolute form without host", "GET http://b/hello HTTP/1.1\r\n\r\n", 400),
  .init("absolute form, no authority", get("", "http:///hello"), 400),
  .init("absolute form with a user", get("", "http://u@b/hello"), 400),
  .init("another scheme", get("", "ftp://b/hello"), 400),
  .init("a relative target", get("", "hello"), 400),
  .init("the asterisk with GET", get("", "*"), 400),
  .init("a fragment", get("", "/hello#there"), 400),
  .init("raw UTF-8 in the target", get("", "/h\u{E9}"), 400),
  .init("CONNECT", "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
  .init("TRACE", "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 405),
  .init("an unknown method", "FETCH /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405),
  .init("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  .init("HTTP/2.0", "GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505),
  .init("HTTP/0.9", "GET /\r\n", 400),
  .init("HTTP/0.8", "GET / HTTP/0.8\r\n\r\n", 505),
  .init("http/1.1", "GET / http/1.1\r\nHost: a\r\n\r\n", 400),
  .init("HTTP/1.10", "GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400),
  .init("TLS on a plain port", "\u{16}\u{3}\u{1}\u{2}\u{0}", 400),
  .init("nonsense", "nonsense\r\n\r\n", 400),
  .init("two empty lines", "\r\n\r\n", 400),
  .init("two blanks", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
  .init("a blank first", " GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
  .init("a tab", "GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400),
  .init("a method with a colon", "G:T / HTTP/1.1\r\nHost: a\r\n\r\n", 400),
  .init("a long request line", "GET /\(String(repeating: "x", count: 9_000)) HTTP/1.1\r\n", 414),
  .init("a long method", String(repeating: "G", count: 9_000), 414),
  .init("a long field", get("X: \(String(repeating: "x", count: 40_000))\r\n"), 431),
  .init(
    "many bytes of fields",
    get((0..<9).map { "X\($0): \(String(repeating: "x", count: 4_000))\r\n" }.joined()), 431),
  .init("many fields", get(String(repeating: "X: y\r\n", count: 101)), 431),
  .init("a folded field", get("X: a\r\n b\r\n"), 400),
  .init("a folded first field", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400),
  .init("a blank before the colon", get("X : a\r\n"), 400),
  .init("no colon", get("X\r\n"), 400),
  .init("no name", get(": a\r\n"), 400),
  .init("a name with a blank", get("X Y: a\r\n"), 400),
  .init("NUL in a value", get("X: a\0b\r\n"), 400),
  .init("NUL in a name", get("X\0Y: a\r\n"), 400),
  .init("NUL in the target", get("", "/a\0b"), 400),
  .init("a bare CR in a value", get("X: a\rb\r\n"), 400),
  .init("a bare LF in a value", get("X: a\nY: b\r\n"), 400),
  .init("a bare LF after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400),
  .init("bare LFs only", "GET / HTTP/1.1\nHost: a\n\n", 400),
  .init("CR CR LF", get("X: a\r\r\n"), 400),
  .init("an escape character", get("X: \u{1B}[0m\r\n"), 400),
  .init("DEL", get("X: \u{7F}\r\n"), 400),
  .init("length and chunks", post("Content-Length: 3\r\n" + chunked, "0\r\n\r\n"), 400),
  .init("chunks and length", post(chunked + "Content-Length: 3\r\n", "0\r\n\r\n"), 400),
  .init("two lengths", post("Content-Length: 3\r\nContent-Length: 4\r\n", "abc"), 400),
  .init("two equal lengths", post("Content-Length: 3\r\nContent-Length: 3\r\n", "abc"), 400),
  .init("a list of lengths", post("Content-Length: 3, 3\r\n", "abc"), 400),
  .init("a signed length", post("Content-Length: +3\r\n", "abc"), 400),
  .init("a negative length", post("Content-Length: -3\r\n", "abc"), 400),
  .init("a hexadecimal length", post("Content-Length: 0x3\r\n", "abc"), 400),
  .init("an empty length", post("Content-Length:\r\n"), 400),
  .init("a length with a blank", post("Content-Length: 1 0\r\n"), 400),
  .init("an enormous length", post("Content-Length: 99999999999999999999\r\n"), 413),
  .init("gzip", post("Transfer-Encoding: gzip, chunked\r\n"), 501),
  .init("identity", post("Transfer-Encoding: identity\r\n"), 501),
  .init("xchunked", post("Transfer-Encoding: xchunked\r\n"), 501),
  .init("an empty coding", post("Transfer-Encoding:\r\n"), 501),
  .init("chunked twice", post("Transfer-Encoding: chunked, chunked\r\n"), 400),
  .init("chunked twice, in two fields", post(chunked + chunked), 400),
  .init("a vertical tab before the coding", post("Transfer-Encoding: \u{B}chunked\r\n"), 400),
  .init("chunks in HTTP/1.0", "POST /echo HTTP/1.0\r\n\(chunked)\r\n0\r\n\r\n", 400),
  .init("a chunk without size", post(chunked, "\r\n"), 400),
  .init("a chunk of no digits", post(chunked, "x\r\n"), 400),
  .init("a signed chunk", post(chunked, "+1\r\na\r\n"), 400),
  .init("a hexadecimal prefix", post(chunked, "0x1\r\na\r\n"), 400),
  .init("a chunk's size of 17 digits", post(chunked, "00000000000000001\r\na\r\n"), 400),
  .init("an enormous chunk", post(chunked, "fffffffffff\r\n"), 413),
  .init("a long extension", post(chunked, "1;" + String(repeating: "x", count: 400)), 400),
  .init("a chunk longer than it says", post(chunked, "1\r\nabc\r\n"), 400),
  .init("a chunk ended by LF", post(chunked, "1\r\na\n0\r\n\r\n"), 400),
  .init("a size ended by LF", post(chunked, "1\na\r\n0\r\n\r\n"), 400),
  .init("a long trailer", post(chunked, "0\r\nX: " + String(repeating: "x", count: 40_000)), 431),
  .init("a malformed trailer", post(chunked, "0\r\nX : y\r\n\r\n"), 400),
  .init("nonsense after a request", get("") + "nonsense\r\n\r\n", 200, 400),
]

@Suite(.timeLimit(.minutes(2))) struct `A request on the wire` {
  @Test func `is served when it is well-formed`() async throws {
    try await withTransport { world in
      for row in served {
        let answer = try await answer(to: row.bytes, at: world.port)
        #expect(statuses(answer) == row.statuses, "\(row.testDescription): \(answer)")
      }
    }
  }

  @Test func `is refused when it is not, and the connection closes`() async throws {
    try await withTransport { world in
      for row in refused {
        let answer = try await answer(to: row.bytes, at: world.port)
        #expect(statuses(answer) == row.statuses, "\(row.testDescription): \(answer)")
        #expect(answer.contains("Connection: close\r\n"), "\(row.testDescription)")
        #expect(answer.contains("Content-Type: application/problem+json\r\n"))
        #expect(answer.hasSuffix("\"}"), "\(row.testDescription): \(answer)")
      }
    }
  }

  @Test func `is read the same in any pieces`() async throws {
    let bytes = Array((post(chunked, "1\r\na\r\n2;x\r\nbc\r\n0\r\nT: u\r\n\r\n") + last).utf8)
    try await withTransport { world in
      for cut in bytes.indices.dropFirst() {
        let answer = try await RawClient.connected(to: world.port) { client in
          try await client.send(Array(bytes[..<cut]))
          try await client.send(Array(bytes[cut...]))
          return await client.readToEnd()
        }
        #expect(statuses(answer) == [200, 200], "cut at \(cut)")
        #expect(answer.contains("abc"))
      }
    }
  }

  @Test(arguments: [
    ("/where?a=b%20c", "http a /where?a=b%20c"), ("http://b:8/where", "http b:8 /where"),
  ])
  func `reaches its route by path and authority`(target: String, expected: String) async throws {
    try await withTransport { world in
      let answer = try await answer(to: get("Connection: close\r\n", target), at: world.port)
      #expect(answer.hasSuffix(expected), "\(answer)")
    }
  }

  @Test func `may be answered in chunks, but not an old one`() async throws {
    try await withTransport { world in
      let new = try await answer(to: get("Connection: close\r\n", "/parts"), at: world.port)
      #expect(new.hasSuffix("\r\n\r\n4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n"), "\(new)")
      let old = try await answer(to: "GET /parts HTTP/1.0\r\n\r\n", at: world.port)
      #expect(old.hasSuffix("Connection: close\r\n\r\none two three"), "\(old)")
      let head = try await answer(
        to: "HEAD /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", at: world.port)
      #expect(head.hasSuffix("\r\n\r\n"), "\(head)")
    }
  }

  @Test func `is answered to a client that sends no more`() async throws {
    try await withTransport { world in
      let answer = try await RawClient.connected(to: world.port) { client in
        try await client.send(get("") + get("", "/parts"))
        client.finish()
        return await client.readToEnd()
      }
      #expect(statuses(answer) == [200, 200])
    }
  }

  @Test(arguments: ["Content-Length: 2001\r\n", chunked])
  func `with too large a body is refused`(framing: String) async throws {
    try await withTransport(adjusted { $0.limits.bodyBytes = 2_000 }) { world in
      let chunk = "3e8\r\n" + String(repeating: "x", count: 1_000) + "\r\n"
      let fits = try await answer(
        to: post(chunked, chunk + chunk + "0\r\n\r\n") + last, at: world.port)
      #expect(statuses(fits) == [200, 200])
      let head = "POST /count HTTP/1.1\r\nHost: a\r\n\(framing)\r\n"
      let answer = try await answer(to: head + chunk + chunk + "1\r\nx\r\n", at: world.port)
      #expect(statuses(answer) == [413])
      if framing == chunked { try await world.happenings.wait(for: "body fails") }
    }
  }

  @Test func `that goes on after it was refused does not lose its answer`() async throws {
    try await withTransport(adjusted { $0.limits.bodyBytes = 2_000 }) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
        for _ in 0..<9 { try await client.send([UInt8](repeating: 0x78, count: 100_000)) }
        client.finish()
        let answer = await client.readToEnd()
        #expect(statuses(answer) == [413])
      }
    }
  }

  @Test func `that was answered before its body ended is not answered twice`() async throws {
    try await withTransport(adjusted { $0.limits.bodyBytes = 2_000 }) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send("POST /ignored HTTP/1.1\r\nHost: a\r\n\(chunked)\r\n1\r\nx\r\n")
        _ = try await client.read(until: "never read")
        try await client.send("fff\r\n")
        #expect(await client.readToEnd() == "")
      }
    }
  }

  @Test func `that breaks off in its body is never taken for whole`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
        try await world.happenings.wait(for: "body begins")
      }
      try await world.happenings.wait(for: "body fails")
    }
  }

  @Test func `that streams its answer ends when its reader has gone`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send(get("", "/forever"))
        _ = try await client.read(until: "begun")
      }
      try await world.happenings.wait(for: "reader gone")
    }
  }
}
