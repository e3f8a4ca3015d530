import FXDomain
import FXPorts

/// What the bank says of a trade at a moment, laid out for a person. Where it is silent, that is told.
public struct BankEvidence: Hashable, Sendable {
  public struct Answer: Hashable, Sendable {
    /// Nil for a deal that evidence names, and no attempt of ours.
    public var attempt: Int?
    public var dealTransactionID: Identifier
    /// The deal's status, `not_found`, or why the bank does not tell.
    public var answer: String
    public var dealReference: String?
  }

  public struct Line: Hashable, Sendable {
    public var accountNumber: String
    public var line: StatementLine
    /// By one of the ids of its deals, or by its reference.
    public var namesTrade: Bool
  }

  public var answers: [Answer] = []
  /// Of the statements of the accounts that its money moves on; those that name the trade come first.
  public var lines: [Line] = []
  /// Lines beyond those that are kept.
  public var moreLines = 0
  /// Accounts whose statements could not be read, each with the reason.
  public var unread: [String] = []
}

extension Reconciler {
  /// Asks the bank about every deal that the trade may have, and for the statements since its first
  /// attempt. Changes nothing.
  public func bankEvidence(on trade: Trade) async throws(StoreError) -> BankEvidence {
    let attempts = try await store.attempts(of: trade.key)
    let evidence = try await store.evidence(of: trade.key)
    let lost = Set(evidence.flatMap(\.dealIDs)).subtracting(attempts.map(\.dealTransactionID))
    let known = await asked(attempts.suffix(IntakeBounds.askedAttempts)) { attempt in
      BankEvidence.Answer(
        attempt: attempt.number, dealTransactionID: attempt.dealTransactionID,
        status: await status(of: attempt))
    }
    let found = await asked(lost.sorted().suffix(IntakeBounds.askedAttempts)) { id in
      BankEvidence.Answer(
        attempt: nil, dealTransactionID: id, status: await bank.dealStatus(.dealTransactionID(id)))
    }
    var told = BankEvidence(answers: known + found)
    guard !told.answers.isEmpty || trade.dealReference != nil else { return told }
    let names = Set(
      (told.answers.flatMap { [$0.dealTransactionID.description, $0.dealReference] }
        + attempts.map(\.bankTransactionID) + [trade.dealReference])
        .compactMap { $0?.lowercased() })
    var lines: [BankEvidence.Line] = []
    for (account, answer) in try await statements(
      about: trade, since: attempts.first?.intentAt ?? trade.createdAt)
    {
      switch answer.lines {
      case .success(let found):
        lines += found.map { line in
          BankEvidence.Line(
            accountNumber: account.accountNumber, line: line,
            namesTrade: line.names.contains { names.contains($0) })
        }
      case .failure(let reason): told.unread.append("\(account.accountNumber): \(reason.text)")
      }
    }
    let sorted = lines.filter(\.namesTrade) + lines.filter { !$0.namesTrade }
    told.lines = Array(sorted.prefix(IntakeBounds.evidenceLines))
    told.moreLines = lines.count - told.lines.count
    return told
  }
}

extension BankEvidence.Answer {
  fileprivate init(attempt: Int?, dealTransactionID: Identifier, status: StatusAnswer) {
    self.init(attempt: attempt, dealTransactionID: dealTransactionID, answer: status.sentence)
    if case .found(let deal, _) = status { dealReference = deal.dealReference }
  }
}

extension StatusAnswer {
  /// For records and persons.
  var sentence: String {
    switch self {
    case .found(let deal, _): deal.status.rawValue
    case .notFound: "not_found"
    case .refused(let refusal, _): "\(refusal.reasonCode) \(refusal.message)"
    case .trouble(let trouble): trouble.failure.message
    }
  }

  /// The Date header, where it is known.
  var bankDate: Timestamp? {
    switch self {
    case .found(_, let receipt), .notFound(let receipt), .refused(_, let receipt):
      receipt.bankDate
    case .trouble: nil
    }
  }
}
