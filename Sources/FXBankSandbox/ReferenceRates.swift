import FXDomain

/// The European Central Bank's reference rates of one day: units of each currency per euro.
struct ReferenceRates: Hashable, Sendable {
  /// The day of the table that the rates are of.
  let day: CivilDate
  private let perEuro: [Currency: Rate]

  /// The rates of the last day in the table that is not after `day`; of the last of all for nil.
  init(on day: CivilDate? = nil) throws(SandboxError) {
    let lines = PackageResources.ecb_reference_rates_csv.split(separator: UInt8(ascii: "\n"))
      .filter { $0.first != UInt8(ascii: "#") }
    guard let header = lines.first.map(Self.fields) else {
      preconditionFailure("the table of reference rates has a header")
    }
    for line in lines.dropFirst().reversed() {
      let fields = Self.fields(line)
      guard let tableDay = CivilDate(fields[0]) else {
        preconditionFailure("\(fields[0]) is no day")
      }
      if let day, tableDay > day { continue }
      self.day = tableDay
      var perEuro: [Currency: Rate] = [.eur: Rate(units: Self.one)]
      for (code, text) in zip(header, fields).dropFirst() {
        guard let currency = Currency(code), let rate = Self.rate(text) else {
          preconditionFailure("\(code) \(text) is no rate")
        }
        perEuro[currency] = rate
      }
      self.perEuro = perEuro
      return
    }
    throw .noRates(before: day)
  }

  /// Quote units per base unit, rounded half-up to four decimals; nil for a pair that is not dealt:
  /// the sandbox deals the table's currencies against the rand.
  func rate(of pair: CurrencyPair) -> Rate? {
    guard pair.quote == .zar, let base = perEuro[pair.base], let quote = perEuro[pair.quote] else {
      return nil
    }
    let units = (Int128(quote.units) * 10_000 + Int128(base.units) / 2) / Int128(base.units)
    return Int64(exactly: units).map { Rate(units: $0 * Self.pip) }
  }

  /// The rate of the `number`-th quote: the reference rate moved by up to five pips, in tenths of a
  /// pip, as the seed has it.
  func rate(of pair: CurrencyPair, seed: UInt64, number: Int64) -> Rate? {
    let tenths = Int64(seededMix(seed, UInt64(bitPattern: number)) % 101) - 50
    return rate(of: pair).map { Rate(units: $0.units + tenths * Self.pip / 10) }
  }

  private static let one: Int64 = 100_000_000
  private static let pip: Int64 = 10_000

  private static func fields(_ line: some Collection<UInt8>) -> [String] {
    line.split(separator: UInt8(ascii: ",")).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func rate(_ text: String) -> Rate? {
    do {
      return try Rate(text)
    } catch {
      return nil
    }
  }
}
