/// The bounds of what a person may say about a batch, when it comes in and when it is changed.
public enum BatchBounds {
  public static let nameCharacters = 200
  public static let concurrentTrades = 1...100
  public static let triesPerRound = 1...100
  public static let failurePercent = 0...100
  /// Before a quote is tried again.
  public static let retryDelayMilliseconds = 1...Trade.greatestDelayMilliseconds
  public static let trades = 300_000
  /// Trades of a staged batch that one request adds, changes or removes.
  public static let editsAtOnce = 10_000

  /// Everything that is wrong with what is said, in full sentences. What is nil is not said.
  public static func problems(
    name: String?, maxConcurrentTrades: Int?, policy: BatchPolicy?
  ) -> [String] {
    var problems: [String] = []
    if let name {
      if name.isEmpty || name.unicodeScalars.count > nameCharacters {
        problems.append("A batch's name has 1 to \(nameCharacters) characters.")
      }
      if name.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) {
        problems.append("A batch's name has no control characters.")
      }
    }
    func require(_ value: Int?, in range: ClosedRange<Int>, _ what: String) {
      guard let value, !range.contains(value) else { return }
      problems.append("\(what) must be from \(range.lowerBound) to \(range.upperBound).")
    }
    require(maxConcurrentTrades, in: concurrentTrades, "The trades at once")
    require(policy?.maxAttempts, in: triesPerRound, "The attempts of a round")
    if let retries = policy?.retries { problems += self.problems(of: retries) }
    require(policy?.toleratedFailurePercent, in: failurePercent, "The tolerated share of failures")
    if let tolerated = policy?.toleratedFailures, tolerated < 0 {
      problems.append("The tolerated failures must not be below 0.")
    }
    return problems
  }

  private static func problems(of retries: QuoteRetries) -> [String] {
    FailureCategory.allCases.flatMap { category in
      let rule = retries[category]
      var problems: [String] = []
      if !triesPerRound.contains(rule.tries) {
        problems.append(
          "The \(category.rawValue) quote tries of a round must be from \(triesPerRound.lowerBound) "
            + "to \(triesPerRound.upperBound).")
      }
      let (first, greatest) = (rule.firstDelayMilliseconds, rule.greatestDelayMilliseconds)
      if !retryDelayMilliseconds.contains(first) || !retryDelayMilliseconds.contains(greatest)
        || first > greatest
      {
        problems.append(
          "The \(category.rawValue) delays must be from \(retryDelayMilliseconds.lowerBound) to "
            + "\(retryDelayMilliseconds.upperBound) ms, the first no longer than the greatest.")
      }
      return problems
    }
  }
}
