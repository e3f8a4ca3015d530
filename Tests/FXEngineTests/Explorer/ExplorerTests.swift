import FXDomain
import Foundation
import Testing

/// Every state that one trade and two nodes can reach, driven through the machines and the ledger of
/// the engine itself. `FXBATCH_EXPLORE=full` widens the searches and prints the traces that the
/// planted bugs leave.
@Suite struct `Explorer of the booking protocol` {
  private static let isFull = ProcessInfo.processInfo.environment["FXBATCH_EXPLORE"] == "full"

  static let within: [Bounds] = [
    Bounds("a crash") { $0.crashes = 1 },
    Bounds("two crashes") { $0.crashes = 2 },
    Bounds("a node that is frozen at any point") { $0.delays = 1 },
    Bounds("two freezes") { $0.delays = 2 },
    Bounds("no known deal for a control") {
      $0.hasControl = false
      $0.crashes = 1
      $0.delays = 1
    },
    Bounds("a control asked for before any doubt") {
      $0.asksForControlFirst = true
      $0.crashes = 1
    },
    Bounds("a bank that looks nothing up") {
      $0.bank.looksUp = false
      $0.crashes = 1
      $0.delays = 1
    },
    Bounds("a bank without a Date") {
      $0.bank.sendsDate = false
      $0.crashes = 1
      $0.delays = 1
    },
    Bounds("a bank that refuses for good") {
      $0.bank.refuses = true
      $0.crashes = 1
    },
    Bounds("a bank that settles early, or fails to") {
      $0.bank.settlesEarly = true
      $0.bank.settlementFails = true
      $0.crashes = 1
    },
    Bounds("a bank that forgets the oldest deals first") {
      $0.bank.forgetting = .oldestFirst
      $0.asksForControlFirst = true
    },
    Bounds("an operator's retry") {
      $0.bank.refuses = true
      $0.bank.lag = 0
      $0.bank.work = 0
      $0.retries = 1
    },
    Bounds("an operator's retry of a deal that failed to settle") {
      $0.bank.settlementFails = true
      $0.bank.lag = 0
      $0.bank.work = 0
      $0.retries = 1
    },
    Bounds("a cancel") {
      $0.mayCancel = true
      $0.crashes = 1
    },
    Bounds("a pause") {
      $0.mayPause = true
      $0.crashes = 1
    },
    Bounds("a cancel and a node that is frozen") {
      $0.mayCancel = true
      $0.delays = 1
    },
    Bounds("a pause and a node that is frozen") {
      $0.mayPause = true
      $0.delays = 1
    },
    Bounds("a bank that forgets, and a crash") {
      $0.bank.forgetting = .oldestFirst
      $0.crashes = 1
    },
    Bounds("the kill switch") { $0.mayKill = true },
    Bounds("a store that is rolled back") { $0.rollBacks = 1 },
  ]

  @Test(arguments: within)
  func `keeps every promise in every state within the bounds`(bounds: Bounds) {
    let search = explore(bounds)
    #expect(search.finding == nil, "\(search.finding?.description ?? "")")
    #expect(search.isWhole)
    let stuck = search.stuck.first.map { search.trace(to: Int32($0)).joined(separator: "\n") }
    #expect(stuck == nil, "no end can be reached from here:\n\(stuck ?? "")")
  }

  /// A second round is wide enough by itself.
  @Test(.enabled(if: isFull), arguments: within.filter { $0.retries == 0 })
  func `keeps every promise with one more crash and one more freeze`(bounds: Bounds) {
    var wide = bounds
    wide.name = "wide: \(bounds)"
    wide.crashes += 1
    wide.delays += 1
    let search = explore(wide)
    #expect(search.finding == nil, "\(search.finding?.description ?? "")")
    #expect(search.isWhole)
    #expect(search.stuck.isEmpty)
  }

