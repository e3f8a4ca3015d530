import AsyncHTTPClient
import FXJSON
import Foundation
import NIOCore

/// `fxbatch serve` over a store that is there, in a process of its own, and a few readers.
struct ServedStore {
  private static let token = "a-token-of-the-benchmark-for-its-own-server"
  private static let readySeconds = 60

  let folder: String

  /// What is read, by its name among the figures, in a store that has such batches and trades.
  private func reads(of batch: String, _ trade: String) -> [(name: String, path: String)] {
    [
      ("ceiling", "/health/live"),
      ("batches", "/api/batches"),
      ("batches_by_status", "/api/batches?status=success&sort=-created_at"),
      ("active", "/api/batches/active"),
      ("batch", "/api/batches/\(batch)"),
      ("batch_trades", "/api/batches/\(batch)/trades"),
      ("trades", "/api/trades"),
      ("trades_of_client", "/api/trades?cif_number=100007&status=completed&limit=2"),
      ("trades_by_text", "/api/trades?q=PAY-2026-10000007"),
      ("trade", "/api/trades/\(trade)"),
    ]
  }

  /// Starts the server, reads everything for a while, and ends it.
  ///
  /// - Parameters:
  ///   - readers: connections that ask one question after the other.
  ///   - milliseconds: how long each thing is read.
  func measure(readers: Int, milliseconds: Int64) async throws -> Figures {
    let server = Process()
    let ready = "\(folder)/url"
    server.executableURL = Bundle.main.executableURL
    server.arguments = ["serve", "--without-bank", "--ready-file", ready]
    server.environment = [
      "FXBATCH_STORE": "sqlite:\(folder)/store.db", "FXBATCH_LISTEN": "127.0.0.1:0",
      "FXBATCH_ADMIN_TOKEN": Self.token, "FXBATCH_API_MAX_RPS": "100000",
      "FXBATCH_LOG_LEVEL": "error",
    ]
    server.standardError = FileHandle.nullDevice
    let clock = ContinuousClock()
    let start = clock.now
    try server.run()
    defer {
      server.terminate()
      server.waitUntilExit()
    }
    let url = try await address(in: ready, of: server, until: start + .seconds(Self.readySeconds))
    var figures = Figures()
    figures.add("ready_milliseconds", (clock.now - start).microseconds / 1_000)
    figures.add("idle_bytes", try statusBytes("VmRSS", of: "\(server.processIdentifier)"))
    let first = try await item("\(url)/api/batches?limit=1")
    let trade = try await item("\(url)/api/batches/\(first)/trades?limit=1")
    for (name, path) in reads(of: first, trade) {
      let delays = try await read(url + path, readers, for: .milliseconds(milliseconds))
      figures.add("\(name)_per_second", Int64(delays.count) * 1_000 / milliseconds)
      figures.add("\(name)_p50_microseconds", delays[delays.count / 2])
      figures.add("\(name)_p99_microseconds", delays[delays.count * 99 / 100])
    }
    figures.add("bytes_after_reads", try statusBytes("VmRSS", of: "\(server.processIdentifier)"))
    return figures
  }

  private func address(
    in file: String, of server: Process, until deadline: ContinuousClock.Instant
  ) async throws -> String {
    while true {
      // Looked for every millisecond: the time until then is what is measured. No file yet is no data.
      if let data = FileManager.default.contents(atPath: file), data.last == UInt8(ascii: "\n") {
        return String(decoding: data.dropLast(), as: UTF8.self)
      }
      guard server.isRunning, ContinuousClock.now < deadline else {
        throw Complaint("the server to be measured did not start.", .unavailable)
      }
      try await Task.sleep(for: .milliseconds(1))
    }
  }

  private func get(_ url: String) async throws -> ByteBuffer {
    var request = HTTPClientRequest(url: url)
    request.headers.add(name: "Authorization", value: "Bearer \(Self.token)")
    let answer = try await HTTPClient.shared.execute(request, timeout: .seconds(60))
    guard answer.status == .ok else {
      throw Complaint("\(url) was answered with \(answer.status.code).", .unavailable)
    }
    return try await answer.body.collect(upTo: 1 << 24)
  }

  /// The identifier of a list's first item.
  private func item(_ url: String) async throws -> String {
    let page = try JSON(parsing: Array(try await get(url).readableBytesView))
    guard let id = page.items.first?.words("id") else {
      throw Complaint("\(url) is an empty list.", .unavailable)
    }
    return id
  }

  /// How long each reading took, in microseconds, ascending.
  private func read(
    _ url: String, _ readers: Int, for duration: Duration
  ) async throws -> [Int64] {
    // What the first readings find cold is not measured.
    for _ in 0..<20 { _ = try await get(url) }
    return try await withThrowingTaskGroup(of: [Int64].self) { group in
      let end = ContinuousClock.now + duration
      for _ in 0..<readers {
        group.addTask {
          var delays: [Int64] = []
          while ContinuousClock.now < end {
            let begin = ContinuousClock.now
            _ = try await get(url)
            delays.append((ContinuousClock.now - begin).microseconds)
          }
          return delays
        }
      }
      return try await group.reduce(into: []) { $0 += $1 }.sorted()
    }
  }
}
