import FXDomain

/// One trade as a file gives it.
///
/// The order of the stored properties leaves no padding between them: a file may hold 300,000.
public struct TradeRow: Hashable, Sendable {
  public let cifNumber: String
  /// The caller's own reference, from the column `Reference`.
  public let reference: String?
  /// The rate given in the file, whether or not the row is fixed.
  public let fixedRate: Rate?
  public let side: Side
  public let delivery: Delivery
  public let allowance: Allowance?
  private let compactNumber: Int32
  /// In pips; nil stands for the client's default.
  public let spread: Pips?
  /// `Fix Rate?`: this row deals at its fixed rate, whatever the batch's pricing.
  public let isFixed: Bool
  public let pair: CurrencyPair
  /// In either currency of the pair, above zero.
  public let amount: Money

  /// The data row, counted from 1.
  public var row: Int { Int(compactNumber) }

  public init(
    row: Int, cifNumber: String, amount: Money, pair: CurrencyPair, side: Side = .buy,
    delivery: Delivery = .spot, allowance: Allowance? = nil, isFixed: Bool = false,
    fixedRate: Rate? = nil, spread: Pips? = nil, reference: String? = nil
  ) {
    self.compactNumber = Int32(row)
    self.cifNumber = cifNumber
    self.amount = amount
    self.pair = pair
    self.side = side
    self.delivery = delivery
    self.allowance = allowance
    self.isFixed = isFixed
    self.fixedRate = fixedRate
    self.spread = spread
    self.reference = reference
  }
}

public typealias TradeFileResult = FileResult<TradeRow>

/// Reads a trades file in pieces of any size. Memory holds the rows, or the first problems.
public struct TradeFileParser: Sendable {
  private var file = FileParser<TradeFormat>()

  public init() {}

  /// Nothing more can be learned from the file, so the rest of it need not be fed.
  public var isStopped: Bool { file.isStopped }

  /// Takes the next bytes of the file.
  public mutating func consume(_ chunk: Span<UInt8>) { file.consume(chunk) }

  /// Takes the next bytes of the file.
  public mutating func consume(_ chunk: [UInt8]) { file.consume(chunk.span) }

  /// Ends the file: all its rows, or all its problems. To be called once.
  public mutating func finish() -> TradeFileResult { file.finish() }

  /// The rows that are good in themselves, also of a file that is refused: so that what the desk's
  /// rules find wrong with them can be told in the same answer.
  public var goodRows: [TradeRow] { file.rows }

  /// Rows of which only the amount is bad, the first of them; in its place they have one minor unit.
  public var rowsBesidesAmount: [TradeRow] { file.format?.rowsBesidesAmount ?? [] }

  /// How the header calls the columns that it has, by their usual names.
  public var columnNames: [String: String] { file.format?.columnNames ?? [:] }
}

/// The columns of a trades file, and the rules that join the cells of a row.
struct TradeFormat: RowFormat {
  private enum Amount {
    case rand(Column?)
    case inCurrency(amount: Column?, currency: Column?)
  }

  private static let usdZAR: CurrencyPair = {
    guard let pair = CurrencyPair(base: .usd, quote: .zar) else {
      preconditionFailure("two currencies make a pair")
    }
    return pair
  }()

  private let cif: Column?
  private let amount: Amount
  private let pair: Column?
  private let side: Column?
  private let dealType: Column?
  private let allowance: Column?
  private let isFixed: Column?
  private let fixedRate: Column?
  private let spread: Column?
  private let reference: Column?
  /// CIF numbers too long to lie within a `String` itself: each is kept once, not once per row.
  private var longCIFs: Set<String> = []
  private static let inlineStringBytes = 15
  private(set) var rowsBesidesAmount: [TradeRow] = []
  /// The pair read last, which is mostly the next one too.
  private var lastPair: (text: String, pair: CurrencyPair)?

  init(_ header: inout Header) {
    cif = header.need("Client CIF")
    amount = Self.amount(&header)
    pair = header.take("CurPair")
    side = header.take("Side")
    dealType = header.take("Deal Type")
    allowance = header.take("External Ref")
    isFixed = header.take("Fix Rate?")
    fixedRate = header.take("Fixed Rate")
    spread = header.take("Spread", "Fixed Spread")
    reference = header.take("Reference")
  }

  var columnNames: [String: String] {
    let (amount, currency) =
      switch amount {
      case .rand(let column): (column, column)
      case .inCurrency(let amount, let currency): (amount, currency)
      }
    let columns = [
      "Client CIF": cif, "Amount": amount, "Currency": currency, "CurPair": pair,
      "Deal Type": dealType, "Fixed Rate": fixedRate, "Spread": spread,
    ]
    return columns.compactMapValues { $0?.name }
  }

