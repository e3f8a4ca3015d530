import FXDomain
import FXEngine
import FXPorts
import Logging
import ServiceLifecycle

/// Keeps the tail at the log's end, and those who follow it honest.
struct TailRunning: Service, CustomStringConvertible {
  let tail: LogTail
  let signal: LogSignal
  let signIn: SignIn
  let clock: EngineClock
  let logger: Logger

  /// As the log of services names it.
  var description: String { "the live feed" }

  private enum Wake: Sendable { case log, progress, heartbeat, access }

  func run() async throws {
    let bounds = tail.bounds
    let (wakes, waking) = AsyncStream.makeStream(
      of: Wake.self, bufferingPolicy: .bufferingOldest(64))
    await withGracefulShutdownHandler {
      await withThrowingTaskGroup { group in
        group.addTask { for await _ in signal.raised { waking.yield(.log) } }
        for (wake, milliseconds) in [
          (Wake.log, bounds.pollMilliseconds), (.progress, bounds.progressMilliseconds),
          (.heartbeat, bounds.heartbeatMilliseconds / 3), (.access, bounds.accessMilliseconds),
        ] {
          group.addTask {
            while true {
              try await clock.sleep(clock.now().uptime + milliseconds)
              waking.yield(wake)
            }
          }
        }
        var dirty: Set<Identifier> = []
        for await wake in wakes { await answer(wake, &dirty, bounds) }
        group.cancelAll()
      }
    } onGracefulShutdown: {
      tail.end()
      waking.finish()
    }
  }

  /// A store that cannot be read now can be read later; those who follow see that nothing comes.
  private func answer(
    _ wake: Wake, _ dirty: inout Set<Identifier>, _ bounds: LiveBounds
  ) async {
    do {
      switch wake {
      case .log:
        dirty.formUnion(try await tail.advance())
        // Telling many costs time that the engine needs too: they are told of more at once.
        let pause = Int64(tail.followers / bounds.followersToldPerMillisecond)
        if pause > 0 { try await clock.sleep(clock.now().uptime + pause) }
      case .progress:
        try await tail.tellNotices()
        guard !dirty.isEmpty else { return }
        try await tail.tellProgress(of: dirty)
        dirty = []
      case .heartbeat: tail.beat()
      case .access: try await tail.expel(signIn)
      }
    } catch {
      logger.error("the live feed cannot read the store", metadata: ["error": "\(error)"])
    }
  }
}
