import FXDomain

/// What the desk's rules are told.
extension SettingsReader {
  mutating func rules() -> DeskRules {
    var rules = DeskRules()
    for rule in DeskRules.Rule.allCases { read(rule, &rules) }
    rules.limits = DealLimits(
      trade: rands("FXBATCH_LIMIT_TRADE_ZAR"), batch: rands("FXBATCH_LIMIT_BATCH_ZAR"),
      clientDay: rands("FXBATCH_LIMIT_CLIENT_DAY_ZAR"),
      dealerDay: rands("FXBATCH_LIMIT_DEALER_DAY_ZAR"))
    rules.transferFee = rands("FXBATCH_TRANSFER_FEE_ZAR") ?? rules.transferFee
    rules.allowances = rules.allowances.adding(allowances())
    return rules
  }

  private mutating func read(_ rule: DeskRules.Rule, _ rules: inout DeskRules) {
    let name = "FXBATCH_RULE_\(rule.rawValue.uppercased())"
    guard let word = text(name) else { return }
    if word == "off" {
      rules.exceptions[rule] = .some(nil)
    } else if let severity = DeskRules.Severity(rawValue: word) {
      rules.exceptions[rule] = severity
    } else {
      problems.append("\(name) is \(word); give off, warning or error")
    }
  }

  private mutating func rands(_ name: String) -> Money? {
    guard let text = text(name) else { return nil }
    if let amount = Self.rands(text) { return amount }
    problems.append("\(name) is \(text); give an amount in ZAR such as 1000000.00")
    return nil
  }

  private mutating func allowances() -> [AllowanceSchedule.Step] {
    var steps: [AllowanceSchedule.Step] = []
    for item in Self.list(text("FXBATCH_ALLOWANCES") ?? "") {
      let parts = item.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 3, let allowance = Allowance(rawValue: String(parts[0])),
        let day = CivilDate(parts[1]), let limit = Self.rands(parts[2])
      else {
        problems.append("FXBATCH_ALLOWANCES holds \(item); give SDA or FIA:YYYY-MM-DD:AMOUNT")
        continue
      }
      steps.append(.init(allowance, from: day, limit: limit))
    }
    return steps
  }

  private static func rands(_ text: some StringProtocol) -> Money? {
    do {
      let amount = try Money(text, .zar)
      return amount.minorUnits >= 0 ? amount : nil
    } catch {
      return nil
    }
  }
}
