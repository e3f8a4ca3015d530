import ArgumentParser
import FXAPI
import FXDomain
import FXEngine
import FXPorts
import Synchronization
import UnixSignals

/// Runs one batch to its end on this process's engine, or watches another process's engine do it.
struct BatchDriver: Sendable {
  /// Between looks at the batch, and at the lock of the engine.
  static let lookMilliseconds: Int64 = 250
  /// Looks between two words about what is waited for.
  private static let waitLooks: Int64 = 60
  /// How long calls that are out may take after the first interrupt.
  static let graceSeconds: Int64 = 30
  /// A doubt that is older than this process is first asked about by it: two questions, a control
  /// between them, and the longest pause before.
  static let inquirySeconds: Int64 = 25
  /// Signals this close together are one.
  private static let sameWishMilliseconds: Int64 = 500

  let desk: Desk
  let batch: Batch
  let client: DeskClient
  /// Trapped before the batch was stored: from then on an interrupt leaves word of how to go on.
  let signals: UnixSignalsSequence

  private enum Event: Sendable {
    case ended(Batch)
    case waits([String])
    case interrupted
    case engineEnded
    case graceOver
    /// Nothing more is heard from a child.
    case silence
  }

  /// What the children of a drive must see at once.
  private final class Flags: Sendable {
    let isEnding = Atomic(false)
    /// What the engine waited for when it was last looked at.
    let wait = Mutex<String?>(nil)
  }

  /// - Returns: the code with which the process ends.
  ///
  /// Trouble with the store ends a run that can be gone on with, and says so.
  func drive(_ bank: any BankGateway) async throws -> ExitCode {
    do {
      return try await run(bank)
    } catch let error as StoreError {
      throw Complaint("\(error.advice) \(goOn)", .store)
    } catch let complaint as Complaint where complaint.code == .store {
      throw Complaint("\(complaint.message) \(goOn)", .store)
    }
  }

  private var goOn: String { "Go on with: fxbatch run --resume \(batch.id)" }

  private func run(_ bank: any BankGateway) async throws -> ExitCode {
    let engine = try desk.engine(bank: bank, only: [batch.key])
    let flags = Flags()
    let (firstInterrupt, interrupts) = AsyncStream.makeStream(of: Void.self)
    return try await withThrowingTaskGroup(of: Event.self) { group in
      group.addTask { try await runEngine(engine, flags) }
      group.addTask { try await watch(flags) }
      group.addTask { await listen(interrupts) }
      group.addTask {
        for await _ in firstInterrupt { return .interrupted }
        return .silence
      }
      var code: ExitCode?
      var isEngineGone = false
      while let event = try await group.next() {
        switch event {
        case .ended(let final):
          code = final.status.exitCode
        case .waits(let reasons):
          code = .waitsForPerson
          for reason in reasons { Terminal.complain(reason) }
        case .interrupted:
          guard code == nil else { break }
          code = .interrupted
          Terminal.complain(
            "stopping; the calls that are out get \(Self.graceSeconds) s. Interrupt again to stop "
              + "at once.")
        case .graceOver: isEngineGone = true
        case .engineEnded:
          isEngineGone = true
          code = code ?? .interrupted
        case .silence: break
        }
        guard code != nil else { continue }
        if !flags.isEnding.exchange(true, ordering: .sequentiallyConsistent) {
          engine.shutDown()
          group.addTask {
            try await Task.sleep(for: .seconds(Self.graceSeconds))
            return .graceOver
          }
        }
        if isEngineGone { break }
      }
      group.cancelAll()
      return try await finish(with: code ?? .interrupted, flags)
    }
  }

  // MARK: The children

  /// Takes the engine's lock as soon as it is free, and runs the engine until it is told to end.
  private func runEngine(_ engine: Engine, _ flags: Flags) async throws -> Event {
    var isToldOfOther = false
    while !flags.isEnding.load(ordering: .sequentiallyConsistent) {
      if let held = try desk.lock.take() {
        defer { held.release() }
        try await desk.freeLeasesOfTheDead()
        do {
          try await engine.run { report in tell(report) }
        } catch {
          throw error.complaint
        }
        return .engineEnded
      }
      if !isToldOfOther {
        isToldOfOther = true
        Terminal.note(
          "another fxbatch runs the engine on this store: watching it, and taking over when it ends"
        )
      }
      try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
    }
    return .engineEnded
  }

  private func tell(_ report: EngineReport) {
    switch report {
    case .breakerOpened: Terminal.note("the bank fails too often: pausing for some seconds")
    case .killSwitch(let engaged):
      if engaged { Terminal.note("the kill switch is engaged: nothing is booked") }
    case .escalated: Terminal.note("a trade needs a person's word: fxbatch show \(batch.id)")
    case .started, .claimed, .leaseLost, .batchEnded, .tradeChanged, .gate: break
    }
  }

  /// Looks at the batch until it has come to its end or only people can move it.
  private func watch(_ flags: Flags) async throws -> Event {
    var progress = Progress()
    var told: (text: String, look: Int64)?
    var looks: Int64 = 0
    let begin = ContinuousClock.now
    while true {
      guard let now = try await desk.store.batch(batch.id) else {
        throw Complaint("the batch \(batch.id) has vanished from the store.", .store)
      }
      progress.show(Standing(of: now))
      if now.status.isFinal { return .ended(now) }
      looks += 1
      let wait = try await desk.store.wait(on: now)
      flags.wait.withLock { $0 = wait }
      if let wait, wait != told?.text,
        told.map({ looks - $0.look >= Self.waitLooks }) ?? true
      {
        told = (wait, looks)
        Terminal.note("waiting: \(wait)")
      }
      // Once a second is often enough for what waits for people.
      let isAsked = ContinuousClock.now - begin > .seconds(Self.inquirySeconds)
      if looks % 4 == 0, now.counts.inDoubt == 0 || isAsked,
        let reasons = try await Standstill(store: desk.store, batch: now).reasons()
      {
        return .waits(reasons)
      }
      try await Task.sleep(for: .milliseconds(Self.lookMilliseconds))
    }
  }

  /// Announces the first interrupt. The second ends the process: what is durable stays, and the
  /// calls that are out become doubts, which the next run asks the bank about.
  private func listen(
    _ interrupts: AsyncStream<Void>.Continuation
  ) async -> Event {
    var first: ContinuousClock.Instant?
    for await _ in signals {
      if let first {
        // A signal to the process and to its group is one wish, though it arrives twice.
        guard ContinuousClock.now - first > .milliseconds(Self.sameWishMilliseconds) else {
          continue
        }
        Terminal.complain("stopped. \(goOn)")
        endNow(ExitCode.interrupted.rawValue)
      }
      first = .now
      interrupts.yield()
    }
    return .silence
  }

  // MARK: The end

  private func finish(with code: ExitCode, _ flags: Flags) async throws -> ExitCode {
    try await BatchText.say(try await client.get("/api/batches/\(batch.id)"), at: client)
    if code == .interrupted {
      if let wait = flags.wait.withLock({ $0 }) { Terminal.note("it waited: \(wait)") }
      Terminal.complain("interrupted. \(goOn)")
    }
    return code
  }
}

extension BatchStatus {
  /// The exit code of a batch that has come to its end.
  var exitCode: ExitCode? {
    switch self {
    case .success: .success
    case .partialSuccess: .partialSuccess
    case .failed: .failed
    case .cancelled: .cancelled
    case .staged, .pending, .running, .paused: nil
    }
  }
}
