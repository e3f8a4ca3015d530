import FXDomain
import FXPorts
import GRDB
import Logging
import Synchronization

/// What opening a store needs to know.
public struct SQLiteOptions: Sendable {
  /// The store's clock, which decides about leases and stamps every event.
  public var clock: @Sendable () -> Timestamp
  /// The installation's identifier, used only when the file is new.
  public var installationID: Identifier
  /// Nothing is written: for looking at a store that another process runs.
  public var isReadOnly: Bool
  /// How long another process's lock is waited for.
  public var busyTimeoutSeconds: Int
  /// Hears how far the log goes after each commit that has added to it, before anybody hears of that
  /// commit. When it throws, the store stops: what is durable is no longer known outside.
  public var onDurable: (@Sendable (LogMark) throws -> Void)?
  /// Hears of each commit, at once after it: of about how many rows, and how long it took from its
  /// first row to the disk.
  public var onCommit: (@Sendable (_ rows: Int, _ nanoseconds: Int64) -> Void)?
  /// Hears the text of every statement that is run; for the tests of query plans.
  var trace: (@Sendable (String) -> Void)?

  public init(
    clock: @escaping @Sendable () -> Timestamp, installationID: Identifier,
    isReadOnly: Bool = false, busyTimeoutSeconds: Int = 5,
    onDurable: (@Sendable (LogMark) throws -> Void)? = nil,
    onCommit: (@Sendable (_ rows: Int, _ nanoseconds: Int64) -> Void)? = nil
  ) {
    self.clock = clock
    self.installationID = installationID
    self.isReadOnly = isReadOnly
    self.busyTimeoutSeconds = busyTimeoutSeconds
    self.onDurable = onDurable
    self.onCommit = onCommit
  }
}

/// The store in one SQLite file.
///
/// Every write goes through one queue, whose drain commits what has gathered as one transaction and
/// answers its callers after the COMMIT. Reads run beside it on connections of their own and see
/// whatever has been committed before they began. Cancelling a caller cancels neither.
public final class SQLiteStore: BatchStore {
  let pool: DatabasePool
  let clock: @Sendable () -> Timestamp
  let logger: Logger
  /// When each node of this process was last written down, and with what.
  let signsOfLife = Mutex<[NodeID: SignOfLife]>([:])
  private let writes: GroupCommit

  /// Opens the store at a path, making or migrating it where needed.
  ///
  /// - Throws: `StoreError.unavailable` for a path that is no database of ours, with what to do
  ///   about it; `newerSchema`, `readOnly`, `busy` or `corrupt` for what they say.
  public static func open(
    path: String, options: SQLiteOptions, logger: Logger
  ) async throws(StoreError) -> SQLiteStore {
    let store = SQLiteStore(
      pool: try openPool(path: path, options: options), options: options, logger: logger)
    if !options.isReadOnly {
      try await store.write { transaction in
        try transaction.run(
          """
          INSERT INTO installation (key, id, id_epoch, change_counter) VALUES (1, ?, 1, 0)
          ON CONFLICT DO NOTHING
          """, options.installationID)
      }
    }
    return store
  }

  private init(pool: DatabasePool, options: SQLiteOptions, logger: Logger) {
    self.pool = pool
    self.clock = options.clock
    self.logger = logger
    self.writes = GroupCommit(pool: pool, options: options, logger: logger)
  }

  /// Ends all connections, the last of which folds the log of writes back into the file.
  public func close() throws(StoreError) {
    // GRDB would close those that only read last, and they can fold nothing.
    pool.invalidateReadOnlyConnections()
    do { try pool.close() } catch { throw StoreError(error) }
  }

  public var writeCounts: WriteCounts { writes.counts }

  /// Runs an operation in a group's transaction; answers once it is durable.
  ///
  /// - Parameter weight: about how many rows it writes; a group ends at its bound.
  func write<Answer: Sendable>(
    weight: Int = 1, _ operation: @escaping @Sendable (Transaction) throws -> Answer
  ) async throws(StoreError) -> Answer {
    try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Answer, StoreError>, Never>) in
      writes.enqueue(
        GroupCommit.Operation(weight: weight) { transaction in
          let answer = try operation(transaction)
          return { continuation.resume(returning: .success(answer)) }
        } fail: { error in
          continuation.resume(returning: .failure(error))
        })
    }.get()
  }

  /// Runs queries on one snapshot.
  func read<Answer: Sendable>(
    _ query: @escaping @Sendable (Transaction) throws -> Answer
  ) async throws(StoreError) -> Answer {
    if let failure = writes.failure { throw failure }
    return try await withCheckedContinuation {
      (continuation: CheckedContinuation<Result<Answer, StoreError>, Never>) in
      pool.asyncRead { [clock] connection in
        let answer = Result {
          try query(Transaction(try connection.get(), now: clock()))
        }
        continuation.resume(returning: answer.mapError { StoreError($0) })
      }
    }.get()
  }
}
