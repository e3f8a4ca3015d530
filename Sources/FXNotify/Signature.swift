import Crypto
import FXDomain
import Foundation

/// Signatures by the Standard Webhooks rules.
public enum Signature {
  /// The header `webhook-signature`: one signature for each secret, in their order.
  ///
  /// - Parameter seconds: of the header `webhook-timestamp`.
  public static func text(
    id: String, seconds: Int64, body: [UInt8], secrets: [SigningSecret]
  ) -> String {
    let content = Array("\(id).\(seconds).".utf8) + body
    return secrets.map { secret in
      let code = HMAC<SHA256>.authenticationCode(
        for: content, using: SymmetricKey(data: secret.bytes))
      return "v1," + Data(code).base64EncodedString()
    }.joined(separator: " ")
  }
}