  /// The search is exhaustive only if what the key leaves out makes no difference.
  @Test(arguments: within.filter { $0.delays < 2 && $0.retries == 0 })
  func `tells states apart whose futures differ`(bounds: Bounds) {
    var first: [StateKey: (world: World, futures: Set<StateKey>)] = [:]
    var level = [World(bounds)]
    let limit = Self.isFull ? 40_000 : 6_000
    while !level.isEmpty, first.count < limit {
      var next: [World] = []
      for world in level {
        let after = world.moves.map { world.after($0) }
        let futures = Set(after.map(\.key))
        if let known = first[world.key] {
          guard known.futures != futures else { continue }
          let one = known.world.summary
          Issue.record("\(one)\n\(world.summary)\n\(known.futures.count), \(futures.count)")
          return
        }
        first[world.key] = (world, futures)
        next += after
      }
      level = next
    }
  }

  @Test func `gets far enough to see second attempts end in every way`() {
    let search = explore(Bounds("coverage") { $0.crashes = 1 })
    for status in TradeStatus.allCases where status != .cancelled {
      #expect(search.reached.contains(.init(status: status, attempt: 2)), "\(status)")
    }
  }

  static let planted: [Bounds] = Mutation.allCases.map { mutation in
    Bounds("planted: \(mutation.rawValue)") {
      $0.mutation = mutation
      $0.crashes = 1
      switch mutation {
      case .noPositiveControl:
        $0.bank.looksUp = false
        $0.promise = .oneDeal
      case .earlyControl:
        $0.bank.forgetting = .oldestFirst
        $0.asksForControlFirst = true
        $0.promise = .oneDeal
      case .earlyNotFoundBelieved, .callRepeated, .intentAfterCall: $0.promise = .oneDeal
      case .noGenerationCheck: $0.delays = 2
      case .randomID:
        $0.rollBacks = 1
        $0.promise = .oneDeal
      case .cancelAfterIntent: $0.mayCancel = true
      case .countsOutside: break
      }
    }
  }

  @Test(arguments: planted)
  func `finds each planted bug`(bounds: Bounds) throws {
    let finding = try #require(explore(bounds).finding)
    let expected =
      switch try #require(bounds.mutation) {
      case .noPositiveControl, .earlyControl, .earlyNotFoundBelieved, .callRepeated,
        .intentAfterCall, .randomID:
        "the bank has 2 deals of one trade"
      case .noGenerationCheck: "a fenced node's write was accepted"
      case .cancelAfterIntent: "cancelled with a deal at the bank"
      case .countsOutside: "the counts do not equal the trade"
      }
    #expect(finding.violation == expected)
    #expect(!finding.trace.isEmpty)
  }

  static let outside: [Bounds] = [
    Bounds("outside: a status query that lags behind the margin") {
      $0.bank.lag = 4
      $0.crashes = 1
    },
    Bounds("outside: a bank that works longer than the margin") {
      $0.bank.work = 4
      $0.crashes = 1
    },
    Bounds("outside: a bank that forgets the newest deals first") {
      $0.bank.forgetting = .newestFirst
      $0.crashes = 1
    },
  ]

  @Test(arguments: outside)
  func `books twice where the bank does not keep to the bounds`(bounds: Bounds) throws {
    var bounds = bounds
    bounds.promise = .oneDeal
    let finding = try #require(explore(bounds).finding)
    #expect(finding.violation == "the bank has 2 deals of one trade")
  }

  /// Numbers of attempts and the states of a trade fence a money-moving step by themselves.
  @Test func `books once even where the generation is not checked`() {
    let bounds = Bounds("no generation, one deal") {
      $0.mutation = .noGenerationCheck
      $0.promise = .oneDeal
      $0.delays = 2
    }
    let search = explore(bounds)
    #expect(search.finding == nil)
    #expect(search.isWhole)
  }

  private func explore(_ bounds: Bounds) -> Search {
    let clock = ContinuousClock()
    let start = clock.now
    let search = Search(bounds)
    let time = (clock.now - start).formatted(.units(allowed: [.milliseconds]))
    print("Explored \(bounds): \(search.steps.count) states, \(search.moves) moves, \(time).")
    if Self.isFull, let finding = search.finding { print(finding) }
    return search
  }
}
