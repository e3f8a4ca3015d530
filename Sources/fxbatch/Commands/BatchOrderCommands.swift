import ArgumentParser
import FXDomain
import FXJSON

/// What the commands that give one order about a batch share.
struct OrderOptions: ParsableArguments {
  @OptionGroup var batch: BatchArgument
  @OptionGroup var place: CallOptions

  /// - Parameter confirming: what a person at a terminal is asked first.
  func give(
    _ order: String, _ body: JSON? = nil, confirming question: String? = nil,
    bank: CallOptions.BankUse = .none
  ) async throws {
    try await place.open(.changes, bank: bank) { desk in
      let path = try await desk.path(ofBatch: batch.batch, order)
      try await Self.confirm(question, about: batch.batch, at: desk)
      let answer = try await desk.post(path, body)
      FindingText.note(in: answer)
      desk.say(answer, BatchText.line)
    }
  }

  /// Asks a person at a terminal, with the batch in sight; elsewhere nobody can be asked.
  static func confirm(
    _ question: String?, about batch: String, at desk: DeskClient
  ) async throws {
    guard let question, Terminal.isInteractive else { return }
    Terminal.note(BatchText.line(try await desk.get(try await desk.path(ofBatch: batch))))
    guard Terminal.confirms(question) else {
      throw Complaint("nothing was changed.", .usage)
    }
  }
}

struct StartCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Brings a staged batch into the queue.",
    discussion: "A running engine takes it up; `fxbatch run --resume` runs one itself.\n\n"
      + "  fxbatch start morning")
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.give("start", bank: .whereConfigured) }
}

struct PauseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pause", abstract: "Pauses a batch: nothing new of it is booked.",
    discussion: "Deals under way are still asked about.\n\n  fxbatch pause morning")
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.give("pause") }
}

struct ResumeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "resume", abstract: "Lets a paused batch go on.",
    discussion: "`fxbatch run --resume` then runs it, unless an engine runs already.\n\n"
      + "  fxbatch resume morning")
  @OptionGroup var order: OrderOptions

  func run() async throws { try await order.give("resume") }
}

struct CancelCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cancel", abstract: "Cancels what is still pending of a batch, for good.",
    discussion: "What is past the point of no return runs to its end.\n\n"
      + "  fxbatch cancel morning --note \"the client has changed its mind\"")
  @Option(help: "Why; kept with the batch.") var note: String?
  @Flag(help: "Do not ask at a terminal.") var yes = false
  @OptionGroup var order: OrderOptions

  func run() async throws {
    try await order.give(
      "cancel", note.map { ["note": .string($0)] },
      confirming: yes ? nil : "Cancel what is pending of it? It cannot be taken back.")
  }
}

struct DeleteCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Deletes a batch of which no booking was ever sent.",
    discussion: "Records of business are kept: every other batch stays.\n\n  fxbatch delete draft")
  @OptionGroup var batch: BatchArgument
  @Flag(help: "Do not ask at a terminal.") var yes = false
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.changes) { desk in
      let path = try await desk.path(ofBatch: batch.batch)
      try await OrderOptions.confirm(
        yes ? nil : "Delete it? It cannot be taken back.", about: batch.batch, at: desk)
      let answer = try await desk.make(DeskCall(method: .delete, path: path))
      desk.say(answer) { _ in "\(batch.batch.plain) is deleted" }
    }
  }
}

struct PriorityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "priority", abstract: "Moves a batch in the queue.",
    discussion: "  fxbatch priority morning 9")
  @OptionGroup var batch: BatchArgument
  @Argument(help: "1 to 10, highest first; beyond, the nearest. One below 0 follows a --.")
  var priority: GivenPriority
  @Option(help: "Lowest first among equal priorities.") var position: Int64?
  @OptionGroup var place: CallOptions

  func run() async throws {
    try await place.open(.changes) { desk in
      let id = try await desk.batch(named: batch.batch)
      var body: JSON = ["batch_id": .string(id), "priority": JSON(priority.nearest)]
      if let position {
        body = .object(body.members + [.init(name: "queue_position", value: .integer(position))])
      }
      let answer = try await desk.post("/api/batches/priority", body)
      priority.noteIfMoved()
      desk.say(answer, BatchText.line)
    }
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
  @OptionGroup var batch: BatchArgument
  @Flag(help: "Every trade that may be.") var all = false
  @Option(help: "Trades that failed with this code; may be repeated.") var code: [FailureCode] = []
  @Option(help: ArgumentHelp("This trade; may be repeated.", valueName: "id")) var trade: [String] =
    []
  @Option(help: "Why; kept with the trades.") var note: String?
  @OptionGroup var place: CallOptions

  func validate() throws {
    guard [all, !code.isEmpty, !trade.isEmpty].count(where: \.self) == 1 else {
      throw ValidationError("Give one of --all, --code and --trade.")
    }
  }

  func run() async throws {
    try await place.open(.changes) { desk in
      let path = try await desk.path(ofBatch: batch.batch, "retry")
      for name in trade { _ = try desk.path(ofTrade: name) }
      var filter: JSON.Member
      if all {
        filter = .init(name: "all", value: true)
      } else if !code.isEmpty {
        filter = .init(name: "codes", value: .array(code.map { .string($0.rawValue) }))
      } else {
        filter = .init(name: "trade_ids", value: .array(trade.map { .string($0) }))
      }
      let why = note.map { [JSON.Member(name: "note", value: .string($0))] } ?? []
      desk.say(try await desk.post(path, .object([filter] + why)), BatchText.line)
    }
  }
}

struct ValidateCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "validate",
    abstract: "Holds a batch's pending trades against every rule, without starting it.",
    discussion: """
      Looks at clients and accounts, amounts, limits, allowances, balances, repetitions, rates and \
      cut-offs. Errors stand against a start, warnings do not. Where a bank is configured, it is asked \
      what accounts hold. Ends with 65 where an error was found.

        fxbatch validate morning
      """)
  @OptionGroup var batch: BatchArgument
  @OptionGroup var place: CallOptions

  func run() async throws {
    let answer = try await place.open(.changes, bank: .whereConfigured) { desk in
      let answer = try await desk.post(try await desk.path(ofBatch: batch.batch, "validate"))
      desk.say(answer, Self.text)
      return answer
    }
    guard answer.holds("is_valid") else { throw ExitCode.badInput }
  }

  private static func text(_ answer: JSON) -> String {
    var table = Table(">row", "trade", "severity", "what", "code")
    for finding in answer["findings"]?.elements ?? [] {
      table.add(
        finding.words("row"), finding.words("trade_id"), finding.words("severity"),
        finding.words("detail"), finding.words("code"))
    }
    let count =
      "\(answer.words("checked")) trades checked: \(answer.words("errors")) errors, "
      + "\(answer.words("warnings")) warnings"
      + (answer.holds("may_start") ? "; the batch may start" : "")
    return table.isEmpty ? count : "\(table.text)\n\(count)"
  }
}

/// What the desk's rules say of a batch without refusing it.
enum FindingText {
  private static let shown = 50

  static func note(in answer: JSON) {
    let findings = answer["findings"]?.elements ?? []
    for finding in findings.prefix(shown) {
      let row = finding.words("row")
      Terminal.note("warning: \(row.isEmpty ? "" : "row \(row): ")\(finding.words("detail"))")
    }
    if findings.count > shown { Terminal.note("… and \(findings.count - shown) more warnings") }
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
