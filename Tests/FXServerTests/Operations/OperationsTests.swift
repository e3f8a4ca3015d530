import FXDomain
import FXEngine
import FXJSON
import FXPorts
import FXTesting
import HTTPTypes
import Logging
import ServiceLifecycle
import Testing

@testable import FXServer

@Suite struct `What operators ask` {
  @Test func `a process that answers lives`() async throws {
    try await serving(try await CallWorld()) { port in
      let reply = try await get("/health/live", at: port)
      #expect(statuses(reply) == [200])
      #expect(reply.hasSuffix(#"{"status":"live","checks":{"process":"ok"}}"#))
    }
  }

  @Test func `it is ready once its engine has begun, and not after it has ended`() async throws {
    let world = try await CallWorld(wantsEngine: true)
    try await serving(world) { port in
      let before = try await get("/health/ready", at: port)
      #expect(statuses(before) == [503])
      #expect(before.contains(#""store":"ok","engine":"waiting","shutdown":"none""#))
      world.operations.note(.started)
      let ready = try await get("/health/ready", at: port)
      #expect(statuses(ready) == [200])
      #expect(ready.contains(#"{"status":"ready","checks":{"store":"ok","engine":"begun""#))
      world.operations.noteEngineEnded()
      #expect(try await statuses(get("/health/ready", at: port)) == [503])
    }
  }

  @Test func `where no engine is wanted it is ready at once`() async throws {
    try await serving(try await CallWorld()) { port in
      let reply = try await get("/health/ready", at: port)
      #expect(statuses(reply) == [200])
      #expect(reply.contains(#""engine":"not_wanted""#))
    }
  }

  @Test func `programs on this machine read the metrics without a token`() async throws {
    try await serving(try await CallWorld()) { port in
      let reply = try await get("/metrics", at: port)
      #expect(statuses(reply) == [200])
      #expect(reply.contains("Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
      for line in [
        "fxbatch_connections_open{kind=\"http\"} 1", "fxbatch_store_up 1",
        "fxbatch_kill_switch_engaged 0", "fxbatch_engine_running 0",
        "# TYPE process_cpu_seconds_total counter", "# TYPE process_resident_memory_bytes gauge",
        "# TYPE process_open_fds gauge", "# TYPE process_start_time_seconds gauge",
      ] {
        #expect(reply.contains("\n\(line)\n"), "\(line)")
      }
    }
  }

  @Test func `others need a token, and so does whatever came through a proxy`() async throws {
    let world = try await CallWorld()
    #expect(try await world.call(.get, "/metrics", as: nil).status == 401)
    #expect(try await world.call(.get, "/metrics", as: .viewer).status == 200)
    #expect(try await world.call(.get, "/health/ready", as: nil).status == 200)
    try await serving(world) { port in
      for field in [
        "X-Real-IP: 127.0.0.1", "Via: 1.1 proxy", "Forwarded: for=192.0.2.1",
        "X-Forwarded-For: 192.0.2.1",
      ] {
        let reply = try await get("/metrics", field, at: port)
        #expect(statuses(reply) == [401], "\(field)")
      }
    }
  }