  private static func amount(_ header: inout Header) -> Amount {
    let rand = header.take("Amount ZAR", "Sell Amount ZAR")
    let amount = header.take("Amount")
    let currency = header.take("Currency")
    if let rand {
      if let other = amount ?? currency {
        header.refuse(
          .conflictingColumns, other,
          "Keep either \(rand.name), or Amount with Currency, but not both.")
      }
      return .rand(rand)
    }
    switch (amount, currency) {
    case (nil, nil): header.miss("Amount ZAR (or Amount with Currency)")
    case (nil, _?): header.miss("Amount")
    case (_?, nil): header.miss("Currency")
    case (_?, _?): break
    }
    return .inCurrency(amount: amount, currency: currency)
  }

  mutating func row(_ cells: inout RowCells) -> TradeRow? {
    let cif = cells.required(cif, CellValue.cifNumber)
    let pair = cells.value(pair, else: Self.usdZAR) { text throws(CellProblem) in
      try readPair(text)
    }
    let before = cells.problems.count
    let amount = readAmount(&cells, pair: pair)
    let amountProblems = cells.problems.count - before
    let side = cells.value(side, else: .buy, CellValue.side)
    let delivery = cells.value(dealType, else: .spot, CellValue.dealType)
    let allowance = optional(allowance, &cells, CellValue.allowance)
    let isFixed = cells.value(isFixed, else: false, CellValue.flag)
    let fixedRate = optional(fixedRate, &cells, CellValue.rate)
    let spread = optional(spread, &cells, CellValue.spread)
    let reference = optional(reference, &cells, CellValue.reference)
    if isFixed == true, fixedRate == .some(nil) {
      cells.refuse(
        self.fixedRate?.name ?? self.isFixed?.name,
        CellProblem(
          .missingFixedRate, "Give a Fixed Rate above zero, or answer no under Fix Rate?."))
    }
    guard cells.problems.count == amountProblems, let cif, let pair, let side, let delivery,
      let allowance, let isFixed, let fixedRate, let spread, let reference
    else { return nil }
    let isBad = amount == nil || amountProblems > 0
    let row = TradeRow(
      row: cells.row.number, cifNumber: shared(cif),
      amount: amount ?? Money(minorUnits: 1, currency: pair.quote), pair: pair, side: side,
      delivery: delivery, allowance: allowance, isFixed: isFixed, fixedRate: fixedRate,
      spread: spread, reference: reference)
    guard isBad else { return row }
    if rowsBesidesAmount.count < FileBounds.maximumKeptProblems { rowsBesidesAmount.append(row) }
    return nil
  }

  private mutating func readPair(_ text: String) throws(CellProblem) -> CurrencyPair {
    if let lastPair, lastPair.text == text { return lastPair.pair }
    let pair = try CellValue.pair(text)
    lastPair = (text, pair)
    return pair
  }

  /// The amount, and that its currency is one of the pair's. A bad pair or currency was reported
  /// already and is not reported again through the amount.
  private func readAmount(_ cells: inout RowCells, pair: CurrencyPair?) -> Money? {
    let currency: Currency?
    let amountColumn: Column?
    let currencyColumn: Column?
    switch amount {
    case .rand(let column):
      currency = .zar
      (amountColumn, currencyColumn) = (column, column)
    case .inCurrency(let column, let named):
      currency = cells.required(named, CellValue.currency)
      (amountColumn, currencyColumn) = (column, named)
    }
    if let currency, let pair, !pair.contains(currency) {
      cells.refuse(
        currencyColumn?.name,
        CellProblem(.currencyNotInPair, "Give the amount in \(pair.base) or \(pair.quote)."))
    }
    return cells.required(amountColumn) { text throws(CellProblem) in
      guard let currency else { return nil }
      return try CellValue.amount(text, in: currency)
    } ?? nil
  }

  /// A cell that may be empty: nil when it is bad, `.some(nil)` when it is not given.
  private func optional<Value>(
    _ column: Column?, _ cells: inout RowCells,
    _ read: (String) throws(CellProblem) -> Value
  ) -> Value?? {
    cells.value(column, else: Value?.none) { text throws(CellProblem) in try read(text) }
  }

  private mutating func shared(_ cif: String) -> String {
    guard cif.utf8.count > Self.inlineStringBytes else { return cif }
    return longCIFs.insert(cif).memberAfterInsert
  }
}
