import FXDomain
import FXFiles

/// How a batch is to be run, as the desk says it beside the rows.
public struct BatchOptions: Hashable, Sendable {
  /// 1 to 200 characters, none of them a control character.
  public var name: String
  public var pricing: PricingMode
  /// 1 to 10, highest first; what lies beyond is taken for the nearest.
  public var priority: Int
  /// 1 to 100.
  public var maxConcurrentTrades: Int
  public var policy: BatchPolicy
  /// Puts the batch into the queue at once.
  public var starts: Bool
  /// Rows that repeat another row, or a trade of the last day, are wanted.
  public var allowsDuplicates: Bool
  /// Who is told what becomes of it.
  public var callbacks: [Endpoint]

  public init(
    name: String, pricing: PricingMode, priority: Int = 5, maxConcurrentTrades: Int = 5,
    policy: BatchPolicy = .init(), starts: Bool, allowsDuplicates: Bool,
    callbacks: [Endpoint] = []
  ) {
    self.name = name
    self.pricing = pricing
    self.priority = priority
    self.maxConcurrentTrades = maxConcurrentTrades
    self.policy = policy
    self.starts = starts
    self.allowsDuplicates = allowsDuplicates
    self.callbacks = callbacks
  }

  /// Everything that is wrong with these options, in full sentences.
  public var problems: [String] {
    BatchBounds.problems(
      name: name, maxConcurrentTrades: maxConcurrentTrades, policy: policy)
  }
}

/// What the desk has configured about new batches.
public struct IntakeSettings: Sendable {
  public var maxRows: Int
  /// How far back a trade counts as a duplicate.
  public var duplicateWindowMilliseconds: Int64
  public var valueDates: ValueDates
  public var cutOffs: CutOffs
  public var deskClock: DeskClock
  /// An OTC rate older than this prices nothing.
  public var otcRateAgeMilliseconds: Int64
  /// How far a quote may lie from the OTC rate, in basis points of it; nil for any distance.
  public var collarBasisPoints: Int?
  public var approval: ApprovalRule
  /// An approval older than this is void.
  public var approvalMilliseconds: Int64
  /// By which the store looks at what is put under way.
  public var rules: DeskRules

  public init(
    maxRows: Int = FileBounds.maximumDataRows, duplicateWindowMilliseconds: Int64 = 86_400_000,
    valueDates: ValueDates = ValueDates(), cutOffs: CutOffs = .none,
    deskClock: DeskClock = .johannesburg, otcRateAgeMilliseconds: Int64 = 86_400_000,
    collarBasisPoints: Int? = 500, approval: ApprovalRule = .byPolicy,
    approvalMilliseconds: Int64 = 86_400_000, rules: DeskRules = DeskRules()
  ) {
    self.maxRows = maxRows
    self.duplicateWindowMilliseconds = duplicateWindowMilliseconds
    self.valueDates = valueDates
    self.cutOffs = cutOffs
    self.deskClock = deskClock
    self.otcRateAgeMilliseconds = otcRateAgeMilliseconds
    self.collarBasisPoints = collarBasisPoints
    self.approval = approval
    self.approvalMilliseconds = approvalMilliseconds
    self.rules = rules
  }
}

/// Why rows did not become a batch. Nothing was stored.
public enum IntakeRefusal: Error, Hashable, Sendable {
  /// Rows that break a rule of the desk.
  case problems(FileProblems)
  /// Options that cannot be, each told in a full sentence.
  case options([String])
  /// The batch is to start at once, and asks for another person's approval first.
  case approvalRequired
  /// The same request has made this batch before.
  case repeated
  /// The batch whose trades were to be changed does not allow it.
  case batch(BatchRefusal)
  /// No trades of that batch, or named more than once.
  case unknownTrades([Identifier])
}
