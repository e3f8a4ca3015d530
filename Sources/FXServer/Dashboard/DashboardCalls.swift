import Crypto
import HTTPTypes

/// The screen where people work: one shell for every page, and the modules and styles that fill it.
/// It knows nothing of the desk; everything shown is asked for through the API, by whoever signs in.
struct DashboardCalls: Sendable {
  /// Nothing inline, nothing from elsewhere, and no text that becomes markup.
  static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
    + "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; "
    + "require-trusted-types-for 'script'; trusted-types 'none'"

  /// Paths of pages, which the shell's router tells apart.
  static let pages = [
    "/", "/new", "/batches/{id}", "/blotter", "/doubt", "/clients", "/accounts", "/rates",
    "/margins", "/reconciliations", "/templates", "/settings", "/tokens", "/webhooks", "/audit",
  ]

  private let shell: [UInt8]
  /// Of all files together: it stands in their addresses, so that browsers keep each for good.
  private let build: String

  init(environment: DeskEnvironment) {
    let build = Self.digest(DashboardFiles.all.flatMap(\.bytes))
    self.build = build
    shell = Array(
      String(decoding: PackageResources.shell_html, as: UTF8.self)
        .replacing("{build}", with: build)
        .replacing("{environment}", with: environment.rawValue).utf8)
  }

  var routes: [Route] {
    Self.pages.map(page) + DashboardFiles.all.map(asset)
  }

  private func page(_ path: String) -> Route {
    let shell = shell
    let fields: HTTPFields = [
      .contentSecurityPolicy: Self.policy, .cacheControl: "no-cache",
      .eTag: "\"\(Self.digest(shell))\"",
    ]
    return Route(.get, path, .anybody) { call in
      Self.answer(shell, "text/html; charset=utf-8", fields, to: call.request)
    }
  }

  private func asset(_ file: DashboardFile) -> Route {
    let fields: HTTPFields = [
      .cacheControl: "public, max-age=31536000, immutable",
      .eTag: "\"\(Self.digest(file.bytes))\"",
    ]
    return Route(.get, "/assets/\(build)/\(file.path)", .anybody) { call in
      Self.answer(file.bytes, file.type, fields, to: call.request)
    }
  }

  private static func answer(
    _ bytes: [UInt8], _ type: String, _ fields: HTTPFields, to request: HTTPRequest
  ) -> Answer {
    guard request.headerFields[.ifNoneMatch] != fields[.eTag] else {
      return Answer(.notModified, fields: fields)
    }
    return Answer(fields: fields, body: .bytes(bytes, type: type))
  }

  private static func digest(_ bytes: [UInt8]) -> String {
    SHA256.hash(data: bytes).prefix(10).map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

/// Whether the money is real, for the banner over every page.
public enum DeskEnvironment: String, CaseIterable, Sendable {
  case test
  case production = "prod"
}
