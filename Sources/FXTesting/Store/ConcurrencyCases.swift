import FXDomain
import FXPorts
import Testing

extension StoreConformance {
  static let concurrencyCases: [StoreCase] = [
    StoreCase("writes the steps of many tasks at once, each exactly once") { world in
      let count = 200
      let batch = try await world.running(Array(repeating: 0, count: count))
      let trades = try await world.trades(batch)
      let accepted = try await withThrowingTaskGroup(of: Int.self) { group in
        for trade in trades {
          // Twice the same: one of them is refused.
          for _ in 0..<2 {
            group.addTask {
              switch try await world.perform(world.step(.take, trade, under: batch)) {
              case .success: 1
              case .failure: 0
              }
            }
          }
        }
        return try await group.reduce(0, +)
      }
      #expect(accepted == count)
      #expect(try await world.present(batch).counts.quoting == count)
    },
    StoreCase("gives each batch to one of the nodes that ask at the same time") { world in
      for index in 0..<8 { _ = try await world.create([index % 4]) }
      let claimed = try await withThrowingTaskGroup(of: [Batch].self) { group in
        for index in 0..<16 {
          group.addTask { try await world.claim(by: NodeID("node-\(index)"), booking: 1) }
        }
        return try await group.reduce(into: [Batch]()) { $0 += $1 }
      }
      #expect(claimed.count == 8)
      #expect(Set(claimed.map(\.key)).count == 8)
    },
    StoreCase("completes a write whose caller is cancelled") { world in
      let batch = try await world.running([0])
      let trade = try #require(try await world.trades(batch).first)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await world.perform(.take, trade, under: batch) }
        group.cancelAll()
        try await group.waitForAll()
      }
      #expect(try await world.store.trade(trade.id)?.status == .quoting)
    },
  ]
}
