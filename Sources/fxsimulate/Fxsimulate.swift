import ArgumentParser
import FXSimulation
import Foundation

/// Simulated installations, one for each seed, on all processors. A tool of the tests.
@main struct Fxsimulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fxsimulate",
    abstract: "Run simulated installations by their seeds and look for a violation.",
    discussion: """
      Each seed is one world: two nodes with the real engine core, a store, a bank with faults, \
      and persons with commands. Exit code 1: a promise was broken in a world, or too little \
      happened for the run to mean anything.
      """)

  @Option(help: "How many worlds to run.") var seeds: Int = 10_000
  @Option(help: "The first seed.") var from: UInt64 = 1
  @Option(
    help: "One plan's worlds: \(WorldPlan.allCases.map(\.rawValue).joined(separator: ", ")).")
  var plan: WorldPlan?
  @Option(
    help: "Plant a bug: \(PlantedBug.allCases.map(\.rawValue).joined(separator: ", ")).")
  var planted: PlantedBug?
  @Flag(help: "Print everything that happens in each world.") var trace = false

  func validate() throws {
    guard seeds > 0 else { throw ValidationError("At least one seed is needed.") }
    guard !trace || seeds <= 10 else { throw ValidationError("Trace ten seeds at most.") }
  }

  func run() async throws {
    let begin = ContinuousClock.now
    let report = await runWorlds()
    report.print(seconds: (ContinuousClock.now - begin) / .seconds(1))
    // Coverage is asked of a run over all plans that is large enough for it.
    let asksForCoverage = plan == nil && planted == nil && seeds >= 1_000
    let rare = asksForCoverage ? report.occurrences.rarer(than: seeds / 500) : []
    for kind in rare { print("happened too rarely: \(kind.rawValue)") }
    for finding in report.findings.prefix(20) { print(finding) }
    guard report.findings.isEmpty, rare.isEmpty else { throw ExitCode.failure }
  }

  private func runWorlds() async -> Report {
    let workers = trace ? 1 : min(seeds, ProcessInfo.processInfo.activeProcessorCount)
    return await withTaskGroup(of: Report.self) { group in
      for worker in 0..<workers {
        group.addTask {
          var report = Report()
          for number in stride(from: worker, to: seeds, by: workers) {
            report.add(runWorld(from &+ UInt64(number)))
            let done = (number + 1) * 10
            if worker == 0, done / seeds > (done - workers * 10) / seeds {
              print("\(done / seeds)0 % of \(seeds) worlds, \(report.findings.count) violations")
            }
          }
          return report
        }
      }
      var whole = Report()
      for await part in group { whole.add(part) }
      return whole
    }
  }

  private func runWorld(_ seed: UInt64) -> Report {
    let plans = WorldPlan.allCases
    let plan = plan ?? plans[Int(seed % UInt64(plans.count))]
    let temper = planted?.temper(seed: seed) ?? plan.temper(seed: seed)
    var report = Report()
    report.worlds = 1
    do {
      var world = try SimulatedWorld(seed: seed, temper: temper)
      if trace { world.observer = { print("\($0) ms: \($1)") } }
      try world.runWithPersons()
      report.occurrences = world.occurrences
      report.steps = world.steps
      report.doubleBookings = world.doubleBookings
      guard let violation = world.violation else { return report }
      let name = planted.map { "--planted \($0.rawValue)" } ?? "--plan \(plan.rawValue)"
      report.findings = ["--seeds 1 --from \(seed) \(name): \(violation)"]
    } catch {
      report.findings = ["--seeds 1 --from \(seed): the store failed: \(error)"]
    }
    return report
  }
}

extension WorldPlan: ExpressibleByArgument {}
extension PlantedBug: ExpressibleByArgument {}

/// What many worlds amount to.
struct Report: Sendable {
  var worlds = 0
  var steps = 0
  var doubleBookings = 0
  var occurrences = Occurrences()
  var findings: [String] = []

  mutating func add(_ part: Report) {
    worlds += part.worlds
    steps += part.steps
    doubleBookings += part.doubleBookings
    occurrences.add(part.occurrences)
    findings += part.findings
  }

  func print(seconds: Double) {
    for kind in Occurrence.allCases {
      let count = String(occurrences[kind])
      Swift.print(String(repeating: " ", count: max(0, 9 - count.count)) + count, kind.rawValue)
    }
    let rate = Int(Double(worlds) / max(seconds, 0.001))
    Swift.print(
      "\(worlds) worlds, \(steps) steps, in \(Int(seconds)) s (\(rate) worlds/s): "
        + "\(doubleBookings) double bookings, \(findings.count) worlds with a violation")
  }
}
