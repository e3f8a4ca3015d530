import FXBankSandbox
import FXDomain
import FXFiles
import FXSimulation

/// What the demonstration plays: invented clients, four batches of their trades, and what the bank
/// does wrong. Everything follows from the seed.
struct DemoScript: Sendable {
  static let clients = 40
  /// Enough for "half-way" to mean something.
  static let tradesPerBatch = 20...1_000

  enum Fate: Sendable {
    case untouched
    case pausedAndResumed
    case faults
    case cancelled

    var words: String {
      switch self {
      case .untouched: "undisturbed"
      case .pausedAndResumed: "paused and resumed"
      case .faults: "faults of the bank"
      case .cancelled: "cancelled half-way"
      }
    }

    /// How the batch has to end.
    func expects(_ status: BatchStatus, _ counts: TradeCounts) -> Bool {
      switch self {
      case .untouched, .pausedAndResumed: status == .success
      case .faults: status == .partialSuccess && counts.failed > 0 && counts.cancelled == 0
      case .cancelled: status == .partialSuccess && counts.cancelled > 0 && counts.failed == 0
      }
    }
  }

  struct Part: Sendable {
    let name: String
    let pricing: PricingMode
    let priority: Int
    let concurrency: Int
    let side: Side
    let fate: Fate
    /// Of the batch's clients; no two batches share one.
    let cifNumbers: [String]

    var file: String { "\(name).csv" }
  }

  /// One thing that the bank will do wrong, once, with one customer.
  struct Misdeed: Sendable {
    let call: BankCall
    let fault: BankFault
    let cifNumber: String
    /// What the bank does, which we cannot know at that time.
    let words: String
  }

  let seed: UInt64
  let trades: Int
  let parts: [Part]

  init(seed: UInt64, trades: Int) {
    self.seed = seed
    self.trades = trades
    let each = Self.clients / 4
    func part(
      _ place: Int, _ name: String, _ pricing: PricingMode, priority: Int, concurrency: Int,
      _ side: Side, _ fate: Fate
    ) -> Part {
      Part(
        name: name, pricing: pricing, priority: priority, concurrency: concurrency, side: side,
        fate: fate, cifNumbers: (place * each..<(place + 1) * each).map(Self.cifNumber))
    }
    parts = [
      part(0, "importers", .bank, priority: 9, concurrency: 6, .buy, .untouched),
      part(1, "treasury", .otc, priority: 7, concurrency: 4, .buy, .pausedAndResumed),
      part(2, "stormy", .bank, priority: 5, concurrency: 4, .buy, .faults),
      part(3, "exporters", .bank, priority: 3, concurrency: 2, .sell, .cancelled),
    ]
  }

  static let currencies: [Currency] = [.usd, .eur, .gbp]

  static func cifNumber(_ place: Int) -> String { "CIF\(9_001 + place)" }
  static func account(_ currency: Currency, of cifNumber: String) -> String {
    "\(currency.code)\(cifNumber.dropFirst(3))00"
  }

  /// What goes wrong: each kind once, and each with another client of the stormy batch, but for the
  /// last client, whose first trade the desk's own check refuses.
  var misdeeds: [Misdeed] {
    let kinds: [(call: BankCall, fault: BankFault, words: String)] = [
      (.book, .lostAfter, "books the deal; its answer is lost"),
      (.book, .lostBefore, "loses the booking; nothing is booked"),
      (.book, .refusal, "refuses the booking"),
      (.book, .errorAfter, "books the deal, and answers 5xx"),
      (.book, .late, "hangs up, and books only later"),
      (.book, .rateMismatch, "refuses the booking's rate"),
      (.quote, .refusal, "refuses to quote"),
      (.book, .garbled, "books the deal; half its answer is missing"),
      (.latestQuote, .internal, "fails to tell the rate, once"),
    ]
    return parts.filter { $0.fate == .faults }.flatMap { part in
      zip(kinds, part.cifNumbers.dropLast()).map { kind, cifNumber in
        Misdeed(call: kind.call, fault: kind.fault, cifNumber: cifNumber, words: kind.words)
      }
    }
  }

  // MARK: Files

  /// A clients file.
  var clientsFile: [UInt8] {
    var chance = Chance(seed: seed)
    var names = Self.firstWords.flatMap { first in
      Self.secondWords.map { "\(first) \($0)" }
    }
    names.shuffle(using: &chance)
    var writer = CSVWriter()
    let currencies = [.zar] + Self.currencies
    writer.write(
      ["Client", "Client CIF", "Fixed Spread"] + currencies.map { "\($0.code) Account" })
    for place in 0..<Self.clients {
      let cifNumber = Self.cifNumber(place)
      let kind = Self.kinds[Int(chance.pick(0...Int64(Self.kinds.count - 1)))]
      writer.write(
        ["\(names[place]) \(kind)", cifNumber, "\(chance.pick(150...450))"]
          + currencies.map { Self.account($0, of: cifNumber) })
    }
    return writer.drain()
  }

  /// A trades file.
  func file(of part: Part) -> [UInt8] {
    var chance = Chance(seed: seed &* 31 &+ UInt64(part.priority))
    var writer = CSVWriter()
    writer.write([
      "Client CIF", "CurPair", "Side", "Amount", "Currency", "Spread", "Reference",
    ])
    for row in 1...trades {
      let foreign = Self.currencies[Int(chance.pick(0...2))]
      // A seller thinks in the currency that was earned, a buyer mostly in rand.
      let isForeign = part.side == .sell || chance.happens(perMille: 250)
      let amount = Money(
        minorUnits: isForeign
          ? chance.pick(1_000...90_000) * 100 : chance.pick(25_000_00...950_000_00),
        currency: isForeign ? foreign : .zar)
      let isLossMaking = part.fate == .faults && row == part.cifNumbers.count
      writer.write([
        part.cifNumbers[(row - 1) % part.cifNumbers.count], "\(foreign)/ZAR", part.side.rawValue,
        amount.decimalText, amount.currency.code, isLossMaking ? "-20" : "",
        "\(part.name.prefix(3).uppercased())\(row)",
      ])
    }
    return writer.drain()
  }

  // Of things and trades only, so that no name is a person's.
  private static let firstWords = [
    "Amber", "Basalt", "Cobalt", "Copper", "Ember", "Granite", "Harbour", "Indigo", "Juniper",
    "Quartz",
  ]
  private static let secondWords = [
    "Anvil", "Beacon", "Compass", "Dune", "Estuary", "Ferry", "Gantry", "Heron", "Kettle",
    "Lantern",
  ]
  private static let kinds = ["Trade", "Imports", "Mills", "Tools", "Foods", "Optics", "Freight"]
}
