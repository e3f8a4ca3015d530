/// A currency of ISO 4217, with its number of minor-unit decimals.
///
/// Only currencies of the list exist: an unknown code has no value of this type.
public struct Currency: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// The three ASCII letters, packed, so that a currency costs four bytes and compares by code.
  private let packed: UInt32
  /// Decimals of the minor unit: 2 for ZAR, 0 for JPY, 3 for KWD.
  public let minorUnitDigits: UInt8

  /// The currency of an upper-case ISO 4217 code, or nil when the list has none.
  public init?(_ code: some StringProtocol) {
    guard let packed = Self.pack(code), let digits = Self.minorUnits[packed] else { return nil }
    self.packed = packed
    self.minorUnitDigits = digits
  }

  private init(listed code: StaticString) {
    guard let known = Currency(code.description) else {
      preconditionFailure("\(code) is not on the list")
    }
    self = known
  }

  public var code: String {
    String(
      decoding: [UInt8(packed >> 16 & 0xff), UInt8(packed >> 8 & 0xff), UInt8(packed & 0xff)],
      as: UTF8.self)
  }

  public var description: String { code }

  public static func < (left: Currency, right: Currency) -> Bool { left.packed < right.packed }

  public static let zar = Currency(listed: "ZAR")
  public static let usd = Currency(listed: "USD")
  public static let eur = Currency(listed: "EUR")
  public static let gbp = Currency(listed: "GBP")
  public static let jpy = Currency(listed: "JPY")

  /// Every currency known, by code.
  public static var all: [Currency] {
    minorUnits.keys.sorted().compactMap { packed in
      Currency(
        String(
          decoding: [UInt8(packed >> 16 & 0xff), UInt8(packed >> 8 & 0xff), UInt8(packed & 0xff)],
          as: UTF8.self))
    }
  }

  private static func pack(_ code: some StringProtocol) -> UInt32? {
    var packed: UInt32 = 0
    var length = 0
    for byte in code.utf8 {
      guard length < 3, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) else { return nil }
      packed = packed << 8 | UInt32(byte)
      length += 1
    }
    return length == 3 ? packed : nil
  }

  /// ISO 4217 active national currencies, grouped by the decimals of their minor unit.
  private static let minorUnits: [UInt32: UInt8] = {
    let byDigits: [(UInt8, String)] = [
      (0, "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF"),
      (3, "BHD IQD JOD KWD LYD OMR TND"),
      (
        2,
        """
        AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BRL BSD BTN BWP BYN BZD CAD \
        CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD \
        GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL \
        MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN \
        PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP \
        SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VED VES WST XCD YER ZAR ZMW ZWG
        """
      ),
    ]
    var table: [UInt32: UInt8] = [:]
    for (digits, codes) in byDigits {
      for code in codes.split(separator: " ") {
        guard let packed = pack(code) else { preconditionFailure("\(code) is no code") }
        table[packed] = digits
      }
    }
    return table
  }()
}
