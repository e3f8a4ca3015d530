import FXDomain
import FXEngine
import FXPorts
import Logging
import ServiceLifecycle

/// When the desk's day asks for something, in minutes since its midnight; nil for never.
public struct DeskDayTimes: Hashable, Sendable {
  public var reconcileAt: Int?
  public var warnOfSettlementAt: Int?

  public init(reconcileAt: Int?, warnOfSettlementAt: Int?) {
    self.reconcileAt = reconcileAt
    self.warnOfSettlementAt = warnOfSettlementAt
  }
}

/// Does what the desk's day asks for, once for the installation and day: the warning before the
/// settlement hour, and the reconciliation, also where somebody asked for one. What was missed while
/// nobody ran is done as soon as somebody does, on the same day.
public struct DeskDay: Service, CustomStringConvertible {
  /// Between looks at the clock, and at what waits.
  private static let lookMilliseconds: Int64 = 1_000
  /// Batches that are warned of in one transaction.
  private static let batchesAtOnce = 50

  private let store: any BatchStore
  /// Nil where no bank is there to be reconciled with.
  private let reconciliation: DeskReconciliation?
  private let node: NodeID
  private let times: DeskDayTimes
  private let deskClock: DeskClock
  private let clock: EngineClock
  private let random: @Sendable () -> UInt64
  private let logger: Logger

  /// As the log of services names it.
  public var description: String { "the desk's day" }

  /// - Parameter node: unique to this process.
  public init(
    backend: Backend, node: NodeID, times: DeskDayTimes, logger: Logger
  ) {
    let settings = backend.settings
    self.store = backend.store
    self.reconciliation = backend.bank.map {
      DeskReconciliation(
        store: backend.store, bank: $0, node: node, deskClock: settings.deskClock,
        doubtMarginMilliseconds: settings.doubtMarginMilliseconds,
        requestsPerSecond: settings.bankRequestsPerSecond, clock: backend.clock)
    }
    self.node = node
    self.times = times
    self.deskClock = settings.deskClock
    self.clock = backend.clock
    self.random = backend.random
    self.logger = logger
  }

  public func run() async throws {
    var done = Done()
    while !Task.isShuttingDownGracefully, !Task.isCancelled {
      done = await cancelWhenGracefulShutdown { [done] in
        var after = done
        do {
          try await look(&after)
          try await clock.sleep(clock.now().uptime + Self.lookMilliseconds)
        } catch is CancellationError {
          // The server ends; what was begun is taken up again by whoever comes next.
        } catch {
          logger.warning("the desk's day waits", metadata: ["error": "\(error)"])
          await pause()
        }
        return after
      }
    }
  }

  /// The last days for which this process knows that everything was done, so that it need not ask.
  private struct Done {
    var warning: CivilDate?
    var request: CivilDate?
  }

  private func look(_ done: inout Done) async throws {
    let (day, minute) = deskClock.local(clock.now().wall)
    if let at = times.warnOfSettlementAt, minute >= at, done.warning != day {
      while try await !store.warnOfSettlement(
        on: day, actor: .node(node), limit: Self.batchesAtOnce)
      {
        try Task.checkCancellation()
      }
      done.warning = day
    }
    guard let reconciliation else { return }
    if let at = times.reconcileAt, minute >= at, done.request != day {
      let now = clock.now().wall
      _ = try await store.request(
        Reconciliation(
          id: .timeOrdered(at: now, random: (random(), random())), day: day, isScheduled: true,
          requestedAt: now, requestedBy: .node(node)),
        receipt: nil)
      done.request = day
    }
    while let made = try await reconciliation.makeNext() {
      logger.notice(
        "reconciled", metadata: ["day": "\(made.day)", "outcome": "\(made.status.rawValue)"])
    }
  }

  private func pause() async {
    do { try await clock.sleep(clock.now().uptime + Self.lookMilliseconds) } catch { return }
  }
}
