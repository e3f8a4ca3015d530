import FXDomain
import FXEngine
import FXFiles
import FXPorts
import FXStoreSQLite
import Logging

/// A desk with invented clients on a store of its own, put together as the real one is.
struct BenchDesk: Sendable {
  let store: SQLiteStore
  let logger: Logger
  private static let person = Actor.person("bench")

  static func open(
    _ path: String, _ work: (BenchDesk) async throws -> Figures
  ) async throws -> Figures {
    var logger = Logger(label: "fxbatch") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = .error
    let store = try await SQLiteStore.open(
      path: path, options: SQLiteOptions(clock: { .now }, installationID: .random()),
      logger: logger)
    let figures = try await work(BenchDesk(store: store, logger: logger))
    try store.close()
    return figures
  }

  private var intake: Intake {
    Intake(
      store: store, settings: IntakeSettings(), now: { .now },
      random: { .random(in: .min ... .max) })
  }

  func registerClients() async throws { _ = try await store.upsert(BenchData.records) }

  func seed(trades: Int, batches: Int, atOnce: Int) async throws {
    try await registerClients()
    for batch in 0..<batches {
      let numbers = trades * batch / batches..<trades * (batch + 1) / batches
      try await submit(BenchData.rows(numbers), atOnce: atOnce)
    }
  }

  @discardableResult
  private func submit(
    _ rows: [TradeRow], atOnce: Int = 5, approval: BatchPolicy.Approval = .none
  ) async throws -> Result<Batch, IntakeRefusal> {
    let options = BatchOptions(
      name: "bench", pricing: .bank, maxConcurrentTrades: atOnce,
      policy: BatchPolicy(approval: approval), starts: true, allowsDuplicates: false)
    let result = try await intake.submit(rows, options, by: Self.person)
    switch result {
    case .success, .failure(.approvalRequired): return result
    case .failure(let refusal): throw Complaint("the trades were refused: \(refusal)", .badInput)
    }
  }

  // MARK: Memory and import

  /// Nothing to do for a moment, as a server that waits for work.
  func idle() async throws {
    try await run(InProcessBank(latencyMilliseconds: 0)) { _ in
      try await Task.sleep(for: .seconds(1))
    }
  }

  /// The way of `fxbatch run` from a file to a stored batch.
  func importing(_ file: String, trades: Int) async throws -> Figures {
    let clock = ContinuousClock()
    let start = clock.now
    let rows = try FileReading.rows(of: file, with: TradeFileParser.self)
    let parsed = clock.now
    try await submit(rows)
    let stored = clock.now
    let peak = try peakMemoryBytes()
    // The same rows once more, up to the last moment: a batch that needs another's approval and
    // wants to start is refused when everything else has been looked at.
    try await submit(rows, approval: .required)
    let validation = clock.now - stored
    var figures = Figures()
    figures.add("import_validated_rows_per_second", trades, in: parsed - start + validation)
    figures.add("import_store_rows_per_second", trades, in: stored - parsed - validation)
    figures.add("import_rows_per_second", trades, in: stored - start)
    figures.add("import_peak_bytes", peak)
    return figures
  }

  // MARK: The engine

  /// Runs an engine for the time of `work`, which hears of the chosen reports.
  private func run(
    _ bank: InProcessBank, connections: Int = 64,
    hearing isHeard: @escaping @Sendable (EngineReport) -> Bool = { _ in false },
    _ work: (AsyncStream<EngineReport>) async throws -> Void
  ) async throws {
    var settings = EngineSettings(node: NodeID("bench/1"), bank: bank.identity)
    settings.maxConnections = connections
    // The bank is ours: nobody asks us to go slower.
    settings.maxRequestsPerSecond = 1_000_000
    let engine = try Engine(
      store: store, bank: bank, settings: settings, clock: .system(wall: { .now }), logger: logger)
    // Bounded by the reports of the trades there are.
    let (reports, told) = AsyncStream.makeStream(of: EngineReport.self)
    try await withThrowingTaskGroup { group in
      group.addTask {
        try await engine.run { report in if isHeard(report) { told.yield(report) } }
        told.finish()
      }
      try await work(reports)
      engine.shutDown()
      try await group.waitForAll()
    }
  }

