/// What a batch does about failures and how hard it tries.
public struct BatchPolicy: Hashable, Sendable {
  public enum OnFailure: String, Hashable, Sendable, CaseIterable {
    case `continue`
    case pause
    case cancel
  }

  public enum Approval: String, Hashable, Sendable, CaseIterable {
    case none
    case required
  }

  public var onFailure: OnFailure
  /// Failed trades tolerated before `onFailure` acts; nil for no bound.
  public var toleratedFailures: Int?
  /// The same as a share of the batch's trades, in whole percent.
  public var toleratedFailurePercent: Int?
  /// Intents per trade and round.
  public var maxAttempts: Int
  public var retries: QuoteRetries
  public var minimumMargin: Pips
  public var approval: Approval

  public init(
    onFailure: OnFailure = .continue, toleratedFailures: Int? = nil,
    toleratedFailurePercent: Int? = nil, maxAttempts: Int = 3,
    retries: QuoteRetries = QuoteRetries(), minimumMargin: Pips = .zero,
    approval: Approval = .none
  ) {
    self.onFailure = onFailure
    self.toleratedFailures = toleratedFailures
    self.toleratedFailurePercent = toleratedFailurePercent
    self.maxAttempts = maxAttempts
    self.retries = retries
    self.minimumMargin = minimumMargin
    self.approval = approval
  }

  /// Says, for the log, how more trades have failed than is tolerated; nil where they have not.
  ///
  /// Without any bound, a batch that pauses or cancels tolerates none, and one that goes on tolerates
  /// all.
  public func breach(of counts: TradeCounts) -> String? {
    let failed = counts.failed
    let have = "\(failed) of \(counts.total) trades failed"
    if let bound = toleratedFailures, failed > bound {
      return "\(have), more than the \(bound) that are tolerated"
    }
    if let percent = toleratedFailurePercent, failed * 100 > percent * counts.total {
      return "\(have), more than the \(percent) % that are tolerated"
    }
    guard toleratedFailures == nil, toleratedFailurePercent == nil, failed > 0 else { return nil }
    switch onFailure {
    case .continue: return nil
    case .pause, .cancel: return "\(have), and none is tolerated"
    }
  }
}

/// How often a trade is quoted in a round before it has failed, and how long it waits between.
public struct RetryRule: Hashable, Sendable {
  /// Quotes of a round, the first among them. All that failed are counted, for whatever reason.
  public var tries: Int
  /// Before the second try; doubled with each further one, up to the greatest.
  public var firstDelayMilliseconds: Int64
  public var greatestDelayMilliseconds: Int64

  public init(
    tries: Int, firstDelayMilliseconds: Int64 = 500, greatestDelayMilliseconds: Int64 = 30_000
  ) {
    self.tries = tries
    self.firstDelayMilliseconds = firstDelayMilliseconds
    self.greatestDelayMilliseconds = greatestDelayMilliseconds
  }
}

/// What becomes of a quote that failed, by the category of its failure. None of this is about
/// bookings, whose attempts have a bound of their own.
public struct QuoteRetries: Hashable, Sendable {
  public var transient: RetryRule
  public var permanent: RetryRule
  public var rule: RetryRule

  public init(
    transient: RetryRule = RetryRule(tries: 8), permanent: RetryRule = RetryRule(tries: 1),
    rule: RetryRule = RetryRule(tries: 1)
  ) {
    self.transient = transient
    self.permanent = permanent
    self.rule = rule
  }

  public subscript(category: FailureCategory) -> RetryRule {
    get {
      switch category {
      case .transient: transient
      case .permanent: permanent
      case .rule: rule
      }
    }
    set {
      switch category {
      case .transient: transient = newValue
      case .permanent: permanent = newValue
      case .rule: rule = newValue
      }
    }
  }
}
