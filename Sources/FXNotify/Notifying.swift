import FXDomain
import FXEngine
import FXPorts
import Logging
import NIOPosix
import ServiceLifecycle
import Synchronization

/// Tells people and programs what the log calls for, until the service group that runs it ends it.
public struct Notifying: Service, CustomStringConvertible {
  private let store: any BatchStore
  private let clock: EngineClock
  private let bounds: NotifyBounds
  private let courier: Courier
  private let threads: NIOThreadPool
  private let logger: Logger

  /// As the log of services names it.
  public var description: String { "the notifications" }

  /// - Parameter random: 64 random bits, for the jitter of repetitions.
  public init(
    store: any BatchStore, clock: EngineClock, settings: NotifySettings,
    random: @escaping @Sendable () -> UInt64, logger: Logger
  ) throws(UnusableAuthorities) {
    self.store = store
    self.clock = clock
    self.bounds = settings.bounds
    self.threads = NIOThreadPool(numberOfThreads: settings.bounds.deliveriesAtOnce)
    self.courier = Courier(
      poster: try Poster(settings: settings, threads: threads), clock: clock, random: random)
    self.logger = logger
  }

  public func run() async throws {
    threads.start()
    let outbox = Wakes()
    await withGracefulShutdownHandler {
      await withTaskGroup { group in
        group.addTask { await announce(outbox) }
        group.addTask { await forget() }
        group.addTask { await deliver(outbox) }
      }
    } onGracefulShutdown: {
      outbox.end()
    }
    try await threads.shutdownGracefully()
  }

  /// Looks at the log again and again, and once more when everything else has ended.
  private func announce(_ outbox: Wakes) async {
    var announcer = Announcer(store: store, bounds: bounds)
    while true {
      let isLast = Task.isShuttingDownGracefully || Task.isCancelled
      do {
        _ = try await announcer.advance()
      } catch {
        announcer = Announcer(store: store, bounds: bounds)
        logger.warning("notifications wait", metadata: ["error": "\(error)"])
      }
      // Also for what waits there from before.
      outbox.wake()
      guard !isLast else { return }
      await pause(bounds.pollMilliseconds)
    }
  }

  /// One message at a time to each endpoint, and to so many endpoints at once.
  private func deliver(_ outbox: Wakes) async {
    let room = Room(bounds.deliveriesAtOnce)
    await withDiscardingTaskGroup { group in
      for await _ in outbox.wakes {
        let free = room.free
        guard free > 0 else { continue }
        for due in await due(atMost: free) {
          room.enter()
          group.addTask {
            await note(await courier.deliver(due))
            room.leave()
            outbox.wake()
          }
        }
      }
    }
  }

  private func due(atMost room: Int) async -> [DueDelivery] {
    do {
      return try await store.takeDue(
        limit: room, leaseMilliseconds: bounds.leaseMilliseconds)
    } catch {
      logger.warning("messages wait", metadata: ["error": "\(error)"])
      return []
    }
  }

  private func note(_ report: DeliveryReport) async {
    var metadata: Logger.Metadata = [
      "delivery": "\(report.delivery)", "latency_ms": "\(report.attempt.milliseconds)",
    ]
    if let status = report.attempt.status { metadata["status"] = "\(status)" }
    if let error = report.attempt.error { metadata["error"] = "\(error)" }
    logger.debug("webhook", metadata: metadata)
    do {
      try await store.note(report)
    } catch {
      // It is sent again, with the same id.
      logger.warning("a delivery could not be noted", metadata: ["error": "\(error)"])
    }
  }

  private func forget() async {
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      await pause(bounds.forgettingMilliseconds)
      do {
        try await store.forgetNotices(
          before: clock.now().wall.advanced(byMilliseconds: -bounds.keptMilliseconds))
      } catch {
        logger.warning("old notifications are kept for now", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Ends early when the server ends.
  private func pause(_ milliseconds: Int64) async {
    await cancelWhenGracefulShutdown {
      do { try await clock.sleep(clock.now().uptime + milliseconds) } catch { return }
    }
  }
}

/// How many messages may still go out at the same time.
private final class Room: Sendable {
  private let places: Mutex<Int>

  init(_ places: Int) { self.places = Mutex(places) }

  var free: Int { places.withLock { $0 } }
  func enter() { places.withLock { $0 -= 1 } }
  func leave() { places.withLock { $0 += 1 } }
}

/// Wakes whoever looks into the outbox. Many before they look are one.
private struct Wakes: Sendable {
  let wakes: AsyncStream<Void>
  private let continuation: AsyncStream<Void>.Continuation

  init() {
    (wakes, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
  }

  func wake() { continuation.yield() }
  func end() { continuation.finish() }
}
