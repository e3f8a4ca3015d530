import FXDomain
import FXJSON
import FXPorts
import Testing

@testable import FXServer

/// One follower of the log, however far behind.
@Suite struct `A follower of the log` {
  private static var bounds: LiveBounds {
    var bounds = LiveBounds()
    bounds.ringEvents = 4
    bounds.pageEvents = 3
    bounds.replayedEvents = 20
    return bounds
  }

  /// A world in which so many batches were staged since the tail began, each one event.
  private func world(events: Int) async throws -> (CallWorld, LogTail, [Batch]) {
    let world = try await CallWorld()
    let tail = LogTail(store: world.store, clock: world.engineClock, bounds: Self.bounds)
    try await tail.begin()
    var batches: [Batch] = []
    for _ in 0..<events { batches.append(try await world.stage().batch) }
    _ = try await tail.advance()
    return (world, tail, batches)
  }

  private func told(_ feed: inout Feed) async throws -> [LiveMessage] {
    var told: [LiveMessage] = []
    try await feed.tell { told += $0 }
    return told
  }

  private func type(_ message: LiveMessage) throws -> JSON? {
    try JSON(parsing: Array(message.text.utf8))["type"]
  }

  @Test(arguments: [1, 4, 7, 12, 20])
  func `is told everything in order, none missing, from the ring or from the store`(
    count: Int
  ) async throws {
    let (world, tail, _) = try await world(events: count)
    var feed = Feed(tail: tail, backend: world.backend, batch: nil, after: 0)
    #expect(try await told(&feed).map(\.sequence) == Array(1...Int64(count)))
    _ = try await world.stage()
    _ = try await tail.advance()
    #expect(try await told(&feed).map(\.sequence) == [Int64(count) + 1])
    #expect(try await told(&feed).isEmpty)
  }

  @Test func `is told one snapshot where too much was missed, and goes on from there`()
    async throws
  {
    let (world, tail, batches) = try await world(events: 21)
    let start = try await world.call(.post, "/api/batches/\(batches[3].id)/start").status
    #expect(start == 200)
    _ = try await tail.advance()
    var feed = Feed(tail: tail, backend: world.backend, batch: nil, after: 0)
    let first = try await told(&feed)
    #expect(first.map(\.sequence) == [22])
    #expect(try type(try #require(first.first)) == "snapshot")
    let listed = try JSON(parsing: Array(first[0].text.utf8))["data"]?["batches"]
    guard case .array(let standing)? = listed else { throw Problem(.internalError, first[0].text) }
    #expect(standing.count == 1)
    #expect(standing.first?["batch_id"] == JSON(batches[3].id))
    _ = try await world.call(.post, "/api/batches/\(batches[4].id)/start")
    _ = try await tail.advance()
    #expect(try await told(&feed).map(\.sequence) == [23])
  }

  @Test func `is told from the store only what the tail has taken in`() async throws {
    let (world, tail, _) = try await world(events: 12)
    // The log has moved on, and nobody has told the tail yet.
    _ = try await world.stage()
    var feed = Feed(tail: tail, backend: world.backend, batch: nil, after: 0)
    #expect(try await told(&feed).map(\.sequence) == Array(1...12))
    _ = try await tail.advance()
    #expect(try await told(&feed).map(\.sequence) == [13])
  }

  @Test func `of one batch is told of no other`() async throws {
    let (world, tail, batches) = try await world(events: 9)
    for place in [0, 8] {
      var feed = Feed(tail: tail, backend: world.backend, batch: batches[place].id, after: 0)
      #expect(try await told(&feed).map(\.sequence) == [Int64(place) + 1])
    }
  }

  @Test func `who knows more than the log has is told how everything stands`() async throws {
    let (world, tail, _) = try await world(events: 2)
    var feed = Feed(tail: tail, backend: world.backend, batch: nil, after: 99)
    let first = try await told(&feed)
    #expect(first.map(\.sequence) == [2])
    #expect(try type(try #require(first.first)) == "snapshot")
  }

  @Test func `hears a heartbeat where nothing happens`() async throws {
    let (world, tail, _) = try await world(events: 1)
    var feed = Feed(tail: tail, backend: world.backend, batch: nil, after: 1)
    #expect(try await told(&feed).isEmpty)
    world.clock.advance(byMilliseconds: Self.bounds.heartbeatMilliseconds)
    let beat = try await told(&feed)
    #expect(try beat.map { try type($0) } == ["heartbeat"])
    #expect(beat.map(\.isEvent) == [false])
  }
}
