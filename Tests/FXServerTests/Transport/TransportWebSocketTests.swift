import FXServer
import Testing

@Suite(.timeLimit(.minutes(2))) struct `A WebSocket` {
  @Test func `is opened for who is admitted, and echoes`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket("User-Agent: Ann\r\n")
        try await client.sendText("who")
        #expect(try await client.text() == "Ann")
        try await client.sendText("grüße")
        #expect(try await client.text() == "grüße")
        try await client.send(RawClient.frame(0x8, [0x03, 0xE9]))
        #expect(await client.closeCode() == 1001)
        #expect(await client.readToEnd() == "")
      }
    }
  }

  @Test func `that is refused is a request like any other`() async throws {
    try await withTransport { world in
      let refused = RawClient.handshake("/peer", "X-Forwarded-For: 6.6.6.6\r\n")
      let last = "GET /live HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
      let answer = try await answer(
        to: refused + RawClient.handshake("/nowhere") + last, at: world.port)
      #expect(statuses(answer) == [200, 404, 401], "\(answer)")
      #expect(answer.contains("\r\n\r\n127.0.0.1HTTP"))
    }
  }

  @Test func `may be opened by a later request, and with frames right behind`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        let first = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"
        let bytes = Array((first + RawClient.handshake()).utf8)
        try await client.send(bytes + RawClient.frame(0x1, Array("early".utf8)))
        _ = try await client.read(until: "hello")
        #expect(try await client.read(until: "\r\n\r\n").hasPrefix("HTTP/1.1 101 "))
        #expect(try await client.text() == "early")
      }
    }
  }

  @Test func `that nobody decides on is refused in time`() async throws {
    try await withTransport(adjusted { $0.limits.admissionMilliseconds = 100 }) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.send(RawClient.handshake("/undecided"))
        let refusal = await client.readToEnd()
        #expect(statuses(refusal) == [503])
      }
      await world.shutDown()
    }
  }

  @Test(arguments: [("bye", 1000), ("fail", 1011), ("close", 1013)])
  func `closes as its server says`(order: String, code: Int) async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await client.sendText(order)
        #expect(await client.closeCode() == code)
        try await client.send(RawClient.frame(0x8, []))
        #expect(await client.readToEnd() == "")
      }
    }
  }

  @Test func `ends although its peer never says goodbye`() async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await client.sendText("bye")
        #expect(await client.closeCode() == 1000)
        #expect(await client.readToEnd() == "")
      }
    }
  }

  @Test(arguments: [true, false])
  func `ends the work of its server when the peer goes`(politely: Bool) async throws {
    try await withTransport { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await client.sendText("sleep")
        try await world.happenings.wait(for: "live begins")
        if politely {
          try await client.send(RawClient.frame(0x8, []))
          #expect(await client.closeCode() == 0)
        }
      }
      try await world.happenings.wait(for: "live ends")
    }
  }

  @Test func `pings, and drops a peer that shows no sign of life`() async throws {
    try await withTransport(
      adjusted {
        $0.limits.pingMilliseconds = 50
        $0.limits.pongMilliseconds = 1_000
      }
    ) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        // Answered for longer than a silent peer would be borne.
        for _ in 0..<30 {
          let opcode = try await client.frame()?.opcode
          #expect(opcode == 0x9)
          try await client.send(RawClient.frame(0xA, []))
        }
        while try await client.frame()?.opcode == 0x9 {}
      }
      try await world.happenings.wait(for: "live ends")
    }
  }

  @Test func `drops a silent peer although a write to it hangs`() async throws {
    try await withTransport(
      adjusted {
        $0.limits.pingMilliseconds = 100
        $0.limits.pongMilliseconds = 200
        $0.limits.writeMilliseconds = 60_000
      }
    ) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await client.sendText("flood")
        try await world.happenings.wait(for: "flood cut")
      }
    }
  }

  @Test func `cuts off a peer that takes nothing`() async throws {
    try await withTransport(adjusted { $0.limits.writeMilliseconds = 200 }) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await client.sendText("flood")
        try await world.happenings.wait(for: "flood cut")
      }
    }
  }

  @Test func `is not read while its server is behind`() async throws {
    try await withTransport(
      adjusted {
        $0.limits.unreadMessages = 2
        $0.limits.pingMilliseconds = 300
        $0.limits.pongMilliseconds = 500
      }
    ) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await client.sendText("pause")
        try await world.happenings.wait(for: "paused")
        for number in 0..<100 { try await client.sendText(String(number)) }
        // Longer than a silent peer would be borne: what is not read is not silence.
        try await Task.sleep(for: .milliseconds(1_000))
        world.happenings.note("go on")
        for number in 0..<100 { #expect(try await client.text() == String(number)) }
      }
    }
  }

  @Test(arguments: [
    ([0x81, 0x01, 0x61], 1002), ([0x81, 0x82, 0, 0, 0, 0, 0xC0, 0xAF], 1007),
    ([0x81, 0xFE, 0x03, 0xE9], 1009), ([0xC1, 0x80, 0, 0, 0, 0], 1002),
    ([0x80, 0x80, 0, 0, 0, 0], 1002), ([0x88, 0x82, 0, 0, 0, 0, 0x03, 0xED], 1002),
  ])
  func `says why it breaks off`(bytes: [UInt8], code: Int) async throws {
    try await withTransport(adjusted { $0.limits.frameBytes = 1_000 }) { world in
      try await RawClient.connected(to: world.port) { client in
        try await client.openWebSocket()
        try await client.send(bytes)
        #expect(await client.closeCode() == code)
        #expect(await client.readToEnd() == "")
      }
      try await world.happenings.wait(for: "live ends")
    }
  }
}
