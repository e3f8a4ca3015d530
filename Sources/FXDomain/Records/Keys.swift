/// The store's own integer key of a record: small, dense, and meaningless outside the store.
///
/// Outside, records are named by their `Identifier`.
public struct Key<Record>: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let value: Int64

  public init(_ value: Int64) { self.value = value }

  public static func < (left: Self, right: Self) -> Bool { left.value < right.value }

  public var description: String { String(value) }
}

public typealias BatchKey = Key<Batch>
public typealias TradeKey = Key<Trade>
public typealias ClientKey = Key<Client>

/// One run of one engine process: the name of its machine and a part that is new at each start, so
/// that a reused name never passes for a predecessor.
public struct NodeID: Hashable, Sendable, Comparable, CustomStringConvertible {
  public let text: String

  public init(_ text: String) { self.text = text }

  public static func < (left: NodeID, right: NodeID) -> Bool { left.text < right.text }

  public var description: String { text }
}

/// Which bank, and which customer of it: a digest of its URLs and our client id.
public struct BankIdentity: Hashable, Sendable, CustomStringConvertible {
  public let text: String

  public init(_ text: String) { self.text = text }

  public var description: String { text }
}

/// Who did something.
public enum Actor: Hashable, Sendable, CustomStringConvertible {
  case node(NodeID)
  case person(String)

  public var description: String {
    switch self {
    case .node(let node): "node:\(node)"
    case .person(let name): "person:\(name)"
    }
  }

  /// As people know them: a person's name; `system` for every node.
  public var name: String {
    switch self {
    case .node: "system"
    case .person(let name): name
    }
  }

  /// The name in a text that `description` wrote; any other text stays as it is.
  public static func name(in text: String) -> String { Actor(text)?.name ?? text }

  /// Reads what `description` wrote.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard parts.count == 2 else { return nil }
    switch parts[0] {
    case "node": self = .node(NodeID(String(parts[1])))
    case "person": self = .person(String(parts[1]))
    default: return nil
    }
  }
}
