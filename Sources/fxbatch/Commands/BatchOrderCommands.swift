import ArgumentParser
import FXAPI
import FXDomain
import FXJSON
import FXPorts

/// What the commands that give one order about a batch share.
struct OrderOptions: ParsableArguments {
  @Argument(help: "A batch's identifier, or a name that only one has.") var batch: String
  @Flag(help: "Answer the batch as JSON.") var json = false
  @OptionGroup var common: CommonOptions

  func give(_ command: BatchCommand) async throws {
    try await Desk.open(common, .changes) { desk in
      let batch = try await desk.command(command, on: try await desk.batch(named: batch))
      if json {
        Terminal.say(try await BatchView(of: batch, in: desk.store).json.text)
      } else {
        Terminal.say(
          "\(batch.name.plain) (\(batch.id)): \(batch.status.rawValue), \(batch.counts.words)")
      }
    }
  }
}

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Pauses a batch: nothing new of it is booked.",
    discussion: "Deals under way are still asked about.\n\n  fxbatch pause morning")
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.give(.pause) }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Lets a paused batch go on.",
    discussion: "`fxbatch run --resume` then runs it, unless an engine runs already.\n\n"
      + "  fxbatch resume morning")
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.give(.resume) }
}

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Cancels what is still pending of a batch, for good.",
    discussion: "What is past the point of no return runs to its end.\n\n  fxbatch cancel morning")
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.give(.requestCancel) }
}

struct PriorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "priority", abstract: "Moves a batch in the queue.",
    discussion: "  fxbatch priority morning 9")
  @OptionGroup var order: OrderOptions
  @Argument(help: "1 to 10, highest first; beyond, the nearest. One below 0 follows a --.")
  var priority: GivenPriority
  @Option(help: "Lowest first among equal priorities.") var position: Int64?

  func run() async throws {
    priority.noteIfMoved()
    try await order.give(.setPriority(priority.nearest, queuePosition: position))
  }
}

struct RetryCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "retry", abstract: "Tries failed and cancelled trades of a batch again.",
    discussion: """
      Deals that failed to settle, and those that a person called not booked, are tried again one by \
      one only, with a note. `fxbatch run --resume` then runs the batch, unless an engine runs already.

        fxbatch retry morning --code rate_check
        fxbatch retry morning --trade 0191… --note "settled by hand, booking anew"
      """)
  @OptionGroup var order: OrderOptions
  @Flag(help: "Every trade that may be.") var all = false
  @Option(help: "Trades that failed with this code; may be repeated.") var code: [FailureCode] = []
  @Option(help: ArgumentHelp("This trade; may be repeated.", valueName: "id")) var trade: [String] =
    []
  @Option(help: "Why; kept with the trades.") var note: String?

  func validate() throws {
    guard [all, !code.isEmpty, !trade.isEmpty].count(where: \.self) == 1 else {
      throw ValidationError("Give one of --all, --code and --trade.")
    }
  }

  func run() async throws {
    if all { return try await order.give(.retry(.all, note: note)) }
    if !code.isEmpty { return try await order.give(.retry(.codes(Set(code)), note: note)) }
    let keys = try await Desk.open(order.common, .reads) { desk in
      var keys: Set<TradeKey> = []
      for name in trade { keys.insert(try await desk.trade(named: name).key) }
      return keys
    }
    try await order.give(.retry(.trades(keys), note: note))
  }
}

extension FailureCode: ExpressibleByArgument {}

/// A priority as a person gives it: one beyond the bounds is taken for the nearest, however far
/// beyond it lies.
struct GivenPriority: ExpressibleByArgument {
  private let given: String
  /// From 1 to 10.
  let nearest: Int

  init(_ priority: Int) {
    given = String(priority)
    nearest = min(10, max(1, priority))
  }

  init?(argument: String) {
    let isNegative = argument.hasPrefix("-")
    let digits = argument.utf8.dropFirst(isNegative || argument.hasPrefix("+") ? 1 : 0)
    guard !digits.isEmpty, digits.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains)
    else { return nil }
    given = argument
    // Digits that no Int can hold are beyond every bound.
    nearest = min(10, max(1, Int(argument) ?? (isNegative ? .min : .max)))
  }

  var defaultValueDescription: String { given }

  /// Tells that another priority is taken than the one given.
  func noteIfMoved() {
    if Int(given) != nearest { Terminal.note("priority \(given) is taken for \(nearest)") }
  }
}
