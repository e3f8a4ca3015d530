import FXAPI
import FXDomain
import FXJSON
import FXPorts

/// Makes the callbacks of a new batch.
struct Callbacks {
  let backend: Backend
  let actor: Actor

  /// What a callback is told of where it does not say.
  static let usual: Set<NoticeKind> = [
    .success, .partialSuccess, .failed, .cancelled, .needsDecision,
  ]

  func endpoint(
    _ url: WebhookURL, _ kinds: Set<NoticeKind>, secret: SigningSecret?
  ) -> Endpoint {
    let now = backend.now
    return Endpoint(
      id: backend.newIdentifier(), url: url.text, kinds: kinds,
      secret: secret ?? backend.newSigningSecret(), createdAt: now,
      createdBy: actor.description, updatedAt: now)
  }

  var allowsPrivate: Bool { backend.settings.allowsPrivateWebhooks }
}

/// The callbacks that a request asks for, in its order.
struct WantedCallbacks {
  private(set) var endpoints: [Endpoint] = []
  private var isSecretNew: [Bool] = []

  /// - Parameter isNewSecret: it came without a secret of its own.
  mutating func add(_ endpoint: Endpoint, isNewSecret: Bool) {
    endpoints.append(endpoint)
    isSecretNew.append(isNewSecret)
    // Stores list them in the order of their identifiers.
    for (place, id) in endpoints.map(\.id).sorted().enumerated() { endpoints[place].id = id }
  }

  var newSecrets: [Identifier: SigningSecret] {
    var secrets: [Identifier: SigningSecret] = [:]
    for (endpoint, isNew) in zip(endpoints, isSecretNew) where isNew {
      secrets[endpoint.id] = endpoint.secret
    }
    return secrets
  }
}

extension Backend {
  func newSigningSecret() -> SigningSecret {
    let words = (0..<NoticeBounds.secretBytes / 8).map { _ in random() }
    return SigningSecret(words.flatMap { withUnsafeBytes(of: $0) { Array($0) } })
  }
}

extension Fields {
  /// An address that messages may be sent to.
  mutating func webhookURL(_ name: String, allowsPrivate: Bool) -> WebhookURL? {
    guard let text = text(name) else { return nil }
    do throws(WebhookURLProblem) {
      return try WebhookURL(text, allowsPrivate: allowsPrivate)
    } catch {
      refuse(name, "malformed", error.sentence)
      return nil
    }
  }

  /// Kinds of notices, at least one where the field is there.
  mutating func kinds(_ name: String, among known: [NoticeKind]) -> Set<NoticeKind>? {
    let words = "one of \(known.map(\.rawValue).joined(separator: ", "))"
    let found = list(name, atMost: NoticeKind.allCases.count, of: words) { text in
      NoticeKind(rawValue: text).flatMap { known.contains($0) ? $0 : nil }
    }
    if found?.isEmpty == true, errors.isEmpty { refuse(name, "empty", "Give at least \(words).") }
    return found.map { Set($0) }
  }

  mutating func signingSecret(_ name: String) -> SigningSecret? {
    guard let text = text(name) else { return nil }
    guard let secret = SigningSecret(text: text) else {
      let bytes = NoticeBounds.givenSecretBytes
      refuse(
        name, "malformed",
        "Give whsec_ and the base64 of \(bytes.lowerBound) to \(bytes.upperBound) bytes.")
      return nil
    }
    return secret
  }

  mutating func callbacks(_ maker: Callbacks) -> WantedCallbacks {
    var wanted = WantedCallbacks()
    _ = objects("callbacks", atMost: NoticeBounds.callbacksOfABatch) { callback, _ in
      callback.require("url")
      let url = callback.webhookURL("url", allowsPrivate: maker.allowsPrivate)
      let kinds = callback.kinds("on", among: NoticeKind.allCases.filter(\.isOfBatch))
      let secret = callback.signingSecret("secret")
      guard let url else { return }
      let endpoint = maker.endpoint(url, kinds ?? Callbacks.usual, secret: secret)
      wanted.add(endpoint, isNewSecret: secret == nil)
    }
    return wanted
  }
}

extension Query {
  /// `callback=URL`, or `callback=URL=success,failed`; may be repeated.
  mutating func callbacks(_ maker: Callbacks) -> WantedCallbacks {
    var wanted = WantedCallbacks()
    let texts = all("callback")
    if texts.count > NoticeBounds.callbacksOfABatch {
      refuse("callback", "too_many", "Give at most \(NoticeBounds.callbacksOfABatch).")
    }
    for text in texts.prefix(NoticeBounds.callbacksOfABatch) {
      let (url, kinds) = Self.callback(text)
      do throws(WebhookURLProblem) {
        let url = try WebhookURL(url, allowsPrivate: maker.allowsPrivate)
        wanted.add(
          maker.endpoint(url, kinds ?? Callbacks.usual, secret: nil), isNewSecret: true)
      } catch {
        refuse("callback", "malformed", error.sentence)
      }
    }
    return wanted
  }

  /// What follows the last `=` where that is a list of kinds; it belongs to the URL otherwise.
  private static func callback(_ text: String) -> (url: String, kinds: Set<NoticeKind>?) {
    guard let mark = text.lastIndex(of: "=") else { return (text, nil) }
    let names = text[text.index(after: mark)...].split(separator: ",")
    let kinds = names.compactMap { NoticeKind(rawValue: String($0)) }.filter(\.isOfBatch)
    guard !kinds.isEmpty, kinds.count == names.count else { return (text, nil) }
    return (String(text[..<mark]), Set(kinds))
  }
}
