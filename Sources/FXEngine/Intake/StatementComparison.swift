import FXDomain
import FXPorts

/// Statements against our books: each deal by the count and the amounts of its lines, and each line by
/// the deals that may explain it.
///
/// Memory holds the deals of a few clients at a time, and one statement of each account that is being
/// asked about.
extension Reconciler {
  private struct StatementQuestion: Sendable {
    let account: SettlementAccount
    let from: CivilDate
    let to: CivilDate
  }

  private struct StrayLine: Sendable {
    let account: SettlementAccount
    let line: StatementLine
  }

  /// - Parameters:
  ///   - customers: CIF numbers of whoever has deals to compare.
  ///   - standing: deals that are known to stand at the bank already.
  func compareStatements(
    of customers: Set<String>, in scope: ReconcileScope, besides standing: Set<Identifier>,
    _ report: inout ReconcileReport
  ) async throws(StoreError) {
    // After a loss of events, lines are explained only once the lost deals have been asked for.
    let judgesLines = try await !store.installation().isReconciliationDue
    var rest = customers.sorted()[...]
    while !rest.isEmpty {
      let page = rest.prefix(IntakeBounds.pageCustomers)
      rest = rest.dropFirst(page.count)
      var deals: [String: ClientDeals] = [:]
      for cif in page { deals[cif] = try await self.deals(ofCIF: cif, in: scope) }
      let accounts = try await store.accounts(ofCIF: Set(page)).filter {
        deals[$0.cifNumber]?.spans[$0.currency] != nil
      }
      let unread = try await read(accounts, into: &deals, judgesLines: judgesLines, &report)
      report.statements += accounts.count
      for cif in page {
        let read = accounts.filter {
          $0.cifNumber == cif && !unread.contains($0.accountNumber)
        }
        for deal in deals[cif]?.deals ?? [] where deal.isAskedAbout {
          try await compare(deal, with: read, besides: standing, &report)
        }
      }
    }
  }

  /// Every attempt of a client, over all batches.
  ///
  /// - Parameter scope: what the reconciliation is about.
  func deals(
    ofCIF cif: String, in scope: ReconcileScope
  ) async throws(StoreError) -> ClientDeals {
    var deals = ClientDeals()
    var last: TradeKey?
    while true {
      let page = try await store.trades(
        TradeQuery(cifNumber: cif, after: last, limit: IntakeBounds.pageTrades))
      guard !page.isEmpty else { return deals }
      last = page.last?.key
      for trade in page where trade.mayHaveDeals {
        let isAskedAbout = scope.covers(trade)
        let attempts = trade.attempt > 0 ? try await store.attempts(of: trade.key) : []
        for attempt in attempts {
          deals.add(
            trade, attempt, isAskedAbout: isAskedAbout,
            days: days(of: trade, since: attempt.intentAt, throughToday: scope.reachesToday),
            isDue: isDue(trade))
        }
        if attempts.isEmpty, trade.dealReference != nil {
          deals.add(
            trade, nil, isAskedAbout: isAskedAbout,
            days: days(of: trade, since: trade.createdAt, throughToday: scope.reachesToday),
            isDue: isDue(trade))
        }
        // Deals of attempts that our books have lost are named by evidence, and settled by persons.
        if trade.isResolvedByPerson || trade.status == .inDoubt {
          deals.add(try await store.evidence(of: trade.key))
        }
      }
    }
  }

  /// From a deal's first day to its value date, and not beyond today; up to today where everything is
  /// looked over.
  private func days(
    of trade: Trade, since start: Timestamp, throughToday: Bool
  ) -> ClosedRange<Int> {
    let today = deskClock.date(of: now()).dayNumber
    let from = min(today, deskClock.date(of: start).dayNumber)
    let to = throughToday ? today : min(today, trade.valueDate?.dayNumber ?? from)
    return from...max(from, to)
  }

  private func isDue(_ trade: Trade) -> Bool {
    guard trade.status == .completed, let date = trade.valueDate else { return false }
    return date < deskClock.date(of: now())
  }

  // MARK: Lines

