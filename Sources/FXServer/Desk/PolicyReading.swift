import FXDomain
import FXFiles

/// Where the words of a policy stand: in the members of a body, or in the parameters of a query.
private protocol PolicyWords {
  mutating func refuse(_ name: String, _ code: String, _ detail: String)
  mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int?
  mutating func choice<Value: RawRepresentable & CaseIterable>(
    _ name: String, of type: Value.Type
  ) -> Value? where Value.RawValue == String
  mutating func decimal<Value>(
    _ name: String, _ read: (String) throws(CellProblem) -> Value
  ) -> Value?
}

extension PolicyWords {
  /// Everything but the retries of quotes; what is not said stays as `standing` has it.
  fileprivate mutating func words(over standing: BatchPolicy) -> BatchPolicy {
    var policy = standing
    policy.onFailure = choice("on_failure", of: BatchPolicy.OnFailure.self) ?? policy.onFailure
    policy.toleratedFailures =
      integer("tolerated_failures", in: 0...FileBounds.maximumDataRows) ?? policy.toleratedFailures
    policy.toleratedFailurePercent =
      integer("tolerated_failure_percent", in: BatchBounds.failurePercent)
      ?? policy.toleratedFailurePercent
    policy.maxAttempts =
      integer("max_attempts", in: BatchBounds.triesPerRound) ?? policy.maxAttempts
    policy.minimumMargin = decimal("min_margin_pips", CellValue.pips) ?? policy.minimumMargin
    if policy.minimumMargin.rateUnits.magnitude > CallBounds.marginRateUnits {
      refuse("min_margin_pips", "out_of_range", "Give a margin from -999999999 to 999999999 pips.")
    }
    policy.approval = choice("approval", of: BatchPolicy.Approval.self) ?? policy.approval
    return policy
  }
}

extension Query: PolicyWords {
  /// What a file's batch is told of its policy.
  mutating func policy() -> BatchPolicy {
    var policy = words(over: BatchPolicy())
    policy.retries = retries(over: policy.retries)
    return policy
  }

  /// `retries=transient=5` or, with delays in milliseconds, `retries=transient=5:500:30000`; once for
  /// each category.
  private mutating func retries(over standing: QuoteRetries) -> QuoteRetries {
    var retries = standing
    let what =
      "CATEGORY=TRIES or CATEGORY=TRIES:FIRST_MS:GREATEST_MS, such as transient=5:500:30000"
    let texts = all("retries")
    if texts.count > FailureCategory.allCases.count {
      refuse("retries", "too_many", "Give each category once.")
    }
    for text in texts.prefix(FailureCategory.allCases.count) {
      let parts = text.split(separator: "=", omittingEmptySubsequences: false)
      let numbers = parts.count == 2 ? parts[1].split(separator: ":").map { Int64($0) } : []
      guard let category = FailureCategory(rawValue: String(parts.first ?? "")),
        [1, 3].contains(numbers.count), let tries = numbers[0].flatMap({ Int(exactly: $0) }),
        !numbers.contains(nil)
      else {
        refuse("retries", "malformed", "Give \(what).")
        continue
      }
      retries[category].tries = tries
      guard numbers.count == 3, let first = numbers[1], let greatest = numbers[2] else { continue }
      retries[category].firstDelayMilliseconds = first
      retries[category].greatestDelayMilliseconds = greatest
    }
    for problem in BatchBounds.problems(
      name: nil, maxConcurrentTrades: nil, policy: BatchPolicy(retries: retries))
    {
      refuse("retries", "out_of_range", problem)
    }
    return retries
  }

  fileprivate mutating func decimal<Value>(
    _ name: String, _ read: (String) throws(CellProblem) -> Value
  ) -> Value? {
    guard let text = value(name, "a decimal", { Optional($0) }) else { return nil }
    do {
      return try read(text)
    } catch {
      refuse(name, error.code.rawValue, error.detail)
      return nil
    }
  }
}

extension Fields: PolicyWords {
  /// A batch's policy; what is not said stays as `standing` has it.
  mutating func policy(over standing: BatchPolicy = BatchPolicy()) -> BatchPolicy {
    var policy = words(over: standing)
    policy.retries = object("retries") { $0.retries(over: standing.retries) } ?? policy.retries
    return policy
  }

  private mutating func retries(over standing: QuoteRetries) -> QuoteRetries {
    var retries = standing
    for category in FailureCategory.allCases {
      retries[category] =
        object(category.rawValue) { $0.retryRule(over: standing[category]) } ?? standing[category]
    }
    return retries
  }

  private mutating func retryRule(over standing: RetryRule) -> RetryRule {
    let delays = BatchBounds.retryDelayMilliseconds
    let rule = RetryRule(
      tries: integer("tries", in: BatchBounds.triesPerRound) ?? standing.tries,
      firstDelayMilliseconds: integer("first_delay_ms", in: delays)
        ?? standing.firstDelayMilliseconds,
      greatestDelayMilliseconds: integer("greatest_delay_ms", in: delays)
        ?? standing.greatestDelayMilliseconds)
    if rule.firstDelayMilliseconds > rule.greatestDelayMilliseconds {
      refuse(
        "first_delay_ms", "above_greatest",
        "Give at most the greatest delay, \(rule.greatestDelayMilliseconds).")
    }
    return rule
  }
}
