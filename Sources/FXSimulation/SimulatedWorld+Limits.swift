import FXDomain
import FXEngine
import FXPorts

/// Limits and an allowance, under which persons start batches, and which the desk lowers meanwhile.
extension SimulatedWorld {
  /// Draws rules that leave room for some of the world's trades, and not for all.
  mutating func drawRules() {
    guard temper.hasLimits else { return }
    // Of its own seed, so that whatever else a world draws stays as it was.
    var chance = Chance(seed: seed ^ 0x6c69_6d69_7473)
    let perClient =
      Self.middlingCents * Int64(temper.batches * temper.tradesPerBatch / temper.clients)
    func percent(_ range: ClosedRange<Int64>, of cents: Int64) -> Money {
      Money(minorUnits: cents / 100 * chance.pick(range), currency: .zar)
    }
    rules = DeskRules(
      limits: DealLimits(
        clientDay: percent(30...90, of: perClient),
        dealerDay: percent(40...100, of: perClient * Int64(temper.clients))),
      allowances: AllowanceSchedule([
        AllowanceSchedule.Step(
          .sda, from: CivilDate(dayNumber: 0), limit: percent(20...60, of: perClient))
      ]))
    rulesOfStarts = rules
  }

  /// About what a trade of these worlds comes to.
  private static let middlingCents: Int64 = 50_000_000

  /// The allowance of the next trade, where this world has any.
  static func allowance(_ chance: inout Chance) -> Allowance? {
    chance.happens(perMille: 600) ? .sda : nil
  }

  /// Persons try several times to start what waits for them: room comes with what fails.
  mutating func planStarts() {
    guard temper.hasLimits else { return }
    for number in 1...temper.batches {
      for _ in 0..<4 {
        schedule(.command(BatchKey(Int64(number)), .start), after: chance.pick(0...40_000))
      }
    }
    schedule(.command(BatchKey(1), .lowerLimits), after: chance.pick(1_000...30_000))
  }

  /// The configuration is another, with which every node begins anew.
  mutating func lowerLimits() {
    observer?(now - Self.beginning, "the limits are lowered")
    rules.limits.clientDay = rules.limits.clientDay.map { Self.less($0, &chance) }
    rules.limits.dealerDay = rules.limits.dealerDay.map { Self.less($0, &chance) }
    for node in nodes.indices { schedule(.stop(node), after: chance.pick(0...200)) }
  }

  private static func less(_ limit: Money, _ chance: inout Chance) -> Money {
    Money(minorUnits: limit.minorUnits / 100 * chance.pick(30...100), currency: .zar)
  }

  // MARK: What must hold

  /// Nobody has more under way and dealt than the rules let, under which it was started.
  mutating func checkLimits() {
    guard temper.hasLimits, !isExceededByEvidence, violation == nil else { return }
    violation = excess(over: rulesOfStarts)
  }

  /// A booking that leaves keeps to the rules of its node.
  mutating func checkIntent(of trade: Trade, _ rules: DeskRules) {
    guard temper.hasLimits, !isExceededByEvidence, violation == nil else { return }
    let batch = books.batches[trade.batch.index]
    guard let day = trade.usageDay ?? batch.usageDay else {
      violation = "trade \(trade.key) is booked and counts on no day"
      return
    }
    let client = books.usage.usage(of: trade.client, on: day).dealt.total
    let dealer = books.usage.usage(ofDealer: batch.createdBy, on: day).total
    if client > rules.limits.clientDay.cents || dealer > rules.limits.dealerDay.cents {
      violation = "trade \(trade.key) is booked beyond a limit"
    }
  }

  private func excess(over rules: DeskRules) -> String? {
    for (client, days) in books.usage.clients {
      for (day, usage) in days {
        if usage.dealt.total > rules.limits.clientDay.cents {
          return "client \(client) deals more on \(day) than the limit"
        }
        let limit = rules.allowances.limit(of: .sda, on: day)
        if books.usage.usage(of: client, in: day.year).sda.total > limit.cents {
          return "client \(client) exceeds the allowance of \(day.year)"
        }
      }
    }
    for (dealer, days) in books.usage.dealers {
      for (day, usage) in days where usage.total > rules.limits.dealerDay.cents {
        return "\(dealer) deals more on \(day) than the limit"
      }
    }
    return nil
  }

  /// Where nothing is under way, nothing is reserved.
  func reservationsLeft() -> [String] {
    guard
      books.batches.allSatisfy({
        $0.status.isFinal || $0.status == .staged && $0.counts.pending == $0.counts.open
      })
    else { return [] }
    let isAnyLeft =
      books.usage.clients.values.contains { $0.values.contains { $0.dealt.reserved != 0 } }
      || books.usage.dealers.values.contains { $0.values.contains { $0.reserved != 0 } }
    return isAnyLeft ? ["nothing is under way, and something is reserved"] : []
  }
}

extension Money? {
  fileprivate var cents: Int128 { map { Int128($0.minorUnits) } ?? .max }
}
