import HTTPTypes

/// Whether a browser says that a request comes from a page of this server.
enum OriginCheck {
  static func isOwn(_ request: HTTPRequest) -> Bool {
    let fields = request.headerFields
    if let site = fields[.fetchSite], site != "same-origin" { return false }
    guard let origin = fields[.origin] else { return false }
    return isOwn(origin, authority: request.authority)
  }

  /// A proxy may have taken the TLS off, so the scheme says nothing; host and port do.
  static func isOwn(_ origin: String, authority: String?) -> Bool {
    for scheme in ["https://", "http://"] where origin.hasPrefix(scheme) {
      return origin.dropFirst(scheme.count).lowercased() == authority?.lowercased()
    }
    return false
  }
}

/// What every answer tells browsers not to do.
enum SecurityHeaders {
  static let nothing =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"

  static func add(to fields: inout HTTPFields, isSecure: Bool) {
    fields[.xContentTypeOptions] = "nosniff"
    fields[.referrerPolicy] = "no-referrer"
    fields[.crossOriginResource] = "same-origin"
    fields[.crossOriginOpener] = "same-origin"
    if fields[.contentSecurityPolicy] == nil { fields[.contentSecurityPolicy] = nothing }
    if isSecure { fields[.strictTransportSecurity] = "max-age=31536000" }
  }
}

extension HTTPField.Name {
  static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
  static let crossOriginResource = HTTPField.Name("Cross-Origin-Resource-Policy")!
  static let crossOriginOpener = HTTPField.Name("Cross-Origin-Opener-Policy")!
}
