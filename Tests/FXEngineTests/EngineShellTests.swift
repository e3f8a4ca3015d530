import FXDomain
import FXEngine
import FXPorts
import FXSimulation
import Logging
import Synchronization
import Testing

@Suite struct `The engine's shell` {
  /// Many times: whoever is cancelled by the failure must not be heard before it.
  @Test(.timeLimit(.minutes(1)), arguments: 1...100)
  func `ends with the store's error when the store refuses a step`(_ time: Int) async throws {
    let store = MemoryStore(installation: Identifier(high: 1, low: 2), clock: { Self.now })
    // A living node with another doubt margin makes the store refuse this one's first sign of life.
    _ = try await store.pulse(
      NodeLife(
        node: NodeID("first"), bank: Self.bank, leaseMilliseconds: 300_000,
        bankTimeoutMilliseconds: 10_000, doubtMarginMilliseconds: 1),
      confirmsKillSwitch: false)
    let engine = try Engine(
      store: store, bank: MuteBank(identity: Self.bank),
      settings: EngineSettings(node: NodeID("second"), bank: Self.bank),
      clock: .system(wall: { Self.now }), logger: Logger(label: "test"))
    await #expect {
      try await engine.run { _ in }
    } throws: { error in
      if case EngineError.store(.engineElsewhere) = error { true } else { false }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func `sets no timer twice, however long it waits for work`() async throws {
    let timers = Timers()
    let (begun, beginnings) = AsyncStream.makeStream(of: Int.self)
    let start = ContinuousClock.now
    // The engine's seconds pass in 40 ms.
    let uptime: @Sendable () -> Int64 = {
      let (seconds, attoseconds) = (ContinuousClock.now - start).components
      return seconds * 25_000 + attoseconds / 40_000_000_000_000
    }
    let engine = try Engine(
      store: MemoryStore(installation: Identifier(high: 1, low: 2), clock: { Self.now }),
      bank: MuteBank(identity: Self.bank),
      settings: EngineSettings(node: NodeID("first"), bank: Self.bank),
      clock: EngineClock(
        now: { Moment(uptime: uptime(), wall: Self.now) },
        sleep: { wake in
          beginnings.yield(timers.begin())
          defer { timers.end() }
          repeat {
            try await Task.sleep(until: start + .microseconds(40 * wake), clock: .continuous)
          } while uptime() < wake
        }),
      logger: Logger(label: "test"))
    async let end: Void = engine.run { _ in }
    for await count in begun where count == 250 { break }
    engine.shutDown()
    try await end
    // One each for the next seal, the next look at the queue and the next sign of life, and as many
    // that have rung and are on their way.
    #expect(timers.most <= 5)
  }

  @Test(.timeLimit(.minutes(1)), arguments: [true, false])
  func `tells a graceful end from a cancelled one`(isGraceful: Bool) async throws {
    let words = KeptWords()
    let engine = try Engine(
      store: MemoryStore(installation: Identifier(high: 1, low: 2), clock: { Self.now }),
      bank: MuteBank(identity: Self.bank),
      settings: EngineSettings(node: NodeID("first"), bank: Self.bank),
      clock: .system(wall: { Self.now }), logger: words.logger)
    let (begun, beginnings) = AsyncStream.makeStream(of: Void.self)
    try await withThrowingTaskGroup { group in
      group.addTask {
        try await engine.run { if case .started = $0 { beginnings.yield() } }
      }
      for await _ in begun { break }
      if isGraceful { engine.shutDown() } else { group.cancelAll() }
      try await group.waitForAll()
    }
    #expect(words.all.first == "the engine has begun")
    #expect(
      words.all.last == (isGraceful ? "the engine has ended" : "the engine was stopped at once"))
  }

  private static let now = Timestamp(milliseconds: 1_767_258_000_000)
  private static let bank = BankIdentity("bank-a")
}

/// Keeps what a logger is told, without what it is about.
private final class KeptWords: Sendable {
  private struct Handler: LogHandler {
    let words: KeptWords
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { words.kept.withLock { $0.append("\(event.message)") } }
  }

  private let kept = Mutex<[String]>([])

  var all: [String] { kept.withLock { $0 } }
  var logger: Logger { Logger(label: "test") { _ in Handler(words: self) } }
}

/// Counts timers: how many were set so far, and how many ran at once at most.
private final class Timers: Sendable {
  private let counts = Mutex((begun: 0, running: 0, most: 0))

  var most: Int { counts.withLock { $0.most } }

  func begin() -> Int {
    counts.withLock {
      $0.begun += 1
      $0.running += 1
      $0.most = max($0.most, $0.running)
      return $0.begun
    }
  }

  func end() { counts.withLock { $0.running -= 1 } }
}

/// A bank of which nothing is heard.
private struct MuteBank: BankGateway {
  let identity: BankIdentity

  func createQuote(_ request: QuoteRequest) async -> BankAnswer<CreatedQuote> { .trouble(.timeout) }
  func latestQuote(_ quoteID: Int64) async -> BankAnswer<QuotedRate> { .trouble(.timeout) }
  func cancelQuote(_ quoteID: Int64) async -> BankAnswer<Nothing> { .trouble(.timeout) }
  func bookingBody(_ order: BookingOrder) -> [UInt8] { [] }
  func book(_ order: BookingOrder, timeoutMilliseconds: Int64) async -> BookingAnswer {
    .notSent(.timeout)
  }
  func dealStatus(_ query: DealQuery) async -> StatusAnswer { .trouble(.timeout) }
  func balance(accountNumber: String, cifNumber: String) async -> BankAnswer<AccountBalance> {
    .trouble(.timeout)
  }
  func accounts(page: Int) async -> BankAnswer<AccountPage> { .trouble(.timeout) }
  func statement(
    accountNumber: String, cifNumber: String, from: CivilDate, to: CivilDate
  ) async -> BankAnswer<[StatementLine]> { .trouble(.timeout) }
}
