import Synchronization

/// The inputs that wait for the engine's loop. It takes them all at once, so that steps which became
/// possible together are written together. Bounded by the actions under way, of which the core
/// bounds every kind.
final class Inbox: Sendable {
  private let waiting = Mutex<[EngineInput]>([])
  /// Yields when something has come; of several that nobody has heard yet, one is kept.
  let arrivals: AsyncStream<Void>
  private let bell: AsyncStream<Void>.Continuation

  init() {
    (arrivals, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  }

  func put(_ input: EngineInput) { put(CollectionOfOne(input)) }

  func put(_ inputs: some Sequence<EngineInput>) {
    let isFirst = waiting.withLock { waiting in
      defer { waiting.append(contentsOf: inputs) }
      return waiting.isEmpty
    }
    if isFirst { bell.yield() }
  }

  /// Ends the arrivals: nobody will take what comes from now on.
  func close() { bell.finish() }

  func takeAll() -> [EngineInput] {
    waiting.withLock { waiting in
      defer { waiting = [] }
      return waiting
    }
  }
}
