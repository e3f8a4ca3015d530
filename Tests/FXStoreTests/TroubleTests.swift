import FXDomain
import FXPorts
import FXTesting
import Foundation
import GRDB
import Testing

@testable import FXStoreSQLite

@Suite struct `An SQLite store in trouble` {
  @Test func `is busy while another process holds the file, and then goes on`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let request = try await sampleRequest(on: store)
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true
      let other = try DatabaseQueue(
        path: folder.appending(path: "book.db").path, configuration: configuration)
      try other.inDatabase { try $0.beginTransaction(.immediate) }
      await #expect(throws: StoreError.busy) { try await store.create(request) }
      try other.inDatabase { try $0.rollback() }
      _ = try await store.create(request).get()
    }
  }

  @Test func `writes nothing into a file that was taken away from under it`() async throws {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let path = folder.appending(path: "book.db")
      let request = try await sampleRequest(on: store)
      try FileManager.default.moveItem(at: path, to: folder.appending(path: "elsewhere.db"))
      await #expect {
        try await store.create(request)
      } throws: { error in
        if case StoreError.unavailable = error { true } else { false }
      }
    }
  }

  @Test func `says that the disk is full, has written nothing, and goes on with room`()
    async throws
  {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let request = try await sampleRequest(on: store, trades: 5_000)
      try await store.pool.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA max_page_count = 100")
      }
      await #expect(throws: StoreError.full) { try await store.create(request) }
      #expect(try await store.batches(BatchQuery()).isEmpty)
      try await store.pool.writeWithoutTransaction {
        try $0.execute(sql: "PRAGMA max_page_count = 1000000")
      }
      #expect(try await store.create(request).get().counts.pending == 5_000)
    }
  }

  @Test func `fails the operation at fault alone, and not its company in the group`()
    async throws
  {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      let request = try await sampleRequest(on: store)
      let batch = try await store.create(request).get()
      // The queue is held up, so that all of these come into one group.
      let gate = DispatchSemaphore(value: 0)
      store.pool.asyncWriteWithoutTransaction { _ in gate.wait() }
      try await withThrowingTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            _ = try await store.create(request)
            return false
          } catch {
            if case StoreError.inconsistent = error { return true } else { return false }
          }
        }
        for name in ["a", "b", "c"] {
          group.addTask {
            let step = BatchStep(
              batch: batch.key, actor: .person(name),
              command: .change(name: name, maxConcurrentTrades: nil, policy: nil))
            return try await store.perform(step).get().name == name
          }
        }
        gate.signal()
        for try await isRight in group { #expect(isRight) }
      }
      #expect(try await store.batch(batch.id)?.version == batch.version + 3)
    }
  }

  @Test func `believes nothing any more after the operating system failed a write`()
    async throws
  {
    try await withFolder { folder in
      let store = try await openStore(in: folder)
      await #expect(throws: StoreError.self) {
        try await store.write { _ in throw DatabaseError(resultCode: .SQLITE_IOERR_FSYNC) }
      }
      let isStopped = { (error: any Error) in
        if case StoreError.unavailable(let message) = error {
          message.contains("start again")
        } else {
          false
        }
      }
      await #expect(performing: { try await store.seal() }, throws: isStopped)
      await #expect(performing: { _ = try await store.installation() }, throws: isStopped)
    }
  }

  @Test(arguments: [
    (ResultCode.SQLITE_IOERR_FSYNC, true), (.SQLITE_IOERR_WRITE, true), (.SQLITE_CORRUPT, true),
    (.SQLITE_BUSY, false), (.SQLITE_FULL, false), (.SQLITE_CONSTRAINT_FOREIGNKEY, false),
  ])
  func `calls a failed commit unknown, unless nothing can have been written`(
    code: ResultCode, isUnknown: Bool
  ) {
    let lifted = StoreError(ofCommit: DatabaseError(resultCode: code))
    if case .outcomeUnknown = lifted { #expect(isUnknown) } else { #expect(!isUnknown) }
  }
}
