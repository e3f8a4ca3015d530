import FXDomain
import FXPorts
import FXServer
import FXSimulation
import Testing

@testable import fxbatch

@Suite struct `The admin's configured token` {
  @Test func `lets in until another one is configured`() async throws {
    let store = MemoryStore(installation: Identifier(high: 1, low: 1), clock: { .now })
    let token = AdminToken(store: store, besideDatabase: "/nowhere/desk.db")
    func isValid(_ text: String) async throws -> Bool {
      try await store.token(digest: Credentials.digest(of: text))?.isValid(at: .now) ?? false
    }
    let (first, second) = (String(repeating: "a", count: 40), String(repeating: "b", count: 40))
    for _ in 0..<2 { #expect(try await token.ensure(configured: first) == nil) }
    #expect(try await isValid(first))
    #expect(try await token.ensure(configured: second) == nil)
    #expect(try await !isValid(first))
    #expect(try await isValid(second))
    #expect(try await store.tokens(after: nil, limit: 9).count == 2)
  }
}
