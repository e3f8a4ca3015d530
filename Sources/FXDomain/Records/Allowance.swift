/// The exchange-control allowance that a client's trade counts against.
public enum Allowance: String, Hashable, Sendable, CaseIterable {
  /// Single discretionary allowance.
  case sda = "SDA"
  /// Foreign investment allowance.
  case fia = "FIA"
}
