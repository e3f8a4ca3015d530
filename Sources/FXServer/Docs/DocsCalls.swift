import HTTPTypes
import Yams

/// The description of the API, as a document for programs and as a page for people.
struct DocsCalls: Sendable {
  private let page: [UInt8]

  /// - Throws: an error where the document that was built in cannot be read, which no build passes.
  init() throws {
    page = Array(try DocsPage(yaml: Self.document).html.utf8)
  }

  var routes: [Route] {
    let page = page
    return [
      Route(.get, "/api/openapi.yaml", .anybody) { _ in
        Answer(body: .bytes(PackageResources.openapi_yaml, type: "application/yaml"))
      },
      Route(.get, "/api/docs", .anybody) { _ in
        // Its one style comes from here, and it has no script.
        Answer(
          fields: [
            .contentSecurityPolicy:
              "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; "
              + "frame-ancestors 'none'"
          ], body: .bytes(page, type: "text/html; charset=utf-8"))
      },
      Route(.get, "/api/docs.css", .anybody) { _ in
        Answer(body: .bytes(PackageResources.docs_css, type: "text/css; charset=utf-8"))
      },
    ]
  }

  static var document: String { String(decoding: PackageResources.openapi_yaml, as: UTF8.self) }
}
