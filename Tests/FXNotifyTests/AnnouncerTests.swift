import FXDomain
import FXPorts
import FXSimulation
import FXTesting
import Foundation
import Testing

@testable import FXNotify

/// A desk in memory with one client.
private struct Desk {
  let clock = ManualClock()
  let store: MemoryStore
  let person = Actor.person("thandi")

  init() async throws {
    let clock = clock
    store = MemoryStore(installation: Identifier(high: 1, low: 2), clock: { clock.now })
    _ = try await store.upsert([
      ClientRecord(name: "Anna Example", cifNumber: "C1", spread: .zero, accounts: [])
    ])
  }

  func batch(
    _ number: UInt64, callbacks: [Endpoint] = [], policy: BatchPolicy = BatchPolicy()
  ) async throws -> Batch {
    let client = try #require(try await store.client("C1"))
    let pair = try #require(CurrencyPair(base: .usd, quote: .zar))
    let deal = try #require(
      Deal(pair: pair, side: .buy, amount: Money(minorUnits: 100, currency: .zar)))
    return try await store.create(
      CreateRequest(
        batch: BatchDraft(
          id: Identifier(high: 2, low: number), name: "morning", pricing: .bank, policy: policy),
        trades: [TradeDraft(row: 1, client: client.key, deal: deal)],
        tradeIDs: [Identifier(high: 3, low: number)], actor: person, starts: false,
        duplicateWindowMilliseconds: nil, callbacks: callbacks)
    ).get()
  }

  func endpoint(_ number: UInt64, _ kinds: Set<NoticeKind>) -> Endpoint {
    Endpoint(
      id: Identifier(high: 4, low: number), url: "https://desk.example/fx", kinds: kinds,
      secret: SigningSecret(Array(repeating: 7, count: 32)), createdAt: clock.now,
      createdBy: "person:admin", updatedAt: clock.now)
  }

  func cancel(_ batch: Batch) async throws {
    _ = try await store.perform(
      BatchStep(batch: batch.key, actor: person, command: .requestCancel())
    ).get()
    _ = try await store.sweepCancelled(batch.key, limit: 10, actor: person)
  }

  func notices() async throws -> [Notice] {
    try await store.notices(NoticeQuery(person: "thandi")).map(\.notice)
  }

  func sent(to endpoint: Endpoint) async throws -> [MessageDelivery] {
    try await store.deliveries(of: endpoint.id, before: nil, limit: 99).map(\.delivery)
  }

  var announcer: Announcer { Announcer(store: store, bounds: NotifyBounds()) }
}

@Suite struct `Announcing` {
  @Test func `tells each who wants to know, once`() async throws {
    let desk = try await Desk()
    let wide = try await desk.store.add(
      desk.endpoint(1, [.cancelled, .killSwitch]), receipt: nil
    ).get()
    let narrow = try await desk.store.add(desk.endpoint(2, [.success]), receipt: nil).get()
    let mine = desk.endpoint(3, [.cancelled])
    let batch = try await desk.batch(1, callbacks: [mine])
    let other = try await desk.batch(2)
    for batch in [batch, other] { try await desk.cancel(batch) }
    _ = try await desk.store.setKillSwitch(engaged: true, reason: "a drill", actor: desk.person)
    var (first, second) = (desk.announcer, desk.announcer)
    #expect(try await first.advance())
    #expect(try await !second.advance())
    #expect(try await !first.advance())
    #expect(
      try await desk.notices().map(\.kind) == [.killSwitch, .cancelled, .cancelled])
    #expect(try await desk.sent(to: wide).count == 3)
    #expect(try await desk.sent(to: narrow).isEmpty)
    let told = try #require(try await desk.sent(to: mine).first)
    let body = String(decoding: told.body, as: UTF8.self)
    #expect(told.type == "batch.cancelled")
    #expect(body.contains(#""batch_id":"\#(batch.id)""#) && body.contains(#""cancelled":1"#))
    #expect(try await desk.sent(to: mine).count == 1)
  }

  @Test func `gives the same ids to the same events, whoever does it`() async throws {
    var found: [[Identifier]] = []
    for _ in 0..<2 {
      let desk = try await Desk()
      let hook = try await desk.store.add(desk.endpoint(1, [.cancelled]), receipt: nil).get()
      try await desk.cancel(try await desk.batch(1))
      var announcer = desk.announcer
      _ = try await announcer.advance()
      found.append(try await desk.notices().map(\.id) + desk.sent(to: hook).map(\.id))
    }
    #expect(found[0] == found[1] && Set(found[0]).count == 2)
  }

  @Test func `asks for an approval that is still awaited`() async throws {
    let desk = try await Desk()
    let batch = try await desk.batch(1, policy: BatchPolicy(approval: .required))
    var announcer = desk.announcer
    _ = try await announcer.advance()
    #expect(try await desk.notices().map(\.kind) == [.needsDecision])
    #expect(try await desk.notices()[0].text.contains("approval"))
    _ = batch
  }

  @Test func `passes over many events that call for nothing`() async throws {
    let desk = try await Desk()
    let batch = try await desk.batch(1)
    var bounds = NotifyBounds()
    bounds.pageEvents = 7
    bounds.lagEvents = 20
    for _ in 0..<50 {
      _ = try await desk.store.perform(
        BatchStep(batch: batch.key, actor: desk.person, command: .change(priority: 3))
      ).get()
    }
    var announcer = Announcer(store: desk.store, bounds: bounds)
    #expect(try await !announcer.advance())
    #expect(try await desk.notices().isEmpty)
    #expect(try await desk.store.noticeCursor() > 20)
    try await desk.cancel(batch)
    _ = try await announcer.advance()
    #expect(try await desk.notices().map(\.kind) == [.cancelled])
  }
}
