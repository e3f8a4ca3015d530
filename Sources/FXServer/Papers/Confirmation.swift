import Crypto
import FXDomain
import Foundation

/// What a client is given of one deal: a page that can be printed. It tells nothing of the bank's rate,
/// nor of what the desk earns.
struct Confirmation {
  let trade: Trade
  let deskClock: DeskClock

  /// Lets the page's one style in, which it carries itself so that it can be kept, and nothing else.
  static let contentSecurityPolicy: String = {
    let digest = Data(SHA256.hash(data: Data(style.utf8))).base64EncodedString()
    return "default-src 'none'; style-src 'sha256-\(digest)'; base-uri 'none'; form-action 'none'; "
      + "frame-ancestors 'none'"
  }()

  private static let style = """
    body { font: 12pt/1.5 Georgia, serif; color: #111; max-width: 42em; margin: 3em auto; \
    padding: 0 1.5em; }
    h1 { font-size: 18pt; border-bottom: 2px solid #111; padding-bottom: .3em; }
    table { width: 100%; border-collapse: collapse; }
    th { text-align: left; font-weight: normal; color: #555; width: 40%; vertical-align: top; }
    th, td { padding: .35em 0; border-bottom: 1px solid #ccc; overflow-wrap: anywhere; }
    p { color: #555; font-size: 10pt; }
    @page { size: A4; margin: 2cm; }
    @media print { body { margin: 0; padding: 0; max-width: none; } }
    """

  var html: String {
    let rows = rows.map { name, value in
      "<tr><th scope=\"row\">\(name.escapedHTML)</th><td>\(value.escapedHTML)</td></tr>"
    }
    return """
      <!doctype html>
      <html lang="en"><head><meta charset="utf-8">
      <meta name="viewport" content="width=device-width,initial-scale=1">
      <title>Deal confirmation \((trade.dealReference ?? trade.id.description).escapedHTML)</title>
      <style>\(Self.style)</style></head><body><main>
      <h1>Deal confirmation</h1>
      <table><tbody>
      \(rows.joined(separator: "\n"))
      </tbody></table>
      <p>Days are those of the dealing desk. \(settlement)</p>
      </main></body></html>

      """
  }

  private var settlement: String {
    trade.status == .completed
      ? "The deal is settled." : "The deal is booked with the bank; its settlement is under way."
  }

  private var rows: [(String, String)] {
    let deal = trade.deal
    let priced = trade.figures?.priced
    let counter = deal.pair.counter(of: deal.amount.currency)
    let legs = [
      deal.amount.currency: deal.amount.description,
      counter: priced?.counterAmount.description ?? "\(counter), amount not recorded",
    ]
    let (bought, sold) =
      deal.side == .buy ? (deal.pair.base, deal.pair.quote) : (deal.pair.quote, deal.pair.base)
    let known: [(String, String?)] = [
      ("Client", trade.clientName), ("Client number", trade.cifNumber),
      ("Deal reference", trade.dealReference),
      ("Trade date", trade.bookedAt.map { deskClock.date(of: $0).description }),
      ("Value date", trade.valueDate?.description), ("Client buys", legs[bought]),
      ("Client sells", legs[sold]),
      (
        "Rate",
        priced.map { "\($0.clientRate.decimalText) \(deal.pair.quote) for 1 \(deal.pair.base)" }
      ),
      ("Allowance", trade.allowance?.rawValue), ("Client's reference", trade.externalRef),
      ("Booked at", trade.bookedAt?.description), ("Our trade", trade.id.description),
      ("Deal transaction", trade.dealTransactionID?.description),
    ]
    return known.compactMap { name, value in value.map { (name, $0) } }
  }
}

extension String {
  /// As a text, or the value of an attribute between double quotes.
  var escapedHTML: String {
    replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
      .replacing("\"", with: "&quot;").replacing("'", with: "&#39;")
  }
}
