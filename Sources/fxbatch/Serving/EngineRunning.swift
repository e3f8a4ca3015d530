import FXEngine
import FXPorts
import FXServer
import Logging
import ServiceLifecycle

/// The engine as a part of the server: takes the store's lock as soon as it is free, and runs until
/// the server ends.
struct EngineRunning: Service, CustomStringConvertible {
  /// Between looks at the lock.
  private static let lookMilliseconds: Int64 = 250

  let engine: Engine
  let desk: Desk
  let operations: Operations

  /// As the log of services names it.
  var description: String { "the engine" }

  func run() async throws {
    var isTold = false
    while !Task.isShuttingDownGracefully {
      if let held = try desk.lock.take() {
        defer { held.release() }
        if isTold { operations.metrics.noteTakeOver() }
        try await desk.freeLeasesOfTheDead()
        try await work()
        return
      }
      if !isTold {
        isTold = true
        desk.logger.notice(
          "another fxbatch runs the engine on this store: it is taken over when that one ends")
      }
      do {
        try await cancelWhenGracefulShutdown {
          try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
        }
      } catch is CancellationError {
        // The server ends while it waits for its turn.
        return
      }
    }
  }

  private func work() async throws {
    defer { operations.noteEngineEnded() }
    do {
      try await withGracefulShutdownHandler {
        try await engine.run { operations.note($0) }
      } onGracefulShutdown: {
        engine.shutDown()
      }
    } catch let error as EngineError {
      throw error.complaint
    }
  }
}
