/// Base and quote currency, as in `USD/ZAR`: a rate is quote units per one base unit.
public struct CurrencyPair: Hashable, Sendable, CustomStringConvertible {
  public let base: Currency
  public let quote: Currency

  /// Nil when both are the same currency.
  public init?(base: Currency, quote: Currency) {
    guard base != quote else { return nil }
    self.base = base
    self.quote = quote
  }

  /// Reads `USD/ZAR`, and `USD-ZAR` as in paths.
  public init?(_ text: some StringProtocol) {
    let parts = text.split(
      maxSplits: 2, omittingEmptySubsequences: false, whereSeparator: { $0 == "/" || $0 == "-" })
    guard parts.count == 2, let base = Currency(parts[0]), let quote = Currency(parts[1]) else {
      return nil
    }
    self.init(base: base, quote: quote)
  }

  public var description: String { "\(base)/\(quote)" }

  public func contains(_ currency: Currency) -> Bool { currency == base || currency == quote }

  /// The other currency of the pair.
  public func counter(of currency: Currency) -> Currency { currency == base ? quote : base }
}
