import FXDomain
import FXPorts

extension Desk {
  /// Sets the desk's own rates as a dealer would: looks at what the bank quotes, and lets the quote go.
  func setRates(asQuotedBy bank: any BankGateway) async throws -> [OTCRate] {
    var rates: [OTCRate] = []
    let cifNumber = DemoScript.cifNumber(0)
    for currency in DemoScript.currencies {
      guard let pair = CurrencyPair(base: currency, quote: .zar),
        let deal = Deal(
          pair: pair, side: .buy, amount: Money(minorUnits: 100_000_00, currency: .zar))
      else { preconditionFailure("a foreign currency and the rand make a pair") }
      let account = { (currency: Currency) in
        SettlementAccount(
          cifNumber: cifNumber, currency: currency,
          accountNumber: DemoScript.account(currency, of: cifNumber))
      }
      let valueDate = try ValueDates(closedDays: settings.closedDays).valueDate(
        for: pair, delivery: .spot, at: .now, clock: .johannesburg, cutOffs: .none)
      let request = QuoteRequest(
        cifNumber: cifNumber, from: account(.zar), to: account(currency), deal: deal,
        delivery: .spot, valueDate: valueDate.date, at: .now)
      guard case .success(let quote, _) = await bank.createQuote(request),
        case .success(let quoted, _) = await bank.latestQuote(quote.quoteID)
      else { throw Complaint("the sandbox quotes no \(pair).", .unavailable) }
      _ = await bank.cancelQuote(quote.quoteID)
      let set = try await store.setOTCRate(
        quoted.rate, for: pair, by: person.description, confirmed: true, jumpBasisPoints: 300)
      rates.append(try set.get())
    }
    return rates
  }
}
