import FXDomain
import FXPorts
import FXTesting
import Foundation
import GRDB
import Testing

@testable import FXStoreSQLite

@Suite struct `A copy of an SQLite store` {
  private static func path(_ name: String, in folder: URL) -> String {
    folder.appending(path: name).path
  }

  @Test func `is one file that holds what was committed, while others write on`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let batch = try await store.create(try await sampleRequest(on: store)).get()
      let target = Self.path("copy.db", in: folder)
      try await withThrowingTaskGroup { group in
        group.addTask {
          for number in 0..<200 {
            _ = try await store.setKillSwitch(
              engaged: number.isMultiple(of: 2), reason: "on and off", actor: .person("thandi"))
          }
        }
        // Some of it is durable, and some of it is not there yet.
        while try await store.logMark().sequence < 20 { await Task.yield() }
        try SQLiteStore.copy(Self.path("book.db", in: folder), into: target)
        try await group.waitForAll()
      }
      let facts = try SQLiteStore.examine(target)
      #expect(facts.mark.sequence >= 20)
      #expect(try await facts.mark.loss(in: store) == nil)
      let mode = try FileManager.default.attributesOfItem(atPath: target)[.posixPermissions]
      #expect(mode as? Int == 0o600)
      let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
      #expect(files.filter { $0.hasPrefix("copy.db") } == ["copy.db"])
      try store.close()

      try FileManager.default.removeItem(atPath: Self.path("book.db", in: folder))
      try FileManager.default.moveItem(atPath: target, toPath: Self.path("book.db", in: folder))
      let copy = try await openStore(in: folder)
      #expect(try await copy.batch(batch.id) == batch)
      #expect(try await copy.logMark() == facts.mark)
    }
  }

  @Test func `is never written over what is there`() async throws {
    try await withFolder { folder in
      try await openStore(in: folder).close()
      let target = Self.path("copy.db", in: folder)
      try Data("precious".utf8).write(to: URL(filePath: target))
      #expect(throws: StoreError.self) {
        try SQLiteStore.copy(Self.path("book.db", in: folder), into: target)
      }
      #expect(try String(contentsOfFile: target, encoding: .utf8) == "precious")
    }
  }

  @Test func `is examined page by page`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      _ = try await store.create(try await sampleRequest(on: store)).get()
      let target = Self.path("copy.db", in: folder)
      try SQLiteStore.copy(Self.path("book.db", in: folder), into: target)
      let handle = try #require(FileHandle(forUpdatingAtPath: target))
      try handle.seek(toOffset: 4_096 * 12)
      try handle.write(contentsOf: Data(repeating: 0xa5, count: 4_096 * 4))
      try handle.close()
      #expect {
        _ = try SQLiteStore.examine(target)
      } throws: { error in
        if case .corrupt? = error as? StoreError { true } else { false }
      }
    }
  }

  @Test(arguments: [
    "PRAGMA user_version = 42",
    "PRAGMA application_id = 7; PRAGMA user_version = 1; CREATE TABLE other (x)",
  ])
  func `is made of no other program's file, and of none of a newer version`(sql: String)
    async throws
  {
    try await withFolder { folder in
      if sql.contains("42") { try await openStore(in: folder).close() }
      let queue = try DatabaseQueue(path: Self.path("book.db", in: folder))
      try await queue.writeWithoutTransaction { try $0.execute(sql: sql) }
      try queue.close()
      let target = Self.path("copy.db", in: folder)
      #expect(throws: StoreError.self) {
        try SQLiteStore.copy(Self.path("book.db", in: folder), into: target)
      }
      #expect(!FileManager.default.fileExists(atPath: target))
    }
  }

  @Test func `each commit is told with its rows`() async throws {
    try await withFolder { folder in
      let (commits, told) = AsyncStream.makeStream(of: Int.self)
      let clock = ManualClock()
      let store = try await SQLiteStore.open(
        path: Self.path("book.db", in: folder),
        options: SQLiteOptions(
          clock: { clock.now }, installationID: Identifier(high: 1, low: 2),
          onCommit: { rows, nanoseconds in told.yield(nanoseconds > 0 ? rows : -1) }),
        logger: quietLogger)
      _ = try await store.create(try await sampleRequest(on: store)).get()
      try store.close()
      told.finish()
      let rows = await commits.reduce(into: []) { $0.append($1) }
      #expect(rows.count == store.writeCounts.commits)
      #expect(rows.reduce(0, +) == store.writeCounts.rows)
    }
  }
}
