import FXDomain
import FXFiles

/// Where the words of a policy stand: in the members of a body, or in the parameters of a query.
private protocol PolicyWords {
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
    policy.approval = choice("approval", of: BatchPolicy.Approval.self) ?? policy.approval
    return policy
  }
}

extension Query: PolicyWords {
  /// What a file's batch is told of its policy: the retries of quotes are changed once it is there.
  mutating func policy() -> BatchPolicy { words(over: BatchPolicy()) }

  fileprivate mutating func decimal<Value>(
    _ name: String, _ read: (String) throws(CellProblem) -> Value
  ) -> Value? {
    guard let text = text(name) else { return nil }
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
