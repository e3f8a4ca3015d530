import FXDomain
import FXPorts

/// What is recorded of clients for the rules.
extension Transaction {
  func terms(of client: ClientKey) throws -> ClientTerms { .none }

  /// Whether any client has a limit of its own, which then has to be looked for with each of them.
  func mayHoldOwnDayLimits() throws -> Bool { false }
}
