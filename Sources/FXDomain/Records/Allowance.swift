/// Which of a client's yearly exchange-control allowances a trade uses up.
public enum Allowance: String, Hashable, Sendable, CaseIterable {
  /// The single discretionary allowance.
  case sda = "SDA"
  /// The foreign investment allowance, backed by the tax authority's PIN.
  case fia = "FIA"
}
