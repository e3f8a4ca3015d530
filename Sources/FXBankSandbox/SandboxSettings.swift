import FXDomain

/// By which id GetTxnStatus finds a deal.
public enum StatusLookup: String, Hashable, Sendable, CaseIterable {
  /// By the `dealTransactionID` that the client chose.
  case byDealTransactionID
  /// By the `transactionId` in the header of the bank's booking answer.
  case byBankTransactionID
  /// By none: every id is `NOT_FOUND`.
  case none
}

/// How the sandbox behaves. All times are in milliseconds unless their name says otherwise.
public struct SandboxSettings: Sendable {
  /// A loopback address: the admin calls need no token.
  public var host = "127.0.0.1"
  /// 0 takes any free port.
  public var port = 0
  /// The bank's ledger; nil keeps it in memory.
  public var databasePath: String?
  /// Decides the rates of quotes and which calls meet which faults.
  public var seed: UInt64 = 1
  /// The day whose reference rates are dealt at; nil for the last one known.
  public var pricingDay: CivilDate?
  public var quoteLife: Int64 = 30_000
  /// From booking until the deal is `COMPLETED` or `FAILED`.
  public var settlementDelay: Int64 = 300
  /// From booking until GetTxnStatus shows the deal.
  public var statusLag: Int64 = 0
  public var tokenLifeSeconds: Int64 = 3_600
  /// How far the bank's clock is ahead of this machine's.
  public var clockSkew: Int64 = 0
  /// Waited before each call of the bank.
  public var latency: Int64 = 0
  public var lookup = StatusLookup.byDealTransactionID
  /// Whether a `dealTransactionID` that was booked before is refused. The bank is not known to.
  public var refuseRepeatedDealIDs = false
  /// Whether only accounts seeded through the admin calls exist. Otherwise every account that is
  /// asked for exists, with an ample balance.
  public var strictAccounts = false
  public var credentials = Credentials()
  public var faults = FaultPlan.none

  public init() {}

  /// What the token endpoint expects. The defaults are invented.
  public struct Credentials: Hashable, Sendable {
    public var clientID = "sandbox-client"
    public var clientSecret = "sandbox-secret"
    public var username = "dealer@sandbox.example"
    public var password = "sandbox-password"

    public init() {}
  }
}

/// Why a sandbox cannot start.
public enum SandboxError: Error, CustomStringConvertible {
  case noRates(before: CivilDate?)
  /// A setting, in words, and what it may be.
  case outOfRange(String, ClosedRange<Int64>)
  /// The ledger's file cannot be opened or is not a sandbox's.
  case ledger(any Error)

  public var description: String {
    switch self {
    case .noRates(let day):
      "sandbox: no reference rates are known \(day.map { "on or before \($0)" } ?? "at all")"
    case .outOfRange(let name, let range):
      "sandbox: \(name) must be from \(range.lowerBound) to \(range.upperBound)"
    case .ledger(let error): "sandbox: the ledger cannot be opened: \(error)"
    }
  }
}

extension SandboxSettings {
  /// A day bounds every time, so that no sum of them overflows; a token may live a year.
  func validate() throws(SandboxError) {
    let day: Int64 = 86_400_000
    let bounds: [(String, Int64, ClosedRange<Int64>)] = [
      ("port", Int64(port), 0...65_535), ("quote life", quoteLife, 0...day),
      ("settlement delay", settlementDelay, 0...day), ("status lag", statusLag, 0...day),
      ("latency", latency, 0...day), ("clock skew", clockSkew, -day...day),
      ("token life", tokenLifeSeconds, 1...31_536_000),
    ]
    for (name, value, range) in bounds where !range.contains(value) {
      throw .outOfRange(name, range)
    }
  }
}
