import FXDomain
import Foundation
import Testing

@testable import FXNotify

@Suite struct `A message` {
  /// The vector that the rules' own libraries are tested with.
  @Test func `is signed by the Standard Webhooks rules`() throws {
    let key = try #require(Data(base64Encoded: "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
    let secret = SigningSecret(Array(key))
    let body = Array(#"{"test": 2432232314}"#.utf8)
    func signed(_ secrets: [SigningSecret]) -> String {
      Signature.text(
        id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: body,
        secrets: secrets)
    }
    #expect(signed([secret]) == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    let two = signed([SigningSecret(Array(repeating: 1, count: 32)), secret])
    #expect(two.split(separator: " ").count == 2 && two.hasSuffix(signed([secret])))
  }

  @Test func `shows its secret to no log`() {
    let secret = SigningSecret(Array("hidden-hidden-hidden-hidden".utf8))
    var dumped = ""
    dump(secret, to: &dumped)
    #expect("\(secret) \(dumped)".contains("<hidden>"))
    #expect(!"\(secret) \(dumped)".contains("104"))
  }

  @Test func `is tried for days, and then no more`() {
    let delays = (0...10).map { BackOff.delay(after: $0, random: 200) }
    #expect(delays.prefix(4) == [5_000, 30_000, 120_000, 600_000])
    #expect(delays.last == .some(nil))
    #expect(delays.compactMap { $0 }.reduce(0, +) > 3 * 86_400_000)
    for random in UInt64(0)..<1_000 {
      #expect((4_000...6_000).contains(BackOff.delay(after: 0, random: random) ?? 0))
    }
  }

  static let verdicts: [(Int?, Courier.Verdict)] = [
    (200, Courier.Verdict.delivered), (204, .delivered), (410, .gone),
    (302, .failed("the answer leads elsewhere, and is not followed")),
    (500, .failed("the answer has status 500")), (nil, .failed("no answer came")),
  ]

  @Test(arguments: verdicts)
  func `has arrived with a status of 2xx only`(status: Int?, verdict: Courier.Verdict) {
    #expect(Courier.Verdict(of: Poster.Reply(status: status)) == verdict)
  }
}

@Suite struct `An address` {
  static let closed = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255",
    "127.0.0.1", "127.255.0.9", "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.8",
    "192.0.2.1", "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.7",
    "203.0.113.9", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254",
    "::ffff:0:0", "64:ff9b::10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1",
    "2001::1", "2001:10::1", "2001:20::1", "2001:db8::1", "2002:7f00:1::", "2002:0808:0808::1",
    "3fff::1", "fc00::1", "fd12:3456::1", "fe80::1", "fec0::1", "ff02::1", "ff0e::1",
  ]
  static let open = [
    "1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.1", "100.63.255.255", "100.128.0.1",
    "126.255.255.255", "128.0.0.1", "172.15.255.255", "172.32.0.1", "192.167.255.255",
    "192.169.0.1", "198.17.255.255", "198.20.0.1", "223.255.255.255",
    "2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "::ffff:8.8.8.8",
    "64:ff9b::8.8.8.8",
  ]

  @Test(arguments: closed)
  func `that not everybody reaches is refused`(text: String) throws {
    #expect(try !#require(HostAddress(text)).isPublic)
  }

  @Test(arguments: open)
  func `of the internet is accepted`(text: String) throws {
    let address = try #require(HostAddress(text))
    #expect(address.isPublic)
    #expect(HostAddress(address.description) == address)
  }

  /// Whatever form the look-up takes, what it answers is looked at.
  @Test(arguments: ["127.0.0.1", "0x7f.1", "2130706433", "127.1", "017700000001", "::1"])
  func `in any form is what it stands for`(host: String) {
    let found = HostAddress.all(of: host, atMost: 4)
    #expect(!found.isEmpty && found.allSatisfy { !$0.isPublic })
  }
}
