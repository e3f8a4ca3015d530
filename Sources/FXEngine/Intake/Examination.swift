import FXDomain
import FXFiles
import FXPorts

/// What the desk's rules say of a batch before it starts.
///
/// The first findings of each weight are kept, and all are counted.
public struct Examination: Hashable, Sendable {
  /// One thing that a rule says, of a trade or of the batch as a whole.
  public struct Item: Hashable, Sendable {
    public var row: Int?
    public var trade: Identifier?
    public var severity: DeskRules.Severity
    public var code: String
    /// The field that it is about, by its name in a file.
    public var column: String?
    /// One full sentence, with the figures.
    public var detail: String

    init(
      row: Int? = nil, severity: DeskRules.Severity, code: String, column: String? = nil,
      detail: String
    ) {
      self.row = row
      self.severity = severity
      self.code = code
      self.column = column
      self.detail = detail
    }

    init(_ finding: Finding) {
      self.init(
        row: finding.row, severity: finding.severity, code: finding.code.rawValue,
        detail: finding.detail)
      trade = finding.trade
    }

    init(_ problem: RowProblem) {
      self.init(
        row: problem.row, severity: .error, code: problem.code.rawValue, column: problem.column,
        detail: problem.detail)
    }
  }

  /// Trades that were looked at.
  public internal(set) var checked = 0
  public private(set) var errors = 0
  public private(set) var warnings = 0
  private var kept: [DeskRules.Severity: [Item]] = [:]

  public init() {}

  /// The first thousand errors and the first thousand warnings, in the order of rows.
  public var items: [Item] {
    (self[.error] + self[.warning]).enumerated().sorted {
      ($0.element.row ?? 0, $0.offset) < ($1.element.row ?? 0, $1.offset)
    }.map(\.element)
  }

  public subscript(severity: DeskRules.Severity) -> [Item] { kept[severity, default: []] }

  mutating func add(_ item: Item) {
    switch item.severity {
    case .error: errors += 1
    case .warning: warnings += 1
    }
    if kept[item.severity, default: []].count < IntakeBounds.keptFindings {
      kept[item.severity, default: []].append(item)
    }
  }

  mutating func add(_ items: some Sequence<Item>) { for item in items { add(item) } }

  mutating func add(_ problems: FileProblems) {
    add(problems.kept.lazy.map { Item($0) })
    errors += problems.total - problems.kept.count
  }

  /// Names the trade of each row.
  mutating func name(_ trades: [Int: Identifier]) {
    kept = kept.mapValues { items in
      items.map { item in
        var named = item
        named.trade = item.trade ?? item.row.flatMap { trades[$0] }
        return named
      }
    }
  }
}

/// A batch that was started, and what the rules said without holding it up.
public struct StartedBatch: Hashable, Sendable {
  public var batch: Batch
  public var warnings: [Examination.Item]
}

/// Why a batch was not started. Nothing was changed.
public enum StartRefusal: Error, Hashable, Sendable {
  case batch(BatchRefusal)
  /// Rules that weigh as errors.
  case examined(Examination)
}

extension FileProblems {
  /// What stands against a start, for rows that are not stored yet.
  init(_ items: [Examination.Item]) {
    self.init()
    for item in items {
      guard let code = RowProblem.Code(rawValue: item.code) else {
        preconditionFailure("rows are refused for \(item.code)")
      }
      append(RowProblem(row: item.row, column: item.column, code: code, detail: item.detail))
    }
  }
}
