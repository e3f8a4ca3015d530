/// A batch that is made again and again: how it is run, and its rows. Its rows are read apart from it.
public struct Template: Hashable, Sendable {
  public var id: Identifier
  /// Only one template has it.
  public var name: String
  public var pricing: PricingMode
  public var priority: Int
  public var maxConcurrentTrades: Int
  public var policy: BatchPolicy
  /// How many rows it has.
  public var rows: Int
  public var createdAt: Timestamp
  public var createdBy: String
  public var updatedAt: Timestamp

  public init(
    id: Identifier, name: String, pricing: PricingMode, priority: Int, maxConcurrentTrades: Int,
    policy: BatchPolicy, rows: Int, createdAt: Timestamp, createdBy: String, updatedAt: Timestamp
  ) {
    self.id = id
    self.name = name
    self.pricing = pricing
    self.priority = priority
    self.maxConcurrentTrades = maxConcurrentTrades
    self.policy = policy
    self.rows = rows
    self.createdAt = createdAt
    self.createdBy = createdBy
    self.updatedAt = updatedAt
  }
}

/// One trade of a template. Its client is named as a file names one, and is looked up when a batch is
/// made of it.
public struct TemplateRow: Hashable, Sendable {
  /// From 1, without gaps.
  public var row: Int
  public var cifNumber: String
  public var deal: Deal
  public var delivery: Delivery
  public var allowance: Allowance?
  public var spread: Pips
  /// The row is priced `fixed` whatever the template's mode.
  public var fixedRate: Rate?
  public var externalRef: String?

  public init(
    row: Int, cifNumber: String, deal: Deal, delivery: Delivery, allowance: Allowance?,
    spread: Pips, fixedRate: Rate?, externalRef: String?
  ) {
    self.row = row
    self.cifNumber = cifNumber
    self.deal = deal
    self.delivery = delivery
    self.allowance = allowance
    self.spread = spread
    self.fixedRate = fixedRate
    self.externalRef = externalRef
  }
}

public enum TemplateBounds {
  /// Of one template; larger batches come as files.
  public static let rows = 10_000
  /// Of the installation.
  public static let templates = 1_000
}
