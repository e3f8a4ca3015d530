import FXDomain

/// One client as a file gives it.
public struct ClientRow: Sendable {
  /// The data row, counted from 1.
  public let row: Int
  public let name: String
  public let cifNumber: String
  /// The client's default spread, in pips.
  public let spread: Pips
  /// At most one number per currency, in the order of the columns.
  public let accounts: [(currency: Currency, number: String)]
}

public typealias ClientFileResult = FileResult<ClientRow>

/// Reads a clients file in pieces of any size. Memory holds the rows, or the first problems.
public struct ClientFileParser: Sendable {
  private var file = FileParser<ClientFormat>()

  public init() {}

  /// Nothing more can be learned from the file, so the rest of it need not be fed.
  public var isStopped: Bool { file.isStopped }

  /// Takes the next bytes of the file.
  public mutating func consume(_ chunk: Span<UInt8>) { file.consume(chunk) }

  /// Takes the next bytes of the file.
  public mutating func consume(_ chunk: [UInt8]) { file.consume(chunk.span) }

  /// Ends the file: all its rows, or all its problems. To be called once.
  public mutating func finish() -> ClientFileResult { file.finish() }
}

/// The columns of a clients file. A client's CIF number stands in one row only.
struct ClientFormat: RowFormat {
  private let name: Column?
  private let cif: Column?
  private let spread: Column?
  private let accounts: [(currency: Currency, column: Column)]
  private var rowByCIF: [String: Int] = [:]

  init(_ header: inout Header) {
    name = header.need("Client")
    cif = header.need("Client CIF")
    spread = header.need("Fixed Spread")
    accounts = header.takeAll { (name: String) -> Currency? in
      let words = name.uppercased().split(separator: " ")
      return words.count == 2 && words[1] == "ACCOUNT" ? Currency(words[0]) : nil
    }.map { (currency: $0.0, column: $0.1) }
  }

  mutating func row(_ cells: inout RowCells) -> ClientRow? {
    let name = cells.required(name, CellValue.name)
    let number = cells.required(cif, CellValue.cifNumber)
    let spread = cells.required(spread, CellValue.spread)
    var found: [(currency: Currency, number: String)] = []
    for (currency, column) in accounts {
      let account = cells.value(column, else: nil) { text throws(CellProblem) -> String? in
        try CellValue.accountNumber(text)
      }
      if case .some(let account?) = account { found.append((currency, account)) }
    }
    if let number {
      if let first = rowByCIF[number] {
        cells.refuse(
          cif?.name,
          CellProblem(.duplicateInFile, "Remove this row or row \(first): both name this client."))
      } else {
        rowByCIF[number] = cells.row.number
      }
    }
    guard cells.problems.isEmpty, let name, let number, let spread else { return nil }
    return ClientRow(
      row: cells.row.number, name: name, cifNumber: number, spread: spread, accounts: found)
  }
}