  @Test func `calls are counted by route and class of status, never by what they name`()
    async throws
  {
    let world = try await CallWorld()
    let names = ["00000000-0000-7000-8000-00000000000a", "00000000-0000-7000-8000-00000000000b"]
    for name in names { _ = try await world.call(.get, "/api/batches/\(name)", as: .viewer) }
    _ = try await world.call(.get, "/nowhere/\(names[0])", as: .viewer)
    let text = try await metrics(world)
    #expect(
      text.contains(
        #"fxbatch_http_requests_total{method="GET",route="/api/batches/{id}",status="4xx"} 2"#))
    #expect(
      text.contains(
        #"fxbatch_http_request_seconds_count{method="GET",route="/api/batches/{id}"} 2"#))
    #expect(text.contains(#"{method="GET",route="(unknown)",status="4xx"} 1"#))
    #expect(names.allSatisfy { !text.contains($0) })
  }

  @Test func `what the engine reports is counted`() async throws {
    let world = try await CallWorld()
    let name = TradeName(try await world.stage().trade)
    for report: EngineReport in [
      .tradeChanged(name, .booked, nil), .tradeChanged(name, .failed, .rateCheck),
      .tradeChanged(name, .pending, .rateLimited), .escalated(name), .breakerOpened,
    ] {
      world.operations.note(report)
    }
    world.operations.metrics.noteCommit(rows: 100, nanoseconds: 3_000_000)
    world.operations.metrics.noteBankCall("book", outcome: "success", took: .milliseconds(20))
    let text = try await metrics(world)
    for line in [
      #"fxbatch_trade_steps_total{status="booked"} 1"#,
      #"fxbatch_trade_steps_total{status="pending"} 1"#,
      #"fxbatch_trade_failures_total{code="rate_check"} 1"#,
      #"fxbatch_trade_failures_total{code="rate_limited"} 0"#,
      "fxbatch_trades_escalated_total 1", "fxbatch_bank_breaker_opened_total 1",
      #"fxbatch_store_commit_rows_bucket{le="128"} 1"#,
      #"fxbatch_store_commit_seconds_bucket{le="0.005"} 1"#,
      #"fxbatch_bank_calls_total{call="book",outcome="success"} 1"#,
      #"fxbatch_bank_call_seconds_bucket{call="book",le="0.01"} 0"#,
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
  }

  @Test func `what waits in the store is told with its age`() async throws {
    let world = try await CallWorld()
    let (batch, _) = try await world.stage()
    _ = try await world.call(.post, "/api/batches/\(batch.id)/start", as: .dealer)
    world.clock.advance(byMilliseconds: 90_500)
    let text = try await metrics(world)
    for line in [
      "fxbatch_queue_batches 1", "fxbatch_queue_oldest_seconds 90.5", "fxbatch_running_batches 0",
      "fxbatch_doubts_open 0", "fxbatch_doubts_oldest_seconds 0",
      "fxbatch_batches_needing_decision 0",
    ] {
      #expect(text.contains("\n\(line)\n"), "\(line)")
    }
  }

  @Test(arguments: [
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", true),
    ("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", true),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more", false),
    ("ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false),
    ("00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false),
    ("00-00000000000000000000000000000000-00f067aa0ba902b7-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false),
    ("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7", false),
    ("00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false), ("", false),
  ])
  func `a caller's trace stands in the log when it is one`(field: String, counts: Bool)
    async throws
  {
    let lines = KeptLines()
    let world = try await CallWorld(logger: lines.logger)
    _ = try await world.call(
      .get, "/api/me", as: .viewer, fields: [HTTPField.Name("traceparent")!: field])
    let line = try #require(lines.all.last)
    #expect(line["trace_id"] == (counts ? "4bf92f3577b34da6a3ce929d0e0e4736" : nil))
    #expect(line["status"] == .integer(200))
    #expect(line["person"] == "viewer-person")
  }

  // MARK: Over real sockets

  private func serving(
    _ world: CallWorld, _ body: @Sendable @escaping (Int) async throws -> Void
  ) async throws {
    let (ports, listening) = AsyncStream.makeStream(of: Int.self)
    let listener = try await world.server.services { listening.yield($0) }[0]
    let services = ServiceGroup(
      configuration: .init(
        // Without the live feed, whose clock stands still here.
        services: [listener],
        logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }))
    try await withThrowingTaskGroup { group in
      group.addTask {
        defer { listening.finish() }
        try await services.run()
      }
      for await port in ports {
        group.addTask {
          let outcome: Result<Void, any Error>
          do { outcome = .success(try await body(port)) } catch { outcome = .failure(error) }
          await services.triggerGracefulShutdown()
          try outcome.get()
        }
      }
      try await group.waitForAll()
    }
  }

  private func get(_ path: String, _ field: String = "Accept: */*", at port: Int) async throws
    -> String
  {
    try await answer(
      to: "GET \(path) HTTP/1.1\r\nHost: a\r\n\(field)\r\nConnection: close\r\n\r\n", at: port)
  }

  private func metrics(_ world: CallWorld) async throws -> String {
    String(decoding: try await world.call(.get, "/metrics", as: .viewer).bytes, as: UTF8.self)
  }
}
