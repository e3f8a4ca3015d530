import FXServer
import Testing

private let hello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
private let last = "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

@Suite(.timeLimit(.minutes(2))) struct `A connection's peer` {
  @Test func `that never sends anything is left, without a word`() async throws {
    try await withTransport(adjusted { $0.limits.headMilliseconds = 100 }) { world in
      let silence = try await answer(to: "", at: world.port)
      #expect(silence == "")
    }
  }

  @Test(arguments: ["G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\n"])
  func `that does not end a head is told 408, first or later`(part: String) async throws {
    try await withTransport(adjusted { $0.limits.headMilliseconds = 200 }) { world in
      let first = try await answer(to: part, at: world.port)
      #expect(statuses(first) == [408])
      let later = try await answer(to: hello + part, at: world.port)
      #expect(statuses(later) == [200, 408])
    }
  }

  @Test func `that drips a head byte by byte gains no time`() async throws {
    try await withTransport(adjusted { $0.limits.headMilliseconds = 300 }) { world in
      let answer = try await RawClient.connected(to: world.port) { client in
        do {
          for byte in (hello + String(repeating: " ", count: 1_000)).utf8.dropLast(1_002) {
            try await client.send([byte])
            try await Task.sleep(for: .milliseconds(20))
          }
        } catch {}
        return await client.readToEnd()
      }
      #expect(statuses(answer) == [408])
    }
  }

  @Test func `that has nothing more to ask is left after a while`() async throws {
    try await withTransport(adjusted { $0.limits.idleMilliseconds = 100 }) { world in
      let answered = try await answer(to: hello, at: world.port)
      #expect(statuses(answered) == [200])
    }
  }

  @Test func `that sends a body too slowly is told 408`() async throws {
    try await withTransport(
      adjusted {
        $0.limits.bodyGraceMilliseconds = 200
        $0.limits.slowestBodyBytesPerSecond = 1_000
      }
    ) { world in
      let answer = try await answer(
        to: "POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc", at: world.port)
      #expect(statuses(answer) == [408])
      try await world.happenings.wait(for: "body fails")
    }
  }

  @Test func `that sends a long body fast enough may take longer than the grace`() async throws {
    try await withTransport(
      adjusted {
        $0.limits.bodyGraceMilliseconds = 300
        $0.limits.slowestBodyBytesPerSecond = 100
      }
    ) { world in
      let answer = try await RawClient.connected(to: world.port) { client in
        try await client.send("POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        for _ in 0..<10 {
          try await client.send(String(repeating: "x", count: 100))
          try await Task.sleep(for: .milliseconds(60))
        }
        try await client.send(last)
        return await client.readToEnd()
      }
      #expect(statuses(answer) == [200, 200])
    }
  }

  @Test func `is not blamed for a body that its route is slow to read`() async throws {
    try await withTransport(adjusted { $0.limits.bodyGraceMilliseconds = 200 }) { world in
      try await RawClient.connected(to: world.port) { client in
        let length = 8 << 20
        try await client.send("POST /late HTTP/1.1\r\nHost: a\r\nConnection: close\r\n")
        try await client.send("Content-Length: \(length)\r\n\r\n")
        try await client.send([UInt8](repeating: 0x78, count: length))
        // The bytes have left the client long ago; longer than the grace they wait for their reader.
        try await Task.sleep(for: .milliseconds(500))
        world.happenings.note("read on")
        let answer = await client.readToEnd()
        #expect(answer.hasSuffix("\r\n\r\n\(length)"), "\(answer)")
      }
    }
  }

  @Test func `that takes no answer is cut off`() async throws {
    try await withTransport(adjusted { $0.limits.writeMilliseconds = 200 }) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send("GET /flood HTTP/1.1\r\nHost: a\r\n\r\n")
        try await world.happenings.wait(for: "flood cut")
      }
    }
  }

  @Test func `that asks far ahead is answered in order, bit by bit`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        try await world.happenings.wait(for: "slow begins")
        // More than the server reads ahead; the rest waits in the sockets' buffers.
        try await client.send(String(repeating: hello, count: 2_000) + last)
        world.happenings.note("slow may end")
        let all = await client.readToEnd()
        #expect(statuses(all).count == 2_002)
      }
    }
  }

  @Test(arguments: [(1, [503]), (0, [])])
  func `beyond the limit is told 503, and far beyond it nothing`(
    turnedAway: Int, expected: [Int]
  ) async throws {
    try await withTransport(
      adjusted {
        $0.limits.connections = 1
        $0.limits.connectionsTurnedAway = turnedAway
      }
    ) { world in
      try await RawClient.connected(to: world.port) { first in
        try await first.send(hello)
        _ = try await first.read(until: "\r\n\r\nhello")
        let refusal = try await RawClient.connected(to: world.port) { second in
          // It may be closed already.
          do { try await second.send(hello) } catch {}
          return await second.readToEnd()
        }
        #expect(statuses(refusal) == expected)
        #expect(refusal.contains("Retry-After: 5\r\n") == !expected.isEmpty)
        try await first.send(last)
        let answered = await first.readToEnd()
        #expect(statuses(answered) == [200])
      }
      // A place is free again as soon as the server has noticed.
      var answered: [Int] = []
      repeat {
        do { answered = statuses(try await answer(to: last, at: world.port)) } catch {}
      } while answered != [200]
    }
  }
}

@Suite(.timeLimit(.minutes(2))) struct `A shutdown` {
  @Test func `lets requests under way end, and takes no new ones`() async throws {
    try await withTransport(adjusted { $0.limits.drainMilliseconds = 20_000 }) { world in
      try await RawClient.connected(to: world.port) { busy in
        try await RawClient.connected(to: world.port) { idle in
          try await idle.send(hello)
          _ = try await idle.read(until: "hello")
          try await busy.send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
          try await world.happenings.wait(for: "slow begins")
          await world.shutDown()
          #expect(await idle.readToEnd() == "")
        }
        await #expect(throws: (any Error).self) { try await answer(to: last, at: world.port) }
        world.happenings.note("slow may end")
        let reply = await busy.readToEnd()
        #expect(reply.hasSuffix("Connection: close\r\n\r\nslow"), "\(reply)")
      }
    }
  }

  @Test func `does not wait for ever`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send("GET /stuck HTTP/1.1\r\nHost: a\r\n\r\n")
        try await world.happenings.wait(for: "stuck begins")
        await world.shutDown()
        #expect(await client.readToEnd() == "")
      }
    }
  }

  @Test func `tells WebSockets 1001`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await world.happenings.wait(for: "live begins")
        await world.shutDown()
        #expect(await client.closeCode() == 1001)
        try await world.happenings.wait(for: "live ends")
      }
    }
  }
}
