import Crypto
import FXDomain

/// What a person who releases a batch has seen, as one number that any change makes another.
public enum ContentHash {
  /// SHA-256 over the terms of trades, added one by one.
  public struct Terms {
    private var sha = SHA256()
    private var fields = Fields()

    public init() {}

    public mutating func add(_ trade: TradeDraft) {
      fields.bytes.removeAll(keepingCapacity: true)
      fields.add(trade)
      sha.update(data: fields.bytes)
    }

    public func digest() -> [UInt8] { Array(sha.finalize()) }
  }

  /// SHA-256 over the terms of trades, in their order.
  public static func terms(of trades: some Sequence<TradeDraft>) -> [UInt8] {
    var terms = Terms()
    for trade in trades { terms.add(trade) }
    return terms.digest()
  }

  /// SHA-256 over the batch's name, pricing, policy and the terms of its trades.
  public static func content(of batch: Batch) -> [UInt8] {
    var fields = Fields()
    fields.add(batch.name)
    fields.add(batch.pricing.rawValue)
    let policy = batch.policy
    fields.add(policy.onFailure.rawValue)
    fields.add(policy.toleratedFailures.map { Int64($0) })
    fields.add(policy.toleratedFailurePercent.map { Int64($0) })
    fields.add(Int64(policy.maxAttempts))
    for category in FailureCategory.allCases {
      let rule = policy.retries[category]
      fields.add(Int64(rule.tries))
      fields.add(rule.firstDelayMilliseconds)
      fields.add(rule.greatestDelayMilliseconds)
    }
    fields.add(policy.minimumMargin.rateUnits)
    fields.add(policy.approval.rawValue)
    return Array(SHA256.hash(data: fields.bytes + batch.termsHash))
  }

  /// Two hexadecimal digits for each byte, as people and programs are shown a hash.
  public static func text(of hash: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(
      decoding: hash.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

extension Batch {
  /// What an approver names: 64 hexadecimal digits.
  public var contentHash: String { ContentHash.text(of: ContentHash.content(of: self)) }
}

/// Fields one after another, each so that no two lists of fields read alike.
private struct Fields {
  var bytes: [UInt8] = []

  mutating func add(_ number: Int64?) {
    guard let number else { return bytes.append(0) }
    bytes.append(8)
    withUnsafeBytes(of: number.bigEndian) { bytes.append(contentsOf: $0) }
  }

  mutating func add(_ text: String?) {
    guard let text else { return bytes.append(0) }
    add(Int64(text.utf8.count))
    bytes.append(contentsOf: text.utf8)
  }

  mutating func add(_ trade: TradeDraft) {
    add(Int64(trade.row))
    add(trade.client.value)
    add(trade.deal.pair.base.code)
    add(trade.deal.pair.quote.code)
    add(trade.deal.side.rawValue)
    add(trade.deal.amount.currency.code)
    add(trade.deal.amount.minorUnits)
    add(trade.delivery.rawValue)
    add(trade.valueDate.map { Int64($0.dayNumber) })
    add(trade.allowance?.rawValue)
    add(trade.externalRef)
    add(trade.spread.rateUnits)
    add(trade.fixedRate?.units)
  }
}
