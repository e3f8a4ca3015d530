import FXDomain
import FXPorts
import Logging
import Testing

@testable import FXBankCapitec

/// docs/gateway-acceptance.md, G42 to G44.
@Suite struct `Settings and secrets` {
  /// Everything that must not be seen outside the requests themselves.
  static let hidden = [
    "canary", Asked.accountNumber, "1050000043", "900001", "Invented Name", "pass word",
  ]

  @Test func `G42: no log line at any level holds a secret, a user or an account`() async throws {
    let lines = RecordingLog.Lines()
    let refusal = Act.answer(
      200,
      Act.envelope(
        #""resultCode":7,"resultReasonCode":"BUSINESS","resultMsg":"Invented Name 1050000042""#, "")
    )
    let acts = [
      "createquote": [refusal], "getlatestquote": [.hangUp], "balance": [.answer(401, "canary")],
      "bookquoteddeal": [.ok, refusal, .hangUp, .answer(500, "canary")],
      "GetTxnStatus": [.refusal("NOT_FOUND")], "bulk-balance": [.answer(200, "canary")],
      "statement": [.success("")],
    ]
    try await withScriptedBank(acts) { bank, port in
      var settings = CapitecSettings.local(port: port)
      settings.externalToken = Secret("external-canary")
      try await withGateway(settings, log: lines) { gateway in
        _ = await gateway.createQuote(try Asked.quote())
        _ = await gateway.latestQuote(1)
        for quote in Int64(1)...4 {
          _ = await gateway.book(try Asked.order(quoteID: quote), timeoutMilliseconds: 10_000)
        }
        _ = await gateway.dealStatus(.dealTransactionID(Asked.dealID))
        _ = await gateway.balance(accountNumber: Asked.accountNumber, cifNumber: "900001")
        _ = await gateway.accounts(page: 0)
        let day = try #require(CivilDate("2026-11-10"))
        _ = await gateway.statement(
          accountNumber: Asked.accountNumber, cifNumber: "900001", from: day, to: day)
      }
    }
    #expect(lines.all.count { $0.contains("bank call") } == 10)
    #expect(lines.all.contains { $0.contains("bookquoteddeal") && $0.contains("accepted") })
    #expect(lines.all.contains { $0.contains("3f1c0f7e-0000-4000-8000-000000000001") })
    for line in lines.all {
      for secret in Self.hidden { #expect(!line.contains(secret), "\(line)") }
    }
  }

  @Test func `G43: settings and secrets do not show themselves`() {
    let settings = CapitecSettings.local(port: 1)
    var dumped = ""
    dump(settings, to: &dumped)
    dump(settings.password, to: &dumped)
    let texts = [
      dumped, "\(settings)", String(reflecting: settings), "\(settings.password)",
      String(reflecting: settings.clientSecret), "\([settings.password])",
    ]
    for text in texts {
      #expect(!text.contains("canary"))
      #expect(!text.isEmpty)
    }
  }

  @Test func `G44: the identity follows from the URLs and the client id, and from nothing else`()
    async throws
  {
    func identity(_ change: (inout CapitecSettings) -> Void) async throws -> BankIdentity {
      var settings = CapitecSettings.local(port: 1)
      change(&settings)
      var identity: BankIdentity?
      try await withGateway(settings) { identity = $0.identity }
      return try #require(identity)
    }
    let plain = try await identity { _ in }
    #expect(plain.text.count == 64)
    #expect(try await identity { $0.password = Secret("other") } == plain)
    #expect(try await identity { $0.timeoutMilliseconds = 7_000 } == plain)
    #expect(try await identity { $0.clientID = "other" } != plain)
    #expect(try await identity { $0.tokenURL += "x" } != plain)
    #expect(try await identity { $0.tradingURL += "x" } != plain)
    #expect(try await identity { $0.accountURL += "x" } != plain)
  }

  @Test func `every problem of the settings is told at once, by its name`() {
    #expect(
      CapitecSettings(timeoutMilliseconds: 0, maxConnections: 1, clientKeyFile: "k").validate()
        .map { String($0.prefix { $0 != " " }) } == [
          "FXBATCH_BANK_TOKEN_URL", "FXBATCH_BANK_TRADING_URL", "FXBATCH_BANK_ACCOUNT_URL",
          "FXBATCH_BANK_CLIENT_ID", "FXBATCH_BANK_CLIENT_SECRET", "FXBATCH_BANK_USERNAME",
          "FXBATCH_BANK_PASSWORD", "FXBATCH_BANK_TIMEOUT_MS", "FXBATCH_BANK_MAX_CONNECTIONS",
          "FXBATCH_BANK_CLIENT_CERTIFICATE_FILE",
        ])
    #expect(CapitecSettings.local(port: 8_080).validate().isEmpty)
    #expect(throws: CapitecSettingsError.self) {
      try CapitecGateway(
        settings: CapitecSettings(), clock: { Asked.moment }, logger: Logger(label: "t"))
    }
  }

  @Test func `a certificate file that cannot be read is a problem of its setting`() throws {
    var settings = CapitecSettings.local(port: 1)
    settings.caFile = "/no/such/authority.pem"
    settings.clientCertificateFile = "/no/such/certificate.pem"
    settings.clientKeyFile = "/no/such/key.pem"
    let error = #expect(throws: CapitecSettingsError.self) {
      try CapitecGateway(
        settings: settings, clock: { Asked.moment }, logger: Logger(label: "t"))
    }
    #expect(error?.problems.count == 3)
  }

  @Test(arguments: [
    ("https://bank.example/api/v1", true), ("http://bank.example/api/v1", false),
    ("http://localhost/api", true), ("http://127.0.0.1:8080/api", true),
    ("http://127.8.9.10/api", true), ("http://[::1]:8080/api", true),
    ("http://127.0.0.1.bank.example/api", false), ("http://127.bank.example/api", false),
    ("http://localhost.bank.example/api", false), ("http://127.0.0.256/api", false),
    ("http://10.0.0.1/api", false), ("http://user@localhost/api", false),
    ("https://user:word@bank.example/api", false), ("https://bank.example/api/", false),
    ("https://bank.example/api?x=1", false), ("https://bank.example/api#x", false),
    ("ftp://bank.example/api", false), ("bank.example/api", false), ("https://", false),
    ("", false), ("https://bank example/api", false),
  ])
  func `plain http is for loopback hosts only`(url: String, isTaken: Bool) {
    var settings = CapitecSettings.local(port: 1)
    settings.tradingURL = url
    #expect(settings.validate().isEmpty == isTaken, "\(settings.validate())")
  }
}
