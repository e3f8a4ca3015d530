import FXDomain

/// Where the shell takes its time from.
public struct EngineClock: Sendable {
  public var now: @Sendable () -> Moment
  /// Returns when the uptime has come and never before, or throws when the task is cancelled.
  public var sleep: @Sendable (_ untilUptime: Int64) async throws -> Void

  public init(
    now: @escaping @Sendable () -> Moment,
    sleep: @escaping @Sendable (_ untilUptime: Int64) async throws -> Void
  ) {
    self.now = now
    self.sleep = sleep
  }

  /// The machine's clocks: one that runs while suspended and is never set, and a wall clock.
  public static func system(wall: @escaping @Sendable () -> Timestamp) -> EngineClock {
    let start = ContinuousClock.now
    let uptime: @Sendable () -> Int64 = {
      let (seconds, attoseconds) = (ContinuousClock.now - start).components
      return seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }
    return EngineClock(
      now: { Moment(uptime: uptime(), wall: wall()) },
      sleep: { wake in
        // The system's timers may go by another clock than the one that is read here.
        repeat {
          try await Task.sleep(until: start + .milliseconds(wake), clock: .continuous)
        } while uptime() < wake
      })
  }
}
