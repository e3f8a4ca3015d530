import ArgumentParser
import FXDomain
import FXFiles
import FXJSON

struct SubmitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "submit", abstract: "Takes a file of trades in, without running it.",
    discussion: """
      The batch is staged, to be looked at, validated and started; with --start it enters the queue, \
      where a running engine takes it up. The columns are those of `fxbatch run`.

        fxbatch submit trades.csv --pricing bank --name morning
        fxbatch validate morning && fxbatch start morning
        fxbatch submit trades.csv --pricing bank --start --server https://desk.example:8443
      """)

  @Argument(help: ArgumentHelp("A CSV file of trades.", valueName: "file"), completion: .file())
  var file: String
  @Flag(help: "Let it enter the queue at once.") var start = false
  @OptionGroup var new: NewBatchOptions
  @OptionGroup var place: CallOptions

  func validate() throws { try new.demandPricing() }

  func run() async throws {
    let bytes = try FileReading.bytes(of: file)
    try await FileReading.telling(of: file, with: TradeFileParser.self, asJSON: place.json) {
      try await place.open(.changes) { desk in
        desk.say(
          try await new.submit(bytes, from: file, starting: start, to: desk), BatchText.line)
      }
    }
  }
}

struct EditCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "edit", abstract: "Changes a batch's name, its place, or its policy.",
    discussion: """
      Also while it runs; approval can only be tightened. While it is staged, its trades too: by a file \
      of JSON as the API takes it, {"add":[…],"change":[…],"remove":["0191…"]}.

        fxbatch edit morning --rename "morning, corrected" --max-concurrent-trades 10
        fxbatch edit morning --on-failure pause --tolerated-failures 3
        fxbatch edit morning --trades changes.json
      """)

  @OptionGroup var batch: BatchArgument
  @Option(help: "Another name.") var rename: String?
  @Option(help: "1 to 10, highest first; beyond, the nearest.") var priority: GivenPriority?
  @Option(help: "Trades at once, 1 to 100.") var maxConcurrentTrades: Int?
  @Option(parsing: .unconditional, help: "Least margin in pips to book at.") var minMargin: Pips?
  @Option(help: "What happens beyond the failures that are tolerated.")
  var onFailure: BatchPolicy.OnFailure?
  @Option(help: "So many trades may fail.") var toleratedFailures: Int?
  @Option(help: "Such a share of the trades may fail, in percent.")
  var toleratedFailurePercent: Int?
  @Option(help: "Intents to book one trade, in a round.") var maxAttempts: Int?
  @Option(help: "Whether another person has to approve it first.")
  var approval: BatchPolicy.Approval?
  @Option(
    help: ArgumentHelp("A file of JSON: which trades to add, change, remove.", valueName: "file"),
    completion: .file())
  var trades: String?
  @OptionGroup var place: CallOptions

  private func members(_ given: [(String, JSON?)]) -> [JSON.Member] {
    given.compactMap { name, value in value.map { JSON.Member(name: name, value: $0) } }
  }

  private var changes: JSON {
    let policy = members([
      ("on_failure", onFailure.map { .string($0.rawValue) }),
      ("tolerated_failures", toleratedFailures.map { .integer($0) }),
      ("tolerated_failure_percent", toleratedFailurePercent.map { .integer($0) }),
      ("max_attempts", maxAttempts.map { .integer($0) }),
      ("min_margin_pips", minMargin.map { .string($0.decimalText) }),
      ("approval", approval.map { .string($0.rawValue) }),
    ])
    return .object(
      members([
        ("name", rename.map { .string($0) }), ("priority", priority.map { .integer($0.nearest) }),
        ("max_concurrent_trades", maxConcurrentTrades.map { .integer($0) }),
        ("policy", policy.isEmpty ? nil : .object(policy)),
      ]))
  }

  func validate() throws {
    guard changes != [:] || trades != nil else {
      throw ValidationError("Say what is to be changed.")
    }
  }

  private func changesOfTrades() throws -> [JSON.Member] {
    guard let trades else { return [] }
    do {
      return [.init(name: "trades", value: try JSON(parsing: try FileReading.bytes(of: trades)))]
    } catch let error as JSONError {
      throw Complaint("\(trades) is not JSON, at byte \(error.offset).", .badInput)
    }
  }

  func run() async throws {
    let wish = JSON.object(changes.members + (try changesOfTrades()))
    try await place.open(.changes) { desk in
      let path = try await desk.path(ofBatch: batch.batch)
      let answer = try await desk.make(DeskCall(method: .patch, path: path, body: .json(wish)))
      priority?.noteIfMoved()
      desk.say(answer, BatchText.line)
    }
  }
}
