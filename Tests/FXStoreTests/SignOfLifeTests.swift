import FXDomain
import FXPorts
import FXTesting
import Synchronization
import Testing

@testable import FXStoreSQLite

@Suite struct `A node's sign of life` {
  /// Counts the writes of nodes.
  private final class Count: Sendable {
    private let writes = Mutex(0)
    func hear(_ text: String) {
      if text.hasPrefix("INSERT INTO nodes") { writes.withLock { $0 += 1 } }
    }
    var value: Int { writes.withLock { $0 } }
  }

  @Test func `is written every five seconds, and at once when the kill switch changes`()
    async throws
  {
    try await withFolder { folder in
      let count = Count()
      let clock = ManualClock()
      var options = SQLiteOptions(
        clock: { clock.now }, installationID: Identifier(high: 1, low: 2))
      options.trace = { count.hear($0) }
      let store = try await SQLiteStore.open(
        path: folder.appending(path: "book.db").path, options: options, logger: quietLogger)
      let life = NodeLife(
        node: NodeID("desk-1:a"), bank: BankIdentity("bank-a"), leaseMilliseconds: 300_000,
        bankTimeoutMilliseconds: 30_000, doubtMarginMilliseconds: 60_000)
      for _ in 0..<20 {
        _ = try await store.pulse(life, confirmsKillSwitch: false)
        clock.advance(byMilliseconds: 249)
      }
      #expect(count.value == 1)
      clock.advance(byMilliseconds: 249)
      _ = try await store.pulse(life, confirmsKillSwitch: false)
      #expect(count.value == 2)
      _ = try await store.setKillSwitch(engaged: true, reason: "-", actor: .person("thandi"))
      #expect(try await store.pulse(life, confirmsKillSwitch: false).killSwitch != nil)
      #expect(count.value == 3)
      for _ in 0..<2 {
        _ = try await store.pulse(life, confirmsKillSwitch: true)
        #expect(count.value == 4)
      }
    }
  }
}
