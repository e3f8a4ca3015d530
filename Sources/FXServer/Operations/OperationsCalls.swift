import FXDomain
import FXJSON
import FXPorts
import HTTPTypes
import ServiceLifecycle

/// What the machinery around this process asks: whether it lives, whether it is to be sent work, and
/// how it fares. The bank's state makes it neither dead nor unready: people look at their batches and
/// stop them also while the bank is away.
struct OperationsCalls: Sendable {
  let backend: Backend
  let operations: Operations

  var routes: [Route] {
    [
      Route(.get, "/health/live", .anybody, body: .any) { _ in
        .json(["status": "live", "checks": ["process": "ok"]])
      },
      Route(.get, "/health/ready", .anybody, body: .any) { _ in await ready() },
      Route(.get, "/metrics", .roleOrLoopback(.viewer), body: .any) { _ in await metrics() },
    ]
  }

  private func ready() async -> Answer {
    let store = await installation()
    let engine = operations.engine
    let isEnding = Task.isShuttingDownGracefully
    let isReady = store != nil && !isEnding && (engine == .begun || engine == .notWanted)
    return .json(
      [
        "status": isReady ? "ready" : "unready",
        "checks": [
          "store": store == nil ? "unreadable" : "ok", "engine": .string(engine.rawValue),
          "shutdown": isEnding ? "under_way" : "none",
        ],
      ], isReady ? .ok : .serviceUnavailable)
  }

  private func metrics() async -> Answer {
    let text = operations.metrics.registry.text(
      with: operations.process.samples + connectionSamples + (await storeSamples()))
    return Answer(body: .bytes(Array(text.utf8), type: MetricText.mediaType))
  }

  /// Nil when the store does not answer; why stands in the answers of the calls that people make.
  private func installation() async -> Installation? {
    do { return try await backend.store.installation() } catch { return nil }
  }

  private var connectionSamples: [MetricsRegistry.Sample] {
    let open = operations.connections.open
    return [("http", open.all - open.webSockets), ("websocket", open.webSockets)].map {
      .init(
        name: "fxbatch_connections_open", help: "Open connections, by what they are used for.",
        dimensions: [("kind", $0)], value: Double($1))
    } + [
      .init(
        name: "fxbatch_engine_running", help: "Whether the engine of this process runs.",
        value: operations.engine == .begun ? 1 : 0)
    ]
  }

  private func storeSamples() async -> [MetricsRegistry.Sample] {
    let installation = await installation()
    var samples: [MetricsRegistry.Sample] = [
      .init(
        name: "fxbatch_store_up", help: "Whether the store answered a read just now.",
        value: installation == nil ? 0 : 1)
    ]
    guard let installation else { return samples }
    samples.append(
      .init(
        name: "fxbatch_kill_switch_engaged", help: "Whether all booking is stopped.",
        value: installation.killSwitch == nil ? 0 : 1))
    samples.append(
      .init(
        name: "fxbatch_reconciliation_due",
        help: "Whether the store has lost events for which the bank was not asked yet.",
        value: installation.isReconciliationDue ? 1 : 0))
    do {
      samples += Self.samples(of: try await backend.store.gauges(), at: backend.now)
    } catch {
      // The next reader of the metrics sees them again; that the store is away is told above.
    }
    return samples
  }

  private static func samples(
    of gauges: StoreGauges, at now: Timestamp
  ) -> [MetricsRegistry.Sample] {
    func age(_ since: Timestamp?) -> Double {
      since.map { Double(max(0, now.milliseconds(since: $0))) / 1_000 } ?? 0
    }
    return [
      .init(
        name: "fxbatch_queue_batches", help: "Batches that wait to be run.",
        value: Double(gauges.queued)),
      .init(
        name: "fxbatch_queue_oldest_seconds", help: "How long the longest waiting of them waits.",
        value: age(gauges.oldestQueuedAt)),
      .init(
        name: "fxbatch_running_batches", help: "Batches that are being run.",
        value: Double(gauges.running)),
      .init(
        name: "fxbatch_doubts_open", help: "Trades of which nobody knows whether they are booked.",
        value: Double(gauges.doubts)),
      .init(
        name: "fxbatch_doubts_oldest_seconds", help: "How long the oldest doubt lasts.",
        value: age(gauges.oldestDoubtSince)),
      .init(
        name: "fxbatch_batches_needing_decision", help: "Batches that wait for a person.",
        value: Double(gauges.needingDecision)),
    ]
  }
}
