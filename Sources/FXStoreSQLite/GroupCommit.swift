import FXDomain
import FXPorts
import GRDB
import Logging
import Synchronization

/// Gathers operations of many tasks into few transactions.
///
/// Operations are taken in the order of their coming, and answered after the COMMIT. One drain at a
/// time runs on the writing connection's own queue, where no caller's cancellation reaches it; what
/// comes meanwhile waits for the next. What waits is bounded by the tasks there are: each has one
/// operation here and awaits its answer.
final class GroupCommit: Sendable {
  /// Rows that one transaction writes at most, unless a single operation is larger.
  static let greatestWeight = 512

  struct Operation: Sendable {
    let weight: Int
    /// Reads and writes; returns what answers the caller once that is durable.
    let perform: @Sendable (Transaction) throws -> @Sendable () -> Void
    let fail: @Sendable (StoreError) -> Void

    init(
      weight: Int, perform: @escaping @Sendable (Transaction) throws -> @Sendable () -> Void,
      fail: @escaping @Sendable (StoreError) -> Void
    ) {
      self.weight = weight
      self.perform = perform
      self.fail = fail
    }
  }

  private struct State {
    var waiting: [Operation] = []
    var isDraining = false
    /// Set by a failure after which the file is not believed any more.
    var failure: StoreError?
    var counts = WriteCounts()
  }

  private let state = Mutex(State())
  private let openTrades = OpenTrades()
  private let pool: DatabasePool
  private let clock: @Sendable () -> Timestamp
  private let onDurable: (@Sendable (LogMark) throws -> Void)?
  private let onCommit: (@Sendable (Int, Int64) -> Void)?
  private let logger: Logger
  private let file: FileIdentity

  init(pool: DatabasePool, options: SQLiteOptions, logger: Logger) {
    self.pool = pool
    self.file = FileIdentity(of: pool.path)
    self.clock = options.clock
    self.onDurable = options.onDurable
    self.onCommit = options.onCommit
    self.logger = logger
  }

  var failure: StoreError? { state.withLock { $0.failure } }
  var counts: WriteCounts { state.withLock { $0.counts } }

  func enqueue(_ operation: Operation) {
    let (failure, starts) = state.withLock { state -> (StoreError?, Bool) in
      if let failure = state.failure { return (failure, false) }
      state.waiting.append(operation)
      defer { state.isDraining = true }
      return (nil, !state.isDraining)
    }
    if let failure { operation.fail(failure) }
    if starts { scheduleDrain() }
  }

  private func scheduleDrain() {
    pool.asyncWriteWithoutTransaction { database in self.drain(database) }
  }

  /// Commits one group, and comes again when more wait: other users of the queue get their turn.
  private func drain(_ database: Database) {
    let group = nextGroup()
    commit(group, on: database)
    let (refused, goesOn) = state.withLock { state -> ([Operation], Bool) in
      defer { if state.waiting.isEmpty { state.isDraining = false } }
      guard state.failure != nil else { return ([], !state.waiting.isEmpty) }
      defer { state.waiting = [] }
      return (state.waiting, false)
    }
    if let failure { for operation in refused { operation.fail(failure) } }
    if goesOn { scheduleDrain() }
  }

  private func nextGroup() -> [Operation] {
    state.withLock { state in
      var weight = 0
      let count =
        state.waiting.firstIndex { operation in
          defer { weight += operation.weight }
          return weight > 0 && weight + operation.weight > Self.greatestWeight
        } ?? state.waiting.count
      let group = Array(state.waiting.prefix(count))
      state.waiting.removeFirst(count)
      return group
    }
  }

  /// One transaction for all. When it fails before its COMMIT, each operation is tried by itself, so
  /// that only the one at fault fails.
  private func commit(_ group: [Operation], on database: Database) {
    do {
      for answer in try transact(group, on: database) { answer() }
    } catch {
      guard group.count > 1, failure == nil, !error.isTransactionWide else {
        for operation in group { operation.fail(error) }
        return
      }
      for operation in group { commit([operation], on: database) }
    }
  }

  private func transact(
    _ group: [Operation], on database: Database
  ) throws(StoreError) -> [@Sendable () -> Void] {
    if let failure { throw failure }
    guard file.isInPlace else {
      let failure = StoreError.unavailable(
        "\(pool.path) was moved, removed or replaced while it was in use. Put it back, start again, "
          + "and let the bank be asked with `fxbatch reconcile`.")
      stop(after: failure)
      throw failure
    }
    var isCommitting = false
    let answers: [@Sendable () -> Void]
    let mark: LogMark?
    let begin = ContinuousClock.now
    do {
      try database.beginTransaction(.immediate)
      try openTrades.begin(database)
      let transaction = Transaction(database, now: clock(), openTrades: openTrades)
      answers = try group.map { try $0.perform(transaction) }
      try transaction.flush()
      mark = try onDurable == nil ? nil : transaction.mark()
      isCommitting = true
      try database.commit()
      openTrades.committed(database)
      let rows = group.reduce(0) { $0 + $1.weight }
      state.withLock { state in
        state.counts.commits += 1
        state.counts.rows += rows
      }
      let (seconds, attoseconds) = (ContinuousClock.now - begin).components
      onCommit?(rows, seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    } catch {
      let lifted = isCommitting ? StoreError(ofCommit: error) : StoreError(error)
      let isUndone = rolledBack(database)
      let isFatal =
        lifted.isFatal || (error as? DatabaseError)?.isInputOutput == true || !isUndone
      if isFatal { stop(after: lifted) }
      throw lifted
    }
    if let mark { try tell(mark) }
    return answers
  }

  private func tell(_ mark: LogMark) throws(StoreError) {
    do {
      try onDurable?(mark)
    } catch {
      let failure = StoreError.outcomeUnknown(
        "a change is written and the mark beside the store is not: \(error). Start again and read")
      stop(after: failure)
      throw failure
    }
  }

  private func rolledBack(_ database: Database) -> Bool {
    guard database.isInsideTransaction else { return true }
    do {
      try database.rollback()
      return true
    } catch {
      logger.error("a transaction could not be rolled back", metadata: ["error": "\(error)"])
      return false
    }
  }

  private func stop(after failure: StoreError) {
    logger.critical("the store stops", metadata: ["error": "\(failure)"])
    state.withLock {
      $0.failure = .unavailable("The store stopped after a failed write; start again: \(failure)")
    }
  }
}

/// What a store has written since it was opened.
public struct WriteCounts: Hashable, Sendable {
  /// Transactions committed.
  public var commits = 0
  /// About how many rows they wrote; a step is one.
  public var rows = 0
}

extension StoreError {
  /// Whether every operation of the group would meet it again.
  fileprivate var isTransactionWide: Bool {
    switch self {
    case .unavailable, .newerSchema, .busy, .full, .readOnly, .corrupt, .outcomeUnknown: true
    case .inconsistent, .engineElsewhere: false
    }
  }
}
