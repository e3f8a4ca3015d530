import Crypto
import FXDomain
import Foundation

/// Issues and checks tokens. A token carries its own expiry under a keyed hash, so nothing is stored
/// and a token outlives a restart of the sandbox.
struct TokenDesk: Sendable {
  private enum Kind: String {
    case access = "sbx-access"
    case refresh = "sbx-refresh"
  }

  /// A refresh token lives this many times as long as an access token.
  private static let refreshFactor: Int64 = 24

  private let credentials: SandboxSettings.Credentials
  private let lifeSeconds: Int64
  private let key: SymmetricKey

  init(settings: SandboxSettings) {
    self.credentials = settings.credentials
    self.lifeSeconds = settings.tokenLifeSeconds
    self.key = SymmetricKey(
      data: SHA256.hash(data: Data("\(settings.seed)|\(settings.credentials.clientSecret)".utf8)))
  }

  /// Answers a request of the token endpoint.
  ///
  /// - Parameter serial: makes each pair of tokens a new one.
  func answer(form body: [UInt8], now: Timestamp, serial: Identifier) -> Answer {
    guard let form = Self.form(body) else {
      return refused("invalid_request", 900_144, "the form cannot be read", now, serial)
    }
    guard form["client_id"] == credentials.clientID,
      form["client_secret"] == credentials.clientSecret
    else { return refused("invalid_client", 7_000_215, "unknown client or secret", now, serial) }
    switch form["grant_type"] {
    case "password":
      guard form["username"] == credentials.username, form["password"] == credentials.password
      else { return refused("invalid_grant", 50_126, "unknown user or password", now, serial) }
    case "refresh_token":
      guard let token = form["refresh_token"], isValid(token, .refresh, now: now) else {
        return refused("invalid_grant", 70_002, "the refresh token is not valid", now, serial)
      }
    case let other:
      let description = "grant_type \(other ?? "") is not supported"
      return refused("unsupported_grant_type", 70_003, description, now, serial)
    }
    return Answer([
      "token_type": "Bearer",
      "scope": .string(form["scope"] ?? ""),
      "expires_in": .integer(lifeSeconds),
      "ext_expires_in": .integer(lifeSeconds * 2),
      "access_token": .string(token(.access, life: lifeSeconds, now: now, serial: serial)),
      "refresh_token": .string(
        token(.refresh, life: lifeSeconds * Self.refreshFactor, now: now, serial: serial)),
    ])
  }

  /// Whether an `Authorization` header bears a token of ours that has not expired.
  func accepts(authorization: String?, now: Timestamp) -> Bool {
    let prefix = "Bearer "
    guard let authorization, authorization.hasPrefix(prefix) else { return false }
    return isValid(String(authorization.dropFirst(prefix.count)), .access, now: now)
  }

  private func token(_ kind: Kind, life: Int64, now: Timestamp, serial: Identifier) -> String {
    let expiry = now.advanced(byMilliseconds: life * 1_000)
    let claim = "\(kind.rawValue).\(expiry.milliseconds).\(serial)"
    return "\(claim).\(mark(of: claim))"
  }

  private func isValid(_ token: String, _ kind: Kind, now: Timestamp) -> Bool {
    let parts = token.split(separator: ".", maxSplits: 4, omittingEmptySubsequences: false)
    guard parts.count == 4, parts[0] == kind.rawValue, let expiry = Int64(parts[1]) else {
      return false
    }
    return parts[3] == mark(of: parts[0..<3].joined(separator: ".")) && now.milliseconds < expiry
  }

  private func mark(of claim: String) -> String {
    let digits = Array("0123456789abcdef")
    return HMAC<SHA256>.authenticationCode(for: Data(claim.utf8), using: key)
      .reduce(into: "") { $0 += "\(digits[Int($1 >> 4)])\(digits[Int($1 & 15)])" }
  }

  private func refused(
    _ error: String, _ code: Int, _ description: String, _ now: Timestamp, _ serial: Identifier
  ) -> Answer {
    Answer(
      [
        "error": .string(error),
        "error_description": .string(description),
        "error_codes": [.integer(code)],
        "timestamp": .string(now.description),
        "trace_id": .string(serial.description),
        "correlation_id": .string(serial.description),
        "error_uri": .string("https://sandbox.example/error?code=\(code)"),
      ], status: error == "invalid_client" ? .unauthorized : .badRequest)
  }

  /// The fields of an `application/x-www-form-urlencoded` body; nil when it is malformed or names a
  /// field twice.
  private static func form(_ body: [UInt8]) -> [String: String]? {
    guard let text = String(validating: body, as: UTF8.self) else { return nil }
    var form: [String: String] = [:]
    for field in text.split(separator: "&") {
      let sides = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        .map { $0.replacing("+", with: " ").removingPercentEncoding }
      guard sides.count == 2, let name = sides[0], let value = sides[1],
        form.updateValue(value, forKey: name) == nil
      else { return nil }
    }
    return form
  }
}
