import FXDomain
import FXPorts
import Testing

@testable import FXEngine
@testable import FXSimulation

@Suite struct `A doubt that only a person can end` {
  @Test func `is put before one at once where there is no attempt to ask for`() throws {
    var temper = WorldTemper.calm
    temper.nodes = 1
    temper.batches = 1
    temper.endsAt = 5_000
    var world = try SimulatedWorld(seed: 3, temper: temper)
    _ = try world.books.setKillSwitch(engaged: true, reason: "-", actor: .person("thandi")).get()
    let batch = try #require(try world.books.batches(BatchQuery()).first)
    let trade = try #require(try world.books.trades(TradeQuery(batch: batch.key)).first)
    let evidence = TradeStep(
      batch: batch.key, trade: trade.key, authority: .open, actor: .person("thandi"),
      command: .recordBookingEvidence(attempt: 1, note: "on a statement"))
    _ = try #require(try world.books.perform([evidence]).first).result.get()
    _ = try world.run()
    #expect(try world.books.trade(trade.id)?.escalatedAt != nil)

    // It is known from then on, and not read again at each renewal of the lease.
    world.extend(byMilliseconds: 120_000)
    _ = try world.run()
    let core = try #require(world.nodes[0].core)
    #expect(core.personsDoubts == [trade.key])
    #expect(core.held[batch.key]?.phase == .settled)
    let events = try world.books.events(of: batch.key, after: 0, limit: 1_000)
    #expect(events.count { $0.entry.kind == .tradeEscalated } == 1)

    let word = TradeStep(
      batch: batch.key, trade: trade.key, authority: .open, actor: .person("thandi"),
      command: .resolve(.notBooked, note: "another's line", marginMilliseconds: 0))
    _ = try #require(try world.books.perform([word]).first).result.get()
    world.extend(byMilliseconds: 60_000)
    _ = try world.run()
    #expect(world.nodes[0].core?.personsDoubts == [])
    _ = try world.books.setKillSwitch(engaged: false, reason: "-", actor: .person("thandi")).get()
    world.extend(byMilliseconds: 3_600_000)
    let isEnded = try world.run()
    #expect(isEnded)
    #expect(world.bank.deals.count == temper.tradesPerBatch - 1)
  }
}
