import ArgumentParser

/// What a process of a benchmark does.
enum Measurement: String, CaseIterable, ExpressibleByArgument {
  case disk
  case seed
  case raw
  case rawInsert = "raw-insert"
  case file
  case idle
  case `import`
  case engine
  case slowBank = "slow-bank"
  case served
}

/// One measurement in one process, started by `BenchFolder`. Answers lines of figures.
struct MeasureCommand: AsyncParsableCommand {
  static let name = "bench-measure"
  static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

  @Argument var what: Measurement
  @Argument var folder: String
  @Option var trades: Int
  @Option var batches: Int
  @Option var atOnce: Int
  @Option var group: Int
  @Option var latency: Int64

  func run() async throws {
    let store = "\(folder)/store.db"
    let file = "\(folder)/trades.csv"
    let figures: Figures
    switch what {
    case .disk:
      figures = try Disk.measure(at: "\(folder)/disk")
    case .seed:
      figures = try await BenchDesk.open(store) { desk in
        try await desk.seed(trades: trades, batches: batches, atOnce: atOnce)
        return Figures()
      }
    case .raw:
      figures = try RawLoop.transitions(store: store, trades: trades, group: group)
    case .rawInsert:
      figures = try RawLoop.inserts(store: store, trades: trades)
    case .file:
      try BenchData.write(trades: trades, to: file)
      figures = try await BenchDesk.open(store) { desk in
        try await desk.registerClients()
        return Figures()
      }
    case .idle:
      figures = try await BenchDesk.open(store) { desk in
        try await desk.idle()
        return try Figures(peak: "idle_peak_bytes")
      }
    case .import:
      figures = try await BenchDesk.open(store) { try await $0.importing(file, trades: trades) }
    case .engine:
      figures = try await BenchDesk.open(store) {
        try await $0.runEngine(trades: trades, batches: batches, atOnce: min(batches, 16) * atOnce)
      }
    case .slowBank:
      figures = try await BenchDesk.open(store) {
        try await $0.runSlowBank(trades: trades, atOnce: atOnce, latency: latency)
      }
    case .served:
      figures = try await ServedStore(folder: folder).measure(readers: atOnce, milliseconds: 3_000)
    }
    Terminal.say(figures.lines)
  }
}

extension Figures {
  /// The peak of this process's memory until now.
  init(peak name: String) throws {
    self.init()
    add(name, try peakMemoryBytes())
  }
}
