/// Tells that the log may have grown. Many raises before anybody looks are one.
public struct LogSignal: Sendable {
  let raised: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  public init() {
    (raised, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  public func raise() { continuation.yield() }
}
