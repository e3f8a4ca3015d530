/// A violation that the project allows itself, and why.
struct Exemption: Hashable, Sendable {
  let rule: Rule
  let path: String
  /// Words of the message of the one finding that is let pass.
  let message: String
  let reason: String

  func covers(_ violation: Violation) -> Bool {
    violation.path == path && violation.message.contains(message)
  }

  /// Every exemption there is. One that is no longer needed fails a test.
  static let granted: [Exemption] = [
    Exemption(
      rule: .functionsAreShort, path: "Sources/FXDomain/States/TradeStatus.swift",
      message: "applying has",
      reason: "one table of every state and event, which the compiler proves complete")
  ]
}
