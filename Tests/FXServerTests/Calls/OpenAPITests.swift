import FXDomain
import Testing
import Yams

@testable import FXServer

@Suite struct `The description of the API` {
  /// Method, path and role of every call that the document describes.
  private static func described() throws -> Set<String> {
    let root = try #require(try compose(yaml: DocsCalls.document))
    var calls: Set<String> = []
    for (path, item) in try #require(root["paths"]?.mapping) {
      for (method, call) in try #require(item.mapping) where method.string != "parameters" {
        let role = call["x-role"]?.string ?? "anybody"
        calls.insert("\((method.string ?? "").uppercased()) \(path.string ?? "") \(role)")
      }
    }
    return calls
  }

  @Test func `names every route with its role, and no other`() async throws {
    let world = try await CallWorld()
    let routes = world.server.routes.filter { $0.path != "/api/docs.css" }.map { route in
      switch route.access {
      case .anybody: "\(route.name) anybody"
      case .role(let role): "\(route.name) \(role.rawValue)"
      case .roleOrLoopback(let role): "\(route.name) \(role.rawValue) or loopback"
      }
    }
    #expect(Set(routes) == (try Self.described()))
    #expect(Set(routes).count == routes.count)
  }

  @Test func `says which calls take a key`() async throws {
    let world = try await CallWorld()
    let root = try #require(try compose(yaml: DocsCalls.document))
    for route in world.server.routes where route.path != "/api/docs.css" {
      let call = root["paths"]?[route.path]?[route.method.rawValue.lowercased()]
      let takesKey = (call?["parameters"]?.array() ?? []).contains {
        $0["$ref"]?.string == "#/components/parameters/IdempotencyKey"
      }
      #expect(takesKey == route.takesKey, "\(route.name)")
    }
  }

  @Test func `is a page without anything from elsewhere`() async throws {
    let world = try await CallWorld()
    let page = String(
      decoding: try await world.call(.get, "/api/docs", as: nil).bytes, as: UTF8.self)
    for word in ["/api/batches/{id}/retry", "Tries failed", "problem-rate_jump"] {
      #expect(page.contains(word), "\(word)")
    }
    for forbidden in ["<script", "http:", "https:", "style="] {
      #expect(!page.contains(forbidden), "\(forbidden)")
    }
  }
}
