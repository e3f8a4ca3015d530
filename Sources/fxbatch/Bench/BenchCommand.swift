import ArgumentParser
import Foundation

/// One thing that is measured.
enum BenchPart: String, CaseIterable, ExpressibleByArgument {
  /// The disk, and SQLite without us.
  case ceiling
  /// A file of trades into the store.
  case `import`
  /// Trades through the engine.
  case engine
  /// A slow bank.
  case schedule
  /// Reads through HTTP, of a small store and of a large one.
  case server

  /// Measured once.
  var isLong: Bool {
    switch self {
    case .ceiling, .import, .engine: false
    case .schedule, .server: true
    }
  }
}

struct BenchCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures this build on this machine, each figure next to its ceiling.",
    discussion: """
      The bank is one inside the process, and each part runs in a process of its own, so that the \
      peaks of their memory do not mix. A transition is one UPDATE of a trade with an indexed status \
      and one INSERT of an event. Ratios are taken within one round, and the median of all rounds is \
      told. Ends with 1 when a figure that must be exact is not: a trade that was not booked exactly \
      once, or an import of 100,000 trades or less that took more than 100 MB above an idle process.

        fxbatch bench
        fxbatch bench engine --trades 20000 --rounds 1
        fxbatch bench import schedule --json
      """)

  @Argument(help: "ceiling, import, engine, schedule, server; all by default.") var parts:
    [BenchPart] = []
  @Option(help: "Trades of the imported file, and of the engine's batches.") var trades = 100_000
  @Option(help: "Batches that the engine's trades lie in.") var batches = 8
  @Option(help: "Trades under way at once in each of them, 1 to 100.") var atOnce = 100
  @Option(help: "Trades of the slow bank's batch.") var slowTrades = 1_000
  @Option(help: "Milliseconds that the slow bank takes for a call.") var latency: Int64 = 50
  @Option(help: "Trades under way at once at the slow bank, 1 to 100.") var slowAtOnce = 5
  @Option(help: "Trades of the large store that a server reads, in batches of 1,000.")
  var storedTrades = 1_000_000
  @Option(help: "Connections that read from it at once, 1 to 100.") var readers = 8
  @Option(help: "How often each part but the schedule and the server is measured.") var rounds = 3
  @Option(help: ArgumentHelp("Where the files are made; removed at the end.", valueName: "folder"))
  var folder: String?
  @Flag(help: "Answer as JSON.") var json = false

  /// Trades of the small store that a server reads, in `smallBatches` of them: as many as fill a page
  /// of batches and one of trades.
  private static let smallStore = 2_500
  private static let smallBatches = 50
  private static let tradesOfLargeBatch = 1_000

  func validate() throws {
    guard (1...300_000).contains(trades), (1...300_000).contains(slowTrades) else {
      throw ValidationError("Trades are from 1 to 300000.")
    }
    guard (1...min(16, trades)).contains(batches) else {
      throw ValidationError("--batches is from 1 to 16, and not above --trades.")
    }
    guard (1...100).contains(atOnce), (1...100).contains(slowAtOnce) else {
      throw ValidationError("--at-once and --slow-at-once are from 1 to 100.")
    }
    guard (Self.smallStore...10_000_000).contains(storedTrades), (1...100).contains(readers) else {
      throw ValidationError("--stored-trades is from 2500 to 10000000, --readers from 1 to 100.")
    }
    guard (0...60_000).contains(latency), (1...99).contains(rounds) else {
      throw ValidationError("--latency is from 0 to 60000, --rounds from 1 to 99.")
    }
  }

  func run() async throws {
    let folder = try BenchFolder(in: self.folder)
    defer { folder.remove() }
    var told = Figures()
    for part in BenchPart.allCases where parts.isEmpty || parts.contains(part) {
      var measured: [Figures] = []
      for round in 1...(part.isLong ? 1 : rounds) {
        Terminal.note("measuring \(part.rawValue), round \(round)")
        measured.append(try figures(of: part, in: folder))
      }
      told.add(Figures.median(of: measured))
    }
    Terminal.say(json ? told.json.text : told.text)
    let broken = told.brokenPromises(trades: trades)
    guard broken.isEmpty else { throw Complaint(broken.joined(separator: " "), .partialSuccess) }
  }

  private func figures(of part: BenchPart, in folder: BenchFolder) throws -> Figures {
    let work = try folder.fresh()
    defer { work.remove() }
    switch part {
    case .ceiling: return try ceiling(in: work)
    case .import: return try importing(in: work)
    case .engine: return try engine(in: work)
    case .schedule:
      return try work.measure(
        .slowBank, trades: slowTrades, atOnce: slowAtOnce, latency: latency)
    case .server: return try server(in: work)
    }
  }

  /// The same reads of a small store and of a large one, in which an engine has booked everything.
  private func server(in work: BenchFolder) throws -> Figures {
    let small = try served(trades: Self.smallStore, batches: Self.smallBatches, in: work)
    let large = try served(
      trades: storedTrades,
      batches: max(Self.smallBatches, storedTrades / Self.tradesOfLargeBatch), in: work)
    var all = Figures()
    for (name, value) in small.all {
      all.add("server_small_\(name)", value)
      all.add("server_large_\(name)", large[name])
      if name.hasSuffix("_microseconds") || name.hasSuffix("ready_milliseconds") {
        all.add("server_\(name)_ratio", large[name] * 1_000 / max(1, value))
      }
    }
    return all
  }

  private func served(
    trades: Int, batches: Int, in work: BenchFolder
  ) throws -> Figures {
    let folder = try work.fresh()
    defer { folder.remove() }
    _ = try folder.measure(.seed, trades: trades, batches: batches, atOnce: 100)
    let booked = try folder.measure(.engine, trades: trades, batches: batches, atOnce: 100)
    var figures = try folder.measure(.served, atOnce: readers)
    figures.add("wrong_bookings", booked["engine_wrong_bookings"])
    return figures
  }

  private func ceiling(in work: BenchFolder) throws -> Figures {
    var all = try work.measure(.disk)
    let sample = min(trades, 25_000)
    _ = try work.measure(.seed, trades: sample)
    for (group, sample) in [(1, min(sample, 1_000)), (64, sample), (512, sample)] {
      let raw = try work.copyingStore { try $0.measure(.raw, trades: sample, group: group) }
      all.add("ceiling_raw_\(group)_transitions_per_second", raw["transitions_per_second"])
    }
    return all
  }

  private func importing(in work: BenchFolder) throws -> Figures {
    let idle = try idle(in: work)
    _ = try work.measure(.file, trades: trades)
    let raw = try work.copyingStore { try $0.measure(.rawInsert, trades: trades) }
    var all = try work.measure(.import, trades: trades)
    all.add("import_raw_insert_rows_per_second", raw["rows_per_second"])
    all.add(
      "import_store_to_raw_ratio",
      all["import_store_rows_per_second"] * 1_000 / max(1, raw["rows_per_second"]))
    all.add("import_idle_peak_bytes", idle["idle_peak_bytes"])
    all.add("import_above_idle_bytes", all["import_peak_bytes"] - idle["idle_peak_bytes"])
    return all
  }

  /// An engine on an empty store.
  private func idle(in work: BenchFolder) throws -> Figures {
    let empty = try work.fresh()
    defer { empty.remove() }
    return try empty.measure(.idle)
  }

  private func engine(in work: BenchFolder) throws -> Figures {
    _ = try work.measure(.seed, trades: trades, batches: batches, atOnce: atOnce)
    let raw = try work.copyingStore { try $0.measure(.raw, trades: trades, group: 512) }
    let idle = try idle(in: work)
    var all = try work.measure(.engine, trades: trades, batches: batches, atOnce: atOnce)
    all.add("engine_raw_512_transitions_per_second", raw["transitions_per_second"])
    all.add(
      "engine_to_raw_ratio",
      all["engine_transitions_per_second"] * 1_000 / max(1, raw["transitions_per_second"]))
    all.add("engine_above_idle_bytes", all["engine_peak_bytes"] - idle["idle_peak_bytes"])
    return all
  }
}
