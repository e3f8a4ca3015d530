import FXDomain
import FXPorts
import Foundation
import GRDB

/// What stands in a store's file, whatever its version.
public struct StoreFacts: Hashable, Sendable {
  public var bytes: Int64
  /// How far its log goes.
  public var mark: LogMark
  /// When its newest event was written; nil for an empty log.
  public var newestEventAt: Timestamp?
}

/// Stores as files: copied while they are in use, and looked at before they are.
extension SQLiteStore {
  /// Writes the store at `path`, as it stands at one moment, into a new file, which is whole and on the
  /// disk when this returns. Others may read and write the store meanwhile.
  ///
  /// - Throws: `StoreError.unavailable` when either is no place for it, `full`, or what the store says.
  public static func copy(_ path: String, into target: String) throws(StoreError) {
    do {
      let source = try queue(path)
      // No transaction may be open around it.
      try source.writeWithoutTransaction { database in
        try database.execute(sql: "VACUUM INTO ?", arguments: [target])
      }
      try source.close()
    } catch {
      throw StoreError(error)
    }
    try putOnDisk(target)
  }

  /// Looks through every page of a store's file, and reads how far its log goes.
  ///
  /// - Throws: `StoreError.corrupt` with the first of what is wrong; `newerSchema` or `unavailable` for
  ///   a file that is none of ours.
  public static func examine(_ path: String) throws(StoreError) -> StoreFacts {
    do {
      let queue = try queue(path)
      let found = try queue.writeWithoutTransaction { database in
        let problem = try String.fetchOne(database, sql: "PRAGMA integrity_check(1)") ?? "no answer"
        guard problem == "ok" else { throw StoreError.corrupt(problem) }
        return try facts(of: database, path)
      }
      try queue.close()
      return found
    } catch {
      throw StoreError(error)
    }
  }

  private static func facts(of database: Database, _ path: String) throws -> StoreFacts {
    guard try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0 > 0 else {
      throw StoreError.unavailable("\(path) is empty: no store was made of it yet.")
    }
    let transaction = Transaction(database, now: Timestamp(milliseconds: 0))
    guard
      let own = try transaction.first(
        "SELECT id, id_epoch FROM installation",
        read: { (id: try $0.next() as Identifier, epoch: try $0.next() as Int) })
    else { throw StoreError.corrupt("The installation's own row is missing.") }
    let newest = try transaction.first(
      "SELECT sequence, digest, at FROM events ORDER BY sequence DESC LIMIT 1",
      read: {
        (
          sequence: try $0.next() as Int64, digest: try $0.next() as [UInt8],
          at: try $0.next() as Timestamp
        )
      })
    let pages = try Int64.fetchOne(database, sql: "PRAGMA page_count") ?? 0
    let pageBytes = try Int64.fetchOne(database, sql: "PRAGMA page_size") ?? 0
    return StoreFacts(
      bytes: pages * pageBytes,
      mark: LogMark(
        installation: own.id, idEpoch: own.epoch, sequence: newest?.sequence ?? 0,
        digest: newest?.digest ?? ChainHead.start.digest),
      newestEventAt: newest?.at)
  }

  /// One connection that changes nothing, to a file that is there and ours.
  private static func queue(_ path: String) throws -> DatabaseQueue {
    var configuration = Configuration()
    configuration.readonly = true
    configuration.label = "fxbatch copy"
    configuration.busyMode = .timeout(5)
    configuration.prepareDatabase { try recognize($0, path: path) }
    return try DatabaseQueue(path: path, configuration: configuration)
  }

  private static func putOnDisk(_ path: String) throws(StoreError) {
    let descriptor = Foundation.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw .unavailable("\(path) cannot be opened: \(String(cString: strerror(errno))).")
    }
    defer { Foundation.close(descriptor) }
    guard fchmod(descriptor, 0o600) == 0, fsync(descriptor) == 0 else {
      throw .unavailable("\(path) cannot be put on the disk: \(String(cString: strerror(errno))).")
    }
  }
}
