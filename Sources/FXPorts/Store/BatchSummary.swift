import FXDomain

/// What a batch's trades amount to, as a store keeps it: changed in the transactions that change the
/// trades, and always equal to them.
public struct BatchSummary: Hashable, Sendable {
  /// Has an entry for every terms that a trade of the batch has.
  public var sums: [DealTerms: DealSums]
  /// Failed trades by code, most frequent first, then in the order of the codes' names.
  public let failures: [FailureGroup]

  public init(sums: [DealTerms: DealSums] = [:], failures: [FailureGroup] = []) {
    self.sums = sums
    self.failures = failures.sorted {
      $0.count != $1.count ? $0.count > $1.count : $0.code.rawValue < $1.code.rawValue
    }
  }

  /// The sums by currency, over all pairs.
  public var totals: BatchTotals {
    func byCurrency(_ amount: (DealTerms, DealSums) -> (Currency, Int128)) -> [MoneySum] {
      Dictionary(sums.map(amount), uniquingKeysWith: +)
        .map { MoneySum(minorUnits: $0.value, currency: $0.key) }
        .sorted { $0.currency < $1.currency }
    }
    return BatchTotals(
      requested: byCurrency { ($0.currency, $1.requested) },
      dealt: byCurrency { ($0.currency, $1.dealt) },
      countered: byCurrency { ($0.pair.counter(of: $0.currency), $1.countered) },
      margin: byCurrency { ($0.pair.quote, $1.margin) },
      roundingDifference: byCurrency { ($0.pair.quote, $1.roundingDifference) })
  }
}

public struct FailureGroup: Hashable, Sendable {
  public var code: FailureCode
  public var count: Int
  /// The message of the first of them, in the order of rows.
  public var example: String

  public init(code: FailureCode, count: Int, example: String) {
    self.code = code
    self.count = count
    self.example = example
  }
}

/// Exact sums of a batch, by currency, sorted by currency. A currency that trades were asked for in
/// stays when none of them is dealt, with a sum of zero.
public struct BatchTotals: Hashable, Sendable {
  /// Deal amounts of all trades.
  public let requested: [MoneySum]
  /// Deal amounts and counter amounts of trades booked or completed.
  public let dealt: [MoneySum]
  public let countered: [MoneySum]
  public let margin: [MoneySum]
  public let roundingDifference: [MoneySum]
}

/// A batch's summary as it is kept, and as its trades make it at the same moment.
public struct Recount: Hashable, Sendable {
  public var kept: BatchSummary
  public var counted: BatchSummary
  /// What the trades count against limits.
  public var keptUsage: Usage
  public var countedUsage: Usage

  public init(
    kept: BatchSummary, counted: BatchSummary, keptUsage: Usage = Usage(),
    countedUsage: Usage = Usage()
  ) {
    self.kept = kept
    self.counted = counted
    self.keptUsage = keptUsage
    self.countedUsage = countedUsage
  }
}
