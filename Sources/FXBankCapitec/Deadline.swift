/// What ends first: an operation, or the time it has.
private enum First<Value: Sendable>: Sendable {
  case finished(Value)
  case timeIsUp
  /// The wait was cancelled; the operation still says how it ended.
  case interrupted
}

/// Runs an operation until a moment, and cancels it then. Nil when the time was up first.
///
/// The operation must end soon after it is cancelled: this waits for it.
func within<Value: Sendable>(
  _ deadline: ContinuousClock.Instant, _ operation: @escaping @Sendable () async -> Value
) async -> Value? {
  await withTaskGroup(of: First<Value>.self) { group in
    group.addTask { .finished(await operation()) }
    group.addTask {
      do {
        try await Task.sleep(until: deadline, clock: .continuous)
        return .timeIsUp
      } catch {
        return .interrupted
      }
    }
    defer { group.cancelAll() }
    for await first in group {
      switch first {
      case .finished(let value): return value
      case .timeIsUp: return nil
      case .interrupted: continue
      }
    }
    return nil
  }
}
