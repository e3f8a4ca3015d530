import FXDomain
import FXPorts
import FXTesting
import Synchronization
import Testing

@testable import FXStoreSQLite

@Suite struct `What is durable` {
  private final class Heard: Sendable {
    private let marks = Mutex<[LogMark]>([])
    let fails = Atomic(false)
    struct Failure: Error {}

    func hear(_ mark: LogMark) throws {
      if fails.load(ordering: .sequentiallyConsistent) { throw Failure() }
      marks.withLock { $0.append(mark) }
    }
    var all: [LogMark] { marks.withLock { $0 } }
  }

  private func withStore(_ body: (SQLiteStore, Heard) async throws -> Void) async throws {
    try await withFolder { folder in
      let heard = Heard()
      let clock = ManualClock()
      let options = SQLiteOptions(
        clock: { clock.now }, installationID: Identifier(high: 1, low: 2),
        onDurable: { try heard.hear($0) })
      let store = try await SQLiteStore.open(
        path: folder.appending(path: "book.db").path, options: options, logger: quietLogger)
      try await body(store, heard)
    }
  }

  @Test func `is told outside before whoever asked for it hears of it`() async throws {
    try await withStore { store, heard in
      let request = try await sampleRequest(on: store)
      // Clients are no part of the log.
      #expect(heard.all.isEmpty)
      _ = try await store.create(request).get()
      #expect(heard.all == [try await store.logMark()])
      _ = try await store.setKillSwitch(engaged: true, reason: "-", actor: .person("thandi")).get()
      #expect(heard.all.count == 2)
      #expect(heard.all.last == (try await store.logMark()))
      _ = try await store.installation()
      try await store.seal()
      #expect(heard.all.count == 2)
    }
  }

  @Test func `is told outside with the epoch that it belongs to`() async throws {
    try await withStore { store, heard in
      _ = try await store.recordLoss(.unreadableMark("torn"))
      #expect(heard.all.map(\.idEpoch) == [3])
      #expect(heard.all == [try await store.logMark()])
    }
  }

  @Test func `stops the store when it cannot be told outside`() async throws {
    try await withStore { store, heard in
      let request = try await sampleRequest(on: store)
      heard.fails.store(true, ordering: .sequentiallyConsistent)
      await #expect {
        try await store.create(request)
      } throws: { error in
        if case StoreError.outcomeUnknown = error { true } else { false }
      }
      await #expect(throws: StoreError.self) { try await store.installation() }
    }
  }
}
