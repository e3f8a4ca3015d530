/// One status query that answered "not found".
public struct NotFoundAnswer: Hashable, Sendable {
  /// When the query began, by our clock.
  public var askedAt: Timestamp
  /// When its answer had come, by our clock.
  public var answeredAt: Timestamp
  /// The Date header of the answer, by the bank's clock; resolution 1 s.
  public var bankDate: Timestamp?

  /// - Parameter answeredAt: the moment of asking, where none is given.
  public init(askedAt: Timestamp, answeredAt: Timestamp? = nil, bankDate: Timestamp?) {
    self.askedAt = askedAt
    self.answeredAt = answeredAt ?? askedAt
    self.bankDate = bankDate
  }
}

/// The positive control: the same query found a deal that we know is booked.
public struct ControlAnswer: Hashable, Sendable {
  /// When that query began, by our clock.
  public var askedAt: Timestamp
  /// When it was answered, by our clock.
  public var foundAt: Timestamp
  /// When the control deal had been booked.
  public var dealBookedAt: Timestamp

  /// - Parameter askedAt: the moment of the answer, where none is given.
  public init(askedAt: Timestamp? = nil, foundAt: Timestamp, dealBookedAt: Timestamp) {
    self.askedAt = askedAt ?? foundAt
    self.foundAt = foundAt
    self.dealBookedAt = dealBookedAt
  }
}

/// The bounds that a proof rests on.
public struct ProofRules: Hashable, Sendable {
  /// Clock skew, the longest time the bank works on an accepted request, and the time until its
  /// status query shows a deal.
  public var doubtMarginMilliseconds: Int64
  /// Least distance of the two queries.
  public var spacingMilliseconds: Int64
  /// Greatest age of the control at the later query.
  public var controlAgeMilliseconds: Int64

  public init(
    doubtMarginMilliseconds: Int64 = 60_000, spacingMilliseconds: Int64 = 5_000,
    controlAgeMilliseconds: Int64 = 60_000
  ) {
    self.doubtMarginMilliseconds = doubtMarginMilliseconds
    self.spacingMilliseconds = spacingMilliseconds
    self.controlAgeMilliseconds = controlAgeMilliseconds
  }
}

/// Proof that an attempt was not booked and never will be. There is no other way to make one than
/// from facts that satisfy all conditions.
public struct NotBookedProof: Hashable, Sendable {
  public let attempt: Int
  public let first: NotFoundAnswer
  public let second: NotFoundAnswer
  public let control: ControlAnswer

  /// Nil unless all of these hold:
  /// (a) both queries began after the quote's expiry plus the margin, by our clock and by the Date
  /// of their answers; (b) they lie the spacing apart; (c) a known deal was found within the control
  /// age; (d) that deal had been booked before this attempt's intent, and its query began after the
  /// first of the two was answered. So a bank that forgets the oldest first still knew, at the first
  /// query, whatever this attempt had booked: found before it, the control may be the last thing
  /// that the bank knew.
  public init?(
    attempt: Attempt, first: NotFoundAnswer, second: NotFoundAnswer, control: ControlAnswer,
    rules: ProofRules
  ) {
    let deadline = attempt.quoteExpiresAt.advanced(byMilliseconds: rules.doubtMarginMilliseconds)
    for answer in [first, second] {
      guard answer.askedAt > deadline, let bankDate = answer.bankDate, bankDate > deadline else {
        return nil
      }
    }
    guard second.askedAt.milliseconds(since: first.askedAt) >= rules.spacingMilliseconds,
      second.askedAt.milliseconds(since: control.foundAt) <= rules.controlAgeMilliseconds,
      control.dealBookedAt < attempt.intentAt, control.askedAt > first.answeredAt
    else { return nil }
    self.attempt = attempt.number
    self.first = first
    self.second = second
    self.control = control
  }
}
