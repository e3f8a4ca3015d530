import FXDomain
import FXFiles

/// Amounts that rows are to have instead of their own, each in the row's deal currency.
struct NewAmounts {
  private struct Entry {
    let place: Int
    let row: Int?
    let cifNumber: String?
    let text: String
  }

  private var entries: [Entry] = []

  fileprivate mutating func add(_ place: Int, row: Int?, cifNumber: String?, text: String) {
    entries.append(Entry(place: place, row: row, cifNumber: cifNumber, text: text))
  }

  /// Gives the rows their amounts, or tells everything that is wrong with these.
  func apply(to rows: inout [TradeRow]) throws(Problem) {
    guard !entries.isEmpty else { return }
    var byRow: [Int: Int] = [:]
    var byClient: [String: [Int]] = [:]
    for (index, row) in rows.enumerated() {
      byRow[row.row] = index
      byClient[row.cifNumber, default: []].append(index)
    }
    var errors: [Problem.Detail] = []
    var changed: Set<Int> = []
    for entry in entries {
      func refuse(_ field: String, _ code: String, _ detail: String) {
        errors.append(
          .init(place: .pointer("/amounts/\(entry.place)/\(field)"), code: code, detail: detail))
      }
      let field = entry.row == nil ? "cif_number" : "row"
      let found = entry.row.map { byRow[$0].map { [$0] } ?? [] } ?? byClient[entry.cifNumber ?? ""]
      guard let found, let index = found.first else {
        refuse(field, "unknown_row", "No row is named so.")
        continue
      }
      guard found.count == 1 else {
        let numbers = found.prefix(10).map { String(rows[$0].row) }.joined(separator: ", ")
        refuse(
          field, "ambiguous_row", "\(found.count) rows are this client's: name one of \(numbers).")
        continue
      }
      guard changed.insert(index).inserted else {
        refuse(field, "repeated_row", "Another amount was given for row \(rows[index].row).")
        continue
      }
      do {
        let amount = try CellValue.amount(entry.text, in: rows[index].amount.currency)
        rows[index] = rows[index].over(amount)
      } catch {
        refuse("deal_amount", error.code.rawValue, error.detail)
      }
    }
    guard errors.isEmpty else { throw Problem(errors) }
  }
}

extension TradeRow {
  /// The same over another amount in the same currency.
  fileprivate func over(_ amount: Money) -> TradeRow {
    TradeRow(
      row: row, cifNumber: cifNumber, amount: amount, pair: pair, side: side, delivery: delivery,
      allowance: allowance, isFixed: isFixed, fixedRate: fixedRate, spread: spread,
      reference: reference)
  }
}

extension Fields {
  /// `amounts`: a list of `{"row" or "cif_number", "deal_amount"}`. A client names the only row that is
  /// theirs.
  mutating func newAmounts() -> NewAmounts {
    var amounts = NewAmounts()
    _ = objects("amounts", atMost: CallBounds.selectedTrades) { entry, place -> Bool? in
      let row = entry.integer("row", in: 1...FileBounds.maximumDataRows)
      let cif = entry.value("cif_number", CellValue.cifNumber)
      entry.require("deal_amount")
      let text = entry.decimal("deal_amount") { text throws(CellProblem) in text }
      if entry.has("row") == entry.has("cif_number") {
        entry.refuse("row", "empty", "Name either row or cif_number.")
      }
      if let text { amounts.add(place, row: row, cifNumber: cif, text: text) }
      return nil
    }
    return amounts
  }
}
