import FXDomain
import GRDB
import GRDBSQLite

/// Trades under way as the last transactions wrote them, so that the next step of each needs no
/// reading. It is believed only while nobody else has written to the file: a transaction begins by
/// asking SQLite, and after one that did not end well everything is forgotten.
///
/// `@unchecked Sendable` because it is touched only by the drain of `GroupCommit` and by the
/// transactions that it performs, all of them on the serial queue of the writing connection.
final class OpenTrades: @unchecked Sendable {
  /// About 10 MB; beyond it everything is forgotten.
  private static let greatestCount = 16_384

  private struct Stamp: Equatable {
    /// Changes when another connection, of any process, has committed.
    let version: Int
    /// Rows changed by this connection.
    let changes: Int
  }

  private var trades: [TradeKey: Trade] = [:]
  private var stamp: Stamp?
  /// As the transaction under way has found it.
  private var version = 0

  subscript(key: TradeKey) -> Trade? { trades[key] }

  func keep(_ trade: Trade) {
    guard !trade.status.isFinal else {
      trades[trade.key] = nil
      return
    }
    if trades.count >= Self.greatestCount { trades.removeAll(keepingCapacity: true) }
    trades[trade.key] = trade
  }

  func forgetAll() { trades.removeAll() }

  /// To be called once a transaction holds the lock for writing.
  func begin(_ database: Database) throws {
    let pragma = try database.cachedStatement(sql: "PRAGMA data_version")
    version = try Int.fetchOne(pragma) ?? 0
    if stamp != Stamp(version: version, changes: database.totalChangesCount) { forgetAll() }
    stamp = nil
  }

  /// To be called after its COMMIT, which leaves the version as it is.
  func committed(_ database: Database) {
    stamp = Stamp(version: version, changes: database.totalChangesCount)
  }
}
