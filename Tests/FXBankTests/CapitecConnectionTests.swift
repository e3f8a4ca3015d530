import FXDomain
import FXPorts
import NIOCore
import NIOPosix
import NIOSSL
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G14 to G20.
@Suite struct `The way to the bank` {
  private func serverTLS(askingForClients: Bool = false) throws -> TLSConfiguration {
    func certificates(_ pem: String) throws -> [NIOSSLCertificate] {
      try NIOSSLCertificate.fromPEMBytes(Array(pem.utf8))
    }
    var tls = TLSConfiguration.makeServerConfiguration(
      certificateChain: try certificates(TestCertificates.server).map { .certificate($0) },
      privateKey: .privateKey(
        try NIOSSLPrivateKey(bytes: Array(TestCertificates.serverKey.utf8), format: .pem)))
    if askingForClients {
      tls.trustRoots = .certificates(try certificates(TestCertificates.authority))
      tls.certificateVerification = .noHostnameVerification
    }
    return tls
  }

  @Test func `G14: a bank whose certificate nobody vouches for is sent nothing`() async throws {
    try await withScriptedBank([:]) { _, tokenPort in
      try await withScriptedBank(["bookquoteddeal": [.ok]], tls: serverTLS()) { bank, port in
        var settings = CapitecSettings.local(port: port, scheme: "https")
        settings.tokenURL = "http://127.0.0.1:\(tokenPort)/token"
        try await withGateway(settings) { gateway in
          let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
          #expect(summary(answer) == "not sent: not sent")
          #expect(summary(await gateway.cancelQuote(1)) == "not sent")
          #expect(await bank.heard.isEmpty)
        }
      }
    }
  }

  @Test func `G15: a bank that one of the given authorities vouches for is dealt with`()
    async throws
  {
    try await TestCertificates.withFiles([TestCertificates.authority]) { files in
      try await withScriptedBank(["bookquoteddeal": [.ok]], tls: serverTLS()) { bank, port in
        for host in ["127.0.0.1", "localhost"] {
          var settings = CapitecSettings.local(port: port, scheme: "https", host: host)
          settings.caFile = files[0]
          try await withGateway(settings) { gateway in
            let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
            #expect(summary(answer) == "accepted")
          }
        }
      }
    }
  }

  @Test func `G16: our own certificate is shown to a bank that asks for it`() async throws {
    let texts = [
      TestCertificates.authority, TestCertificates.client, TestCertificates.clientKey,
    ]
    try await TestCertificates.withFiles(texts) { files in
      let tls = try serverTLS(askingForClients: true)
      try await withScriptedBank(["bookquoteddeal": [.ok]], tls: tls) { bank, port in
        var settings = CapitecSettings.local(port: port, scheme: "https")
        settings.caFile = files[0]
        try await withGateway(settings) { gateway in
          let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
          #expect(summary(answer).hasPrefix("not sent"))
          #expect(await bank.heard.isEmpty)
        }
        settings.clientCertificateFile = files[1]
        settings.clientKeyFile = files[2]
        try await withGateway(settings) { gateway in
          let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
          #expect(summary(answer) == "accepted")
        }
      }
    }
  }

  @Test
  func `G17: a bank that refuses our certificate only after the handshake leaves the deal unclear`()
    async throws
  {
    // Under TLS 1.3 the client has finished, and may have sent its request, before it is refused.
    try await TestCertificates.withFiles([TestCertificates.authority]) { files in
      try await withScriptedBank([:]) { _, tokenPort in
        let tls = try serverTLS(askingForClients: true)
        try await withScriptedBank(["bookquoteddeal": [.ok]], tls: tls) { bank, port in
          var settings = CapitecSettings.local(port: port, scheme: "https")
          settings.tokenURL = "http://127.0.0.1:\(tokenPort)/token"
          settings.caFile = files[0]
          try await withGateway(settings) { gateway in
            let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
            #expect(summary(answer) == "unclear: connection lost")
          }
          #expect(await bank.heard.isEmpty)
        }
      }
    }
  }

  @Test func `G18: a bank that takes the connection and never shakes hands is sent nothing`()
    async throws
  {
    try await withScriptedBank([:]) { bank, port in
      var settings = CapitecSettings.local(port: port)
      settings.tradingURL = "https://127.0.0.1:\(port)/trading"
      settings.timeoutMilliseconds = 2_000
      try await withGateway(settings) { gateway in
        let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 20_000)
        #expect(summary(answer) == "not sent: not sent")
      }
    }
  }

  @Test func `G19: a booking that finds no connection free is not sent`() async throws {
    try await withScriptedBank(["bookquoteddeal": [.silence]]) { bank, port in
      var settings = CapitecSettings.local(port: port)
      settings.maxConnections = 2
      settings.timeoutMilliseconds = 2_000
      try await withGateway(settings) { gateway in
        let (first, second) = (try Asked.order(quoteID: 1), try Asked.order(quoteID: 2))
        await withTaskGroup(of: Void.self) { group in
          group.addTask { _ = await gateway.book(first, timeoutMilliseconds: 60_000) }
          await bank.hears(2)  // the token, then the first booking
          let answer = await gateway.book(second, timeoutMilliseconds: 20_000)
          #expect(summary(answer) == "not sent: not sent")
          group.cancelAll()
        }
        #expect(await bank.requests("bookquoteddeal").count == 1)
      }
    }
  }

  @Test func `G20: bookings do not wait behind other calls`() async throws {
    let acts = ["bookquoteddeal": [Act.ok], "cancelquote": [.ok, .silence]]
    try await withScriptedBank(acts) { bank, port in
      var settings = CapitecSettings.local(port: port)
      settings.maxConnections = 2
      try await withGateway(settings) { gateway in
        _ = await gateway.cancelQuote(1)
        await withTaskGroup(of: Void.self) { group in
          for quote in Int64(2)...9 {
            group.addTask { _ = await gateway.cancelQuote(quote) }
          }
          await bank.hears(3)
          let answer = await gateway.book(
            BookingOrder(
              quoteID: 1, dealTransactionID: Asked.dealID, quoteRate: Rate(units: 1),
              clientRate: Rate(units: 1)), timeoutMilliseconds: 10_000)
          #expect(summary(answer) == "accepted")
          group.cancelAll()
        }
      }
    }
  }

  @Test func `a gateway that was shut down sends nothing`() async throws {
    try await withScriptedBank(["bookquoteddeal": [.ok]]) { bank, port in
      let gateway = try CapitecGateway(
        settings: .local(port: port), clock: { Asked.moment }, logger: .init(label: "t"))
      _ = await gateway.cancelQuote(1)
      try await gateway.shutdown()
      let answer = await gateway.book(try Asked.order(), timeoutMilliseconds: 10_000)
      #expect(summary(answer) == "not sent: not sent")
      #expect(await bank.requests("bookquoteddeal").isEmpty)
    }
  }
}
