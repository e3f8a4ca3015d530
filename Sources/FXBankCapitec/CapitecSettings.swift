import FoundationEssentials

/// How the bank is reached, and as whom.
public struct CapitecSettings: Sendable, CustomStringConvertible, CustomReflectable {
  /// The full URL of the token endpoint.
  public var tokenURL: String
  /// The base of the trading calls, without a final slash.
  public var tradingURL: String
  /// The base of the account calls, without a final slash.
  public var accountURL: String
  public var clientID: String
  public var clientSecret: Secret
  public var username: String
  public var password: Secret
  /// Sent as a bearer token with requests for tokens, where the bank has given one.
  public var externalToken: Secret?
  /// `header.userId` of every call; the user name when nil.
  public var userID: String?
  /// Of each call, from asking for a token to the last byte of the answer.
  public var timeoutMilliseconds: Int64
  /// To each host of the bank. Half are kept for bookings, which nothing else may delay.
  public var maxConnections: Int
  /// PEM file of the authorities that may vouch for the bank; the system's when nil.
  public var caFile: String?
  /// PEM files of our own certificate and its key, where the bank asks for one.
  public var clientCertificateFile: String?
  public var clientKeyFile: String?

  public init(
    tokenURL: String = "", tradingURL: String = "", accountURL: String = "",
    clientID: String = "", clientSecret: Secret = Secret(""), username: String = "",
    password: Secret = Secret(""), externalToken: Secret? = nil, userID: String? = nil,
    timeoutMilliseconds: Int64 = 10_000, maxConnections: Int = 64, caFile: String? = nil,
    clientCertificateFile: String? = nil, clientKeyFile: String? = nil
  ) {
    self.tokenURL = tokenURL
    self.tradingURL = tradingURL
    self.accountURL = accountURL
    self.clientID = clientID
    self.clientSecret = clientSecret
    self.username = username
    self.password = password
    self.externalToken = externalToken
    self.userID = userID
    self.timeoutMilliseconds = timeoutMilliseconds
    self.maxConnections = maxConnections
    self.caFile = caFile
    self.clientCertificateFile = clientCertificateFile
    self.clientKeyFile = clientKeyFile
  }

  /// The URLs only: who we are is not for logs either.
  public var description: String {
    "token \(tokenURL), trading \(tradingURL), account \(accountURL)"
  }

  public var customMirror: Mirror {
    Mirror(
      self, children: ["tokenURL": tokenURL, "tradingURL": tradingURL, "accountURL": accountURL])
  }

  /// Every problem at once, each beginning with the name under which the value is configured; empty
  /// when the settings can be used. Files are read only when the gateway is made.
  public func validate() -> [String] {
    var problems: [String] = []
    for (name, value, isBase) in [
      ("FXBATCH_BANK_TOKEN_URL", tokenURL, false), ("FXBATCH_BANK_TRADING_URL", tradingURL, true),
      ("FXBATCH_BANK_ACCOUNT_URL", accountURL, true),
    ] {
      if let problem = Self.problem(with: value, isBase: isBase) {
        problems.append("\(name) \(problem)")
      }
    }
    for (name, isMissing) in [
      ("FXBATCH_BANK_CLIENT_ID", clientID.isEmpty),
      ("FXBATCH_BANK_CLIENT_SECRET", clientSecret.isEmpty),
      ("FXBATCH_BANK_USERNAME", username.isEmpty), ("FXBATCH_BANK_PASSWORD", password.isEmpty),
    ] where isMissing {
      problems.append("\(name) is missing")
    }
    if let externalToken, !externalToken.revealed.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) {
      problems.append("FXBATCH_BANK_EXTERNAL_TOKEN holds characters that no header may hold")
    }
    if userID?.isEmpty == true { problems.append("FXBATCH_BANK_USER_ID is empty") }
    if !Limits.timeoutMilliseconds.contains(timeoutMilliseconds) {
      problems.append("FXBATCH_BANK_TIMEOUT_MS is not within \(Limits.timeoutMilliseconds)")
    }
    if !Limits.connections.contains(maxConnections) {
      problems.append("FXBATCH_BANK_MAX_CONNECTIONS is not within \(Limits.connections)")
    }
    switch (clientCertificateFile, clientKeyFile) {
    case (.some, nil): problems.append("FXBATCH_BANK_CLIENT_KEY_FILE is missing")
    case (nil, .some): problems.append("FXBATCH_BANK_CLIENT_CERTIFICATE_FILE is missing")
    case (.some, .some), (nil, nil): break
    }
    return problems
  }

  private static func problem(with text: String, isBase: Bool) -> String? {
    guard !text.isEmpty else { return "is missing" }
    guard let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
      let scheme = parts.scheme
    else { return "is not a URL" }
    if let port = parts.port, !(1...65_535).contains(port) {
      return "must have a port from 1 to 65535"
    }
    guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
      return "must hold neither a user nor a fragment"
    }
    if isBase, parts.query != nil || text.hasSuffix("/") {
      return "must hold no query and not end in a slash"
    }
    switch scheme {
    case "https": return nil
    case "http": return isLoopback(host) ? nil : "must be https: http is for loopback hosts only"
    default: return "must be https"
    }
  }

  /// `localhost`, `::1`, and the literal addresses 127.0.0.0/8; no other name, whatever it resolves to.
  private static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "::1" || host == "[::1]" { return true }
    let octets = host.split(separator: ".", omittingEmptySubsequences: false)
    return octets.count == 4 && octets[0] == "127" && octets.allSatisfy { UInt8($0) != nil }
  }
}

/// Settings that no gateway can be made of.
public struct CapitecSettingsError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Each begins with the name under which the value is configured.
  public let problems: [String]

  public var description: String { problems.joined(separator: "; ") }
}
