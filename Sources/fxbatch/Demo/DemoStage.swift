import ArgumentParser
import FXDomain
import FXEngine
import FXPorts
import UnixSignals

/// Runs the four batches on one engine, and gives the orders that a person at the desk would give.
struct DemoStage: Sendable {
  private static let lookMilliseconds: Int64 = 100
  /// News that may wait for being told; a trade has about six.
  private static let waitingNews = 50_000

  let desk: Desk
  let script: DemoScript
  let batches: [Batch]
  let clock: DemoClock

  enum Ending: Sendable {
    case allEnded
    /// By a signal.
    case interrupted
    case tookTooLong
  }

  private enum Event: Sendable {
    case ending(Ending)
    case engineEnded
    case silence
  }

  /// Longer than the slowest machine needs: some calls a second, and some doubts one after another.
  private var longestSeconds: Int64 { 240 + Int64(script.trades) * 2 }

  func play(_ bank: any BankGateway) async throws -> Ending {
    guard let held = try desk.lock.take() else {
      throw Complaint(desk.lock.takenAdvice, .store)
    }
    defer { held.release() }
    let engine = try desk.engine(bank: bank, only: nil)
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
    let (news, reports) = AsyncStream.makeStream(
      of: EngineReport.self, bufferingPolicy: .bufferingOldest(Self.waitingNews))
    return try await withThrowingTaskGroup(of: Event.self) { group in
      group.addTask { try await run(engine, telling: reports) }
      group.addTask {
        var narrator = DemoNarrator(desk: desk, clock: clock, batches: batches)
        for await report in news { try await narrator.tell(report) }
        return .silence
      }
      group.addTask { try await direct(engine) }
      group.addTask { await listen(to: signals, engine) }
      group.addTask {
        try await Task.sleep(for: .seconds(longestSeconds))
        return .ending(.tookTooLong)
      }
      var ending: Ending?
      while let event = try await group.next() {
        switch event {
        case .ending(let new):
          guard ending == nil else { continue }
          ending = new
          engine.shutDown()
        case .engineEnded:
          group.cancelAll()
          Terminal.wipe()
          return ending ?? .interrupted
        case .silence: continue
        }
      }
      return ending ?? .interrupted
    }
  }

  private func run(
    _ engine: Engine, telling reports: AsyncStream<EngineReport>.Continuation
  ) async throws -> Event {
    defer { reports.finish() }
    do {
      try await engine.run { report in reports.yield(report) }
    } catch {
      throw error.complaint
    }
    return .engineEnded
  }

  /// Looks at the batches, shows them, and gives each order when its time has come.
  private func direct(_ engine: Engine) async throws -> Event {
    let narrator = DemoNarrator(desk: desk, clock: clock, batches: batches)
    var progress = DemoProgress(
      clock: clock, nameWidth: script.parts.map(\.name.count).max() ?? 0)
    var given: Set<String> = []
    while true {
      var now: [Batch] = []
      for batch in batches {
        guard let found = try await desk.store.batch(batch.id) else {
          throw Complaint("the batch \(batch.id) has vanished from the store.", .store)
        }
        now.append(found)
      }
      for (part, batch) in zip(script.parts, now) {
        guard let order = order(for: part, batch, among: now), given.insert(order.word).inserted
        else { continue }
        narrator.tell(order: "\(order.word) \(batch.name)", because: order.reason)
        let step = BatchStep(batch: batch.key, actor: desk.person, command: order.command)
        _ = try await desk.store.perform(step).get()
        engine.nudge()
      }
      for words in wordsOfWaiting(now) where given.insert(words).inserted { clock.note(words) }
      progress.show(now)
      if now.allSatisfy(\.status.isFinal) { return .ending(.allEnded) }
      try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
    }
  }

  /// Why nothing seems to happen, once only doubts are left.
  private func wordsOfWaiting(_ batches: [Batch]) -> [String] {
    let open = batches.filter { !$0.status.isFinal }
    let doubts = open.reduce(0) { $0 + $1.counts.inDoubt }
    let under = open.reduce(0) { $0 + $1.counts.quoting + $1.counts.booking + $1.counts.booked }
    guard doubts > 0, under == 0, !open.contains(where: { $0.status == .paused }) else {
      return []
    }
    return [
      "only doubt is left. A deal is not booked when the bank, asked twice after its quote's end,",
      "finds no trace of it, and in between finds an older deal: silence alone proves nothing",
    ]
  }

  private struct Order {
    let word: String
    let command: BatchCommand
    let reason: String
  }

  /// What is due for a batch, by how far it has come, never by time.
  private func order(
    for part: DemoScript.Part, _ batch: Batch, among all: [Batch]
  ) -> Order? {
    let counts = batch.counts
    let sent = counts.total - counts.pending - counts.quoting
    let isHalfWay = sent * 2 >= counts.total
    let share = "\(sent) of \(counts.total) sent"
    switch part.fate {
    case .untouched, .faults: return nil
    case .cancelled:
      guard isHalfWay else { return nil }
      return Order(
        word: "cancel", command: .requestCancel(), reason: "\(share): the others are given up")
    case .pausedAndResumed:
      guard batch.status == .paused else {
        guard isHalfWay else { return nil }
        return Order(word: "pause", command: .pause, reason: "\(share): the others wait")
      }
      // What was under way has come to its end, and somebody else has made way.
      let isAtRest = counts.quoting + counts.booking + counts.booked + counts.inDoubt == 0
      guard isAtRest, all.contains(where: \.status.isFinal) else { return nil }
      return Order(
        word: "resume", command: .resume, reason: "all that was sent is settled, so it goes on")
    }
  }

  /// The first interrupt lets the calls that are out come to their end; the second ends the process,
  /// and loses nothing either.
  private func listen(to signals: UnixSignalsSequence, _ engine: Engine) async -> Event {
    var first: ContinuousClock.Instant?
    for await _ in signals {
      if let first {
        // A signal to the process and to its group is one wish, though it arrives twice.
        guard ContinuousClock.now - first > .milliseconds(500) else { continue }
        Terminal.complain("stopped. Everything is in the folder of \(desk.settings.storePath)")
        endNow(ExitCode.interrupted.rawValue)
      }
      first = .now
      Terminal.complain("stopping; the calls that are out get their time")
      engine.shutDown()
    }
    return .silence
  }
}
