import FXDomain
import FXTesting
import Testing

@Suite struct `Every batch store` {
  @Test(arguments: Backend.allCases, StoreConformance.cases)
  func `does what its port says`(backend: Backend, promise: StoreCase) async throws {
    try await backend.withStore { try await promise.run(on: $0) }
  }

  @Test(arguments: Backend.allCases, StoreConformance.seeds)
  func `holds its invariants on a random walk`(backend: Backend, seed: UInt64) async throws {
    let log = try await backend.withStore { try await StoreConformance.walk(seed: seed, on: $0) }
    #expect(log.count > 50)
  }

  /// On both stores, whose logs of the same walk are the same.
  @Test(arguments: StoreConformance.seeds)
  func `lets nobody exceed a limit or an allowance, whatever batches run at once`(
    seed: UInt64
  ) async throws {
    var logs: [[JournalEvent]] = []
    for backend in Backend.allCases {
      logs.append(
        try await backend.withStore {
          try await StoreConformance.walkUnderLimits(seed: seed, on: $0)
        })
    }
    #expect(logs.allSatisfy { $0 == logs[0] }, "seed \(seed)")
    #expect(logs[0].count > 50)
  }

  @Test(arguments: StoreConformance.seeds)
  func `tells the same story of the same walk`(seed: UInt64) async throws {
    var logs: [[JournalEvent]] = []
    for backend in Backend.allCases {
      logs.append(
        try await backend.withStore {
          try await StoreConformance.walk(seed: 1_000 + seed, on: $0)
        })
    }
    for log in logs {
      let parting = zip(log, logs[0]).first { $0 != $1 }
      #expect(parting == nil, "the stories part here")
      #expect(log.count == logs[0].count)
    }
  }
}
