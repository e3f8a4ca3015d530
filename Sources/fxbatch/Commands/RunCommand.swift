import ArgumentParser
import FXBankCapitec
import FXDomain
import FXEngine
import FXFiles
import FXJSON
import FXPorts
import UnixSignals

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Takes a file of trades in and runs it to its end.",
    discussion: """
      Columns: Client CIF and Amount ZAR (or Amount with Currency); and optionally CurPair (USD/ZAR \
      otherwise), Side (buy), Deal Type (same_day, next_day or spot, which is usual), Spread (pips, \
      the client's otherwise), Fix Rate?, Fixed Rate, External Ref (SDA or FIA) and Reference.

      The file is taken whole or not at all. Progress goes to standard error, the result to standard \
      output; with --json the last line is the final batch. The first interrupt finishes the calls \
      that are out and says how to go on; the second ends at once, and loses nothing either.

      One process works on a store at a time, and on its own batch. Others take their files in, watch, \
      and go on by themselves when it has ended.

        fxbatch run trades.csv --pricing bank --name morning --max-concurrent-trades 8
        fxbatch run --resume 0191…

      Exit codes: 0 success, 1 partial success, 2 failed, 3 cancelled, 4 waiting for a person, \
      130 interrupted and resumable, 64 usage, 65 bad input, 69 bank unavailable, 74 store.
      """)

  @Argument(help: ArgumentHelp("A CSV file of trades.", valueName: "file")) var file: String?
  @Option(help: "By the desk's own rate, the bank's quote, or the rate in the file.") var pricing:
    PricingMode?
  @Option(help: "The batch's name; the file's otherwise.") var name: String?
  @Option(
    parsing: .unconditional,
    help: "Place in the queue, 1 to 10, highest first; beyond, the nearest.")
  var priority = GivenPriority(5)
  @Option(help: "Trades at once, 1 to 100.") var maxConcurrentTrades = 5
  @Option(parsing: .unconditional, help: "Least margin in pips to book at, such as 20 or -2.5.")
  var minMargin = Pips.zero
  @Flag(help: "Take rows that repeat others, or trades of the last day.")
  var allowDuplicates = false
  @Option(help: ArgumentHelp("Go on with this batch.", valueName: "batch")) var resume: String?
  @Flag(help: "The final batch as JSON, on the last line.") var json = false
  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (file == nil) != (resume == nil) else {
      throw ValidationError("Give either a file of trades, or --resume with a batch.")
    }
    if file != nil, pricing == nil {
      throw ValidationError("Give --pricing otc, bank or fixed: it decides the clients' rates.")
    }
    if resume != nil, pricing != nil || name != nil || allowDuplicates {
      throw ValidationError("--resume goes on with a batch as it is: give no options of a new one.")
    }
    guard BatchBounds.concurrentTrades.contains(maxConcurrentTrades) else {
      throw ValidationError("--max-concurrent-trades is from 1 to 100.")
    }
  }

  func run() async throws {
    let rows = try await rows()
    let code = try await Desk.open(common, .changes, withBank: true) { desk in
      try await desk.withBank { bank in
        let known = try await resume.asyncMap { try await desk.batch(named: $0) }
        // Asked before anything is stored: a batch without a bank would only wait.
        try await desk.knock(at: bank)
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        let batch: Batch
        if let known {
          batch = try await start(known, at: desk)
        } else {
          priority.noteIfMoved()
          batch = try await submit(rows, to: desk)
          let created = try await desk.store.events(of: batch.key, after: 0, limit: 1).first
          Terminal.note("batch \(batch.id) taken in: \(created?.entry.note ?? "")")
        }
        return try await BatchDriver(desk: desk, batch: batch, asJSON: json, signals: signals)
          .drive(bank)
      }
    }
    throw code
  }

  /// The file's rows, or one refusal that names everything: what the desk's rules find wrong with its
  /// good rows too.
  private func rows() async throws -> [TradeRow] {
    guard let file else { return [] }
    var parser = TradeFileParser()
    switch try FileReading.read(file, into: &parser) {
    case .accepted(let rows, _): return rows
    case .refused(var problems, _):
      let rows = parser.goodRows
      do {
        if !rows.isEmpty {
          problems.merge(
            try await Desk.open(common, .reads) {
              try await $0.intake.problems(with: rows, options)
            })
        }
      } catch is StoreError {
        // Once the file is mended, the next try tells what is wrong with the store.
      }
      throw FileReading.refusal(of: file, problems, asJSON: json)
    }
  }

  private var options: BatchOptions {
    var policy = BatchPolicy()
    policy.minimumMargin = minMargin
    let fileName = file?.split(separator: "/").last.map { String($0) }
    return BatchOptions(
      name: name ?? fileName ?? "batch", pricing: pricing ?? .bank, priority: priority.nearest,
      maxConcurrentTrades: maxConcurrentTrades, policy: policy, starts: true,
      allowsDuplicates: allowDuplicates)
  }

  private func submit(_ rows: [TradeRow], to desk: Desk) async throws -> Batch {
    switch try await desk.intake.submit(rows, options, by: desk.person) {
    case .success(let batch): return batch
    case .failure(.problems(let problems)):
      throw FileReading.refusal(of: file ?? "", problems, asJSON: json)
    case .failure(.options(let mistakes)):
      throw Complaint(mistakes.joined(separator: " "), .usage)
    case .failure(.repeated):
      throw Complaint("this request was carried out before.", .badInput)
    case .failure(.batch), .failure(.unknownTrades):
      throw Complaint(
        "the store changed a batch that was to be made: please report it.", .programFault)
    case .failure(.approvalRequired):
      throw Complaint(
        "this batch needs somebody's approval before it may start.", .waitsForPerson)
    }
  }

  /// Brings a batch that never started into the queue; leaves every other as it is.
  private func start(_ batch: Batch, at desk: Desk) async throws -> Batch {
    switch batch.status {
    case .staged: try await desk.command(.start, on: batch)
    case .pending, .running, .paused, .success, .partialSuccess, .failed, .cancelled: batch
    }
  }
}

extension PricingMode: ExpressibleByArgument {}

extension Pips: ExpressibleByArgument {
  public init?(argument: String) {
    do {
      try self.init(argument)
    } catch {
      return nil
    }
  }
}

extension Optional {
  fileprivate func asyncMap<Answer>(
    _ transform: (Wrapped) async throws -> Answer
  ) async rethrows -> Answer? {
    guard let value = self else { return nil }
    return try await transform(value)
  }
}
