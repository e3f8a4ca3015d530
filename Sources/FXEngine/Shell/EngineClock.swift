import FXDomain

/// Where the shell takes its time from.
public struct EngineClock: Sendable {
  public var now: @Sendable () -> Moment
  /// Returns when the uptime has come, or throws when the task is cancelled.
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
    return EngineClock(
      now: {
        let (seconds, attoseconds) = (ContinuousClock.now - start).components
        return Moment(
          uptime: seconds * 1_000 + attoseconds / 1_000_000_000_000_000, wall: wall())
      },
      sleep: { uptime in
        try await Task.sleep(until: start + .milliseconds(uptime), clock: .continuous)
      })
  }
}
