import FXDomain

/// A column of an exported file.
struct ExportColumn: Sendable {
  let name: String
  let value: @Sendable (Trade) -> String?
}

extension Trade {
  /// The columns of the desk's own sheets, in their order.
  ///
  /// Amounts stand for what the client gives and gets: where a client buys rands or sells dollars, they
  /// are negative, so that a column's sum is what moved. What a pair does not have is left empty.
  static let deskColumns: [ExportColumn] = [
    .init(name: "ID") { $0.id.description },
    .init(name: "Status") { $0.status.rawValue },
    .init(name: "Client") { $0.clientName },
    .init(name: "Client CIF") { $0.cifNumber },
    .init(name: "Sell Amount ZAR") { trade in trade.flow(of: .zar, isPaid: true) },
    .init(name: "Deal Type") { $0.delivery.deskWord },
    .init(name: "External Ref") { $0.allowance?.rawValue },
    .init(name: "Fixed Rate") { $0.fixedRate?.decimalText },
    .init(name: "Fixed Spread") { $0.spread.decimalText },
    .init(name: "Deal Reference") { $0.dealReference },
    .init(name: "USD Bought") { trade in trade.flow(of: .usd, isPaid: false) },
    .init(name: "Client Rate") { $0.figures?.priced.clientRate.decimalText },
    .init(name: "Spread") { $0.figures?.priced.marginPips.decimalText },
    .init(name: "Spread ZAR Amount") { trade in
      trade.figures.flatMap {
        $0.priced.margin.currency == .zar ? $0.priced.margin.decimalText : nil
      }
    },
    .init(name: "Value Date") { $0.valueDate?.description },
  ]

  /// The amount in a currency of the pair; nil for another one, and for what no quote has told yet.
  private func flow(of currency: Currency, isPaid: Bool) -> String? {
    let legs = [deal.amount] + (figures.map { [$0.priced.counterAmount] } ?? [])
    guard let leg = legs.first(where: { $0.currency == currency }) else { return nil }
    let isBought = (currency == deal.pair.base) == (deal.side == .buy)
    return isBought == isPaid ? "-\(leg.decimalText)" : leg.decimalText
  }
}

extension Delivery {
  /// As the desk's files write it.
  var deskWord: String {
    switch self {
    case .cash: "same_day"
    case .tom: "next_day"
    case .spot: "spot"
    }
  }
}
