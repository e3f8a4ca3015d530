import Crypto
import FXDomain
import HTTPTypes

/// The texts that let somebody in, and how they are kept: as digests only.
public enum Credentials {
  /// A new bearer token of 256 random bits; shown once, then only its digest is known.
  public static func newToken(random: () -> UInt64) -> String {
    "fxb_" + Base64URL.text(of: secret(random))
  }

  static func newSession(random: () -> UInt64) -> String { Base64URL.text(of: secret(random)) }

  private static func secret(_ random: () -> UInt64) -> [UInt8] {
    (0..<4).flatMap { _ in withUnsafeBytes(of: random()) { Array($0) } }
  }

  /// Secrets of this much chance need no salt and no slow hash.
  public static func digest(of text: String) -> [UInt8] {
    Array(SHA256.hash(data: Array(text.utf8)))
  }

  /// What a page shows with each change, which another site cannot know: it cannot read the page, and
  /// nobody computes it without the cookie.
  static func csrfToken(session: String) -> String {
    Base64URL.text(of: csrfCode(session: session))
  }

  static func isCSRFToken(_ text: String, session: String) -> Bool {
    guard let code = Base64URL.bytes(of: text) else { return false }
    return HMAC<SHA256>.isValidAuthenticationCode(
      code, authenticating: csrfWords, using: SymmetricKey(data: Array(session.utf8)))
  }

  private static let csrfWords = Array("change".utf8)

  private static func csrfCode(session: String) -> HMAC<SHA256>.MAC {
    HMAC<SHA256>.authenticationCode(
      for: csrfWords, using: SymmetricKey(data: Array(session.utf8)))
  }

  /// The token of an `Authorization` field; nil where its scheme is another or it is malformed.
  static func bearer(_ field: String) -> String? {
    let parts = field.split(separator: " ", omittingEmptySubsequences: true)
    guard parts.count == 2, parts[0].lowercased() == "bearer",
      CallBounds.tokenCharacters.contains(parts[1].utf8.count)
    else { return nil }
    return String(parts[1])
  }

  static let cookieName = "fxbatch_session"

  /// The session in the `Cookie` fields.
  static func session(in fields: HTTPFields) -> String? {
    for pair in fields[values: .cookie].flatMap({ $0.split(separator: ";") }) {
      let parts = pair.drop { $0 == " " }.split(separator: "=", maxSplits: 1)
      if parts.count == 2, parts[0] == cookieName { return String(parts[1]) }
    }
    return nil
  }

  /// - Parameter seconds: how long the browser keeps it; 0 makes it forget.
  static func cookie(_ session: String, seconds: Int64, isSecure: Bool) -> String {
    "\(cookieName)=\(session); Path=/; Max-Age=\(seconds); HttpOnly; SameSite=Strict"
      + (isSecure ? "; Secure" : "")
  }
}

extension HTTPField.Name {
  static let csrf = HTTPField.Name("X-CSRF-Token")!
  static let requestID = HTTPField.Name("X-Request-ID")!
  static let idempotencyKey = HTTPField.Name("Idempotency-Key")!
  static let fetchSite = HTTPField.Name("Sec-Fetch-Site")!
}
