import FXServer
import Testing

@Suite(.timeLimit(.minutes(1))) struct `The peer's address` {
  private static let claim = "6.6.6.6, 203.0.113.9, 10.1.2.3"

  @Test(arguments: [
    ([], "127.0.0.1"),
    (["192.0.2.1"], "127.0.0.1"),
    (["127.0.0.1"], "10.1.2.3"),
    (["127.0.0.0/8"], "10.1.2.3"),
    (["127.0.0.1", "10.1.0.0/16"], "203.0.113.9"),
    (["127.0.0.1", "10.1.2.3/32", "203.0.113.0/24"], "6.6.6.6"),
    (["0.0.0.0/0"], "6.6.6.6"),
    (["::/0"], "127.0.0.1"),
  ])
  func `is the nearest that no trusted proxy has`(proxies: [String], expected: String) async throws
  {
    try await withTransport(adjusted { $0.trustedProxies = try #require(TrustedProxies(proxies)) })
    {
      world in
      let answer = try await answer(
        to: "GET /peer HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \(Self.claim)\r\n"
          + "Connection: close\r\n\r\n", at: world.port)
      #expect(answer.hasSuffix("\r\n\r\n\(expected)"), "\(answer)")
    }
  }

  @Test(arguments: ["", "unknown", "_hidden", "1.2.3.4:80", "localhost"])
  func `is not taken from what is no address`(claim: String) async throws {
    try await withTransport(
      adjusted { $0.trustedProxies = try #require(TrustedProxies(["127.0.0.1"])) }
    ) {
      world in
      let answer = try await answer(
        to: "GET /peer HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: \(claim)\r\n"
          + "Connection: close\r\n\r\n", at: world.port)
      #expect(answer.hasSuffix("\r\n\r\n127.0.0.1"), "\(answer)")
    }
  }

  @Test(arguments: ["", "proxy", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8/8", "::/129", "1.2.3"])
  func `needs proxies that are addresses or networks`(text: String) {
    #expect(TrustedProxies([text]) == nil)
  }
}
