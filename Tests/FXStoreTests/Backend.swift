import FXDomain
import FXPorts
import FXSimulation
import FXStoreSQLite
import FXTesting
import Foundation
import Logging

/// The implementations of the store's port.
enum Backend: CaseIterable, Sendable {
  case sqlite
  case memory

  /// Runs on a new, empty store, and clears away after it.
  func withStore<Answer>(
    _ body: (@escaping (ManualClock) async throws -> any BatchStore) async throws -> Answer
  ) async throws -> Answer {
    switch self {
    case .sqlite:
      try await withFolder { folder in
        try await body { clock in try await openStore(in: folder, clock: clock) }
      }
    case .memory:
      try await body { clock in
        MemoryStore(installation: Identifier(high: 1, low: 2), clock: { clock.now })
      }
    }
  }
}

/// Runs with a folder of its own, which is gone afterwards.
func withFolder<Answer>(_ body: (URL) async throws -> Answer) async throws -> Answer {
  let folder = FileManager.default.temporaryDirectory
    .appending(path: "fxbatch-store-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}

let quietLogger = Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }

func openStore(
  in folder: URL, clock: ManualClock = ManualClock(), isReadOnly: Bool = false
) async throws -> SQLiteStore {
  try await SQLiteStore.open(
    path: folder.appending(path: "book.db").path,
    options: SQLiteOptions(
      clock: { clock.now }, installationID: Identifier(high: 1, low: 2), isReadOnly: isReadOnly,
      busyTimeoutSeconds: 1),
    logger: quietLogger)
}
