/// One thing that the desk's rules say of a trade or of a batch, before it starts.
public struct Finding: Hashable, Sendable {
  /// The trade's row; nil where the batch as a whole is meant.
  public var row: Int?
  public var trade: Identifier?
  public var severity: DeskRules.Severity
  public var code: FailureCode
  /// One full sentence, with the figures.
  public var detail: String

  public init(
    row: Int? = nil, trade: Identifier? = nil, severity: DeskRules.Severity, code: FailureCode,
    detail: String
  ) {
    self.row = row
    self.trade = trade
    self.severity = severity
    self.code = code
    self.detail = detail
  }
}
