import FXBankCapitec
import FXDomain
import FXJSON
import FXPorts
import Foundation
import Synchronization
import Testing

@testable import fxbatch

/// The API over a store of its own in a temporary folder.
private struct LocalDesk {
  let settings: Settings

  /// Runs with a store that has two clients.
  static func open(_ body: (LocalDesk) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "fxbatch-calls-\(UUID().uuidString)")
    var settings = Settings()
    settings.storePath = folder.appending(path: "desk.db").path
    let desk = LocalDesk(settings: settings)
    let outcome: Result<Void, any Error>
    do {
      outcome = .success(
        try await Desk.open(settings, .writes) { opened in
          let client = DeskClient(calls: try LocalCalls(opened), asJSON: false)
          let file =
            "Client,Client CIF,Fixed Spread,ZAR Account,USD Account\n"
            + "One,C1,300,ZA1,US1\nTwo,C2,320,ZA2,US2\n"
          try await client.make(
            DeskCall(method: .post, path: "/api/clients/import", body: .csv(Array(file.utf8))))
        })
      try await body(desk)
    } catch {
      try FileManager.default.removeItem(at: folder)
      throw error
    }
    try outcome.get()
    try FileManager.default.removeItem(at: folder)
  }

  func use<Answer>(
    _ use: StoreUse = .changes, token: String? = nil,
    _ body: (DeskClient) async throws -> Answer
  ) async throws -> Answer {
    var settings = settings
    settings.calling.token = token.map { Secret($0) }
    return try await Desk.open(settings, use) { desk in
      try await body(DeskClient(calls: try LocalCalls(desk), asJSON: false))
    }
  }
}

@Suite struct `Calls on a local store` {
  private static let trades = "Client CIF,Amount ZAR,Reference\nC1,1000.00,A\nC2,2000.00,B\n"

  private func submit(_ name: String, to desk: DeskClient) async throws -> JSON {
    try await desk.make(
      DeskCall(
        method: .post, path: "/api/batches",
        query: [("name", name), ("pricing", "bank"), ("allow_duplicates", "true")],
        body: .csv(Array(Self.trades.utf8))))
  }

  @Test func `act as the operating-system user, and stand in the audit`() async throws {
    try await LocalDesk.open { desk in
      try await desk.use { client in
        let me = try await client.get("/api/me")
        #expect(me.words("person") == ProcessInfo.processInfo.userName)
        let batch = try await submit("morning", to: client)
        #expect(batch.words("created_by") == ProcessInfo.processInfo.userName)
        let entry = try #require(try await client.get("/api/audit").items.first)
        #expect(entry.words("call") == "POST /api/batches")
        #expect(entry.words("address") == "local")
        #expect(entry.words("object") == batch.words("id"))
      }
    }
  }

  @Test func `find a batch by its name where one has it`() async throws {
    try await LocalDesk.open { desk in
      try await desk.use { client in
        let id = try await submit("morning", to: client).words("id")
        _ = try await submit("morning, again", to: client)
        #expect(try await client.batch(named: "morning") == id)
        #expect(try await client.batch(named: id) == id)
        await #expect(throws: Complaint.self) { try await client.batch(named: "orning") }
        _ = try await submit("morning", to: client)
        await #expect(throws: Complaint.self) { try await client.batch(named: "morning") }
      }
    }
  }

  @Test func `read lists to their end, and long answers in pieces`() async throws {
    try await LocalDesk.open { desk in
      let id = try await desk.use { try await submit("morning", to: $0).words("id") }
      try await desk.use(.reads) { client in
        var rows: [String] = []
        try await client.eachItem(of: "/api/batches/\(id)/trades") { rows.append($0.words("row")) }
        #expect(rows == ["1", "2"])
        let file = Mutex<[UInt8]>([])
        let call = DeskCall(method: .get, path: "/api/batches/\(id)/export")
        #expect(
          try await client.calls.fetch(call) { piece in file.withLock { $0 += piece } } == nil)
        let text = String(decoding: file.withLock { $0 }, as: UTF8.self)
        #expect(text.split(whereSeparator: \.isNewline).count == 3)
      }
    }
  }

  @Test func `that only a person may make ask for a token of the store`() async throws {
    try await LocalDesk.open { desk in
      let release: JSON = ["engaged": false, "reason": "mended"]
      func put(_ client: DeskClient) async throws -> JSON {
        try await client.make(
          DeskCall(
            method: .put, path: "/api/kill-switch", body: .json(release), asPerson: true))
      }
      func refusal(_ token: String?) async throws -> String {
        do {
          _ = try await desk.use(token: token) { try await put($0) }
          return "none"
        } catch let refusal as Refusal {
          return refusal.code
        }
      }
      func token(_ role: String) async throws -> String {
        try await desk.use { client in
          try await client.post(
            "/api/tokens",
            ["name": "test", "person": .string("P. \(role)"), "role": .string(role)]
          ).words("token")
        }
      }
      #expect(try await refusal(nil) == "unauthenticated")
      #expect(try await refusal("fxb_unknown_to_this_store_0123456789") == "unauthenticated")
      #expect(try await refusal(try await token("approver")) == "forbidden")
      let admin = try await token("admin")
      #expect(try await refusal(admin) == "none")
      let entry = try await desk.use { try #require(try await $0.get("/api/audit").items.first) }
      #expect(entry.words("person") == "P. admin")
    }
  }

  @Test func `tell the store's own trouble, not that something is unavailable`() async throws {
    try await LocalDesk.open { desk in
      await #expect(throws: StoreError.self) {
        try await desk.use(.reads) { client in
          _ = try await client.post(
            "/api/tokens", ["name": "n", "person": "p", "role": "viewer"])
        }
      }
    }
  }

  @Test func `are followed until nothing more is wanted`() async throws {
    try await LocalDesk.open { desk in
      let id = try await desk.use { try await submit("morning", to: $0).words("id") }
      try await desk.use(.reads) { client in
        var looks = 0
        try await client.calls.follow(batch: id) { message in
          looks += 1
          #expect(message.standings.map(\.id) == [id])
          return looks < 2
        }
        #expect(looks == 2)
      }
    }
  }
}