  /// All batches of the store, with as many trades under way as they allow together.
  func runEngine(trades: Int, batches: Int, atOnce: Int) async throws -> Figures {
    let bank = InProcessBank(latencyMilliseconds: 0)
    let clock = ContinuousClock()
    let before = store.writeCounts
    let start = clock.now
    var end = start
    // Questions about booked deals have places beside the trades'.
    try await run(bank, connections: atOnce + 64, hearing: \.isEnd) { reports in
      var open = batches
      for await _ in reports {
        open -= 1
        if open == 0 { break }
      }
      end = clock.now
    }
    let after = store.writeCounts
    let commits = after.commits - before.commits
    var figures = Figures()
    figures.add("engine_trades_per_second", trades, in: end - start)
    figures.add("engine_transitions_per_second", trades * RawLoop.stages, in: end - start)
    figures.add("engine_commits_per_second", commits, in: end - start)
    figures.add("engine_rows_per_commit", Int64((after.rows - before.rows) / max(1, commits)))
    figures.add("engine_wrong_bookings", try await wrongBookings(bank, trades: trades))
    figures.add("engine_peak_bytes", try peakMemoryBytes())
    return figures
  }

  /// One batch at a bank that takes its time.
  ///
  /// The ideal: the first trade goes alone, through three calls and the question that shows that the
  /// bank looks deals up; then each place carries a trade through its three calls, without a pause.
  /// The end of the batch comes when the last deal, asked for once after the configured distance of
  /// polls, is settled.
  func runSlowBank(trades: Int, atOnce: Int, latency: Int64) async throws -> Figures {
    try await seed(trades: trades, batches: 1, atOnce: atOnce)
    let bank = InProcessBank(latencyMilliseconds: latency)
    let clock = ContinuousClock()
    let start = clock.now
    var allBooked = start
    var end = start
    try await run(bank, hearing: \.isBookingOrEnd) { reports in
      var booked = 0
      for await report in reports {
        if report.isEnd { break }
        booked += 1
        if booked == trades { allBooked = clock.now }
      }
      end = clock.now
    }
    let rounds = Int64((trades - 1 + atOnce - 1) / atOnce)
    let ideal = (3 + 1) * latency + rounds * 3 * latency
    let poll = EngineSettings(node: NodeID(""), bank: bank.identity).statusPollMilliseconds
    var figures = Figures()
    figures.add("schedule_booked_milliseconds", (allBooked - start).microseconds / 1_000)
    figures.add("schedule_ideal_booked_milliseconds", ideal)
    figures.add(
      "schedule_booked_ratio", (allBooked - start).microseconds / max(1, ideal))
    figures.add("schedule_ended_milliseconds", (end - start).microseconds / 1_000)
    figures.add("schedule_ideal_ended_milliseconds", ideal + poll + latency)
    figures.add(
      "schedule_ended_ratio", (end - start).microseconds / max(1, ideal + poll + latency))
    figures.add("schedule_wrong_bookings", try await wrongBookings(bank, trades: trades))
    return figures
  }

  /// Trades that are not completed or of which the bank has not exactly one deal, of the same client
  /// and amount; and bookings beyond one for each trade.
  private func wrongBookings(_ bank: InProcessBank, trades: Int) async throws -> Int64 {
    var query = TradeQuery(statuses: [.completed], limit: 500)
    var right = 0
    while true {
      let page = try await store.trades(query)
      right += page.count { bank.holds($0) }
      guard page.count == query.limit else { break }
      query.after = page.last?.key
    }
    return Int64(abs(trades - right) + abs(bank.bookings - trades))
  }
}

extension EngineReport {
  fileprivate var isEnd: Bool {
    if case .batchEnded = self { true } else { false }
  }

  fileprivate var isBookingOrEnd: Bool {
    if case .tradeChanged(_, .booked, _) = self { true } else { isEnd }
  }
}
