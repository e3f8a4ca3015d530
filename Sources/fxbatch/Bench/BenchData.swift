import FXDomain
import FXFiles
import FXPorts
import Foundation

/// The invented clients and trades of a benchmark.
enum BenchData {
  static let clients = 1_000

  static let records: [ClientRecord] = (0..<clients).map { number in
    ClientRecord(
      name: "Client \(number)", cifNumber: cif(number), spread: Pips(rateUnits: 0),
      accounts: [Currency.usd, .zar].map { currency in
        SettlementAccount(
          cifNumber: cif(number), currency: currency, accountNumber: "\(currency)\(number)",
          status: .open)
      })
  }

  private static func cif(_ number: Int) -> String { "\(100_000 + number % clients)" }

  private static func reference(_ number: Int) -> String { "PAY-2026-\(10_000_000 + number)" }

  /// In minor units, all different within a client.
  private static func amount(_ number: Int) -> Int64 { 10_000_00 + Int64(number) * 7 }

  static func rows(_ numbers: Range<Int>) -> [TradeRow] {
    let pair = CurrencyPair("USD/ZAR")
    guard let pair else { preconditionFailure("two currencies make a pair") }
    return numbers.map { number in
      TradeRow(
        row: number - numbers.lowerBound + 1, cifNumber: cif(number),
        amount: Money(minorUnits: amount(number), currency: .zar), pair: pair,
        side: number % 3 == 0 ? .sell : .buy, reference: reference(number))
    }
  }

  /// A file of trades as a desk sends it.
  static func write(trades: Int, to path: String) throws {
    guard FileManager.default.createFile(atPath: path, contents: nil),
      let file = FileHandle(forWritingAtPath: path)
    else { throw Complaint("\(path) cannot be written.", .badInput) }
    var text = "Client CIF,Amount ZAR,CurPair,Side,Deal Type,Spread,Reference\n"
    for number in 0..<trades {
      let cents = amount(number)
      text += "\(cif(number)),\(cents / 100).\(cents % 100 / 10)\(cents % 10),USD/ZAR,"
      text += "\(number % 3 == 0 ? "sell" : "buy"),spot,\(number % 50),\(reference(number))\n"
      if text.utf8.count > 1 << 16 {
        try file.write(contentsOf: Data(text.utf8))
        text = ""
      }
    }
    try file.write(contentsOf: Data(text.utf8))
    try file.close()
  }
}
