import Testing

@Suite struct `Explorer` {
  @Test(arguments: [
    Bounds("crash"),
    Bounds("freeze") {
      $0.crashes = 0
      $0.delays = 1
    },
    Bounds("no control") { $0.hasControl = false },
    Bounds("blind") { $0.bank.looksUp = false },
    Bounds("no date") { $0.bank.sendsDate = false },
    Bounds("refuses") { $0.bank.refuses = true },
    Bounds("settle") {
      $0.bank.settlementFails = true
      $0.retries = 1
      $0.crashes = 0
    },
    Bounds("cancel") {
      $0.mayCancel = true
      $0.crashes = 0
    },
    Bounds("pause") {
      $0.mayPause = true
      $0.crashes = 0
    },
    Bounds("kill") {
      $0.mayKill = true
      $0.crashes = 0
    },
    Bounds("control first") {
      $0.asksForControlFirst = true
      $0.crashes = 0
    },
    Bounds("roll back") {
      $0.rollBacks = 1
      $0.crashes = 0
    },
    Bounds("forgets oldest") {
      $0.bank.forgetting = .oldestFirst
      $0.crashes = 0
    },
    Bounds("forgets oldest, control first") {
      $0.bank.forgetting = .oldestFirst
      $0.asksForControlFirst = true
      $0.crashes = 0
    },
    Bounds("forgets newest") {
      $0.bank.forgetting = .newestFirst
      $0.crashes = 0
    },
    Bounds("lags") { $0.bank.lag = 3 },
  ])
  func measures(bounds: Bounds) {
    measure(bounds)
  }

  @Test(arguments: Mutation.allCases)
  func mutates(mutation: Mutation) {
    var bounds = Bounds("\(mutation)")
    bounds.mutation = mutation
    switch mutation {
    case .noPositiveControl: bounds.bank.looksUp = false
    case .earlyNotFoundBelieved: break
    case .noGenerationCheck: bounds.delays = 2
    case .callRepeated: bounds.crashes = 0
    case .intentAfterCall: break
    case .randomID:
      bounds.rollBacks = 1
      bounds.crashes = 0
    case .cancelAfterIntent: bounds.mayCancel = true
    case .countsOutside: break
    }
    measure(bounds)
  }

  private func measure(_ bounds: Bounds) {
    let clock = ContinuousClock()
    let start = clock.now
    let search = Search(bounds, limit: 200_000)
    print(
      "RESULT \(bounds.name):", search.steps.count, "states", search.moves, "moves",
      clock.now - start,
      "whole", search.isWhole, "stuck", search.stuck.count)
    if let finding = search.finding { print("\(bounds.name)", finding) }
    if let stuck = search.stuck.first {
      print(search.trace(to: Int32(stuck)).joined(separator: "\n"))
    }
  }
}
