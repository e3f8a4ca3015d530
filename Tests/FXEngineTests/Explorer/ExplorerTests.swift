import Testing

@Suite struct `Explorer` {
  @Test(arguments: [0, 1])
  func measures(delays: Int) {
    var bounds = Bounds("plain")
    bounds.delays = delays
    let clock = ContinuousClock()
    let start = clock.now
    let search = Search(bounds, limit: 1_000_000)
    print(
      "delays \(delays):", search.steps.count, "states", search.moves, "moves", clock.now - start,
      "whole", search.isWhole, "stuck", search.stuck.count)
    if let finding = search.finding { print(finding) }
    if let stuck = search.stuck.first {
      print(search.trace(to: Int32(stuck)).joined(separator: "\n"))
    }
  }
}
