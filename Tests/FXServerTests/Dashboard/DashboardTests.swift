import FXDomain
import Foundation
import HTTPTypes
import Testing

@testable import FXServer

@Suite struct `The dashboard` {
  /// Where its files lie in the sources.
  private static let folder = URL(filePath: #filePath)
    .appending(path: "../../../../Sources/FXServer/Dashboard/Web").standardized

  /// Its files by their paths below the folder.
  private static func files() throws -> [String: String] {
    let root = folder.path(percentEncoded: false)
    var files: [String: String] = [:]
    for name in try FileManager.default.subpathsOfDirectory(atPath: root)
    where name.split(separator: "/").last?.contains(".") == true {
      files[name] = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }
    return files
  }

  @Test func `serves every file of its folder, and nothing else`() throws {
    let served = Set(DashboardFiles.all.map(\.path))
    #expect(served.union(["shell.html"]) == Set(try Self.files().keys))
    #expect(served.count == DashboardFiles.all.count)
    for file in DashboardFiles.all {
      let text = try Self.files()[file.path]
      #expect(text == String(decoding: file.bytes, as: UTF8.self), "\(file.path)")
    }
  }

  @Test(arguments: [
    "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "createContextualFragment",
    "DOMParser", "eval(", "new Function", "setAttribute(\"on", "javascript:", "style=",
    "Number(text",
    "parseFloat",
  ])
  func `makes no markup of text and no number of an amount`(word: String) throws {
    for (path, text) in try Self.files() {
      // One function turns figures into places in a picture.
      if word == "Number(text", path == "money.js" { continue }
      #expect(!text.contains(word), "\(path)")
    }
  }

  @Test func `takes nothing from elsewhere`() throws {
    for (path, text) in try Self.files() {
      let addresses = text.matches(of: /https?:\/\/[a-z0-9.\/]+/).map { String($0.output) }
      #expect(Set(addresses).isSubset(of: ["http://www.w3.org/2000/svg"]), "\(path)")
    }
  }

  @Test func `names in its shell every module that the first one imports`() throws {
    let files = try Self.files()
    let shell = try #require(files["shell.html"])
    let named = Set(
      shell.matches(of: /modulepreload" href="\/assets\/\{build\}\/([^"]+)"/).map {
        String($0.output.1)
      })
    #expect(try Self.modules(importedBy: ["main.js"], in: files) == named.union(["main.js"]))
  }

  /// These modules and all that they import, by their paths.
  private static func modules(
    importedBy first: [String], in files: [String: String]
  ) throws -> Set<String> {
    var wanted = first
    var found: Set<String> = []
    while let path = wanted.popLast() {
      guard found.insert(path).inserted else { continue }
      let text = try #require(files[path], "\(path)")
      let base = URL(filePath: "/" + path).deletingLastPathComponent()
      for match in text.matches(of: /(?:from|import) "(\.[^"]+)"/) {
        let target = base.appending(path: String(match.output.1)).standardized
        wanted.append(String(target.path(percentEncoded: false).dropFirst()))
      }
    }
    return found
  }

  @Test func `is under 150 kB for the first page, all modules that it imports among it`() throws {
    let files = try Self.files()
    var found = try Self.modules(importedBy: ["main.js", "pages/desk.js"], in: files)
    let shell = try #require(files["shell.html"])
    for match in shell.matches(of: /\{build\}\/([a-z.]+)"/) { found.insert(String(match.output.1)) }
    let bytes = found.reduce(shell.utf8.count) { $0 + (files[$1]?.utf8.count ?? 0) }
    #expect(found.count > 20)
    #expect(bytes < 150_000)
  }

  @Test(arguments: DashboardCalls.pages)
  func `answers each page with one shell under a strict policy`(path: String) async throws {
    let world = try await CallWorld()
    let reply = try await world.page(path.replacing("{id}", with: "any"))
    #expect(reply.status == 200)
    #expect(reply.fields[.contentSecurityPolicy] == DashboardCalls.policy)
    #expect(reply.fields[.contentType] == "text/html; charset=utf-8")
    let html = String(decoding: reply.bytes, as: UTF8.self)
    #expect(html.contains("data-environment=\"prod\""))
    #expect(!html.contains("{"))
    let tag = try #require(reply.fields[.eTag])
    let again = try await world.page(path, fields: [.ifNoneMatch: tag])
    #expect(again.status == 304 && again.bytes.isEmpty)
  }

  @Test func `lets nothing run but its own files`() {
    for rule in [
      "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
      "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'",
      "require-trusted-types-for 'script'",
    ] {
      #expect(DashboardCalls.policy.contains(rule))
    }
    #expect(!DashboardCalls.policy.contains("unsafe"))
  }

  @Test func `keeps its files for good under the content's address`() async throws {
    let world = try await CallWorld()
    let html = String(decoding: try await world.page("/").bytes, as: UTF8.self)
    let address = try #require(html.firstMatch(of: /src="([^"]+main\.js)"/)?.output.1)
    let reply = try await world.page(String(address))
    #expect(reply.status == 200)
    #expect(reply.fields[.cacheControl] == "public, max-age=31536000, immutable")
    #expect(reply.fields[.contentType] == "text/javascript; charset=utf-8")
    let missing = try await world.page("/assets/0000/main.js")
    #expect(missing.status == 404)
  }
}

extension CallWorld {
  /// As a browser asks before anybody has signed in.
  fileprivate func page(_ path: String, fields: HTTPFields = [:]) async throws -> Reply {
    try await call(.get, path, token: nil, fields: fields)
  }
}
