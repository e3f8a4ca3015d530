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
      try await place.open(.changes, bank: start ? .whereConfigured : .none) { desk in
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
        fxbatch edit morning --retries retries.json

      How quotes that failed are tried again is a file of JSON too, for each category of failures that is \
      to change: {"transient":{"tries":8,"first_delay_ms":500,"greatest_delay_ms":30000}}.
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
  @Option(
    help: ArgumentHelp("A file of JSON: how quotes are tried again.", valueName: "file"),
    completion: .file())
  var retries: String?
  @OptionGroup var place: CallOptions

  private func members(_ given: [(String, JSON?)]) -> [JSON.Member] {
    given.compactMap { name, value in value.map { JSON.Member(name: name, value: $0) } }
  }

  /// What the options say of the policy.
  private var policy: [JSON.Member] {
    members([
      ("on_failure", onFailure.map { .string($0.rawValue) }),
      ("tolerated_failures", toleratedFailures.map { .integer($0) }),
      ("tolerated_failure_percent", toleratedFailurePercent.map { .integer($0) }),
      ("max_attempts", maxAttempts.map { .integer($0) }),
      ("min_margin_pips", minMargin.map { .string($0.decimalText) }),
      ("approval", approval.map { .string($0.rawValue) }),
    ])
  }

  private var places: [JSON.Member] {
    members([
      ("name", rename.map { .string($0) }), ("priority", priority.map { .integer($0.nearest) }),
      ("max_concurrent_trades", maxConcurrentTrades.map { .integer($0) }),
    ])
  }

  func validate() throws {
    guard !policy.isEmpty || !places.isEmpty || trades != nil || retries != nil else {
      throw ValidationError("Say what is to be changed.")
    }
  }

  private func json(of file: String) throws -> JSON {
    do {
      return try JSON(parsing: try FileReading.bytes(of: file))
    } catch let error as JSONError {
      throw Complaint("\(file) is not JSON, at byte \(error.offset).", .badInput)
    }
  }

  private func wish() throws -> JSON {
    let policy = policy + members([("retries", try retries.map { try json(of: $0) })])
    let others = members([
      ("policy", policy.isEmpty ? nil : .object(policy)),
      ("trades", try trades.map { try json(of: $0) }),
    ])
    return .object(places + others)
  }

  func run() async throws {
    let wish = try wish()
    try await place.open(.changes) { desk in
      let path = try await desk.path(ofBatch: batch.batch)
      let answer = try await desk.make(DeskCall(method: .patch, path: path, body: .json(wish)))
      priority?.noteIfMoved()
      desk.say(answer, BatchText.line)
    }
  }
}
