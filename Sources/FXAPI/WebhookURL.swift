import FXDomain
import Foundation

/// The address of an endpoint, as far as its text tells.
public struct WebhookURL: Sendable, Hashable {
  public let text: String
  /// Without brackets.
  public let host: String

  /// - Parameter allowsPrivate: plain `http` is for receivers on private networks only.
  /// - Throws: what is wrong, in one sentence.
  public init(_ text: String, allowsPrivate: Bool) throws(WebhookURLProblem) {
    let example = "Give a URL such as https://desk.example/fx."
    guard NoticeBounds.urlCharacters.contains(text.utf8.count),
      text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }), let parts = URL(string: text),
      let scheme = parts.scheme?.lowercased(), let given = parts.host(percentEncoded: true)
    else { throw WebhookURLProblem(sentence: example) }
    let host = String(given.drop { $0 == "[" }.prefix { $0 != "]" })
    guard !host.isEmpty, host.utf8.allSatisfy(Self.mayBeInHost) else {
      throw WebhookURLProblem(sentence: "Give a host of letters, digits, dots and hyphens.")
    }
    guard parts.user == nil, parts.password == nil, parts.fragment == nil else {
      throw WebhookURLProblem(sentence: "Give a URL without a user, a password or a fragment.")
    }
    guard scheme == "https" || scheme == "http" && allowsPrivate else {
      throw WebhookURLProblem(sentence: "Give an https URL.")
    }
    guard parts.port.map({ (1...65_535).contains($0) }) ?? true else {
      throw WebhookURLProblem(sentence: example)
    }
    self.text = text
    self.host = host
  }

  private static func mayBeInHost(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5a, 0x61...0x7a, 0x2d, 0x2e, 0x3a, 0x5f: true
    default: false
    }
  }
}

public struct WebhookURLProblem: Error, Hashable, Sendable {
  /// For whoever gave it.
  public let sentence: String
}
