import FXDomain
import FXPorts

/// What the bank says to a person's word on a trade, before it is recorded.
public enum BankWord: Hashable, Sendable {
  case confirms(String)
  case contradicts(String)
  /// It was asked, and its answers speak for neither.
  case isSilent(String)
  case couldNotBeAsked(String)

  /// One full sentence for a person.
  public var sentence: String {
    switch self {
    case .confirms(let sentence), .contradicts(let sentence), .isSilent(let sentence),
      .couldNotBeAsked(let sentence):
      sentence
    }
  }
}

extension Reconciler {
  private struct Answer: Sendable {
    let id: Identifier
    let status: StatusAnswer
  }

  /// What lines of the client's statements say of the trade.
  fileprivate struct Lines {
    /// Where the reference stands over an amount of the trade, and where over another one.
    var naming: String?
    var namingOther: String?
    /// Where one of our own ids stands.
    var ours: String?
  }

  /// Asks the bank about every deal that the trade may have, and looks the reference up on the
  /// statements of the accounts that its money moves on. Changes nothing.
  public func word(
    on resolution: Resolution, of trade: Trade
  ) async throws(StoreError) -> BankWord {
    let attempts = try await store.attempts(of: trade.key)
    let evidence = try await store.evidence(of: trade.key)
    let lost = Set(evidence.flatMap(\.dealIDs)).subtracting(attempts.map(\.dealTransactionID))
    let known = await asked(attempts.suffix(IntakeBounds.askedAttempts)) { attempt in
      Answer(id: attempt.dealTransactionID, status: await status(of: attempt))
    }
    let found = await asked(lost.sorted().suffix(IntakeBounds.askedAttempts)) { id in
      Answer(id: id, status: await bank.dealStatus(.dealTransactionID(id)))
    }
    let answers = known + found
    if let word = Self.word(of: answers, on: resolution) { return word }

    var reference: String?
    if case .booked(let given) = resolution { reference = given.lowercased() }
    let ours = Set(answers.map(\.id.description))
    let since = attempts.first?.intentAt ?? trade.createdAt
    var (lines, unread) = (Lines(), Self.trouble(among: answers))
    for (account, answer) in try await statements(about: trade, since: since) {
      switch answer.lines {
      case .success(let found):
        for line in found { lines.add(line, of: account, trade, reference, ours) }
      case .failure(let reason): unread = unread ?? reason.text
      }
    }
    return Self.word(of: lines, on: resolution, unread: unread)
  }

  /// What status answers tell; nil when the statements have to be looked at.
  private static func word(of answers: [Answer], on resolution: Resolution) -> BankWord? {
    for answer in answers {
      guard case .found(let deal, _) = answer.status, deal.status != .failed else { continue }
      let name = "deal \(answer.id), \(deal.status.rawValue)"
      switch resolution {
      case .notBooked: return .contradicts("The bank has \(name), of this trade.")
      case .booked(let given):
        guard let reference = deal.dealReference else { continue }
        return reference.lowercased() == given.lowercased()
          ? .confirms("The bank has \(name), of this trade under \(reference).")
          : .contradicts("The bank has \(name), of this trade under \(reference), not \(given).")
      }
    }
    return nil
  }

  private static func word(
    of lines: Lines, on resolution: Resolution, unread: String?
  ) -> BankWord {
    switch resolution {
    case .notBooked:
      if let ours = lines.ours { return .contradicts("\(ours) has a deal of this trade.") }
      if let unread { return .couldNotBeAsked("The bank could not be asked: \(unread)") }
      return .confirms("The bank finds no deal of this trade, and no statement names one.")
    case .booked(let given):
      if let place = lines.naming {
        return .confirms("\(place) names \(given) over an amount of this trade.")
      }
      if let place = lines.namingOther {
        return .contradicts("\(place) names \(given) over another amount than this trade's.")
      }
      let seen = lines.ours.map { " \($0) has a deal of this trade under our id." } ?? ""
      if let unread { return .couldNotBeAsked("The bank could not be asked: \(unread)\(seen)") }
      return .isSilent(
        "The bank knows no deal \(given) of this trade, neither by its status query nor on the "
          + "statements of the client's accounts.\(seen)")
    }
  }

  private static func trouble(among answers: [Answer]) -> String? {
    for answer in answers {
      switch answer.status {
      case .refused(let refusal, _): return "\(refusal.reasonCode) \(refusal.message)"
      case .trouble(let trouble): return trouble.failure.message
      case .found, .notFound: continue
      }
    }
    return nil
  }

  /// The last month of both accounts, or since the first intent where that is later.
  func statements(
    about trade: Trade, since: Timestamp
  ) async throws(StoreError) -> [(SettlementAccount, BankAnswer<[StatementLine]>)] {
    let today = deskClock.date(of: now())
    let farthest = CivilDate(dayNumber: today.dayNumber - IntakeBounds.lostStatementDays)
    let from = min(today, max(farthest, deskClock.date(of: since)))
    let pair = trade.deal.pair
    let accounts = try await store.accounts(ofCIF: [trade.cifNumber]).filter {
      [pair.base, pair.quote].contains($0.currency)
    }
    let answers = await asked(accounts) { account in
      await bank.statement(
        accountNumber: account.accountNumber, cifNumber: account.cifNumber, from: from, to: today)
    }
    return Array(zip(accounts, answers))
  }
}

extension Reconciler.Lines {
  /// Lines name what they are about; those that name nothing of ours say nothing.
  fileprivate mutating func add(
    _ line: StatementLine, of account: SettlementAccount, _ trade: Trade, _ reference: String?,
    _ ours: Set<String>
  ) {
    let place = "The statement of account \(account.accountNumber)"
    let names = line.names
    if names.contains(where: { ours.contains($0) }) { self.ours = place }
    guard let reference, names.contains(reference) else { return }
    let counter = trade.figures?.priced.counterAmount
    let legs = [trade.deal.amount] + (counter.map { [$0] } ?? [])
    let isOurs = legs.contains { $0.currency == account.currency && $0.isMagnitude(of: line) }
    if isOurs { naming = place } else { namingOther = place }
  }
}
