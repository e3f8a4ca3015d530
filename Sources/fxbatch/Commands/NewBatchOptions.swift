import ArgumentParser
import FXDomain
import FXJSON

/// How the trades of a file become a batch: what `run` and `submit` share.
struct NewBatchOptions: ParsableArguments {
  @Option(help: "By the desk's own rate, the bank's quote, or the rate in the file.") var pricing:
    PricingMode?
  @Option(help: "The batch's name; the file's otherwise.") var name: String?
  @Option(
    parsing: .unconditional,
    help: "Place in the queue, 1 to 10, highest first; beyond, the nearest.")
  var priority = GivenPriority(5)
  @Option(help: "Trades at once, 1 to 100.") var maxConcurrentTrades = 5
  @Option(parsing: .unconditional, help: "Least margin in pips to book at, such as 20 or -2.5.")
  var minMargin: Pips?
  @Option(help: "What happens beyond the failures that are tolerated.")
  var onFailure: BatchPolicy.OnFailure?
  @Option(help: "So many trades may fail.") var toleratedFailures: Int?
  @Option(help: "Such a share of the trades may fail, in percent.")
  var toleratedFailurePercent: Int?
  @Option(help: "Intents to book one trade, in a round.") var maxAttempts: Int?
  @Option(
    help: ArgumentHelp(
      """
      How often a trade is quoted in a round whose quotes fail so: transient=5, or with the first and \
      the greatest delay in milliseconds, transient=5:500:30000. Also permanent and rule.
      """, valueName: "category=tries"))
  var quoteTries: [String] = []
  @Option(help: "Whether another person has to approve it first.")
  var approval: BatchPolicy.Approval?
  @Option(
    help: ArgumentHelp(
      """
      Tell this address what becomes of the batch, as https://desk.example/fx or, for some kinds \
      only, https://desk.example/fx=success,failed. May be repeated; a running server sends it.
      """, valueName: "url"))
  var callback: [String] = []
  @Flag(help: "Take rows that repeat others, or trades of the last day.")
  var allowDuplicates = false

  func validate() throws {
    guard BatchBounds.concurrentTrades.contains(maxConcurrentTrades) else {
      throw ValidationError("--max-concurrent-trades is from 1 to 100.")
    }
    let problems = BatchBounds.problems(name: name, maxConcurrentTrades: nil, policy: nil)
    guard problems.isEmpty else { throw ValidationError(problems.joined(separator: " ")) }
  }

  /// Says that a new batch needs its pricing.
  func demandPricing() throws {
    guard pricing == nil else { return }
    throw ValidationError("Give --pricing otc, bank or fixed: it decides the clients' rates.")
  }

  /// Whether anything was said about a new batch.
  var saysAnything: Bool {
    pricing != nil || name != nil || allowDuplicates || !callback.isEmpty
  }

  /// Sends a file's trades.
  ///
  /// - Returns: the batch.
  func submit(
    _ bytes: [UInt8], from path: String, starting: Bool, to desk: DeskClient
  ) async throws -> JSON {
    let batch = try await desk.make(
      DeskCall(
        method: .post, path: "/api/batches", query: query(path, starting: starting),
        body: .csv(bytes)))
    priority.noteIfMoved()
    for callback in batch["callbacks"]?.elements ?? [] where callback["secret"] != nil {
      Terminal.note(
        "the secret of \(callback.words("url")), not shown again: \(callback.words("secret"))")
    }
    for warning in batch["warnings"]?.elements ?? [] {
      Terminal.note("warning: \(warning.words("detail"))")
    }
    FindingText.note(in: batch)
    return batch
  }

  private func query(_ path: String, starting: Bool) -> [(name: String, value: String)] {
    let fileName = path.split(separator: "/").last.map { String($0.prefix(Self.nameBound)) }
    var query: [(name: String, value: String)] = [
      ("name", name ?? fileName ?? "batch"), ("priority", "\(priority.nearest)"),
      ("max_concurrent_trades", "\(maxConcurrentTrades)"), ("start", "\(starting)"),
      ("allow_duplicates", "\(allowDuplicates)"),
    ]
    for (name, value) in [
      ("pricing", pricing?.rawValue), ("min_margin_pips", minMargin?.decimalText),
      ("on_failure", onFailure?.rawValue), ("tolerated_failures", toleratedFailures?.description),
      ("tolerated_failure_percent", toleratedFailurePercent?.description),
      ("max_attempts", maxAttempts?.description), ("approval", approval?.rawValue),
    ] {
      if let value { query.append((name, value)) }
    }
    return query + quoteTries.map { ("retries", $0) } + callback.map { ("callback", $0) }
  }

  private static let nameBound = BatchBounds.nameCharacters
}

extension PricingMode: ExpressibleByArgument {}
extension BatchPolicy.OnFailure: ExpressibleByArgument {}
extension BatchPolicy.Approval: ExpressibleByArgument {}

extension Pips: ExpressibleByArgument {
  public init?(argument: String) {
    do {
      try self.init(argument)
    } catch {
      return nil
    }
  }
}