  /// Counts every line with its deal. Answers the numbers of the accounts whose statements the bank
  /// did not tell.
  private func read(
    _ accounts: [SettlementAccount], into deals: inout [String: ClientDeals], judgesLines: Bool,
    _ report: inout ReconcileReport
  ) async throws(StoreError) -> Set<String> {
    var unread: Set<String> = []
    let questions = accounts.flatMap { account in
      statementQuestions(about: account, deals[account.cifNumber]?.spans[account.currency])
    }
    var rest = questions[...]
    while !rest.isEmpty {
      let page = Array(rest.prefix(IntakeBounds.concurrentQuestions))
      rest = rest.dropFirst(page.count)
      let answers = await asked(page) { question in
        await bank.statement(
          accountNumber: question.account.accountNumber, cifNumber: question.account.cifNumber,
          from: question.from, to: question.to)
      }
      var strays: [StrayLine] = []
      for (question, answer) in zip(page, answers) {
        let account = question.account
        switch answer.lines {
        case .success(let lines):
          for line in lines
          where deals[account.cifNumber]?.take(line, of: account.currency) == false {
            strays.append(StrayLine(account: account, line: line))
          }
        case .failure(let reason):
          guard unread.insert(account.accountNumber).inserted else { continue }
          report.add(
            .statementUnread(
              cifNumber: account.cifNumber, accountNumber: account.accountNumber,
              reason: reason.text))
        }
      }
      if judgesLines { try await tell(strays, in: &report) }
    }
    return unread
  }

  private func statementQuestions(
    about account: SettlementAccount, _ days: ClosedRange<Int>?
  ) -> [StatementQuestion] {
    guard let days else { return [] }
    return stride(
      from: days.lowerBound, through: days.upperBound, by: IntakeBounds.statementDays
    ).map { first in
      StatementQuestion(
        account: account, from: CivilDate(dayNumber: first),
        to: CivilDate(
          dayNumber: min(days.upperBound, first + IntakeBounds.statementDays - 1)))
    }
  }

  /// Lines that no deal of the client explains, by books read after the statement: what was booked
  /// meanwhile had its intent written before its line came to be.
  private func tell(
    _ strays: [StrayLine], in report: inout ReconcileReport
  ) async throws(StoreError) {
    var fresh: [String: ClientDeals] = [:]
    for stray in strays {
      let cif = stray.account.cifNumber
      if fresh[cif] == nil { fresh[cif] = try await deals(ofCIF: cif, in: .all) }
      guard fresh[cif]?.explains(stray.line) == false else { continue }
      report.addUnexplained(stray.line, of: stray.account)
    }
  }

  // MARK: Deals

  private func compare(
    _ deal: NamedDeal, with accounts: [SettlementAccount], besides standing: Set<Identifier>,
    _ report: inout ReconcileReport
  ) async throws(StoreError) {
    for account in accounts where deal.currencies.contains(account.currency) {
      let number = account.accountNumber
      switch deal.verdict(on: account.currency) {
      case .agree: break
      case .absent: report.add(.notOnStatement(trade: deal.trade, accountNumber: number))
      case .repeated(let lines):
        report.add(
          .repeatedOnStatement(trade: deal.trade, accountNumber: number, lines: lines))
      case .differ(let amount):
        guard let ours = deal.legs.first(where: { $0.currency == account.currency }) else { break }
        report.add(
          .amountDiffers(trade: deal.trade, accountNumber: number, ours: ours, bank: amount))
      case .stands:
        guard let id = deal.dealTransactionID, !standing.contains(id),
          let trade = try await store.trade(deal.trade)
        else { return }
        return try await record(
          trade, attempt: deal.attempt, id, .statementLine,
          "The statement of account \(number) names the deal.", &report)
      }
    }
  }
}

extension Trade {
  /// Whether a deal may stand for it, as far as our books know.
  var mayHaveDeals: Bool { attempt > 0 || dealReference != nil }
}

/// Why the bank did not tell.
struct Untold: Error, Hashable, Sendable { let text: String }

extension BankAnswer<[StatementLine]> {
  /// The lines, or why there are none to be had.
  var lines: Result<[StatementLine], Untold> {
    switch self {
    case .success(let lines, _): .success(lines)
    case .refused(let refusal, _):
      .failure(Untold(text: "\(refusal.reasonCode) \(refusal.message)"))
    case .trouble(let trouble): .failure(Untold(text: trouble.failure.message))
    }
  }
}
