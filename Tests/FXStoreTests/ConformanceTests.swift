import FXTesting
import Testing

@Suite struct `Every batch store` {
  @Test(arguments: Backend.allCases, StoreConformance.cases)
  func `does what its port says`(backend: Backend, promise: StoreCase) async throws {
    try await backend.withStore { try await promise.run(on: $0) }
  }

  @Test(arguments: Backend.allCases, StoreConformance.seeds)
  func `holds its invariants on a random walk`(backend: Backend, seed: UInt64) async throws {
    try await backend.withStore { try await StoreConformance.walk(seed: seed, on: $0) }
  }
}
