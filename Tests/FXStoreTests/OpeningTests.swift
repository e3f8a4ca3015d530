import FXDomain
import FXPorts
import FXTesting
import Foundation
import GRDB
import Testing

@testable import FXStoreSQLite

/// What opening a path answers, as the name of its error; nil when it opens.
private func refusal(in folder: URL, isReadOnly: Bool = false) async throws -> StoreError? {
  do {
    try await openStore(in: folder, isReadOnly: isReadOnly).close()
    return nil
  } catch {
    return error as? StoreError
  }
}

private func isUnavailable(_ error: StoreError?, naming word: String) -> Bool {
  if case .unavailable(let message) = error { message.contains(word) } else { false }
}

@Suite struct `Opening an SQLite store` {
  @Test func `keeps all that was written when it is opened again`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let batch = try await store.create(try await sampleRequest(on: store)).get()
      let installation = try await store.installation()
      try store.close()
      let again = try await openStore(in: folder)
      #expect(try await again.batch(batch.id) == batch)
      #expect(try await again.installation() == installation)
    }
  }

  @Test func `writes through to the disk, with foreign keys on`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let settings = try await store.pool.write { database in
        try ["synchronous", "foreign_keys"].map {
          try Int.fetchOne(database, sql: "PRAGMA \($0)")
        }
      }
      #expect(settings == [2, 1])
    }
  }

  @Test func `refuses a file of a newer version, and says which`() async throws {
    try await withFolder { folder in
      try await openStore(in: folder).close()
      try await edit(in: folder, "PRAGMA user_version = 42")
      #expect(
        try await refusal(in: folder)
          == .newerSchema(found: 42, known: SQLiteStore.migrations.count))
    }
  }

  @Test func `refuses another program's database, and leaves it as it was`() async throws {
    try await withFolder { folder in
      try await edit(in: folder, "CREATE TABLE recipes (name TEXT)")
      let before = try Data(contentsOf: folder.appending(path: "book.db"))
      #expect(isUnavailable(try await refusal(in: folder), naming: "another program"))
      #expect(try Data(contentsOf: folder.appending(path: "book.db")) == before)
    }
  }

  @Test func `refuses a file that is no database`() async throws {
    try await withFolder { folder in
      let text = String(repeating: "row,client,amount\n", count: 500)
      try Data(text.utf8).write(to: folder.appending(path: "book.db"))
      #expect(isUnavailable(try await refusal(in: folder), naming: "not an SQLite database"))
    }
  }

  @Test func `refuses a folder, a missing folder, and a place where nothing can be written`()
    async throws
  {
    try await withFolder { folder in
      let missing = folder.appending(path: "none")
      #expect(isUnavailable(try await refusal(in: missing), naming: "not there"))
      try FileManager.default.createDirectory(
        at: folder.appending(path: "book.db"), withIntermediateDirectories: false)
      #expect(isUnavailable(try await refusal(in: folder), naming: "is a folder"))
      // The kernel's own file system lets nobody create a file, not even root.
      switch try await refusal(in: URL(filePath: "/proc")) {
      case .readOnly, .unavailable: break
      case let other:
        Issue.record("opened, or refused for another reason: \(String(describing: other))")
      }
    }
  }

  @Test func `says that a damaged file is damaged`() async throws {
    try await withFolder { folder in
      try await openStore(in: folder).close()
      let path = folder.appending(path: "book.db")
      var bytes = try Data(contentsOf: path)
      for index in 4_096..<bytes.count { bytes[index] = 0xa5 }
      try bytes.write(to: path)
      if case .corrupt = try await refusal(in: folder) { return }
      Issue.record("a damaged file was opened, or called something else")
    }
  }

  @Test func `only looks when it is opened to look`() async throws {
    try await withFolder { folder in
      #expect(isUnavailable(try await refusal(in: folder, isReadOnly: true), naming: "not there"))
      let store = try await openStore(in: folder)
      let batch = try await store.create(try await sampleRequest(on: store)).get()
      let looking = try await openStore(in: folder, isReadOnly: true)
      #expect(try await looking.batch(batch.id) == batch)
      await #expect {
        _ = try await looking.setActive(false, cifNumber: "500")
      } throws: { error in
        if case StoreError.readOnly = error { true } else { false }
      }
    }
  }

  @Test func `has all that it acknowledged after its process was killed`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let batch = try await store.create(try await sampleRequest(on: store)).get()
      // What lies on the disk at this moment is what a killed process leaves behind.
      let image = folder.appending(path: "image")
      try FileManager.default.createDirectory(at: image, withIntermediateDirectories: false)
      for name in ["book.db", "book.db-wal"] {
        try FileManager.default.copyItem(
          at: folder.appending(path: name), to: image.appending(path: name))
      }
      #expect(try await openStore(in: image).batch(batch.id) == batch)
    }
  }
}

/// Changes a file from outside the store.
func edit(in folder: URL, _ sql: String) async throws {
  let queue = try DatabaseQueue(path: folder.appending(path: "book.db").path)
  try await queue.writeWithoutTransaction { try $0.execute(sql: sql) }
  try queue.close()
}

/// A batch of a client of its own.
func sampleRequest(on store: SQLiteStore, trades: Int = 3) async throws -> CreateRequest {
  _ = try await store.upsert([
    ClientRecord(name: "Sample", cifNumber: "500", spread: .zero, accounts: [])
  ])
  let client = try #require(try await store.clients(withCIF: ["500"]).first)
  let pair = try #require(CurrencyPair("USD/ZAR"))
  let drafts = try (1...trades).map { row in
    TradeDraft(
      row: row, client: client.key,
      deal: try #require(
        Deal(
          pair: pair, side: .buy,
          amount: Money(minorUnits: 1_000_000 + Int64(row), currency: .zar))))
  }
  var random = SystemRandomNumberGenerator()
  func identifier() -> Identifier { Identifier(high: random.next(), low: random.next()) }
  return CreateRequest(
    batch: BatchDraft(id: identifier(), name: "Sample", pricing: .bank), trades: drafts,
    tradeIDs: drafts.map { _ in identifier() }, actor: .person("thandi"), starts: true,
    duplicateWindowMilliseconds: nil)
}
