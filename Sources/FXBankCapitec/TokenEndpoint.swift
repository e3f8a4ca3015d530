import FXDomain
import FXPorts

/// The token URL: asks for a token by the refresh token where there is one, and by user and password
/// otherwise or when that is refused.
struct TokenEndpoint: Sendable {
  let settings: CapitecSettings
  let connections: BankConnections
  let clock: @Sendable () -> Timestamp

  func fetch(refreshToken: Secret?) async -> Result<Grant, BankTrouble> {
    if let refreshToken {
      switch await ask([
        ("grant_type", Assumptions.refreshGrant), ("refresh_token", refreshToken.revealed),
      ]) {
      case .success(let grant): return .success(grant)
      // Only an answer sends us to the password; what befell the way would befall it again.
      case .failure(.unauthorized), .failure(.httpStatus), .failure(.unreadable): break
      case .failure(let trouble): return .failure(trouble)
      }
    }
    return await ask([
      ("grant_type", "password"), ("username", settings.username),
      ("password", settings.password.revealed),
    ])
  }

  private func ask(_ grant: [(String, String)]) async -> Result<Grant, BankTrouble> {
    let form: [(String, String)] =
      [("client_id", settings.clientID), ("client_secret", settings.clientSecret.revealed)] + grant
      + [("scope", "offline_access api://\(settings.clientID)/.default")]
    let reply = await connections.post(
      BankConnections.Request(
        url: settings.tokenURL, contentType: "application/x-www-form-urlencoded",
        bearer: settings.externalToken, body: Self.encoded(form)))
    switch reply {
    case .failure(let trouble): return .failure(trouble)
    case .success(let reply): return Self.grant(in: reply, now: clock())
    }
  }

  /// The bank's texts on a refused request may hold the user's name, so only its status is kept.
  static func grant(in reply: HTTPReply, now: Timestamp) -> Result<Grant, BankTrouble> {
    switch reply.status {
    case 200: break
    case 408, 429, 500...:
      guard case .trouble(let trouble, _) = Verdict(of: reply, sentAt: now, receivedAt: now) else {
        return .failure(.httpStatus(reply.status))
      }
      return .failure(trouble)
    // 400 `invalid_grant`, 401 `invalid_client` and their kin.
    case 400..<500: return .failure(.unauthorized)
    default: return .failure(.httpStatus(reply.status))
    }
    do {
      guard case .object(let members) = try AnswerValue(reading: reply.body),
        case .string(let type) = members["token_type"], type.lowercased() == "bearer",
        let accessToken = token(members["access_token"]),
        case .number(let life) = members["expires_in"], let seconds = Int64(life), seconds > 0
      else { return .failure(.unreadable("the token answer lacks a token or its life")) }
      return .success(
        Grant(
          accessToken: accessToken, refreshToken: token(members["refresh_token"]),
          lifeSeconds: min(seconds, Limits.tokenLifeSeconds.upperBound)))
    } catch {
      return .failure(.unreadable("the token answer cannot be read: \(error)"))
    }
  }

  /// Tokens travel in headers and forms: anything but visible ASCII is no token.
  private static func token(_ value: AnswerValue?) -> Secret? {
    guard case .string(let text) = value, !text.isEmpty,
      text.utf8.count <= Limits.tokenCharacters,
      text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
    else { return nil }
    return Secret(text)
  }

  static func encoded(_ form: [(String, String)]) -> [UInt8] {
    let hexadecimal = Array("0123456789ABCDEF".utf8)
    func escaped(_ text: String) -> [UInt8] {
      text.utf8.flatMap { byte -> [UInt8] in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."),
          UInt8(ascii: "_"), UInt8(ascii: "*"):
          [byte]
        case UInt8(ascii: " "): [UInt8(ascii: "+")]
        default:
          [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
        }
      }
    }
    return Array(
      form.map { escaped($0.0) + [UInt8(ascii: "=")] + escaped($0.1) }
        .joined(separator: [UInt8(ascii: "&")]))
  }
}
